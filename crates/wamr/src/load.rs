//! From bytes to an instance: copy, load, check, link.

#![expect(unsafe_code, reason = "calls WAMR")]

use core::ptr::NonNull;
use tinycontainer_abi::Hook;
use tinycontainer_pool::{OutOfMemory, Pool};
use tinycontainer_runtime::{
    Account, Export, Limits, MemoryUse, ModuleError, Name, Runtime, Share, Shortage, Type,
};
use tinycontainer_wamr_sys as sys;

use crate::allocator::Wamr;
use crate::instance::Instance;
use crate::linked::{ErrorText, Linked, Module};

impl Wamr {
    /// Makes a WebAssembly module ready to run; see [`Runtime::instantiate`].
    ///
    /// # Errors
    /// Why the module cannot run.
    pub fn instantiate(
        &self,
        account: Account,
        code: &[u8],
        limits: &Limits,
    ) -> Result<Instance, ModuleError> {
        instantiate(self, account, code, limits)
    }
}

impl Runtime for Wamr {
    type Instance = Instance;

    fn accepts(&self, kind: Type) -> bool {
        kind == Type::Wasm
    }

    fn instantiate(
        &self,
        account: Account,
        _: Type,
        code: &[u8],
        limits: &Limits,
    ) -> Result<Instance, ModuleError> {
        self.instantiate(account, code, limits)
    }

    fn memory(&self, account: Account) -> MemoryUse {
        self.pool().usage(account)
    }
}

/// See [`Runtime::instantiate`](tinycontainer_runtime::Runtime::instantiate).
fn instantiate(wamr: &Wamr, account: Account, code: &[u8], limits: &Limits) -> Result<Instance, ModuleError> {
    // WAMR's loader is not metered and cannot be stopped: what it costs is bounded first.
    let cost = tinycontainer_module::check(code)?;
    let mut opened = Opened::new(wamr.pool(), account, limits);
    let _acting = wamr.acting_for(account);

    // WAMR writes into the code it loads, and the next start needs it as it was signed.
    let mut copy = wamr
        .pool()
        .take(account, Module::bytes(code.len(), cost.blocks))
        .map_err(|why| opened.out_of_memory(why))?;
    if let Some((to, _)) = copy.split_at_mut_checked(code.len()) {
        to.copy_from_slice(code);
    }
    let module = Module::load(copy, code.len(), cost.blocks).map_err(|why| opened.reason(&why))?;

    let info = module.check()?;
    let memory = u32::try_from(info.memory_bytes).unwrap_or(u32::MAX);
    if memory > limits.linear_memory || u64::from(memory) != info.memory_bytes {
        let limit = limits.linear_memory;
        return Err(ModuleError::OverLimit(Shortage { of: Share::LinearMemory, needed: memory, limit }));
    }
    opened.allow(memory);
    let linked = Linked::new(module, limits).map_err(|why| opened.reason(&why))?;
    let hooks = Hook::ALL.map(|hook| linked.function(hook));
    let [Some(start), Some(run), Some(stop)] = hooks else {
        return Err(ModuleError::Hook(Hook::Start, Export::Missing));
    };
    opened.allow(memory.saturating_add(limits.stack));
    // SAFETY: the instance is ours and lives as long as the environment.
    let env = unsafe { sys::wasm_runtime_create_exec_env(linked.instance.as_ptr(), limits.stack) };
    let Some(env) = NonNull::new(env) else {
        return Err(match wamr.pool().last_refusal(account) {
            Some(why) => opened.out_of_memory(why),
            // Its size is no number of 32 bits.
            None => {
                let needed = limits.stack;
                ModuleError::OverLimit(Shortage { of: Share::Stack, needed, limit: needed })
            }
        });
    };
    linked.module.give_blocks(env);
    opened.allow(limits.linear_memory.saturating_add(limits.stack));
    opened.keep = true;
    Ok(Instance::new(*wamr, account, opened.cap_before, linked, env, [start, run, stop]))
}

/// What linear memory's block in the pool has beside it, at most.
const BLOCK_OVERHEAD: u32 = 16;

/// The account's cap, set to what this container may have at each step, and set back if it does not come to be.
struct Opened {
    pool: &'static Pool,
    account: Account,
    cap_before: u32,
    /// What the engine has booked there for the container is not of its limits.
    booked_before: u32,
    heap: u32,
    keep: bool,
}

impl Opened {
    /// Only the heap may be used.
    fn new(pool: &'static Pool, account: Account, limits: &Limits) -> Self {
        let cap_before = pool.cap(account);
        let booked_before = pool.usage(account).used;
        pool.open(account, booked_before.saturating_add(limits.heap));
        Self { pool, account, cap_before, booked_before, heap: limits.heap, keep: false }
    }

    /// Beside the heap, so many bytes of linear memory and stack may be used.
    fn allow(&self, beside: u32) {
        let blocks = if beside > 0 { beside.saturating_add(BLOCK_OVERHEAD) } else { 0 };
        let cap = self.booked_before.saturating_add(self.heap).saturating_add(blocks);
        self.pool.set_cap(self.account, cap);
    }

    fn out_of_memory(&self, why: OutOfMemory) -> ModuleError {
        match why {
            OutOfMemory::OverCap => ModuleError::OverLimit(Shortage {
                of: Share::Heap,
                needed: self.heap.saturating_add(self.pool.shortage(self.account)),
                limit: self.heap,
            }),
            OutOfMemory::PoolFull => ModuleError::OutOfMemory,
        }
    }

    /// If WAMR was refused memory, that is the reason, whatever it says.
    fn reason(&self, said: &ErrorText) -> ModuleError {
        match self.pool.last_refusal(self.account) {
            Some(why) => self.out_of_memory(why),
            None => ModuleError::Malformed(shorten(said)),
        }
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        if !self.keep {
            self.pool.set_cap(self.account, self.cap_before);
        }
    }
}

/// What WAMR says, without the words that it always begins with.
fn shorten(reason: &ErrorText) -> Name {
    let text = reason.split(|byte| *byte == 0).next().unwrap_or_default();
    let start = text.windows(2).position(|pair| pair == b": ").map_or(0, |colon| colon + 2);
    Name::new(text.get(start..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linked::ERROR_TEXT;

    #[test]
    fn the_usual_words_are_left_out() {
        let mut reason: ErrorText = [0; ERROR_TEXT];
        for (to, from) in reason.iter_mut().zip(b"WASM module load failed: unexpected end") {
            *to = *from;
        }
        assert_eq!(shorten(&reason).as_str(), "unexpected end");
        assert_eq!(shorten(&[b'x'; ERROR_TEXT]).as_str().len(), 31);
        assert_eq!(shorten(&[0; ERROR_TEXT]).as_str(), "");
    }
}
