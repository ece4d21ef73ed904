//! A container that is slow to load is stopped soon, on the real host. There is one host in a process, so this is one
//! test. Its bound is generous; `cargo bench -p tinycontainer-wamr --bench loading` measures.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../module/tests/shapes/mod.rs"]
#[allow(dead_code, unreachable_pub)]
mod shapes;

use std::time::{Duration, Instant};
use tinycontainer_posix::tinycontainer::metadata::Limits;
use tinycontainer_posix::tinycontainer::{State, StopReason};
use tinycontainer_posix::{Config, Host};
use tinycontainer_testkit::{CLASS, DEVICE, IDLE, NOW, OWNER, Spec, trust_store};

/// What the default ceiling leaves for code.
const SIZE: usize = 1_040_000;
/// From the start to the end of a stop that is asked for at once. 19.2 s were measured before a module's cost to load
/// was limited; the limit is about 60 ms.
const GENEROUS: Duration = Duration::from_secs(2);

#[test]
fn item_03_stop_is_obeyed_while_the_slowest_modules_are_loaded() {
    let config = Config {
        name: DEVICE.into(),
        class: CLASS.into(),
        trust: trust_store(),
        now: Some(NOW),
        ..Config::default()
    };
    let host = Host::new(config).unwrap();
    let engine = host.engine();
    for name in ["if-else", "constants", "br-table"] {
        let shape = shapes::SHAPES.iter().find(|shape| shape.name == name).unwrap();
        let (module, _) = shapes::worst(shape, SIZE, |module| tinycontainer_module::check(module).is_ok());
        assert!(module.len() > SIZE / 2, "{name}: {} bytes", module.len());
        let mut spec = Spec::new("slow", IDLE);
        spec.limits = Limits { linear_memory: 65536, stack: 2048, heap: 2 << 20 };
        spec.code = module;
        host.load(&spec.sign(OWNER).parts()).unwrap();
        let began = Instant::now();
        engine.start("slow").unwrap();
        // So that it is being loaded. It may have failed already, for want of memory; then there is nothing to stop.
        std::thread::sleep(Duration::from_millis(5));
        let _ = engine.stop("slow");
        while engine.status("slow").unwrap().state != State::Created {
            assert!(began.elapsed() < GENEROUS, "{name}: obeys no stop");
            std::thread::yield_now();
        }
        let reason = engine.status("slow").unwrap().last.unwrap().reason;
        let took = began.elapsed();
        assert!(matches!(reason, StopReason::Requested | StopReason::Rejected), "{name}: {reason:?}");
        println!("{name}: stopped {took:?} after its start, {reason:?}");
        engine.unload("slow").unwrap();
    }
}
