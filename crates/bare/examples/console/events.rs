//! What was logged and reported since the other end last asked.

use crate::frame::Reply;
use crate::protocol::EventKind;
use core::cell::RefCell;
use core::fmt::{self, Write};
use critical_section::Mutex;
use tinycontainer::Notice;

const BYTES: usize = 6000;

struct Events {
    bytes: [u8; BYTES],
    len: usize,
    /// Events that did not fit.
    dropped: u32,
}

static EVENTS: Mutex<RefCell<Events>> =
    Mutex::new(RefCell::new(Events { bytes: [0; BYTES], len: 0, dropped: 0 }));

fn with<R>(f: impl FnOnce(&mut Events) -> R) -> Option<R> {
    critical_section::with(|section| {
        EVENTS.borrow(section).try_borrow_mut().ok().map(|mut events| f(&mut events))
    })
}

/// Adds an event: as in a reply to `Op::Events`.
fn add(kind: EventKind, uid: &str, bytes: &[u8]) {
    let _ = with(|events| {
        let whole = 1 + 2 + uid.len() + 2 + bytes.len();
        let Some(place) = events.bytes.get_mut(events.len..events.len + whole) else {
            events.dropped += 1;
            return;
        };
        let head = [kind as u8];
        let (uid_len, len) = ((uid.len() as u16).to_le_bytes(), (bytes.len() as u16).to_le_bytes());
        let parts: [&[u8]; 5] = [&head, &uid_len, uid.as_bytes(), &len, bytes];
        place.iter_mut().zip(parts.into_iter().flatten()).for_each(|(to, from)| *to = *from);
        events.len += whole;
    });
}

pub(crate) fn log(uid: &str, line: &[u8]) {
    add(EventKind::Log, uid, line);
}

pub(crate) fn notice(uid: &str, notice: Notice) {
    match notice {
        Notice::Started => add(EventKind::Started, uid, &[]),
        Notice::Stopped(stopped) => {
            let mut text = Text::new();
            let _ = write!(text, "{stopped}");
            add(EventKind::Stopped, uid, text.written());
        }
        Notice::Refused(call, denial) => add(EventKind::Refused, uid, &[call as u8, denial.reason as u8]),
        Notice::DriverFailed(endpoint, _) => add(EventKind::DriverFailed, uid, &endpoint.to_le_bytes()),
        Notice::LogDropped(lines) => add(EventKind::LogDropped, uid, &lines.to_le_bytes()),
    }
}

/// Moves them to a reply.
pub(crate) fn take(reply: &mut Reply) {
    let _ = with(|events| {
        reply.u32(events.dropped);
        reply.put(events.bytes.get(..events.len).unwrap_or_default());
        events.len = 0;
        events.dropped = 0;
    });
}

/// A text of limited length.
pub(crate) struct Text {
    bytes: [u8; 120],
    len: usize,
}

impl Text {
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; 120], len: 0 }
    }

    pub(crate) fn written(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let free = self.bytes.get_mut(self.len..).unwrap_or_default();
        let taken = free.iter_mut().zip(text.bytes()).map(|(to, from)| *to = from).count();
        self.len += taken;
        Ok(())
    }
}
