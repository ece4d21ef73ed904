//! Averages temperatures and decides whether something is to be on.
//!
//! In: two bytes, hundredths of a degree Celsius, signed, big-endian. Out: one byte, 1 on or 0 off.
#![cfg_attr(target_arch = "wasm32", no_std)]

use tinycontainer_guest::{Container, Decimal, Errno, Next, Port, container, log};

/// The endpoints of container.toml.
const SENDER: u32 = 1;
const RECEIVER: u32 = 2;

struct Filter {
    sender: Port,
    receiver: Port,
    average: Average,
    on: bool,
}

impl Container for Filter {
    const NEW: Self = Self {
        sender: Port::new(SENDER),
        receiver: Port::new(RECEIVER),
        average: Average { last: [0; 4], seen: 0 },
        on: false,
    };

    fn on_start(&mut self) {
        log!("the filter starts");
    }

    fn on_loop(&mut self) -> Next {
        match self.decide() {
            Err(Errno::Refused) => {
                log!("refused: see `tinycontainerctl explain`");
                Next::Stop
            }
            // There is nothing to read, or a peer is not there now: try again in the next period.
            _ => Next::Again,
        }
    }

    fn on_stop(&mut self) {
        log!("the filter stops");
    }
}

impl Filter {
    fn decide(&mut self) -> Result<(), Errno> {
        let average = self.average.with(i16::from_be_bytes(self.sender.read_array()?));
        let on = is_on(self.on, average);
        if on != self.on {
            self.on = on;
            log!(Decimal::new(i32::from(average), 2), " C: ", if on { "on" } else { "off" });
        }
        self.receiver.write(&[u8::from(on)])?;
        Ok(())
    }
}

container!(Filter);

/// The average of the last four values, or of as many as there were.
struct Average {
    last: [i16; 4],
    seen: u8,
}

impl Average {
    fn with(&mut self, value: i16) -> i16 {
        let [_, b, c, d] = self.last;
        self.last = [b, c, d, value];
        if self.seen < 4 {
            self.seen += 1;
        }
        // Values that were not there yet are 0.
        let sum: i32 = self.last.iter().copied().map(i32::from).sum();
        (sum / i32::from(self.seen)) as i16
    }
}

/// On above 25 degrees, off below 23, in between as it was.
fn is_on(was: bool, centi: i16) -> bool {
    if was { centi >= 2300 } else { centi > 2500 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_average_is_of_the_last_four() {
        let mut average = Average { last: [0; 4], seen: 0 };
        let averages = [2000, 2100, 2300, 2400, 2400].map(|value| average.with(value));
        assert_eq!(averages, [2000, 2050, 2133, 2200, 2300]);
    }

    #[test]
    fn in_between_it_stays_as_it_was() {
        assert!(is_on(false, 2501) && is_on(true, 2300));
        assert!(!is_on(false, 2500) && !is_on(true, 2299));
    }
}
