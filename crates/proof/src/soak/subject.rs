//! What is soaked.

use crate::device::report::Snapshot;
use crate::device::{Device, Unit, Usage};
use crate::soak::random::Random;
use tinycontainer::{State, StopReason};
use tinycontainer_capi::Code;
use tinycontainer_testkit::Image;

/// A container, as far as a soak looks at it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "those of the engine")]
pub struct Seen {
    pub uid: String,
    pub state: State,
    pub last: Option<StopReason>,
    pub loops: u32,
}

/// What is held by containers and drivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Free bytes of the pool, and the largest block of them.
    pub free: (usize, usize),
    /// The bytes booked on each account.
    pub accounts: Vec<u32>,
    /// Open units of drivers.
    pub open_handles: usize,
}

/// What is soaked.
#[expect(missing_docs, reason = "as those of `Device`")]
pub trait Subject {
    /// Whether nothing happens between two calls: no thread of its own.
    fn is_exact(&self) -> bool;
    fn slots(&self) -> u8;
    fn load(&mut self, image: &Image) -> Code;
    fn start(&mut self, uid: &str) -> Code;
    fn stop(&mut self, uid: &str) -> Code;
    fn unload(&mut self, uid: &str) -> Code;
    fn containers(&mut self) -> Vec<Seen>;
    /// Everything that a refused image must leave as it is; nothing if it changes by itself.
    fn snapshot(&mut self) -> Option<Snapshot>;
    fn held(&mut self) -> Held;
    /// Lets some time pass, in which bytes arrive and leave.
    fn pass(&mut self, random: &mut Random);
    /// Lets time pass until all that were asked to stop have.
    fn settle(&mut self);
    fn broken(&self) -> Option<&str>;
    /// What the process uses.
    fn usage(&self) -> Option<Usage>;
}

impl Subject for Device {
    fn is_exact(&self) -> bool {
        true
    }

    fn slots(&self) -> u8 {
        Self::slots(self)
    }

    fn load(&mut self, image: &Image) -> Code {
        Self::load(self, image)
    }

    fn start(&mut self, uid: &str) -> Code {
        Self::start(self, uid)
    }

    fn stop(&mut self, uid: &str) -> Code {
        Self::stop(self, uid)
    }

    fn unload(&mut self, uid: &str) -> Code {
        Self::unload(self, uid)
    }

    fn containers(&mut self) -> Vec<Seen> {
        let seen = Self::containers(self).into_iter().map(|status| Seen {
            uid: status.uid,
            state: status.state,
            last: status.last,
            loops: status.counters.loops,
        });
        seen.collect()
    }

    fn snapshot(&mut self) -> Option<Snapshot> {
        Some(Self::snapshot(self))
    }

    fn held(&mut self) -> Held {
        let memory = self.memory();
        Held {
            free: (memory.free as usize, memory.largest as usize),
            accounts: memory.accounts,
            open_handles: memory.open_handles as usize,
        }
    }

    fn pass(&mut self, random: &mut Random) {
        self.feed(Unit::App(random.below(6) as u8), &random.number().to_le_bytes());
        self.run(random.below(40) as u32);
        self.events();
        self.audit();
        self.written(Unit::App(random.below(6) as u8));
    }

    fn settle(&mut self) {
        self.run(1000);
        for unit in 0..6 {
            self.written(Unit::App(unit));
        }
        self.events();
    }

    fn broken(&self) -> Option<&str> {
        Self::broken(self)
    }

    fn usage(&self) -> Option<Usage> {
        self.process().usage()
    }
}
