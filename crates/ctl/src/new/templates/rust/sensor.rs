//! Reads a thermometer once in each period, logs the temperature and sends it on.
//!
//! In: the register of a TMP102, two bytes. Out: two bytes, hundredths of a degree Celsius, signed, big-endian.
#![cfg_attr(target_arch = "wasm32", no_std)]

use tinycontainer_guest::{Container, Decimal, Errno, Next, Port, container, log};

/// The endpoints of container.toml.
const THERMOMETER: u32 = 1;
const RECEIVER: u32 = 2;

struct Sensor {
    thermometer: Port,
    receiver: Port,
}

impl Container for Sensor {
    const NEW: Self = Self { thermometer: Port::new(THERMOMETER), receiver: Port::new(RECEIVER) };

    fn on_start(&mut self) {
        log!("the sensor starts");
    }

    fn on_loop(&mut self) -> Next {
        match self.measure() {
            Err(Errno::Refused) => {
                log!("refused: see `tinycontainerctl explain`");
                Next::Stop
            }
            // The thermometer or the receiver is not there now: try again in the next period.
            _ => Next::Again,
        }
    }

    fn on_stop(&mut self) {
        log!("the sensor stops");
    }
}

impl Sensor {
    fn measure(&mut self) -> Result<(), Errno> {
        let centi = centi_degrees(self.thermometer.read_array()?);
        log!(Decimal::new(i32::from(centi), 2), " C");
        self.receiver.write(&centi.to_be_bytes())?;
        Ok(())
    }
}

container!(Sensor);

/// The register has twelve bits, left-justified, big-endian, of 0.0625 degrees each.
fn centi_degrees(register: [u8; 2]) -> i16 {
    let sixteenths = i32::from(i16::from_be_bytes(register) >> 4);
    ((sixteenths * 25 + 2) >> 2) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_temperatures() {
        for (register, centi) in [(0x1900_u16, 2500), (0x0040, 25), (0x0000, 0), (0xffc0, -25)] {
            assert_eq!(centi_degrees(register.to_be_bytes()), centi, "{register:#06x}");
        }
    }
}
