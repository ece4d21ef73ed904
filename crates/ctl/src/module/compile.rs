//! From a recipe to a module: cargo or clang, with the flags of `link.toml` of the guest SDK.

use crate::err;
use crate::input::files;
use crate::input::recipe::{Recipe, Source};
use crate::module::lower::lower;
use crate::text::error::with_help;
use crate::text::level;
use crate::text::style::shown;
use anyhow::{Context, Result, anyhow};
use indicatif::ProgressBar;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::env;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;
use tinycontainer_guest::build::{C_HEADER, C_HEADER_NAME, LINK_TOML};

const TARGET: &str = "wasm32-unknown-unknown";

/// The table of `link.toml` that this program reads.
#[derive(Deserialize)]
struct Link {
    tinycontainer: Flags,
}

#[derive(Deserialize)]
struct Flags {
    rust: RustFlags,
    c: CFlags,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RustFlags {
    shadow_stack_flag: String,
    build_std: Vec<String>,
    build_std_env: BTreeMap<String, String>,
    build_std_rustflags: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct CFlags {
    compiler: String,
    flags: Vec<String>,
    shadow_stack_flag: String,
}

/// The module of a container.
pub(crate) fn compile(recipe: &Recipe) -> Result<Vec<u8>> {
    let Link { tinycontainer: Flags { rust, c } } =
        toml::from_str(LINK_TOML).context("link.toml of the guest SDK")?;
    let module = match &recipe.source {
        Source::Wasm(file) => made_elsewhere(recipe, file),
        Source::C(sources) => compile_c(recipe, sources, &c),
        Source::Rust(package) => compile_rust(recipe, package, &rust),
    };
    module.map(lower)
}

/// A module of another compiler.
fn made_elsewhere(recipe: &Recipe, file: &Path) -> Result<Vec<u8>> {
    if let Some(bytes) = recipe.shadow_stack {
        return Err(with_help(
            format!("[build] shadow_stack = {bytes} has no effect on a module that is made elsewhere"),
            format!(
                "remove it, and give that compiler the size: wasm-ld -z stack-size={bytes}, Zig --stack {bytes}"
            ),
        ));
    }
    let module = files::read(&recipe.folder().join(file))?;
    match other_kind(&module) {
        None => Ok(module),
        Some((what, help)) => {
            Err(with_help(format!("{} is no WebAssembly module, but {what}", file.display()), help))
        }
    }
}

/// What a file is, if it is no module of version 1.
fn other_kind(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    const COMPILER: &str = "name the file that the compiler wrote for WebAssembly";
    let text = std::str::from_utf8(bytes).ok().map(str::trim_start);
    Some(match bytes {
        [] => ("an empty file", "did the compiler end with an error?"),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => return None,
        [0, b'a', b's', b'm', _, 0, 1, 0, ..] => {
            ("a WebAssembly component", "devices take core modules: do not make a component of it")
        }
        [0, b'a', b's', b'm', ..] => ("the begin of one or another version of it", COMPILER),
        [0x7f, b'E', b'L', b'F', ..] => ("a program of another processor (ELF)", COMPILER),
        [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..] => ("a program of macOS", COMPILER),
        [b'M', b'Z', ..] => ("a program of Windows", COMPILER),
        [b'!', b'<', b'a', b'r', b'c', b'h', b'>', ..] => {
            ("an archive of object files", "link it: wasm-ld --no-entry")
        }
        _ if text.is_some_and(|text| text.starts_with("(module")) => {
            ("a module as text", "translate it: wat2wasm or wasm-tools parse")
        }
        _ if text.is_some() => ("text", COMPILER),
        _ => ("a file of another kind", COMPILER),
    })
}

fn compile_c(recipe: &Recipe, sources: &[PathBuf], flags: &CFlags) -> Result<Vec<u8>> {
    let dir = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    files::write(&dir.path().join(C_HEADER_NAME), C_HEADER.as_bytes())?;
    let out = dir.path().join("module.wasm");
    let mut clang = Command::new(&flags.compiler);
    clang.args(&flags.flags);
    if let Some(bytes) = recipe.shadow_stack {
        clang.arg(flags.shadow_stack_flag.replace("{}", &bytes.to_string()));
    }
    clang.arg("-I").arg(dir.path()).arg("-o").arg(&out).args(sources).current_dir(recipe.folder());
    if io::stderr().is_terminal() {
        clang.arg("-fcolor-diagnostics");
    }
    let output = output(&mut clang, recipe).map_err(|error| {
        with_help(
            format!("cannot run {}: {error}", flags.compiler),
            "containers in C need clang and wasm-ld: install the packages clang and lld",
        )
    })?;
    succeeded(&output, &flags.compiler, recipe)?;
    files::read(&out)
}

fn compile_rust(recipe: &Recipe, package: &str, flags: &RustFlags) -> Result<Vec<u8>> {
    let dir = tempfile::tempdir().context("cannot make a folder for temporary files")?;
    let link = dir.path().join("link.toml");
    files::write(&link, LINK_TOML.as_bytes())?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // These would replace the flags of link.toml.
    for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(variable);
    }
    // Quiet: warnings and errors without cargo's own lines.
    cargo.args(["build", "--release", "--quiet", "--message-format=json-render-diagnostics"]);
    if io::stderr().is_terminal() {
        cargo.arg("--color=always");
    }
    cargo.arg("--package").arg(package).arg("--config").arg(&link);
    let mut rustflags = Vec::new();
    if !has_target(recipe.folder()) {
        needs_build_std(recipe.folder())?;
        cargo.args(&flags.build_std).envs(&flags.build_std_env);
        rustflags.extend(flags.build_std_rustflags.iter().cloned());
    }
    if let Some(bytes) = recipe.shadow_stack {
        rustflags.push(flags.shadow_stack_flag.replace("{}", &bytes.to_string()));
    }
    if !rustflags.is_empty() {
        // After those of link.toml: of two linker arguments the last one wins.
        let rustflags = toml::Value::from(rustflags);
        cargo.arg("--config").arg(format!("target.{TARGET}.rustflags={rustflags}"));
    }
    cargo.current_dir(recipe.folder());
    let output = output(&mut cargo, recipe).map_err(|error| {
        with_help(format!("cannot run cargo: {error}"), "containers in Rust need cargo: https://rustup.rs")
    })?;
    succeeded(&output, "cargo", recipe)?;
    files::read(&artifact(&output.stdout, package)?)
}

/// Whether this Rust has a `core` for our target.
fn has_target(folder: &Path) -> bool {
    let target = format!("--target={TARGET}");
    rustc_prints(folder, &["--print=target-libdir", &target]).is_some_and(|libdir| libdir.is_dir())
}

/// Debian's Rust has no `core` for our target, but has its source.
fn needs_build_std(folder: &Path) -> Result<()> {
    let source = rustc_prints(folder, &["--print=sysroot"])
        .map(|sysroot| sysroot.join("lib/rustlib/src/rust/library/core"));
    if source.is_some_and(|source| source.is_dir()) {
        return Ok(());
    }
    Err(with_help(
        format!("this Rust cannot compile for {TARGET}"),
        format!("`rustup target add {TARGET}`, or Debian's packages rustc-web, cargo-web and rust-web-src"),
    ))
}

fn rustc_prints(folder: &Path, what: &[&str]) -> Option<PathBuf> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).args(what).current_dir(folder).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

/// The path of the module, from cargo's messages.
fn artifact(messages: &[u8], package: &str) -> Result<PathBuf> {
    #[derive(Deserialize)]
    struct Message {
        #[serde(default)]
        filenames: Vec<PathBuf>,
    }
    String::from_utf8_lossy(messages)
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
        .flat_map(|message| message.filenames)
        .rfind(|file| file.extension().is_some_and(|extension| extension == "wasm"))
        .ok_or_else(|| {
            with_help(
                format!("cargo made no module of the package {package}"),
                "its Cargo.toml needs `[lib] crate-type = [\"cdylib\"]`",
            )
        })
}

/// Runs a compiler. Meanwhile a terminal shows that, unless the command is to be quiet.
fn output(compiler: &mut Command, recipe: &Recipe) -> io::Result<Output> {
    level::runs(compiler);
    let bar = if level::is_quiet() { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
    // Draws nothing where there is no terminal.
    let bar = bar.with_message(format!("compiling {}", recipe.uid));
    bar.enable_steady_tick(Duration::from_millis(100));
    let output = compiler.stdin(Stdio::null()).output();
    bar.finish_and_clear();
    output
}

/// Passes on the compiler's warnings. An error with its output if it failed.
fn succeeded(output: &Output, compiler: &str, recipe: &Recipe) -> Result<()> {
    let said = String::from_utf8_lossy(&output.stderr);
    let terminal = io::stderr().is_terminal();
    if output.status.success() || terminal {
        for line in said.trim_end().lines() {
            // The compiler's colours reach a terminal only.
            if terminal {
                err!("{line}")
            } else {
                err!("{}", line.split('\t').map(shown).collect::<Vec<_>>().join("\t"))
            }
        }
    }
    if output.status.success() {
        return Ok(());
    }
    if let Some((what, help)) = missing_part(&said) {
        return Err(
            with_help(format!("{compiler} {what}"), help).context(format!("cannot compile {}", recipe.uid))
        );
    }
    if terminal || said.trim().is_empty() {
        return Err(anyhow!("{compiler} does not compile {}: see its messages above", recipe.uid));
    }
    let in_c = matches!(recipe.source, Source::C(_));
    let said = match undefined(&said).filter(|_| in_c) {
        Some(help) => with_help(said.trim_end().to_owned(), help),
        None => anyhow!("{}", said.trim_end()),
    };
    Err(said.context(format!("{compiler} does not compile {}", recipe.uid)))
}

/// What to do in C about the first function that the linker finds nowhere.
fn undefined(said: &str) -> Option<String> {
    let (_, rest) = said.split_once("undefined symbol: ")?;
    let name = rest.split_whitespace().next()?;
    Some(match name {
        "memset" | "memcpy" | "memmove" => {
            format!(
                "there is no C library: call __builtin_{name}, which becomes one instruction, and needs no declaration"
            )
        }
        _ => {
            format!("there is no C library: define {name} in a file that `[build] c` of container.toml lists")
        }
    })
}

/// What a compiler lacks that says so in this way.
fn missing_part(said: &str) -> Option<(&'static str, &'static str)> {
    let absent = ["doesn't exist", "No such file or directory", "not found", "unable to execute command"];
    if said.lines().any(|line| line.contains("wasm-ld") && absent.iter().any(|absent| line.contains(absent)))
    {
        return Some((
            "finds no wasm-ld, the linker for WebAssembly",
            "install the package lld (`apt install lld`, `brew install lld`), of the same version as clang",
        ));
    }
    // Apple's.
    (said.contains("wasm32") && said.contains("No available targets are compatible")).then_some((
        "cannot compile for WebAssembly",
        "install LLVM's clang and lld, and put their folder first in PATH",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_linker_is_named_whatever_the_compiler_calls_it() {
        for said in [
            // clang 14, clang 19, rustc.
            "clang: error: unable to execute command: Executable \"wasm-ld\" doesn't exist!\n\
             clang: error: linker command failed with exit code 1 (use -v to see invocation)",
            "clang: error: invalid linker name in argument '-fuse-ld=lld'\n\
             clang: error: unable to execute command: posix_spawn failed: No such file or directory (wasm-ld)",
            "error: linker `wasm-ld` not found\n  |\n  = note: No such file or directory (os error 2)",
        ] {
            assert!(missing_part(said).is_some_and(|(what, _)| what.contains("no wasm-ld")), "{said}");
        }
        for said in
            ["main.c:1: error: unknown type name 'u8'", "wasm-ld: error: main.o: undefined symbol: memset"]
        {
            assert!(missing_part(said).is_none(), "{said}");
        }
    }

    #[test]
    fn an_undefined_function_gets_help() {
        for (name, help) in [
            ("memset", "call __builtin_memset"),
            ("memmove", "call __builtin_memmove"),
            ("strlen", "define strlen"),
        ] {
            let said =
                format!("wasm-ld: error: /tmp/main.o: undefined symbol: {name}\nclang: error: linker failed");
            assert!(undefined(&said).is_some_and(|said| said.contains(help)), "{name}");
        }
        assert_eq!(undefined("main.c:1: error: unknown type name 'u8'"), None);
    }

    #[test]
    fn what_is_no_module_is_named() {
        for (bytes, what) in [
            (&b""[..], "an empty file"),
            (b"(module)", "a module as text"),
            (b"  (module (func))", "a module as text"),
            (b"int main", "text"),
            (b"\x7fELF\x01", "a program of another processor (ELF)"),
            (b"\0asm\x0d\0\x01\0", "a WebAssembly component"),
            (b"\0asm", "the begin of one or another version of it"),
            (b"!<arch>\n", "an archive of object files"),
            (b"\xff\xfe\0", "a file of another kind"),
        ] {
            assert_eq!(other_kind(bytes).map(|(what, _)| what), Some(what), "{bytes:?}");
        }
        assert_eq!(other_kind(b"\0asm\x01\0\0\0"), None);
    }
}
