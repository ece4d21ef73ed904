//! What WAMR has loaded: a module, and its one instance.

#![expect(unsafe_code, reason = "calls WAMR")]

use core::ffi::{CStr, c_char};
use core::ptr::{NonNull, null};
use tinycontainer_abi::{Hook, IMPORT_MODULE, Syscall};
use tinycontainer_pool::PoolBuf;
use tinycontainer_runtime::{Export, Limits, ModuleError, Name};
use tinycontainer_wamr_sys as sys;

use crate::natives::{native, signature};

/// What WAMR calls by itself while it instantiates, if a module exports it.
const AUTO_EXPORTS: [&[u8]; 2] = [b"__post_instantiate", b"__wasm_call_ctors"];

/// The table of where blocks end begins at a multiple of this in its buffer, which the pool aligns to 8.
const TABLE_ALIGN: usize = 4;

/// The length of an [`ErrorText`].
pub(crate) const ERROR_TEXT: usize = 96;

/// Where WAMR writes why it refuses.
pub(crate) type ErrorText = [u8; ERROR_TEXT];

/// A loaded module. Dropping it unloads it, booked on whatever account it was.
pub(crate) struct Module {
    module: NonNull<sys::WASMModuleCommon>,
    /// What it runs in, if WAMR does not translate it: goes after the module.
    code: Option<Code>,
}

/// The module's bytes, and behind them the table of where its blocks end.
struct Code {
    _buf: PoolBuf,
    /// What is used in place of the buffer, so that AddressSanitizer knows its bounds.
    #[cfg(all(fuzzing, feature = "std"))]
    _apart: std::boxed::Box<[u8]>,
    bytes: NonNull<u8>,
    /// Where the table begins.
    table: NonNull<u8>,
    blocks: u32,
}

impl Module {
    /// How many bytes [`load`](Self::load) needs for a module of `len` bytes with so many `block`s and `if`s.
    pub(crate) fn bytes(len: usize, blocks: u32) -> usize {
        // SAFETY: asks how WAMR was compiled.
        let table = unsafe { sys::tc_blocks_bytes(blocks) } as usize;
        if table == 0 { len } else { len.next_multiple_of(TABLE_ALIGN).saturating_add(table) }
    }

    /// Loads the module of `len` bytes at the beginning of `code`, which has [`bytes`](Self::bytes) bytes.
    #[cfg_attr(fuzzing, allow(unused_mut))]
    pub(crate) fn load(mut code: PoolBuf, len: usize, blocks: u32) -> Result<Self, ErrorText> {
        let mut reason: ErrorText = [0; ERROR_TEXT];
        // SAFETY: asks how WAMR was compiled.
        let keeps = unsafe { sys::tc_keeps_code() };
        let args = sys::LoadArgs {
            name: c"".as_ptr().cast_mut(),
            clone_wasm_binary: false,
            wasm_binary_freeable: !keeps,
            // WAMR has no list of natives: `check` links them.
            no_resolve: true,
        };
        let Ok(size) = u32::try_from(len) else { return Err(reason) };
        #[cfg(all(fuzzing, feature = "std"))]
        let mut apart: std::boxed::Box<[u8]> = (&code[..]).into();
        #[cfg(not(all(fuzzing, feature = "std")))]
        let at = code.as_mut_ptr();
        #[cfg(all(fuzzing, feature = "std"))]
        let at = apart.as_mut_ptr();
        let Some(bytes) = NonNull::new(at) else { return Err(reason) };
        debug_assert_eq!(code.len(), Self::bytes(len, blocks));
        // SAFETY: `code` may be written, and lives as long as the module if that keeps it
        // (`wasm_binary_freeable`); the name is a constant that is only read; the reason is written within
        // its size and ends with NUL.
        let module = unsafe {
            sys::wasm_runtime_load_ex(
                bytes.as_ptr(),
                size,
                &raw const args,
                reason.as_mut_ptr().cast(),
                size_of::<ErrorText>() as u32,
            )
        };
        let module = NonNull::new(module).ok_or(reason)?;
        // SAFETY: the table begins within the buffer, or at its end if there is none.
        let table = unsafe { bytes.add(if keeps { len.next_multiple_of(TABLE_ALIGN) } else { 0 }) };
        let code = keeps.then_some(Code {
            _buf: code,
            #[cfg(all(fuzzing, feature = "std"))]
            _apart: apart,
            bytes,
            table,
            blocks,
        });
        Ok(Self { module, code })
    }

    /// Gives the environment of its instance the table of where its blocks end, if the interpreter uses one.
    pub(crate) fn give_blocks(&self, env: NonNull<sys::WASMExecEnv>) {
        if let Some(Code { bytes, table, blocks, .. }) = &self.code {
            // SAFETY: the table has the bytes that WAMR asks for so many blocks, is used for nothing else, and lives longer than
            // the environment: the instance destroys that first.
            unsafe { sys::tc_blocks(env.as_ptr(), bytes.as_ptr(), table.as_ptr().cast(), *blocks) };
        }
    }

    /// Checks everything that can be known before it is instantiated, and links what it imports. Behind this, all its
    /// imports are functions, and none of its code runs when it is instantiated (wamr-sys/c/instantiate.c).
    pub(crate) fn check(&self) -> Result<sys::tc_module_info, ModuleError> {
        let mut info = sys::tc_module_info { memory_bytes: 0, start_function: 0, imports: 0, exports: 0 };
        // SAFETY: the module is loaded.
        unsafe { sys::tc_module_info(self.module.as_ptr(), &raw mut info) };
        if info.start_function != 0 {
            return Err(ModuleError::StartFunction);
        }
        for index in 0..info.imports {
            self.link(index)?;
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

    /// Links an import to its native, which must be one of ours and of its type.
    fn link(&self, index: u32) -> Result<(), ModuleError> {
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
        // SAFETY: the import is a function with the native's parameters and results.
        unsafe { sys::tc_link(self.module.as_ptr(), index, Some(native(call))) };
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
    pub(crate) instance: NonNull<sys::WASMModuleInstanceCommon>,
    pub(crate) module: Module,
}

impl Linked {
    pub(crate) fn new(module: Module, limits: &Limits) -> Result<Self, ErrorText> {
        let mut reason: ErrorText = [0; ERROR_TEXT];
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
        Ok(Self { instance, module })
    }

    pub(crate) fn function(&self, hook: Hook) -> Option<NonNull<core::ffi::c_void>> {
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
}
