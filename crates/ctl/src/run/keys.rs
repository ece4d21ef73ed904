//! Keys that a person presses while containers run. Only on a terminal.

use std::io::{IsTerminal as _, Read as _};
use std::sync::mpsc::{Receiver, sync_channel};

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Start,
    Stop,
    Restart,
    Unload,
    Next,
    Previous,
    /// The container with that number, from 0.
    Pick(usize),
    Help,
    Quit,
}

/// What `?` prints.
pub(crate) const HELP: &str = "keys: up, down or 1 to 9 selects a container; s starts it, x stops it, r restarts it, \
u unloads it; q stops all and ends (Ctrl-C does, too); ? prints this";

/// Reads keys until it is dropped; then the terminal is as it was.
pub(crate) struct Keys {
    keys: Receiver<Key>,
}

impl Keys {
    /// `None` if there is no person: standard input or output is not a terminal.
    pub(crate) fn watch() -> Option<Self> {
        if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() || !terminal::set() {
            return None;
        }
        let (send, keys) = sync_channel(16);
        let reader = std::thread::Builder::new().name("keys".into()).spawn(move || {
            let mut bytes = [0; 8];
            // An arrow key's bytes come at once.
            while let Ok(count @ 1..) = std::io::stdin().lock().read(&mut bytes) {
                for key in keys_of(bytes.get(..count).unwrap_or_default()) {
                    if send.send(key).is_err() {
                        return;
                    }
                }
            }
        });
        if reader.is_err() {
            terminal::restore();
            return None;
        }
        Some(Self { keys })
    }

    /// A key that was pressed, if there is one.
    pub(crate) fn pressed(&self) -> Option<Key> {
        self.keys.try_recv().ok()
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        restore();
    }
}

/// Sets the terminal back to what it was before [`Keys::watch`].
pub(crate) fn restore() {
    terminal::restore();
}

fn keys_of(bytes: &[u8]) -> Vec<Key> {
    match bytes {
        b"\x1b[A" | b"\x1bOA" => vec![Key::Previous],
        b"\x1b[B" | b"\x1bOB" => vec![Key::Next],
        [0x1b, ..] => Vec::new(),
        bytes => bytes.iter().filter_map(|byte| key(*byte)).collect(),
    }
}

fn key(byte: u8) -> Option<Key> {
    Some(match byte {
        b's' => Key::Start,
        b'x' => Key::Stop,
        b'r' => Key::Restart,
        b'u' => Key::Unload,
        b'j' | b'\t' => Key::Next,
        b'k' => Key::Previous,
        b'1'..=b'9' => Key::Pick(usize::from(byte - b'1')),
        b'?' | b'h' => Key::Help,
        b'q' => Key::Quit,
        _ => return None,
    })
}

#[cfg(unix)]
mod terminal {
    use rustix::stdio::stdin;
    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
    use std::sync::{Mutex, PoisonError};

    /// How it was before.
    static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

    /// Each key is read at once and not shown; Ctrl-C is still a signal.
    pub(super) fn set() -> bool {
        let Ok(before) = tcgetattr(stdin()) else { return false };
        let mut now = before.clone();
        now.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO);
        let set = tcsetattr(stdin(), OptionalActions::Now, &now).is_ok();
        if set {
            *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        }
        set
    }

    pub(super) fn restore() {
        if let Some(before) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A terminal that is gone needs no restoring.
            let _ = tcsetattr(stdin(), OptionalActions::Now, &before);
        }
    }
}

#[cfg(not(unix))]
mod terminal {
    pub(super) fn set() -> bool {
        false
    }

    pub(super) fn restore() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_and_letters() {
        assert_eq!(keys_of(b"\x1b[A"), [Key::Previous]);
        assert_eq!(keys_of(b"x2?"), [Key::Stop, Key::Pick(1), Key::Help]);
        assert_eq!(keys_of(b"\x1b[15~"), [], "a function key is none of ours");
    }
}
