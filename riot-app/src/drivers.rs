//! RIOT's own buses. The board's tables (`tinycontainer_board.h`) define the units.

#![expect(unsafe_code, reason = "calls C")]

use core::ffi::c_int;
use tinycontainer::metadata::{Access, Bus, Peer};
use tinycontainer::{Drivers, IoError};

// `module/tinycontainer/periph.c`. A result below 0 is one of capi's `TINYCONTAINER_IO_...`.
unsafe extern "C" {
    fn tinycontainer_periph_open(bus: u8, unit: u32, direction: u8) -> c_int;
    safe fn tinycontainer_periph_max_transfer(bus: u8, place: c_int) -> usize;
    fn tinycontainer_periph_read(bus: u8, place: c_int, buf: *mut u8, len: usize) -> c_int;
    fn tinycontainer_periph_write(bus: u8, place: c_int, buf: *const u8, len: usize) -> c_int;
}

/// An open unit: its bus, and its place in the board's table.
#[derive(Debug)]
pub(crate) struct Handle {
    bus: u8,
    place: c_int,
}

/// What reading or writing a pin is charged, in nanoseconds: some hundred cycles of a slow processor.
const GPIO_NS: u32 = 2000;

/// GPIO, I2C, SPI and SAUL, as far as the firmware has them.
#[derive(Debug)]
pub(crate) struct Periph;

impl Drivers for Periph {
    type Handle = Handle;

    fn open(&self, _uid: &str, access: &Access<'_>) -> Result<Handle, IoError> {
        // This platform has no drivers for remote peers; the application can add some.
        let Peer::Local { bus, unit } = access.peer else { return Err(IoError::NoPeer) };
        let bus = bus as u8;
        // SAFETY: takes numbers only.
        let place = unsafe { tinycontainer_periph_open(bus, unit, access.direction as u8) };
        result(place).map(|place| Handle { bus, place })
    }

    fn max_transfer(&self, handle: &Handle) -> usize {
        tinycontainer_periph_max_transfer(handle.bus, handle.place)
    }

    fn fixed_ns(&self, handle: &Handle) -> Option<u32> {
        // A pin is a register.
        (handle.bus == Bus::Gpio as u8).then_some(GPIO_NS)
    }

    fn read(&self, handle: &mut Handle, buf: &mut [u8]) -> Result<usize, IoError> {
        // SAFETY: writes at most the whole of `buf`.
        let read =
            unsafe { tinycontainer_periph_read(handle.bus, handle.place, buf.as_mut_ptr(), buf.len()) };
        count(read)
    }

    fn write(&self, handle: &mut Handle, buf: &[u8]) -> Result<usize, IoError> {
        // SAFETY: reads at most the whole of `buf`.
        let written =
            unsafe { tinycontainer_periph_write(handle.bus, handle.place, buf.as_ptr(), buf.len()) };
        count(written)
    }

    fn close(&self, _handle: Handle) {}
}

fn result(number: c_int) -> Result<c_int, IoError> {
    match number {
        0.. => Ok(number),
        tinycontainer_capi::drivers::TINYCONTAINER_IO_WOULD_BLOCK => Err(IoError::WouldBlock),
        tinycontainer_capi::drivers::TINYCONTAINER_IO_NO_PEER => Err(IoError::NoPeer),
        _ => Err(IoError::Failed),
    }
}

fn count(number: c_int) -> Result<usize, IoError> {
    result(number).map(|count| usize::try_from(count).unwrap_or(0))
}
