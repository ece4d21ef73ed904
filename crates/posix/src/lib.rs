//! The host platform: a thread for each container, virtual buses.
//!
//! | module | holds |
//! | --- | --- |
//! | [`host`] | [`Host`]: what a program on a host calls |
//! | [`buses`] | virtual GPIO, I2C, SPI, UART and SAUL devices |
//! | `platform` | what the engine asks for: lock, memory, device |

#![forbid(unsafe_code)]

pub mod buses;
pub mod host;
mod platform;

pub use buses::{BusError, Buses, DEFAULT_RECORD_LIMIT, Device, Devices};
pub use host::{Config, Event, Host, HostError, MAX_CONTAINERS};
pub use platform::{Mutex, Posix};
pub use tinycontainer;
