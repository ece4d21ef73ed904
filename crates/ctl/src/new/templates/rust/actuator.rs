//! Sets a pin to what it is sent, and to 0 when it stops.
//!
//! In: one byte, 1 on or 0 off. Out: the pin.
#![cfg_attr(target_arch = "wasm32", no_std)]

use tinycontainer_guest::{Container, Errno, Next, Port, container, log};

/// The endpoints of container.toml.
const SENDER: u32 = 1;
const PIN: u32 = 2;

struct Actuator {
    sender: Port,
    pin: Port,
    level: Level,
}

impl Container for Actuator {
    const NEW: Self = Self { sender: Port::new(SENDER), pin: Port::new(PIN), level: Level::Unknown };

    fn on_start(&mut self) {
        log!("the actuator starts");
    }

    fn on_loop(&mut self) -> Next {
        match self.obey() {
            Err(Errno::Refused) => {
                log!("refused: see `tinycontainerctl explain`");
                Next::Stop
            }
            // There is nothing to read, or a peer is not there now: try again in the next period.
            _ => Next::Again,
        }
    }

    fn on_stop(&mut self) {
        // Off is the safe state. If that fails, nothing more can be done here.
        let _ = self.pin.write(&[0]);
        log!("the actuator stops");
    }
}

impl Actuator {
    fn obey(&mut self) -> Result<(), Errno> {
        let [command] = self.sender.read_array()?;
        let level = Level::of(command);
        if level != Level::Unknown && level != self.level {
            self.pin.write(&[command])?;
            self.level = level;
            log!(if level == Level::On { "on" } else { "off" });
        }
        Ok(())
    }
}

container!(Actuator);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Level {
    Unknown,
    Off,
    On,
}

impl Level {
    /// A command from another container may be anything.
    fn of(command: u8) -> Self {
        match command {
            0 => Self::Off,
            1 => Self::On,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_commands_are_known() {
        assert_eq!([0, 1, 2, 255].map(Level::of), [Level::Off, Level::On, Level::Unknown, Level::Unknown]);
    }
}
