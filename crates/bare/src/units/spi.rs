//! SPI: each read and each write is a transaction, with the device selected for its whole length.

use crate::units::Unit;
use crate::units::shared::Shared;
use embedded_hal::spi::SpiDevice;
use tinycontainer::{DEFAULT_MAX_TRANSFER, IoError};

/// An SPI device: a bus and a chip select, as the crate `embedded-hal-bus` makes them of a shared bus.
pub struct SpiUnit<T: 'static> {
    device: &'static Shared<T>,
    max_transfer: usize,
}

impl<T> SpiUnit<T> {
    /// The device, with transfers of at most 64 bytes.
    pub const fn new(device: &'static Shared<T>) -> Self {
        Self { device, max_transfer: DEFAULT_MAX_TRANSFER }
    }

    /// With transfers of at most `bytes`, at least 1.
    #[must_use]
    pub const fn with_max_transfer(self, bytes: usize) -> Self {
        Self { max_transfer: bytes, ..self }
    }
}

impl<T: SpiDevice + Send> Unit for SpiUnit<T> {
    fn max_transfer(&self) -> usize {
        self.max_transfer
    }

    fn read(&self, buf: &mut [u8]) -> Result<usize, IoError> {
        // Of no bytes: there are peripherals on which such a transfer does not end.
        if buf.is_empty() {
            return Ok(0);
        }
        self.device.with(|device| device.read(buf).map_err(|_| IoError::Failed))?;
        Ok(buf.len())
    }

    fn write(&self, buf: &[u8]) -> Result<usize, IoError> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.device.with(|device| device.write(buf).map_err(|_| IoError::Failed))?;
        Ok(buf.len())
    }
}
