//! The guest's calls of its host, and the pointers it hands over.

use tinycontainer_runtime::{
    Budget, Errno, Hook, Host, Instance as _, ModuleError, Name, Outcome, Syscall, Trap,
};

use crate::world::{PLENTY, Record, World, guest, world};

const IMPORTS: &str = r#"
    (import "env" "logger" (func $logger (param i32)))
    (import "env" "heartbeat" (func $heartbeat (result i32)))
    (import "env" "open" (func $open (param i32) (result i32)))
    (import "env" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "env" "write" (func $write (param i32 i32 i32) (result i32)))
    (import "env" "close" (func $close (param i32) (result i32)))"#;

fn run(world: &World, fields: &str, body: &str) -> (i32, Record) {
    let (outcome, host) = world.run(&format!("{IMPORTS} {fields}"), body, PLENTY);
    (outcome.result.unwrap(), host)
}

#[test]
fn each_arrives() {
    let world = world();
    let (result, host) = run(
        &world,
        r#"(memory 1) (data (i32.const 16) "hello\00rest")"#,
        "(call $logger (i32.const 16))
         (if (call $heartbeat) (then unreachable))
         (local.set $a (call $open (i32.const 200)))
         (if (i32.ne (call $write (local.get $a) (i32.const 16) (i32.const 5)) (i32.const 5))
           (then unreachable))
         (if (i32.ne (call $read (local.get $a) (i32.const 32) (i32.const 9)) (i32.const 5))
           (then unreachable))
         (if (call $close (local.get $a)) (then unreachable))
         (i32.load8_u (i32.const 36))",
    );
    assert_eq!(result, i32::from(b'o'));
    assert_eq!(host.calls, ["logger hello", "heartbeat", "open 200", "write 7 5", "read 7 9", "close 7"]);
}

#[test]
fn errors_are_the_negative_numbers_of_the_abi() {
    let world = world();
    assert_eq!(run(&world, "", "(call $open (i32.const 99))").0, Errno::Refused as i32);
    let body = "(call $write (i32.const 13) (i32.const 0) (i32.const 1))";
    assert_eq!(run(&world, "(memory 1)", body).0, Errno::NoPeer as i32);
}

#[test]
fn a_host_that_claims_too_much_is_not_believed() {
    let world = world();
    let body = "(call $read (i32.const 13) (i32.const 0) (i32.const 4))";
    assert_eq!(run(&world, "(memory 1)", body).0, 4);
}

/// Returns `count` to each `read` and `write`, and has a price for each call.
#[derive(Default)]
struct Priced {
    count: usize,
    price: u32,
    /// How many calls there were, and how often the price was asked for.
    calls: u32,
    asked: u32,
    /// Descriptor and endpoint of the last call.
    last: Option<(i32, u32)>,
}

impl Priced {
    fn call(&mut self) {
        assert_eq!(self.asked, self.calls, "the price of each call is taken before the next");
        self.calls += 1;
    }
}

impl Host for Priced {
    fn logger(&mut self, _: &[u8]) {
        self.call();
    }
    fn heartbeat(&mut self) -> Result<(), Errno> {
        self.call();
        Ok(())
    }
    fn open(&mut self, endpoint: u32) -> Result<i32, Errno> {
        self.call();
        self.last = Some((0, endpoint));
        Ok(i32::MAX)
    }
    fn read(&mut self, fd: i32, _: &mut [u8]) -> Result<usize, Errno> {
        self.call();
        self.last = Some((fd, 0));
        Ok(self.count)
    }
    fn write(&mut self, fd: i32, _: &[u8]) -> Result<usize, Errno> {
        self.call();
        self.last = Some((fd, 0));
        Ok(self.count)
    }
    fn close(&mut self, fd: i32) -> Result<(), Errno> {
        self.call();
        self.last = Some((fd, 0));
        Err(Errno::Io)
    }
    fn cost(&mut self) -> u32 {
        self.asked += 1;
        self.price
    }
    fn bad_pointer(&mut self, _: Syscall, _: u32, _: u32) -> Errno {
        self.call();
        Errno::TooLong
    }
}

fn run_with(world: &World, body: &str, budget: Budget, host: &mut Priced) -> Outcome {
    let mut instance = world.load(&guest(&format!("{IMPORTS} (memory 1)"), body)).unwrap();
    instance.call(Hook::Loop, budget, host)
}

#[test]
fn a_host_that_claims_more_bytes_than_there_are_is_not_believed_and_fewer_are_passed_on() {
    let world = world();
    for native in ["read", "write"] {
        let body = format!("(call ${native} (i32.const 3) (i32.const 8) (i32.const 4))");
        for (claimed, count) in
            [(0, 0), (1, 1), (3, 3), (4, 4), (5, 4), (i32::MAX as usize + 1, 4), (usize::MAX, 4)]
        {
            let mut host = Priced { count: claimed, ..Priced::default() };
            assert_eq!(run_with(&world, &body, PLENTY, &mut host).result, Ok(count), "{native} {claimed}");
        }
    }
}

#[test]
fn arguments_and_results_keep_all_their_bits() {
    let world = world();
    for number in [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ff13, u32::MAX] {
        let signed = number.cast_signed();
        for (call, last, result) in [
            (format!("(call $open (i32.const {signed}))"), (0, number), i32::MAX),
            (format!("(call $close (i32.const {signed}))"), (signed, 0), Errno::Io as i32),
            (format!("(call $read (i32.const {signed}) (i32.const 0) (i32.const 9))"), (signed, 0), 7),
            (format!("(call $write (i32.const {signed}) (i32.const 0) (i32.const 9))"), (signed, 0), 7),
        ] {
            let mut host = Priced { count: 7, ..Priced::default() };
            let outcome = run_with(&world, &call, PLENTY, &mut host);
            assert_eq!((outcome.result, host.last), (Ok(result), Some(last)), "{call}");
        }
    }
}

#[test]
fn the_price_of_each_call_is_taken_off_the_budget_also_of_one_that_is_refused() {
    let world = world();
    for call in [
        "(call $logger (i32.const 0))",
        "(call $logger (i32.const 65536))",
        "(drop (call $heartbeat))",
        "(drop (call $open (i32.const 1)))",
        "(drop (call $read (i32.const 1) (i32.const 0) (i32.const 1)))",
        "(drop (call $read (i32.const 1) (i32.const 65536) (i32.const 1)))",
        "(drop (call $write (i32.const 1) (i32.const 0) (i32.const 1)))",
        "(drop (call $write (i32.const 1) (i32.const 65536) (i32.const 1)))",
        "(drop (call $close (i32.const 1)))",
    ] {
        let body = format!("{} i32.const 0", call.repeat(3));
        let cost = |price| {
            let mut host = Priced { price, ..Priced::default() };
            let outcome = run_with(&world, &body, PLENTY, &mut host);
            assert_eq!((outcome.result, host.calls, host.asked), (Ok(0), 3, 3), "{call}");
            outcome.instructions
        };
        let free = cost(0);
        assert_eq!(cost(1) - free, 3, "{call}");
        assert_eq!(cost(100_000) - free, 300_000, "{call}");
        // What the budget does not suffice for ends the hook at that call.
        for price in [1000, u32::MAX] {
            let mut host = Priced { price, ..Priced::default() };
            let outcome = run_with(&world, &body, Budget(1000), &mut host);
            assert_eq!(outcome, Outcome { result: Err(Trap::BudgetExhausted), instructions: 1000 }, "{call}");
            assert_eq!(host.calls, 1, "{call}");
        }
    }
}

#[test]
fn each_native_is_linked_with_its_own_type_only() {
    let world = world();
    for (native, params, results) in [
        (Syscall::Logger, 1, 0),
        (Syscall::Heartbeat, 0, 1),
        (Syscall::Open, 1, 1),
        (Syscall::Close, 1, 1),
        (Syscall::Read, 3, 1),
        (Syscall::Write, 3, 1),
    ] {
        let name = native.name();
        for (takes, returns) in (0..5).flat_map(|takes| (0..3).map(move |returns| (takes, returns))) {
            let field = format!(
                r#"(import "env" "{name}" (func (param {}) (result {})))"#,
                "i32 ".repeat(takes),
                "i32 ".repeat(returns)
            );
            let loaded = world.load(&guest(&field, "i32.const 0"));
            if (takes, returns) == (params, results) {
                assert!(loaded.is_ok(), "{field}");
            } else {
                let expected = ModuleError::WrongImport(Name::new(format!("env.{name}").as_bytes()));
                assert_eq!(loaded.err(), Some(expected), "{field}");
            }
        }
    }
}

#[test]
fn ranges() {
    let world = world();
    for (address, len, good) in [
        (65535_u32, 1_u32, true),
        (65536, 0, true),
        (0, 65536, true),
        (0, 0, true),
        (65536, 1, false),
        (65535, 2, false),
        (65537, 0, false),
        (0, 65537, false),
        (0, u32::MAX, false),
        (1, u32::MAX, false),
        (u32::MAX, 1, false),
        (u32::MAX, 2, false),
        (u32::MAX, u32::MAX, false),
        (0xffff_0000, 0x10000, false),
        (0xffff_0000, 0x10001, false),
        (0x8000_0000, 0x8000_0000, false),
    ] {
        for (native, name) in [("read", "Read"), ("write", "Write")] {
            let body = format!(
                "(call ${native} (i32.const 3) (i32.const {}) (i32.const {}))",
                address.cast_signed(),
                len.cast_signed()
            );
            let (result, host) = run(&world, "(memory 1)", &body);
            if good {
                assert_eq!(host.calls, [format!("{native} 3 {len}")]);
            } else {
                assert_eq!(host.calls, [format!("bad pointer {name} {address} {len}")]);
                assert_eq!(result, Errno::TooLong as i32);
            }
        }
    }
}

#[test]
fn without_memory_only_nothing_is_given() {
    let world = world();
    let body = "(call $read (i32.const 3) (i32.const 0) (i32.const 0))";
    assert_eq!(run(&world, "", body).1.calls, ["read 3 0"]);
    let body = "(call $write (i32.const 3) (i32.const 0) (i32.const 1))";
    assert_eq!(run(&world, "", body).1.calls, ["bad pointer Write 0 1"]);
    let body = "(call $logger (i32.const 0)) i32.const 0";
    assert_eq!(run(&world, "", body).1.calls, ["bad pointer Logger 0 0"]);
    assert_eq!(run(&world, "(memory 0)", body).1.calls, ["bad pointer Logger 0 0"]);
}

#[test]
fn ranges_follow_the_memory_that_grew() {
    let world = world();
    let text = guest(
        &format!("{IMPORTS} (memory 1)"),
        "(local.set $a (call $read (i32.const 3) (i32.const 65536) (i32.const 1)))
         (drop (memory.grow (i32.const 1)))
         (i32.add (i32.mul (local.get $a) (i32.const 100))
           (call $read (i32.const 3) (i32.const 131071) (i32.const 1)))",
    );
    let limits = tinycontainer_runtime::Limits { linear_memory: 1 << 17, ..crate::world::LIMITS };
    let mut host = Record { bytes: vec![9], ..Record::default() };
    let mut instance = world.load_on(1, &text, &limits).unwrap();
    let outcome = instance.call(Hook::Loop, PLENTY, &mut host);
    assert_eq!(outcome.result, Ok(Errno::TooLong as i32 * 100 + 1));
    assert_eq!(host.calls, ["bad pointer Read 65536 1", "read 3 1"]);
}

#[test]
fn texts() {
    let world = world();
    let log = |fields: &str, address: u32| {
        let body = format!("(call $logger (i32.const {})) i32.const 0", address.cast_signed());
        let (_, mut host) = run(&world, fields, &body);
        assert_eq!(host.calls.len(), 1);
        host.calls.remove(0)
    };
    let filled = format!(r#"(memory 1) (data (i32.const 65000) "{}")"#, "x".repeat(536));
    assert_eq!(log("(memory 1)", 0), "logger ");
    assert_eq!(log("(memory 1)", 65535), "logger ");
    assert_eq!(log("(memory 1)", 65536), "bad pointer Logger 65536 0");
    assert_eq!(log("(memory 1)", u32::MAX), "bad pointer Logger 4294967295 0");
    assert_eq!(log(&filled, 65000), format!("logger {}", "x".repeat(256)));
    assert_eq!(log(&filled, 65280), format!("logger {}", "x".repeat(256)));
    assert_eq!(log(&filled, 65281), "bad pointer Logger 65281 255");
    assert_eq!(log(&filled, 65535), "bad pointer Logger 65535 1");
}
