//! Binds the C functions of this crate to a platform, which is in another crate: by one symbol for each call, resolved by
//! the linker, and not by a table of function pointers. Calls that a program does not use are left out of its firmware.

/// Binds the C functions to a [`Port`](crate::Port): `set_port!(Type: N = expression)`, with a constant expression. `N`
/// is the number of slots. Exactly once in a program; without it, linking fails.
#[macro_export]
macro_rules! set_port {
    ($port:ty : $slots:tt = $value:expr) => {
        $crate::__bound_calls! { [$crate::__define_calls] $crate::EngineBackend<$port, $slots> = $crate::EngineBackend($value); }
    };
}

/// The methods of [`EngineBackend`](crate::EngineBackend) that C functions call, and their symbols. Definition and
/// declaration both come from this list, so that their types cannot differ.
#[doc(hidden)]
#[macro_export]
macro_rules! __bound_calls {
    ([$($with:tt)+] $($head:tt)*) => {
        $($with)+! { $($head)*
            _tinycontainer_init => init(priorities: $crate::Priorities)
                -> ::core::result::Result<$crate::Pid, $crate::Code>;
            _tinycontainer_load => load(metadata: &[u8], data: &[u8], code: &[u8])
                -> ::core::result::Result<(), $crate::LoadFailure>;
            _tinycontainer_begin => begin(sizes: $crate::Sizes)
                -> ::core::result::Result<u32, $crate::LoadFailure>;
            _tinycontainer_write => write(session: u32, bytes: &[u8])
                -> ::core::result::Result<(), $crate::LoadFailure>;
            _tinycontainer_finish => finish(session: u32)
                -> ::core::result::Result<(), $crate::LoadFailure>;
            _tinycontainer_abort => abort(session: u32) -> ::core::result::Result<(), $crate::Code>;
            _tinycontainer_start => start(uid: &str) -> ::core::result::Result<(), $crate::Code>;
            _tinycontainer_stop => stop(uid: &str) -> ::core::result::Result<(), $crate::Code>;
            _tinycontainer_unload => unload(uid: &str) -> ::core::result::Result<(), $crate::Code>;
            _tinycontainer_readable => readable(waker: $crate::tinycontainer::Waker) -> ();
            _tinycontainer_is_running => is_running(uid: &str) -> bool;
            _tinycontainer_status => status(uid: &str)
                -> ::core::result::Result<$crate::tinycontainer::Status, $crate::Code>;
            _tinycontainer_status_at => status_at(slot: usize)
                -> ::core::result::Result<$crate::tinycontainer::Status, $crate::Code>;
            _tinycontainer_refusal_after => refusal_after(after: u64)
                -> ::core::option::Option<$crate::AuditEntry>;
            _tinycontainer_memory => memory() -> $crate::Memory;
            _tinycontainer_uptime_ms => uptime_ms() -> u64;
        }
    };
}

/// For [`set_port!`].
#[doc(hidden)]
#[macro_export]
macro_rules! __define_calls {
    ($type:ty = $value:expr; $($symbol:ident => $method:ident($($name:ident: $arg:ty),*) -> $out:ty;)+) => {
        #[allow(unsafe_code)]
        const _: () = {
            static BACKEND: $type = $value;
            $(
                // SAFETY: only this macro defines symbols of this prefix, and it is used once.
                #[unsafe(no_mangle)]
                fn $symbol($($name: $arg),*) -> $out {
                    BACKEND.$method($($name),*)
                }
            )+
        };
    };
}

/// The calls, for the C functions.
pub(crate) mod calls {
    #![expect(unsafe_code, reason = "the definitions are in another crate, found by the linker")]

    macro_rules! declare {
        ($($symbol:ident => $method:ident($($name:ident: $arg:ty),*) -> $out:ty;)+) => {
            // SAFETY: `set_port!` defines them from the same list: safe, and with the same types.
            unsafe extern "Rust" { $(pub(crate) safe fn $symbol($($name: $arg),*) -> $out;)+ }
            $(pub(crate) use $symbol as $method;)+
        };
    }

    __bound_calls! { [declare] }
}
