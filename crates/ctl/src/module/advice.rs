//! What to do about a module that devices do not take.

use tinycontainer_module::{CheckError, Limit};

const EXPORT_BOTH: &str =
    "--export=__heap_base and --export=__data_end (in AssemblyScript `export { __heap_base, __data_end }`)";
const SMALL_STACK: &str =
    "wasm-ld's -z stack-size=512, or Zig's --stack 512: a linker reserves 1 MiB or more by itself";

/// The most linear memory that a host gives a container by default.
pub(crate) fn ceiling() -> u64 {
    tinycontainer_posix::Config::default().ceilings.linear_memory.into()
}

/// How a module would need less than these bytes of linear memory.
pub(crate) fn less_memory(memory: u64, whole_pages: Option<&str>, grows: bool) -> String {
    let fitting = memory <= ceiling();
    match (whole_pages, grows) {
        (Some(why), true) => {
            format!("{why}, so it gets whole pages: an allocator calls it; set linear_memory = {memory}")
        }
        (Some(why), false) if fitting => {
            format!(
                "{why}, so it gets whole pages: link it with {EXPORT_BOTH}, or set linear_memory = {memory}"
            )
        }
        (Some(why), false) => {
            format!("{why}: link it with {EXPORT_BOTH}, and with a smaller stack: {SMALL_STACK}")
        }
        (None, _) if fitting => {
            format!("set linear_memory = {memory}, or a smaller stack: [build] shadow_stack, {SMALL_STACK}")
        }
        (None, _) => format!("link it with a smaller stack: {SMALL_STACK}"),
    }
}

/// What to do about a module that the validator refuses with such a message.
pub(crate) fn unsupported(message: &str) -> String {
    let message = message.replace('-', " ");
    let without = |what: &str| format!("compile without {what}");
    let how = if message.contains("bulk memory") || message.contains("data count") {
        "of bulk memory devices have memory.copy and memory.fill: compile without passive segments, memory.init and table.copy"
            .to_owned()
    } else if message.contains("reference types") {
        without("reference types (clang -mno-reference-types)")
    } else if message.contains("SIMD") {
        without("SIMD (clang -mno-simd128)")
    } else if message.contains("threads") {
        without("threads and atomics (clang -mno-atomics)")
    } else if message.contains("exceptions") {
        without("exceptions (clang -fno-exceptions)")
    } else if message.contains("tail call") {
        without("tail calls (clang -mno-tail-call)")
    } else {
        String::new()
    };
    let how = if how.is_empty() { how } else { format!("{how}; ") };
    format!(
        "{how}devices execute WebAssembly 1 with the additions of Lime1 (clang 20 and Zig -mcpu=lime1, rustc \
         -Ctarget-cpu=lime1); docs/guest.md has the command lines"
    )
}

/// What to do about a module that is over a limit of devices.
pub(crate) fn advice(refused: &CheckError) -> &'static str {
    match refused {
        CheckError::Malformed(_) => {
            "compile for WebAssembly 1 with Lime1; docs/guest.md has the command lines"
        }
        CheckError::Over(excess) => match excess.limit {
            Limit::Locals | Limit::Operands | Limit::Nesting => {
                "split the function that has them, or compile with optimisation (-Os); docs/format.md has the limits"
            }
            Limit::Exports => "export the hooks alone, without --export-all; docs/format.md has the limits",
            Limit::Work => {
                "compile with optimisation (-Os), and without many tiny functions, segments or sections; \
                 docs/format.md says how work is counted"
            }
            _ => "use fewer of them; docs/format.md has the limits",
        },
    }
}
