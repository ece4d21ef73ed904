//! The host platform: a thread for each container, virtual buses.
//!
//! | module | holds |
//! | --- | --- |
//! | [`host`] | [`Host`]: engine, images and threads |
//! | [`config`] | [`Config`] and [`Event`] |
//! | [`buses`] | virtual GPIO, I2C, SPI, UART and SAUL devices |
//! | `arrivals` | announces what arrives at them to containers that are woken by it |
//! | [`trace`] | reports on each hook and native call |
//! | `platform` | what the engine asks for: lock, memory, device |

#![forbid(unsafe_code)]

mod arrivals;
pub mod buses;
pub mod config;
pub mod host;
mod platform;
pub mod trace;

pub use arrivals::Announce;
pub use buses::{BusError, Buses, DEFAULT_RECORD_LIMIT, Device, Devices};
pub use config::{Config, Event, MAX_CONTAINERS};
pub use host::{Host, HostError};
pub use platform::{Mutex, Posix};
pub use tinycontainer;
pub use trace::{CallRun, HookRun};
