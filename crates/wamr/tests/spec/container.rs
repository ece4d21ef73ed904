//! What the crate itself says of a module, which has checks beside WAMR's.

use std::mem::MaybeUninit;
use std::sync::{Mutex, OnceLock};

use tinycontainer_pool::{Account, Pool};
use tinycontainer_runtime::{Limits, ModuleError};
use tinycontainer_wamr::{ThreadLocal, Wamr};
use wasmparser::{Parser, Payload};

static POOL: Pool = Pool::new();
const OWN: Account = Account(0);
const GUEST: Account = Account(1);
const LIMITS: Limits = Limits { linear_memory: 4 << 16, stack: 4096, heap: 1 << 20 };

/// The module must be refused for its start function if it has one, else for an import; nothing of it remains.
pub(crate) fn refuses(module: &[u8]) -> Result<(), String> {
    static TURN: Mutex<()> = Mutex::new(());
    static WAMR: OnceLock<Wamr> = OnceLock::new();
    let _turn = TURN.lock();
    let wamr = WAMR.get_or_init(|| {
        let region = Box::leak(vec![MaybeUninit::uninit(); 4 << 20].into_boxed_slice());
        POOL.init(region, 2).unwrap();
        POOL.open(OWN, 65536);
        Wamr::init(&POOL, &ThreadLocal, OWN).unwrap()
    });
    let has_start =
        Parser::new(0).parse_all(module).any(|payload| matches!(payload, Ok(Payload::StartSection { .. })));
    let free = POOL.free_bytes();
    let refusal = wamr.instantiate(GUEST, module, &LIMITS).err();
    if POOL.free_bytes() != free {
        return Err("memory is still allocated".to_owned());
    }
    match refusal {
        Some(ModuleError::StartFunction) if has_start => Ok(()),
        Some(ModuleError::UnknownImport(_)) if !has_start => Ok(()),
        Some(other) => Err(format!("refused by the crate, but: {other}")),
        None => Err("accepted by the crate".to_owned()),
    }
}
