//! Drivers: the units of the local buses, in a table.
//!
//! | module | a unit is |
//! | --- | --- |
//! | [`shared`] | for those below: a peripheral that several units use |
//! | [`i2c`] | a device at an address of an `embedded-hal` I2C bus |
//! | [`spi`] | an `embedded-hal` SPI device |
//! | [`pin`] | an `embedded-hal` pin |

pub mod i2c;
pub mod pin;
pub mod shared;
pub mod spi;

use tinycontainer::metadata::{Access, Bus, Direction, Peer};
use tinycontainer::{DEFAULT_MAX_TRANSFER, Drivers, IoError};

/// A unit of a bus. One thread calls it.
pub trait Unit: Sync {
    /// See [`Drivers::max_transfer`].
    fn max_transfer(&self) -> usize {
        DEFAULT_MAX_TRANSFER
    }

    /// See [`Drivers::fixed_ns`].
    fn fixed_ns(&self) -> Option<u32> {
        None
    }

    /// Whether it can be accessed in that direction at all.
    fn supports(&self, direction: Direction) -> bool {
        let _ = direction;
        true
    }

    /// See [`Drivers::read`].
    ///
    /// # Errors
    /// [`IoError`].
    fn read(&self, buf: &mut [u8]) -> Result<usize, IoError>;

    /// See [`Drivers::write`].
    ///
    /// # Errors
    /// [`IoError`].
    fn write(&self, buf: &[u8]) -> Result<usize, IoError>;
}

/// A unit and its number on a bus.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The bus.
    pub bus: Bus,
    /// The unit's number, as in endpoints (`i2c:72`).
    pub unit: u32,
    /// Its driver.
    pub driver: &'static dyn Unit,
}

/// The drivers of a board: a table of units. There are no remote peers.
#[derive(Clone, Copy)]
pub struct Units(pub &'static [Entry]);

impl Drivers for Units {
    type Handle = &'static dyn Unit;

    fn open(&self, _uid: &str, access: &Access<'_>) -> Result<Self::Handle, IoError> {
        let Peer::Local { bus, unit } = access.peer else { return Err(IoError::NoPeer) };
        let entry = self.0.iter().find(|entry| entry.bus == bus && entry.unit == unit);
        let driver = entry.ok_or(IoError::NoPeer)?.driver;
        if driver.supports(access.direction) { Ok(driver) } else { Err(IoError::NoPeer) }
    }

    fn max_transfer(&self, handle: &Self::Handle) -> usize {
        handle.max_transfer()
    }

    fn fixed_ns(&self, handle: &Self::Handle) -> Option<u32> {
        handle.fixed_ns()
    }

    fn read(&self, handle: &mut Self::Handle, buf: &mut [u8]) -> Result<usize, IoError> {
        handle.read(buf)
    }

    fn write(&self, handle: &mut Self::Handle, buf: &[u8]) -> Result<usize, IoError> {
        handle.write(buf)
    }

    fn close(&self, _handle: Self::Handle) {}
}
