//! I2C: each read and each write is a transfer.

use crate::units::Unit;
use crate::units::shared::Shared;
use embedded_hal::i2c::I2c;
use tinycontainer::{DEFAULT_MAX_TRANSFER, IoError};

/// A device at an address of an I2C bus.
pub struct I2cUnit<T: 'static> {
    bus: &'static Shared<T>,
    address: u8,
    max_transfer: usize,
}

impl<T> I2cUnit<T> {
    /// The device at a 7-bit address, with transfers of at most 64 bytes: 6 ms at 100 kHz.
    pub const fn new(bus: &'static Shared<T>, address: u8) -> Self {
        Self { bus, address, max_transfer: DEFAULT_MAX_TRANSFER }
    }

    /// With transfers of at most `bytes`, at least 1.
    #[must_use]
    pub const fn with_max_transfer(self, bytes: usize) -> Self {
        Self { max_transfer: bytes, ..self }
    }
}

impl<T: I2c + Send> Unit for I2cUnit<T> {
    fn max_transfer(&self) -> usize {
        self.max_transfer
    }

    fn read(&self, buf: &mut [u8]) -> Result<usize, IoError> {
        // Of no bytes: there are peripherals on which such a transfer does not end.
        if buf.is_empty() {
            return Ok(0);
        }
        self.bus.with(|bus| bus.read(self.address, buf).map_err(|_| IoError::Failed))?;
        Ok(buf.len())
    }

    fn write(&self, buf: &[u8]) -> Result<usize, IoError> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.bus.with(|bus| bus.write(self.address, buf).map_err(|_| IoError::Failed))?;
        Ok(buf.len())
    }
}
