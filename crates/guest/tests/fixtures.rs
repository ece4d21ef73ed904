//! Builds every container of fixtures/containers as an author would, and checks the modules.
//!
//! Needs clang with wasm-ld, and a Rust for wasm32. A test without its tool reports that and does nothing; with the
//! environment variable CI set it fails.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers may panic"
)]

use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::{env, fs};
use tinycontainer_abi::{Errno, Hook, IMPORT_MODULE, Syscall};
use tinycontainer_guest::build::{C_HEADER, LINK_TOML};
use wasmparser::{
    ConstExpr, ExternalKind, FuncType, Operator, Parser, Payload, TypeRef, ValType, Validator, WasmFeatures,
};

/// The largest size of each module, in bytes. Growth beyond it must be examined.
const SIZES: [(&str, usize); 13] = [
    ("actuator", 850),
    ("attacker", 1600),
    ("empty-c", 150),
    ("empty-rust", 150),
    ("example", 480),
    ("hog", 1000),
    ("noloop", 150),
    ("processor", 1600),
    ("sensor", 1400),
    ("spinner", 150),
    ("trap", 220),
    ("unknown-import", 180),
    ("wrongstart", 150),
];

/// The container.toml that crates/ctl/README.md describes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Recipe {
    uid: String,
    version: u32,
    r#type: String,
    syscalls: Vec<String>,
    #[serde(rename = "syscall_grant")]
    _syscall_grant: Option<String>,
    data: Option<String>,
    build: Build,
    limits: Limits,
    schedule: Schedule,
    #[serde(default)]
    endpoint: Vec<EndpointRecipe>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Build {
    rust: Option<String>,
    c: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    linear_memory: u32,
    stack: u32,
    heap: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Schedule {
    start_ms: u32,
    period_ms: u32,
    loop_ms: u32,
    stop_ms: u32,
    #[serde(rename = "max_loops")]
    _max_loops: u32,
    #[serde(rename = "lifetime_ms")]
    _lifetime_ms: u32,
    heartbeat_ms: u32,
    priority: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointRecipe {
    id: u32,
    direction: String,
    local: Option<String>,
    container: Option<String>,
    remote: Option<String>,
    #[serde(rename = "authorization")]
    _authorization: Option<String>,
}

/// The properties of a module that the tests check.
#[derive(Default)]
struct Module {
    /// Name to type.
    imports: BTreeMap<String, FuncType>,
    /// Functions only.
    exports: BTreeMap<String, FuncType>,
    other_exports: BTreeSet<String>,
    globals: BTreeMap<String, u32>,
    pages: u64,
    custom: Vec<String>,
    start_function: bool,
    grows: bool,
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn containers() -> PathBuf {
    here("../../fixtures/containers")
}

fn recipes() -> BTreeMap<String, Recipe> {
    let mut recipes = BTreeMap::new();
    for entry in fs::read_dir(containers()).unwrap() {
        let file = entry.unwrap().path().join("container.toml");
        if let Ok(text) = fs::read_to_string(&file) {
            let recipe: Recipe = toml::from_str(&text).unwrap_or_else(|error| panic!("{file:?}: {error}"));
            let folder = file.parent().unwrap().file_name().unwrap().to_str().unwrap();
            assert_eq!(recipe.uid, folder, "the uid is the folder's name");
            recipes.insert(recipe.uid.clone(), recipe);
        }
    }
    recipes
}

fn link() -> toml::Table {
    LINK_TOML.parse().unwrap()
}

fn strings(value: &toml::Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// Reports that a tool is missing; fails if CI is set.
fn missing(what: &str, skipped: &str) {
    assert!(env::var_os("CI").is_none_or(|ci| ci.is_empty()), "CI is set, and {what} is missing");
    // Not eprintln!, which the test harness swallows when a test passes.
    std::io::stderr().write_all(format!("SKIPPED {skipped}: there is no {what}\n").as_bytes()).unwrap();
}

fn runs(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn have_clang() -> bool {
    runs(Command::new("clang").args(["--target=wasm32", "--version"]))
        && runs(Command::new("wasm-ld").arg("--version"))
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}:\n{}", String::from_utf8_lossy(&output.stderr));
}

/// The module of a container in C.
fn compile_c(uid: &str, sources: &[String]) -> Vec<u8> {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{uid}.wasm"));
    let link = link();
    let c = &link["tinycontainer"]["c"];
    succeed(
        Command::new(c["compiler"].as_str().unwrap())
            .args(strings(&c["flags"]))
            .arg("-Werror")
            .arg("-I")
            .arg(here("include"))
            .arg("-o")
            .arg(&out)
            .args(sources)
            .current_dir(containers().join(uid)),
    );
    fs::read(out).unwrap()
}

/// cargo as an author calls it, without the environment of this test's cargo.
fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(containers());
    for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(variable);
    }
    cargo.env("CARGO_TERM_COLOR", "never");
    cargo
}

fn rustc_prints(what: &[&str]) -> Option<PathBuf> {
    let output =
        Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).args(what).output().ok()?;
    output.status.success().then(|| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

/// The folder of the modules of the containers in Rust, or None if no Rust here can compile them.
fn compiled_rust() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let build = || {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("containers");
        let mut cargo = cargo();
        cargo.args(["build", "--release", "--locked", "--config"]).arg(here("link.toml"));
        cargo.arg("--target-dir").arg(&target);
        let core = rustc_prints(&["--print=target-libdir", "--target=wasm32-unknown-unknown"]);
        if !core.is_some_and(|folder| folder.is_dir()) {
            let source = rustc_prints(&["--print=sysroot"])?.join("lib/rustlib/src/rust/library/core");
            if !source.is_dir() || !runs(Command::new("wasm-ld").arg("--version")) {
                return None;
            }
            let link = link();
            let rust = &link["tinycontainer"]["rust"];
            cargo.args(strings(&rust["build-std"]));
            for (name, value) in rust["build-std-env"].as_table().unwrap() {
                cargo.env(name, value.as_str().unwrap());
            }
            let flags = rust["build-std-rustflags"].to_string();
            cargo.arg("--config").arg(format!("target.wasm32-unknown-unknown.rustflags={flags}"));
        }
        succeed(&mut cargo);
        Some(target.join("wasm32-unknown-unknown/release"))
    };
    FOLDER.get_or_init(build).as_deref()
}

/// The module of a container, or None (which is reported) if a tool is missing.
fn module(recipe: &Recipe) -> Option<Vec<u8>> {
    match (&recipe.build.rust, &recipe.build.c) {
        (Some(name), None) => match compiled_rust() {
            Some(folder) => Some(fs::read(folder.join(format!("{}.wasm", name.replace('-', "_")))).unwrap()),
            None => {
                missing("Rust for wasm32-unknown-unknown", &recipe.uid);
                None
            }
        },
        (None, Some(sources)) if have_clang() => Some(compile_c(&recipe.uid, sources)),
        (None, Some(_)) => {
            missing("clang or wasm-ld", &recipe.uid);
            None
        }
        _ => panic!("{}: `rust` or `c`", recipe.uid),
    }
}

fn constant(expression: &ConstExpr<'_>) -> u32 {
    match expression.get_operators_reader().read().unwrap() {
        Operator::I32Const { value } => value.cast_unsigned(),
        other => panic!("{other:?}"),
    }
}

fn parse(uid: &str, bytes: &[u8]) -> Module {
    // What devices execute.
    Validator::new_with_features(WasmFeatures::LIME1.difference(WasmFeatures::EXTENDED_CONST))
        .validate_all(bytes)
        .unwrap_or_else(|error| panic!("{uid}: {error}"));
    let mut module = Module::default();
    let (mut types, mut functions, mut globals) = (Vec::new(), Vec::new(), Vec::new());
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.unwrap() {
            Payload::TypeSection(section) => {
                types.extend(section.into_iter_err_on_gc_types().map(Result::unwrap));
            }
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import.unwrap();
                    assert_eq!(import.module, IMPORT_MODULE, "{uid}");
                    let TypeRef::Func(index) = import.ty else { panic!("{uid}: {import:?}") };
                    let function: &FuncType = &types[index as usize];
                    functions.push(function.clone());
                    module.imports.insert(import.name.to_owned(), function.clone());
                }
            }
            Payload::FunctionSection(section) => {
                functions.extend(section.into_iter().map(|index| types[index.unwrap() as usize].clone()));
            }
            Payload::MemorySection(section) => {
                module.pages += section.into_iter().map(|memory| memory.unwrap().initial).sum::<u64>();
            }
            Payload::GlobalSection(section) => {
                globals.extend(section.into_iter().map(|global| constant(&global.unwrap().init_expr)));
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.unwrap();
                    let (name, index) = (export.name.to_owned(), export.index as usize);
                    match export.kind {
                        ExternalKind::Func => {
                            module.exports.insert(name, functions[index].clone());
                        }
                        kind => {
                            if kind == ExternalKind::Global {
                                module.globals.insert(name.clone(), globals[index]);
                            }
                            module.other_exports.insert(name);
                        }
                    }
                }
            }
            Payload::StartSection { .. } => module.start_function = true,
            Payload::CustomSection(section) => module.custom.push(section.name().to_owned()),
            Payload::CodeSectionEntry(body) => {
                module.grows |= body
                    .get_operators_reader()
                    .unwrap()
                    .into_iter()
                    .any(|operator| matches!(operator, Ok(Operator::MemoryGrow { .. })));
            }
            _ => {}
        }
    }
    module
}

fn signature(call: Syscall) -> FuncType {
    use ValType::I32;
    match call {
        Syscall::Heartbeat => FuncType::new([], [I32]),
        Syscall::Open | Syscall::Close => FuncType::new([I32], [I32]),
        Syscall::Read | Syscall::Write => FuncType::new([I32, I32, I32], [I32]),
        Syscall::Logger => FuncType::new([I32], []),
    }
}

fn hook(hook: Hook) -> FuncType {
    FuncType::new([], if hook.returns_i32() { vec![ValType::I32] } else { vec![] })
}

#[test]
fn every_recipe_is_well_formed() {
    let recipes = recipes();
    let sized: BTreeSet<_> = SIZES.iter().map(|(uid, _)| uid.to_string()).collect();
    assert_eq!(recipes.keys().cloned().collect::<BTreeSet<_>>(), sized, "each container has a size limit");
    for recipe in recipes.values() {
        let uid = &recipe.uid;
        assert!((1..=64).contains(&uid.len()) && recipe.version >= 1 && recipe.r#type == "wasm", "{uid}");
        assert!(recipe.data.is_none(), "{uid}: no fixture has data yet");
        let schedule = &recipe.schedule;
        assert!(["low", "normal", "high"].contains(&schedule.priority.as_str()), "{uid}");
        assert!(schedule.start_ms.min(schedule.loop_ms).min(schedule.stop_ms) > 0, "{uid}");
        assert!(schedule.loop_ms <= schedule.period_ms, "{uid}");
        assert!(
            schedule.heartbeat_ms == 0 || recipe.syscalls.iter().any(|call| call == "heartbeat"),
            "{uid}"
        );
        assert!(recipe.limits.stack > 0 && recipe.limits.heap > 0, "{uid}");
        let ids: BTreeSet<_> = recipe.endpoint.iter().map(|endpoint| endpoint.id).collect();
        assert_eq!(ids.len(), recipe.endpoint.len(), "{uid}: ids are unique");
        for endpoint in &recipe.endpoint {
            let peers = [&endpoint.local, &endpoint.container, &endpoint.remote];
            assert_eq!(peers.into_iter().flatten().count(), 1, "{uid}: one peer");
            let opposite = match endpoint.direction.as_str() {
                "in" => "out",
                "out" => "in",
                "both" => "both",
                other => panic!("{uid}: direction {other}"),
            };
            if let Some((peer, id)) = endpoint.container.as_deref().and_then(|peer| peer.split_once(':')) {
                let back = format!("{uid}:{}", endpoint.id);
                assert!(
                    recipes[peer].endpoint.iter().any(|other| {
                        other.id.to_string() == id
                            && other.direction == opposite
                            && other.container.as_ref() == Some(&back)
                    }),
                    "{uid}: {peer} does not name it in the other direction"
                );
            }
        }
    }
}

#[test]
fn every_module_is_what_it_says() {
    for recipe in recipes().values() {
        let uid = recipe.uid.as_str();
        let Some(bytes) = module(recipe) else { continue };
        let module = parse(uid, &bytes);
        let most = SIZES.iter().find(|(name, _)| *name == uid).map_or(0, |(_, most)| *most);
        println!("{uid}: {} bytes", bytes.len());
        assert!(bytes.len() <= most, "{uid}: {} bytes are more than {most}", bytes.len());

        assert!(!module.start_function, "{uid}");
        assert_eq!(module.custom, [""; 0], "{uid}: a custom section");
        let exported: Vec<_> = module.other_exports.iter().map(String::as_str).collect();
        assert_eq!(exported, ["__data_end", "__heap_base", "memory"], "{uid}");

        // The hooks, except for two fixtures that are bad on purpose.
        let mut hooks: BTreeMap<_, _> = Hook::ALL.map(|name| (name.name().to_owned(), hook(name))).into();
        match uid {
            "noloop" => {
                hooks.remove("loop");
            }
            "wrongstart" => {
                hooks.insert("start".to_owned(), hook(Hook::Loop));
            }
            _ => {}
        }
        assert_eq!(module.exports, hooks, "{uid}");

        // It imports what it is granted, with the types of the host; only the attacker imports more.
        let mut granted: BTreeMap<_, _> = recipe
            .syscalls
            .iter()
            .map(|name| {
                let call = Syscall::from_name(name).unwrap_or_else(|| panic!("{uid}: {name}"));
                (name.clone(), signature(call))
            })
            .collect();
        match uid {
            "attacker" => {
                granted.insert("heartbeat".to_owned(), signature(Syscall::Heartbeat));
            }
            "unknown-import" => {
                granted.insert("reboot".to_owned(), FuncType::new([], []));
            }
            _ => {}
        }
        assert_eq!(module.imports, granted, "{uid}");

        // WAMR's conditions for shrinking the page, and the memory that remains.
        assert_eq!(module.pages, 1, "{uid}");
        let (data_end, heap_base) = (module.globals["__data_end"], module.globals["__heap_base"]);
        assert!(data_end.next_multiple_of(16) <= heap_base, "{uid}: {data_end} {heap_base}");
        assert_eq!(module.grows, uid == "hog", "{uid}: memory.grow");
        let memory = if module.grows { 65536 } else { heap_base.next_multiple_of(8) };
        println!("{uid}: {memory} bytes of linear memory");
        assert!(memory <= recipe.limits.linear_memory, "{uid}: needs {memory} bytes of linear memory");
    }
}

#[test]
fn item_03_devices_load_every_module() {
    for recipe in recipes().values() {
        if let Some(bytes) = module(recipe) {
            let checked = tinycontainer_module::check(&bytes);
            assert!(checked.is_ok(), "{}: {checked:?}", recipe.uid);
        }
    }
}

#[test]
fn containers_pass_their_own_tests() {
    // Another target directory: the settings differ from those of the modules.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("containers-host");
    succeed(cargo().args(["test", "--locked", "--target-dir"]).arg(target));
}

/// `#define <name> <number>` of the header.
fn defines() -> BTreeMap<&'static str, i32> {
    C_HEADER
        .lines()
        .filter_map(|line| {
            let mut words = line.strip_prefix("#define ")?.split_whitespace();
            let (name, value) = (words.next()?, words.next()?);
            Some((name, value.trim_matches(['(', ')']).parse().ok()?))
        })
        .collect()
}

#[test]
fn the_header_has_the_numbers_of_the_abi() {
    let name = |errno| match errno {
        Errno::Refused => "TC_REFUSED",
        Errno::WouldBlock => "TC_WOULD_BLOCK",
        Errno::NoPeer => "TC_PEER_GONE",
        Errno::TooLong => "TC_TOO_LONG",
        Errno::Io => "TC_IO",
        Errno::TooManyOpen => "TC_TOO_MANY_OPEN",
    };
    let mut expected: BTreeMap<_, _> = Errno::ALL.map(|errno| (name(errno), errno as i32)).into();
    expected.insert("TC_AGAIN", 0);
    expected.insert("TC_STOP", 1);
    assert_eq!(defines(), expected);

    assert!(C_HEADER.contains(&format!("import_module(\"{IMPORT_MODULE}\")")));
    for call in Syscall::ALL {
        assert!(C_HEADER.contains(&format!("TINYCONTAINER_IMPORT({}) ", call.name())), "{call:?}");
    }
    for hook in Hook::ALL {
        let result = if hook.returns_i32() { "int32_t" } else { "void" };
        let head = format!("TINYCONTAINER_EXPORT({}) {result} tinycontainer_", hook.name());
        assert!(C_HEADER.contains(&head), "{head}");
    }
}

#[test]
fn the_header_stands_alone() {
    if !have_clang() {
        return missing("clang", "the header");
    }
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("header.c");
    fs::write(&source, "#include \"tinycontainer_guest.h\"\n").unwrap();
    for language in [&["-std=c11", "-Wmissing-prototypes"][..], &["-std=c99"], &["-xc++", "-std=c++14"]] {
        succeed(
            Command::new("clang")
                .args(["--target=wasm32", "-ffreestanding", "-nostdlib", "-fsyntax-only"])
                .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror"])
                .args(language)
                .arg("-I")
                .arg(here("include"))
                .arg(&source),
        );
    }
}

#[test]
fn both_languages_get_the_same_stack() {
    let link = link();
    let size = link["tinycontainer"]["shadow-stack"].as_integer().unwrap();
    for (flags, form) in [
        (&link["target"]["wasm32-unknown-unknown"]["rustflags"], &link["tinycontainer"]["rust"]),
        (&link["tinycontainer"]["c"]["flags"], &link["tinycontainer"]["c"]),
    ] {
        let flag = form["shadow-stack-flag"].as_str().unwrap().replace("{}", &size.to_string());
        assert!(strings(flags).contains(&flag), "{flag}");
    }
}
