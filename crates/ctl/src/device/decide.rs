//! The engine's own decision over an image, with a runtime and drivers that do nothing.

use tinycontainer::metadata::transport::Parts;
use tinycontainer::policy::Device;
use tinycontainer::runtime::{
    Account, Budget, Host, Instance, Limits, MemoryUse, ModuleError, Outcome, Rate, Runtime, Type,
};
use tinycontainer::{Engine, Hook, ImageError, NoDrivers, Platform, Sizes};

/// Decides as an empty device would, with the code that loads images on a device.
pub(crate) fn decide(parts: &Parts<'_>, device: Device<'_>) -> Result<(), ImageError> {
    let engine = Engine::<_, 1>::new(Offline { device, runtime: Nothing });
    let Parts { metadata, data, code } = *parts;
    let sizes = Sizes { metadata: metadata.len(), data: data.len(), code: code.len() };
    let mut loading = engine.begin(sizes)?;
    [metadata, data, code].into_iter().try_for_each(|part| loading.write(part))?;
    loading.finish().map(drop)
}

struct Offline<'a> {
    device: Device<'a>,
    runtime: Nothing,
}

/// Runs nothing.
struct Nothing;
enum Never {}

impl Platform for Offline<'_> {
    type Lock<T> = tinycontainer_posix::Mutex<T>;
    type Buf = Vec<u8>;
    type Runtime = Nothing;
    type Drivers = NoDrivers;

    fn runtime(&self) -> &Nothing {
        &self.runtime
    }

    fn rate(&self, _: Type) -> Rate {
        Rate { instructions_per_ms: 1 }
    }

    fn now_us(&self) -> u64 {
        0
    }

    fn drivers(&self) -> &NoDrivers {
        &NoDrivers
    }

    fn allocate(&self, _slot: usize, len: usize) -> Option<Vec<u8>> {
        // No more than what was read from a file.
        Some(vec![0; len])
    }

    fn device(&self) -> Device<'_> {
        self.device
    }

    fn wake(&self, _slot: usize) {}

    fn log(&self, _uid: &str, _line: &[u8]) {}
}

impl Runtime for Nothing {
    type Instance = Never;

    fn accepts(&self, kind: Type) -> bool {
        kind == Type::Wasm
    }

    fn instantiate(&self, _: Account, _: Type, _: &[u8], _: &Limits) -> Result<Never, ModuleError> {
        Err(ModuleError::OutOfMemory)
    }

    fn memory(&self, _: Account) -> MemoryUse {
        MemoryUse::default()
    }
}

impl Instance for Never {
    fn call(&mut self, _: Hook, _: Budget, _: &mut dyn Host) -> Outcome {
        match *self {}
    }
}
