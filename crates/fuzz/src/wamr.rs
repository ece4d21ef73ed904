//! WAMR: loading and running modules that are valid, that were valid before some bytes were changed, and that are any
//! bytes. A hook keeps to its budget, a module that is not valid is refused, all memory comes back, and the same module
//! does the same again.

use crate::mutate::Random;
use crate::outcome::{Outcome, outcome};
use arbitrary::{Arbitrary, Unstructured};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::MaybeUninit;
use std::sync::OnceLock;
use tinycontainer::runtime::{
    Account, Budget, Errno, Hook, Host, Instance as _, Limits, ModuleError, Outcome as Ran, Syscall, Trap,
};
use tinycontainer_pool::Pool;
use tinycontainer_testkit::{IDLE, module};
use tinycontainer_wamr::{ThreadLocal, Wamr};
use wasm_smith::{Config, Module};
use wasmparser::{Validator, WasmFeatures};

static POOL: Pool = Pool::new();
const OWN: Account = Account(0);
const GUEST: Account = Account(1);
const LIMITS: Limits = Limits { linear_memory: 2 << 16, stack: 8192, heap: 1 << 19 };
/// The most that a hook executes here.
const MOST: u32 = 20_000;

fn wamr() -> Wamr {
    static WAMR: OnceLock<Wamr> = OnceLock::new();
    *WAMR.get_or_init(|| {
        let region = Box::leak(vec![MaybeUninit::uninit(); 4 << 20].into_boxed_slice());
        POOL.init(region, 32).unwrap();
        POOL.open(OWN, 65536);
        Wamr::init(&POOL, &ThreadLocal, OWN).unwrap()
    })
}

/// What `docs/format.md`, section "Module", says that a device executes.
const FEATURES: WasmFeatures = WasmFeatures::WASM1
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY_OPT)
    .union(WasmFeatures::CALL_INDIRECT_OVERLONG);

/// A host that answers by what it was asked before.
#[derive(Default)]
struct Hostile {
    calls: u64,
    hash: DefaultHasher,
}

impl Hostile {
    fn called(&mut self, call: Syscall, of: impl Hash) -> Result<usize, Errno> {
        self.calls += 1;
        (call as u8, of).hash(&mut self.hash);
        let answer = self.hash.finish();
        if answer.is_multiple_of(5) {
            Err(Errno::ALL[answer as usize / 5 % Errno::ALL.len()])
        } else {
            Ok(answer as usize / 5)
        }
    }
}

impl Host for Hostile {
    fn logger(&mut self, text: &[u8]) {
        assert!(!text.contains(&0));
        let _ = self.called(Syscall::Logger, text);
    }
    fn heartbeat(&mut self) -> Result<(), Errno> {
        self.called(Syscall::Heartbeat, ()).map(drop)
    }
    fn open(&mut self, endpoint: u32) -> Result<i32, Errno> {
        self.called(Syscall::Open, endpoint).map(|answer| answer as i32 & 0xff)
    }
    fn read(&mut self, fd: i32, buf: &mut [u8]) -> Result<usize, Errno> {
        let answer = self.called(Syscall::Read, (fd, buf.len()))?;
        buf.fill(answer as u8);
        Ok(answer % (buf.len() + 1))
    }
    fn write(&mut self, fd: i32, buf: &[u8]) -> Result<usize, Errno> {
        Ok(self.called(Syscall::Write, (fd, buf))? % (buf.len() + 1))
    }
    fn close(&mut self, fd: i32) -> Result<(), Errno> {
        self.called(Syscall::Close, fd).map(drop)
    }
    fn cost(&mut self) -> u32 {
        (self.hash.finish() % 50) as u32
    }
    fn bad_pointer(&mut self, call: Syscall, address: u32, len: u32) -> Errno {
        let _ = self.called(call, (address, len));
        Errno::Refused
    }
}

/// The modules of wasm-smith: what the format allows, with the natives and the hooks.
fn config(input: &mut Unstructured<'_>) -> Config {
    static HOOKS: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    let [imports, exports] = HOOKS.get_or_init(|| {
        let imports = format!("(module {})", tinycontainer_testkit::IMPORTS.replace("(memory 1)", ""));
        [wat::parse_str(imports).unwrap(), wat::parse_str(IDLE).unwrap()]
    });
    let flags: u8 = input.arbitrary().unwrap_or(0);
    Config {
        available_imports: Some(imports.clone()),
        exports: Some(exports.clone()),
        allow_start_export: false,
        bulk_memory_enabled: false,
        exceptions_enabled: false,
        gc_enabled: false,
        compact_imports_enabled: false,
        extended_const_enabled: false,
        memory64_enabled: false,
        multi_value_enabled: flags & 1 != 0,
        reference_types_enabled: false,
        relaxed_simd_enabled: false,
        simd_enabled: false,
        tail_call_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        sign_extension_ops_enabled: true,
        saturating_float_to_int_enabled: true,
        max_imports: 6,
        max_memory32_bytes: 2 << 16,
        min_memories: 1,
        max_table_elements: 64,
        max_funcs: 12,
        max_instructions: if flags & 2 == 0 { 100 } else { 1000 },
        max_nesting_depth: if flags & 4 == 0 { 10 } else { 200 },
        ..Config::default()
    }
}

/// The module, and whether it is valid.
fn make(kind: u8, input: &mut Unstructured<'_>) -> Option<(Vec<u8>, bool)> {
    if kind == 3 {
        return Some((input.bytes(input.len()).unwrap_or_default().to_vec(), false));
    }
    let changes: Vec<(u16, u8)> = match kind {
        2 => {
            (0..input.int_in_range(1..=6).ok()?).map(|_| input.arbitrary()).collect::<Result<_, _>>().ok()?
        }
        _ => Vec::new(),
    };
    let config = config(input);
    let mut bytes = Module::new(config, input).ok()?.to_bytes();
    for (at, value) in &changes {
        let at = usize::from(*at) % bytes.len();
        bytes[at] = *value;
    }
    Some((bytes, changes.is_empty()))
}

/// What a module did: the outcome of each hook, and the calls that it made.
#[derive(Debug, PartialEq)]
struct Done {
    hooks: Vec<Ran>,
    calls: u64,
    hash: u64,
}

fn execute(code: &[u8], budget: u32) -> Result<Done, ModuleError> {
    let free = POOL.free_bytes();
    let instance = wamr().instantiate(GUEST, code, &LIMITS);
    let done = instance.map(|mut instance| {
        let mut host = Hostile::default();
        let mut hooks = Vec::new();
        for hook in [Hook::Start, Hook::Loop, Hook::Loop, Hook::Stop] {
            let ran = instance.call(hook, Budget(budget), &mut host);
            assert!(ran.instructions <= budget);
            hooks.push(ran);
            // A container whose hook has trapped is stopped.
            if ran.result.is_err() {
                break;
            }
        }
        Done { hooks, calls: host.calls, hash: host.hash.finish() }
    });
    assert_eq!(POOL.usage(GUEST).used, 0);
    assert_eq!(POOL.free_bytes(), free, "memory is still allocated");
    done
}

pub(crate) fn run(input: &[u8]) -> Outcome {
    wamr();
    let mut input = Unstructured::new(input);
    let kind = input.arbitrary::<u8>().unwrap_or(0) & 3;
    let budget = u32::from(u16::arbitrary(&mut input).unwrap_or(1000)).clamp(1, MOST);
    let Some((code, is_valid)) = make(kind, &mut input) else { return outcome(&"no module") };
    let done = execute(&code, budget);
    assert_eq!(execute(&code, budget), done, "the same module does something else");
    if done.is_ok()
        && !is_valid
        && let Err(error) = Validator::new_with_features(FEATURES).validate_all(&code)
    {
        panic!("a module that is not valid was loaded: {error}");
    }
    if let Ok(done) = &done
        && done.hooks.iter().all(|ran| ran.result != Err(Trap::BudgetExhausted))
    {
        assert_eq!(execute(&code, budget + 1000).as_ref(), Ok(done), "more budget changes what it does");
    }
    outcome(&done.map(|done| {
        let results: Vec<_> = done.hooks.iter().map(|ran| ran.result.map(drop)).collect();
        (results, done.calls > 0, done.calls > 3)
    }))
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let module = |start: &str, run: &str| wat::parse_str(module(start, run, "")).unwrap();
    let bytes = |code: Vec<u8>| [&[3, 0xff, 0x0f][..], &code].concat();
    let mut seeds = vec![
        bytes(module("", "(loop (br 0)) i32.const 0")),
        bytes(module(
            "(drop (call $open (i32.const 1)))",
            "(call $read (i32.const 1) (i32.const 8) (i32.const 65528))",
        )),
        bytes(module("unreachable", "i32.const 0")),
        bytes(module(
            "(drop (memory.grow (i32.const 1)))",
            "(call $write (i32.const 1) (i32.const 65530) (i32.const 100))",
        )),
    ];
    // What modules wasm-smith makes of.
    seeds.extend(
        (0..20).map(|seed| [vec![(seed as u8 & 1) * 2, 0xff, 0x0f], Random::new(seed).bytes(150)].concat()),
    );
    seeds
}
