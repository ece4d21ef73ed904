//! From bytes to an instance: copy, load, check, link.

#![expect(unsafe_code, reason = "calls WAMR")]

use core::ffi::{CStr, c_char};
use core::ptr::{NonNull, null};
use tinycontainer_abi::{Hook, IMPORT_MODULE, Syscall};
use tinycontainer_pool::{OutOfMemory, Pool, PoolBuf};
use tinycontainer_runtime::{Account, Export, Limits, ModuleError, Name, Share, Shortage};
use tinycontainer_wamr_sys as sys;

use crate::natives::signature;
use crate::{Instance, Wamr};

/// What WAMR calls by itself while it instantiates, if a module exports it.
const AUTO_EXPORTS: [&[u8]; 2] = [b"__post_instantiate", b"__wasm_call_ctors"];

/// Where WAMR writes why it refuses.
type ErrorText = [u8; 96];

/// See [`Runtime::instantiate`](tinycontainer_runtime::Runtime::instantiate).
pub(crate) fn instantiate(
    wamr: &Wamr,
    account: Account,
    code: &[u8],
    limits: &Limits,
) -> Result<Instance, ModuleError> {
    // Nobody meters WAMR's loader and nobody can stop it: what it costs is bounded first.
    tinycontainer_module::check(code)?;
    let mut opened = Opened::new(wamr.pool(), account, limits);
    let _acting = wamr.acting_for(account);

    // WAMR writes into the code it loads, and the next start needs it as it was signed.
    let mut copy = wamr.pool().take(account, code.len()).map_err(|why| opened.out_of_memory(why))?;
    copy.copy_from_slice(code);
    let module = Module::load(copy).map_err(|why| opened.reason(&why))?;

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

/// A loaded module. Dropping it unloads it, booked on whatever account it was.
struct Module {
    module: NonNull<sys::WASMModuleCommon>,
    /// What it runs in, if WAMR does not translate it: goes after the module.
    _code: Option<PoolBuf>,
}

impl Module {
    fn load(mut code: PoolBuf) -> Result<Self, ErrorText> {
        let mut reason: ErrorText = [0; _];
        // SAFETY: asks how WAMR was compiled.
        let keeps = unsafe { sys::tc_keeps_code() };
        let args = sys::LoadArgs {
            name: c"".as_ptr().cast_mut(),
            clone_wasm_binary: false,
            wasm_binary_freeable: !keeps,
            no_resolve: false,
        };
        let Ok(size) = u32::try_from(code.len()) else { return Err(reason) };
        // SAFETY: `code` may be written, and lives as long as the module if that keeps it
        // (`wasm_binary_freeable`); the name is a constant that is only read; the reason is written within
        // its size and ends with NUL.
        let module = unsafe {
            sys::wasm_runtime_load_ex(
                code.as_mut_ptr(),
                size,
                &raw const args,
                reason.as_mut_ptr().cast(),
                size_of::<ErrorText>() as u32,
            )
        };
        let module = NonNull::new(module).ok_or(reason)?;
        Ok(Self { module, _code: keeps.then_some(code) })
    }

    /// Everything that can be known before linking.
    fn check(&self) -> Result<sys::tc_module_info, ModuleError> {
        let mut info = sys::tc_module_info {
            memory_bytes: 0,
            memory_page_bytes: 0,
            memories: 0,
            start_function: 0,
            imports: 0,
            exports: 0,
        };
        // SAFETY: the module is loaded.
        unsafe { sys::tc_module_info(self.module.as_ptr(), &raw mut info) };
        if info.start_function != 0 {
            return Err(ModuleError::StartFunction);
        }
        for index in 0..info.imports {
            self.check_import(index)?;
        }
        for hook in Hook::ALL {
            self.check_hook(hook, info.exports)?;
        }
        for index in 0..info.exports {
            if AUTO_EXPORTS.contains(&self.export(index).0) {
                return Err(ModuleError::StartFunction);
            }
        }
        Ok(info)
    }

    fn check_import(&self, index: u32) -> Result<(), ModuleError> {
        let (mut module, mut name, mut kind) = (null(), null(), null());
        // SAFETY: the module is loaded and has this import; the names live as long as it.
        let (module, name) = unsafe {
            sys::tc_import(self.module.as_ptr(), index, &raw mut module, &raw mut name, &raw mut kind);
            (bytes(module), bytes(name))
        };
        let ours = if module == IMPORT_MODULE.as_bytes() {
            Syscall::ALL.into_iter().find(|call| call.name().as_bytes() == name)
        } else {
            None
        };
        let Some(call) = ours else { return Err(ModuleError::UnknownImport(import_name(module, name))) };
        let (params, results) = signature(call);
        // SAFETY: the type is null for what is no function, else it lives as long as the module.
        if kind.is_null() || !unsafe { sys::tc_type_is(kind, params, results) } {
            return Err(ModuleError::WrongImport(import_name(module, name)));
        }
        Ok(())
    }

    fn check_hook(&self, hook: Hook, exports: u32) -> Result<(), ModuleError> {
        let export =
            (0..exports).map(|index| self.export(index)).find(|(name, _)| *name == hook.name().as_bytes());
        let Some((_, kind)) = export else { return Err(ModuleError::Hook(hook, Export::Missing)) };
        // SAFETY: the type is null for what is no function, else it lives as long as the module.
        if kind.is_null() || !unsafe { sys::tc_type_is(kind, 0, u32::from(hook.returns_i32())) } {
            return Err(ModuleError::Hook(hook, Export::WrongType));
        }
        Ok(())
    }

    fn export(&self, index: u32) -> (&[u8], *const sys::WASMFuncType) {
        let (mut name, mut kind) = (null(), null());
        // SAFETY: the module is loaded and has this export; the name lives as long as it.
        unsafe {
            sys::tc_export(self.module.as_ptr(), index, &raw mut name, &raw mut kind);
            (bytes(name), kind)
        }
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: the module is loaded, and what was made of it is gone: see `Linked`.
        unsafe { sys::wasm_runtime_unload(self.module.as_ptr()) };
    }
}

/// A module and its one instance. Dropping it takes both down, in this order.
pub(crate) struct Linked {
    instance: NonNull<sys::WASMModuleInstanceCommon>,
    _module: Module,
}

impl Linked {
    fn new(module: Module, limits: &Limits) -> Result<Self, ErrorText> {
        let mut reason: ErrorText = [0; _];
        let args = sys::InstantiationArgs {
            // Not used before an environment is made, but 0 would be taken for a default.
            default_stack_size: limits.stack.max(1),
            host_managed_heap_size: 0,
            max_memory_pages: 0,
        };
        // SAFETY: the module is loaded, nothing of it runs (`Module::check`), and the reason is written
        // within its size.
        let instance = unsafe {
            sys::wasm_runtime_instantiate_ex(
                module.module.as_ptr(),
                &raw const args,
                reason.as_mut_ptr().cast(),
                size_of::<ErrorText>() as u32,
            )
        };
        let instance = NonNull::new(instance).ok_or(reason)?;
        // SAFETY: the instance was just made, and nothing runs in it.
        unsafe { sys::tc_limit_memory(instance.as_ptr(), limits.linear_memory) };
        Ok(Self { instance, _module: module })
    }

    fn function(&self, hook: Hook) -> Option<NonNull<core::ffi::c_void>> {
        let name = match hook {
            Hook::Start => c"start",
            Hook::Loop => c"loop",
            Hook::Stop => c"stop",
        };
        // SAFETY: the instance lives, and the name is only read.
        NonNull::new(unsafe { sys::wasm_runtime_lookup_function(self.as_ptr(), name.as_ptr()) })
    }

    pub(crate) fn as_ptr(&self) -> sys::wasm_module_inst_t {
        self.instance.as_ptr()
    }
}

impl Drop for Linked {
    fn drop(&mut self) {
        // SAFETY: the instance lives, and nothing runs in it. The module is dropped after this.
        unsafe { sys::wasm_runtime_deinstantiate(self.instance.as_ptr()) };
    }
}

/// The bytes of a C string of WAMR's, which may be null.
///
/// # Safety
/// `text` is null or a C string that lives for `'a`.
unsafe fn bytes<'a>(text: *const c_char) -> &'a [u8] {
    if text.is_null() {
        return &[];
    }
    // SAFETY: the caller's.
    unsafe { CStr::from_ptr(text) }.to_bytes()
}

fn import_name(module: &[u8], name: &[u8]) -> Name {
    let mut text = [0; 31];
    let mut len = 0;
    for part in [module, b".", name] {
        for byte in part {
            if let Some(to) = text.get_mut(len) {
                *to = *byte;
                len += 1;
            }
        }
    }
    Name::new(text.get(..len).unwrap_or_default())
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

    #[test]
    fn names_are_put_together_and_cut() {
        assert_eq!(import_name(b"env", b"read").as_str(), "env.read");
        assert_eq!(import_name(b"", b"").as_str(), ".");
        assert_eq!(import_name(&[b'm'; 40], b"x").as_str().len(), 31);
        assert_eq!(import_name(&[b'm'; 30], b"x").as_str().len(), 31);
    }

    #[test]
    fn the_usual_words_are_left_out() {
        let mut reason: ErrorText = [0; _];
        for (to, from) in reason.iter_mut().zip(b"WASM module load failed: unexpected end") {
            *to = *from;
        }
        assert_eq!(shorten(&reason).as_str(), "unexpected end");
        assert_eq!(shorten(&[b'x'; _]).as_str().len(), 31);
        assert_eq!(shorten(&[0; _]).as_str(), "");
    }
}
