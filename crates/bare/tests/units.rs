//! The drivers over `embedded-hal`, with the transactions that a device would see.
#![allow(clippy::unwrap_used, missing_docs)]

use embedded_hal::i2c::{ErrorKind as I2cError, NoAcknowledgeSource};
use embedded_hal::spi::{ErrorKind as SpiError, ErrorType, Operation};
use embedded_hal_mock::eh1::digital::{Mock as Pin, State, Transaction as PinStep};
use embedded_hal_mock::eh1::i2c::{Mock as I2cBus, Transaction as I2cStep};
use embedded_hal_mock::eh1::spi::{Mock as SpiDevice, Transaction as SpiStep};
use tinycontainer::metadata::{Access, Bus, Direction, Peer};
use tinycontainer::{DEFAULT_MAX_TRANSFER, Drivers as _, IoError};
use tinycontainer_bare::units::i2c::I2cUnit;
use tinycontainer_bare::units::pin::{Input, Output};
use tinycontainer_bare::units::shared::Shared;
use tinycontainer_bare::units::spi::SpiUnit;
use tinycontainer_bare::{Entry, Unit, Units};

fn shared<T>(peripheral: T) -> &'static Shared<T> {
    Box::leak(Box::new(Shared::new(Some(peripheral))))
}

fn table(entries: Vec<(Bus, u32, &'static dyn Unit)>) -> Units {
    let entries: Vec<Entry> =
        entries.into_iter().map(|(bus, unit, driver)| Entry { bus, unit, driver }).collect();
    Units(Vec::leak(entries))
}

fn local(bus: Bus, unit: u32, direction: Direction) -> Access<'static> {
    Access { peer: Peer::Local { bus, unit }, direction }
}

#[test]
fn i2c_a_read_and_a_write_are_one_transfer_each() {
    let no_answer = I2cError::NoAcknowledge(NoAcknowledgeSource::Address);
    let bus = shared(I2cBus::new(&[
        I2cStep::write(0x48, vec![0]),
        I2cStep::read(0x48, vec![0x17, 0x80]),
        I2cStep::read(0x49, vec![0, 0]).with_error(no_answer),
        // The bus is usable after a failure.
        I2cStep::read(0x48, vec![0x18, 0]),
    ]));
    let sensor = Box::leak(Box::new(I2cUnit::new(bus, 0x48)));
    let absent = Box::leak(Box::new(I2cUnit::new(bus, 0x49).with_max_transfer(2)));
    let units = table(vec![(Bus::I2c, 72, sensor), (Bus::I2c, 73, absent)]);
    let mut sensor = units.open("a.x", &local(Bus::I2c, 72, Direction::Both)).unwrap();
    let mut absent = units.open("a.x", &local(Bus::I2c, 73, Direction::In)).unwrap();
    assert_eq!((units.max_transfer(&sensor), units.max_transfer(&absent)), (DEFAULT_MAX_TRANSFER, 2));
    assert_eq!(units.fixed_ns(&sensor), None, "a transfer is measured");
    let mut bytes = [0; 2];
    assert_eq!(units.write(&mut sensor, &[0]), Ok(1));
    assert_eq!((units.read(&mut sensor, &mut bytes), bytes), (Ok(2), [0x17, 0x80]));
    assert_eq!(units.read(&mut absent, &mut bytes), Err(IoError::Failed));
    assert_eq!((units.read(&mut sensor, &mut bytes), bytes), (Ok(2), [0x18, 0]));
    units.close(sensor);
    bus.take().unwrap().done();
}

#[test]
fn spi_a_read_and_a_write_are_one_transaction_each() {
    let device = shared(SpiDevice::new(&[
        SpiStep::transaction_start(),
        SpiStep::write_vec(vec![1, 2, 3]),
        SpiStep::transaction_end(),
        SpiStep::transaction_start(),
        SpiStep::read_vec(vec![4, 5]),
        SpiStep::transaction_end(),
    ]));
    let unit = Box::leak(Box::new(SpiUnit::new(device).with_max_transfer(16)));
    let units = table(vec![(Bus::Spi, 3, unit)]);
    let mut memory = units.open("a.x", &local(Bus::Spi, 3, Direction::Both)).unwrap();
    assert_eq!(units.max_transfer(&memory), 16);
    let mut bytes = [0; 2];
    assert_eq!(units.write(&mut memory, &[1, 2, 3]), Ok(3));
    assert_eq!((units.read(&mut memory, &mut bytes), bytes), (Ok(2), [4, 5]));
    device.take().unwrap().done();
}

/// A guest may ask for no bytes. Such a transfer never ends on some peripherals, so none is made.
#[test]
fn a_transfer_of_no_bytes_does_not_reach_the_bus() {
    let bus = shared(I2cBus::new(&[]));
    let i2c = I2cUnit::new(bus, 0x48);
    assert_eq!((i2c.read(&mut []), i2c.write(&[])), (Ok(0), Ok(0)));
    let device = shared(SpiDevice::<u8>::new(&[]));
    let spi = SpiUnit::new(device);
    assert_eq!((spi.read(&mut []), spi.write(&[])), (Ok(0), Ok(0)));
    bus.take().unwrap().done();
    device.take().unwrap().done();
}

/// An SPI device whose bus fails, which the mock has no step for.
struct Broken;

impl ErrorType for Broken {
    type Error = SpiError;
}

impl embedded_hal::spi::SpiDevice for Broken {
    fn transaction(&mut self, _: &mut [Operation<'_, u8>]) -> Result<(), SpiError> {
        Err(SpiError::ModeFault)
    }
}

#[test]
fn spi_a_failure_is_reported() {
    let unit = SpiUnit::new(shared(Broken));
    assert_eq!(unit.read(&mut [0]), Err(IoError::Failed));
    assert_eq!(unit.write(&[0]), Err(IoError::Failed));
}

#[test]
fn pins_are_levels_and_have_one_direction() {
    let led = shared(Pin::new(&[PinStep::set(State::High), PinStep::set(State::Low)]));
    let button = shared(Pin::new(&[PinStep::get(State::Low), PinStep::get(State::High)]));
    let output = Box::leak(Box::new(Output(led)));
    let input = Box::leak(Box::new(Input(button)));
    let units = table(vec![(Bus::Gpio, 17, output), (Bus::Gpio, 4, input)]);
    for (unit, direction) in
        [(17, Direction::In), (17, Direction::Both), (4, Direction::Out), (4, Direction::Both)]
    {
        assert_eq!(units.open("a.x", &local(Bus::Gpio, unit, direction)).err(), Some(IoError::NoPeer));
    }
    let mut output = units.open("a.x", &local(Bus::Gpio, 17, Direction::Out)).unwrap();
    let mut input = units.open("a.x", &local(Bus::Gpio, 4, Direction::In)).unwrap();
    assert!(units.fixed_ns(&output).is_some(), "a pin is a register");
    assert_eq!(units.write(&mut output, &[7, 0]), Ok(1), "one level a write");
    assert_eq!(units.write(&mut output, &[0]), Ok(1));
    assert_eq!(units.write(&mut output, &[]), Ok(0));
    let mut bytes = [9; 2];
    assert_eq!((units.read(&mut input, &mut bytes), bytes), (Ok(1), [0, 9]));
    assert_eq!((units.read(&mut input, &mut bytes), bytes), (Ok(1), [1, 9]));
    assert_eq!(units.read(&mut output, &mut bytes), Err(IoError::Failed));
    assert_eq!(units.write(&mut input, &bytes), Err(IoError::Failed));
    led.take().unwrap().done();
    button.take().unwrap().done();
}

#[test]
fn what_is_not_in_the_table_is_not_there() {
    let bus = shared(I2cBus::new(&[]));
    let unit = Box::leak(Box::new(I2cUnit::new(bus, 0x48)));
    let units = table(vec![(Bus::I2c, 72, unit)]);
    let peers = [
        Peer::Local { bus: Bus::I2c, unit: 73 },
        Peer::Local { bus: Bus::Spi, unit: 72 },
        Peer::Remote { scheme: tinycontainer::metadata::Scheme::Coap, authority: "a.example" },
    ];
    for peer in peers {
        assert_eq!(
            units.open("a.x", &Access { peer, direction: Direction::In }).err(),
            Some(IoError::NoPeer)
        );
    }
    bus.take().unwrap().done();
}

#[test]
fn a_peripheral_that_is_in_use_or_missing_is_tried_again() {
    let shared: Shared<u8> = Shared::new(None);
    assert_eq!(shared.with(|_| Ok(())), Err(IoError::WouldBlock));
    assert_eq!(shared.give(1), None);
    let within = shared.with(|_| Ok(shared.with(|_| Ok(()))));
    assert_eq!(within, Ok(Err(IoError::WouldBlock)));
    assert_eq!(shared.with(|value| Ok(*value)), Ok(1), "it is back");
}
