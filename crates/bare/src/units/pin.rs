//! Pins: a byte is a level, 0 for low, 1 for high.

use crate::units::Unit;
use crate::units::shared::Shared;
use embedded_hal::digital::{InputPin, OutputPin, PinState};
use tinycontainer::IoError;
use tinycontainer::metadata::Direction;

/// What an access to a pin is charged, in nanoseconds: some hundred cycles of a slow processor.
const PIN_NS: u32 = 2000;

/// An input pin. A read returns one byte.
pub struct Input<T: 'static>(pub &'static Shared<T>);

/// An output pin. A write takes one byte, any but 0 for high.
pub struct Output<T: 'static>(pub &'static Shared<T>);

impl<T: InputPin + Send> Unit for Input<T> {
    fn fixed_ns(&self) -> Option<u32> {
        Some(PIN_NS)
    }

    fn supports(&self, direction: Direction) -> bool {
        direction == Direction::In
    }

    fn read(&self, buf: &mut [u8]) -> Result<usize, IoError> {
        let Some(level) = buf.first_mut() else { return Ok(0) };
        *level = u8::from(self.0.with(|pin| pin.is_high().map_err(|_| IoError::Failed))?);
        Ok(1)
    }

    fn write(&self, _: &[u8]) -> Result<usize, IoError> {
        Err(IoError::Failed)
    }
}

impl<T: OutputPin + Send> Unit for Output<T> {
    fn fixed_ns(&self) -> Option<u32> {
        Some(PIN_NS)
    }

    fn supports(&self, direction: Direction) -> bool {
        direction == Direction::Out
    }

    fn read(&self, _: &mut [u8]) -> Result<usize, IoError> {
        Err(IoError::Failed)
    }

    fn write(&self, buf: &[u8]) -> Result<usize, IoError> {
        let Some(level) = buf.first() else { return Ok(0) };
        let state = PinState::from(*level != 0);
        self.0.with(|pin| pin.set_state(state).map_err(|_| IoError::Failed))?;
        Ok(1)
    }
}
