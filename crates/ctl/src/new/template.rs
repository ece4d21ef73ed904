//! What the templates do, and their peers.

use clap::ValueEnum;

/// The language of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    Rust,
    C,
}

/// What a new container does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Template {
    /// Reads a thermometer and sends temperatures on.
    Sensor,
    /// Averages temperatures, decides, sends on or off.
    Filter,
    /// Sets a pin to what it is sent.
    Actuator,
    /// Counts its loops.
    Empty,
}

impl Template {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Sensor => "sensor",
            Self::Filter => "filter",
            Self::Actuator => "actuator",
            Self::Empty => "empty",
        }
    }

    /// The source code, and in C its unit test, which Rust has in the same file.
    pub(crate) const fn code(self, lang: Lang) -> (&'static str, Option<&'static str>) {
        match (self, lang) {
            (Self::Sensor, Lang::Rust) => (include_str!("templates/rust/sensor.rs"), None),
            (Self::Filter, Lang::Rust) => (include_str!("templates/rust/filter.rs"), None),
            (Self::Actuator, Lang::Rust) => (include_str!("templates/rust/actuator.rs"), None),
            (Self::Empty, Lang::Rust) => (include_str!("templates/rust/empty.rs"), None),
            (Self::Sensor, Lang::C) => {
                (include_str!("templates/c/sensor.c"), Some(include_str!("templates/c/sensor-test.c")))
            }
            (Self::Filter, Lang::C) => {
                (include_str!("templates/c/filter.c"), Some(include_str!("templates/c/filter-test.c")))
            }
            (Self::Actuator, Lang::C) => {
                (include_str!("templates/c/actuator.c"), Some(include_str!("templates/c/actuator-test.c")))
            }
            (Self::Empty, Lang::C) => {
                (include_str!("templates/c/empty.c"), Some(include_str!("templates/c/empty-test.c")))
            }
        }
    }

    /// The peers that it reads from and writes to, unless others are named.
    pub(crate) const fn peers(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Sensor => Some(("i2c:72", "container:filter:1")),
            Self::Filter => Some(("uart:1", "uart:2")),
            Self::Actuator => Some(("uart:1", "gpio:17")),
            Self::Empty => None,
        }
    }

    /// The time between two loops, if it is not the default.
    pub(crate) const fn period_ms(self) -> Option<u32> {
        match self {
            Self::Sensor => Some(500),
            Self::Filter | Self::Actuator => Some(100),
            Self::Empty => None,
        }
    }

    /// What a virtual device answers that it reads from: a file of `--bus`.
    pub(crate) const fn trace(self) -> &'static str {
        match self {
            Self::Sensor => {
                "# A thermometer's register (12 bits, left-justified, 0.0625 degrees each): 21, 23, 26.5, 22.5 C.\n\
                 time_ms,hex\n0,1500\n1500,1700\n3000,1a80\n6000,1680\n"
            }
            Self::Filter => {
                "# Hundredths of a degree, two bytes: 21, 26, 22 C.\ntime_ms,hex\n0,0834\n1000,0a28\n3000,0898\n"
            }
            Self::Actuator => "# Commands: 0 off, 1 on.\ntime_ms,hex\n0,00\n1000,01\n3000,00\n",
            Self::Empty => "",
        }
    }
}
