//! What is refused, and that what ordinary compilers make is not.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::path::Path;
use std::process::Command;
use std::{env, fs};

use shapes::{Builder, SHAPES, kept, number, worst};
use tinycontainer_module::{CheckError, Excess, Limit, check, limits, work};

mod shapes;

fn over(module: &[u8]) -> Excess {
    match check(module) {
        Err(CheckError::Over(excess)) => excess,
        other => panic!("{other:?}"),
    }
}

fn assemble(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

#[test]
fn item_03_values_kept_across_blocks_are_refused() {
    // 48 KB, for which WAMR's fast interpreter took 0.44 s; and as much as an image may have.
    for size in [48 << 10, 990 << 10] {
        let module = kept(200, &[0x02, 0x40, 0x0b].repeat(size / 3));
        assert_eq!(over(&module).limit, Limit::Work);
    }
    assert_eq!(over(&kept(20_000, &[])).limit, Limit::Operands);
}

#[test]
fn item_03_the_work_of_every_shape_is_bounded_by_its_size() {
    for shape in &SHAPES {
        for size in [1 << 12, 1 << 17] {
            let (good, bad) = worst(shape, size, |module| check(module).is_ok());
            assert!(good.len() <= size, "{}", shape.name);
            let cost = check(&good).unwrap();
            assert_eq!(cost.allowed as usize, good.len() * work::PER_BYTE as usize + work::FREE as usize);
            assert!(cost.work <= cost.allowed, "{}", shape.name);
            // One more is refused, or is too large a file.
            let refused = matches!(check(&bad), Err(CheckError::Over(excess)) if excess.value > excess.most);
            assert!(refused || bad.len() > size, "{} {size}", shape.name);
        }
    }
}

/// As many as there may be are taken, and one more is not.
fn limited(limit: Limit, most: u32, module: impl Fn(u32) -> Vec<u8>) {
    // Where the count alone decides, and not the work: in a file that is large enough.
    let large = |n| [module(n), vec![0, 0x80, 0x80, 0x40, 0], vec![0; (1 << 20) - 1]].concat();
    assert!(check(&large(most)).is_ok(), "{limit:?}: {:?}", check(&large(most)));
    assert_eq!(over(&large(most + 1)), Excess { limit, value: most + 1, most });
}

#[test]
fn item_03_counts_are_limited() {
    let count = |n: u32, item: &str| assemble(&format!("(module {})", item.repeat(n as usize)));
    limited(Limit::Types, limits::TYPES, |n| {
        let types = vec![vec![0x60, 0, 0]; n as usize - 2];
        Builder { types, ..Builder::default() }.build()
    });
    limited(Limit::Params, limits::PARAMS, |n| {
        count(1, &format!("(func (param {}) unreachable)", "i32 ".repeat(n as usize)))
    });
    limited(Limit::Results, limits::RESULTS, |n| {
        count(1, &format!("(func (result {}) unreachable)", "i32 ".repeat(n as usize)))
    });
    limited(Limit::Imports, limits::IMPORTS, |n| count(n, "(import \"env\" \"x\" (func))"));
    limited(Limit::Exports, limits::EXPORTS, |n| {
        let exports: String = (0..n).map(|i| format!("(export \"{i}\" (func 0))")).collect();
        count(1, &format!("(func) {exports}"))
    });
    limited(Limit::Table, limits::TABLE, |n| count(1, &format!("(table {n} funcref)")));
    limited(Limit::Locals, limits::LOCALS, |n| {
        count(1, &format!("(func (param i32) (local {}))", "i32 ".repeat(n as usize - 1)))
    });
    limited(Limit::Nesting, limits::NESTING, |n| {
        let (begin, end) = ("block ".repeat(n as usize), "end ".repeat(n as usize));
        count(1, &format!("(func {begin} {end})"))
    });
    limited(Limit::Operands, limits::OPERANDS, |n| {
        let (push, pop) = ("i64.const 0 ".repeat(n as usize), "drop ".repeat(n as usize));
        count(1, &format!("(func {push} {pop})"))
    });
}

#[test]
fn operands_are_followed_through_blocks_calls_and_what_is_not_reached() {
    // Each of these leaves as many values as before, so that 260 of them are as good as one.
    for balanced in [
        "i32.const 1 drop",
        "local.get 0 local.tee 0 local.set 0",
        "i32.const 1 i32.const 2 i32.const 3 select drop",
        "i32.const 1 i32.const 2 call $two drop",
        "i32.const 1 i32.const 2 i32.const 0 call_indirect (type $t) drop",
        "block (result i32) i32.const 7 end drop",
        "block (result i32) i32.const 7 br 0 end drop",
        "block (result i32) unreachable i32.add i32.const 7 end drop",
        "loop block br 1 i32.add drop end end",
        "local.get 0 if (result i32) i32.const 1 else unreachable end drop",
        "local.get 0 i32.const 100 i32.const 1 i32.add i32.lt_s if return end",
        "block local.get 0 br_table 0 0 0 end",
        "i64.const 1 i64.clz i64.eqz drop",
        "f64.const 1 f64.const 2 f64.lt drop f32.const 0 f32.const 0 f32.copysign drop",
        "i32.const 0 i32.const 0 i32.load8_u offset=300 i32.store16",
        "i32.const 0 i32.const 0 i32.const 0 memory.fill i32.const 0 i32.const 0 i32.const 0 memory.copy",
        "memory.size memory.grow drop f32.const 1 i64.trunc_sat_f32_s i64.extend8_s drop",
        "global.get 0 global.set 0",
    ] {
        let text = format!(
            "(module (type $t (func (param i32 i32) (result i32))) (memory 1) (table 1 funcref)
               (global (mut i32) (i32.const 0)) (func $two (type $t) local.get 0)
               (func (param i32) {}))",
            format!("{balanced} ").repeat(260)
        );
        let checked = check(&assemble(&text));
        assert!(checked.is_ok(), "{balanced}: {checked:?}");
        // And one value more each time is too many; or too much to look through at each block before that.
        let text = text.replace(&format!("{balanced} "), &format!("{balanced} i32.const 0 "));
        let limit = over(&assemble(&text)).limit;
        let looked_through = balanced.contains("end") || balanced.contains("local.set");
        assert!(limit == Limit::Operands || looked_through && limit == Limit::Work, "{balanced}: {limit:?}");
    }
}

#[test]
fn what_is_no_module_is_refused() {
    let malformed = |bytes: &[u8]| matches!(check(bytes), Err(CheckError::Malformed(_)));
    let with = |section: &[u8]| [b"\0asm\x01\0\0\0", section].concat();
    assert!(check(&with(&[])).is_ok());
    for bytes in [&b""[..], b"\0asm", b"\0asm\x02\0\0\0", b"\x7fELF\0\0\0\0"] {
        assert!(malformed(bytes), "{bytes:?}");
    }
    for section in [
        &[1][..],
        &[1, 1],
        &[1, 2, 0, 0],
        &[12, 1, 0],
        &[5, 1, 0, 1, 1, 0],
        &[1, 0x85, 0x80, 0x80, 0x80, 0x10, 0],
        // A table whose limits have a flag that is none; a memory's index in two bytes, and another index.
        &[4, 4, 1, 0x70, 2, 0],
        &[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 0, 10, 8, 1, 6, 0, 0x3f, 0x80, 0, 0x1a, 0x0b],
        &[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 5, 3, 1, 0, 0, 10, 7, 1, 5, 0, 0x3f, 1, 0x1a, 0x0b],
        // A constant of two instructions, and none.
        &[6, 8, 1, 0x7f, 0, 0x41, 0, 0x41, 0, 0x0b],
        &[6, 4, 1, 0x7f, 0, 0x0b],
        // A function of a type that is not there; one without a body.
        &[3, 2, 1, 0],
        &[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0],
        &[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 1, 0],
        // A body that goes on behind its end, one without, and a branch out of everything.
        &[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 5, 1, 3, 0, 0x0b, 1],
        &[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 4, 1, 2, 0, 1],
        &[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 6, 1, 4, 0, 0x0c, 1, 0x0b],
        &[1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 6, 1, 4, 0, 0xfd, 1, 0x0b],
    ] {
        // Those that say nothing but lack something are not malformed until something needs it.
        let module = with(section);
        if section == [1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0] {
            assert!(check(&module).is_ok());
        } else {
            assert!(malformed(&module), "{section:?}");
        }
    }
}

#[test]
fn nothing_makes_it_panic() {
    let module = assemble(
        "(module (type (func (param i32) (result i32))) (import \"env\" \"open\" (func (type 0))) (memory 1)
           (table 2 funcref) (global (mut i32) (i32.const 5)) (export \"f\" (func 1))
           (elem (i32.const 0) 0 1)
           (func (type 0) (local i64 i32) block loop local.get 0 br_table 0 1 end end
             local.get 0 if (result i32) i32.const 1 else i32.const 2 end call 0)
           (data (i32.const 0) \"abc\"))",
    );
    assert!(check(&module).is_ok());
    for len in 0..module.len() {
        let _either = check(&module[..len]);
    }
    for at in 0..module.len() {
        for byte in 0..=255 {
            let mut changed = module.clone();
            changed[at] = byte;
            let _either = check(&changed);
            if let Some(next) = changed.get_mut(at + 1) {
                *next = !byte;
                let _either = check(&changed);
            }
        }
    }
}

#[test]
fn sentences_name_the_limit() {
    let excess = over(&kept(20_000, &[]));
    assert_eq!(
        CheckError::Over(excess).to_string(),
        "the code has 256 values on one function's operand stack, and a device takes 255"
    );
    assert_eq!(number(300), [0xac, 2]);
}

/// C with a switch of many cases that are no table of constants, and a function with many variables.
fn source(cases: usize, variables: usize) -> String {
    let case = |i: usize| {
        format!(
            "case {i}: a += b * {}; state[{}] ^= a; if (a > {i}) b -= ask(); else b += state[{}]; break;\n",
            i * 7 + 1,
            i % 64,
            i * 5 % 64
        )
    };
    let cases: String = (0..cases).map(case).collect();
    let variable = |i| format!("int a{i} = ask() + {i}; double d{i} = a{i} * 1.5;\n");
    let uses = |i| format!("t += a{i} * d{}; if (t > {i}e9) return t;\n", variables - 1 - i);
    let declared: String = (0..variables).map(variable).collect();
    let used: String = (0..variables).map(uses).collect();
    format!(
        "__attribute__((import_module(\"env\"), import_name(\"heartbeat\"))) int ask(void);
         int state[64];
         static int step(int op, int a, int b) {{ switch (op) {{ {cases} }} return a ^ b; }}
         static double sum(void) {{ {declared} double t = 0; {used} return t; }}
         static int (*const table[])(int, int, int) = {{ step, step }};
         __attribute__((export_name(\"start\"))) void start(void) {{}}
         __attribute__((export_name(\"stop\"))) void stop(void) {{}}
         __attribute__((export_name(\"loop\"))) int loop(void) {{
           return table[ask() & 1](ask(), 1, 2) + (int)sum() > 5;
         }}"
    )
}

#[test]
fn item_03_what_clang_makes_of_long_functions_is_accepted() {
    let clang = Command::new("clang").arg("--version").output().is_ok_and(|output| output.status.success());
    assert!(clang || env::var_os("CI").is_none(), "there is no clang: scripts/setup installs it");
    if !clang {
        eprintln!("SKIPPED: there is no clang");
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (cases, variables) in [(5, 10), (100, 50), (450, 300)] {
        let c = folder.join(format!("long-{cases}.c"));
        fs::write(&c, source(cases, variables)).unwrap();
        for optimised in ["-O0", "-O1", "-O2", "-Os"] {
            let module = c.with_extension(format!("{optimised}.wasm"));
            let output = Command::new("clang")
                .args(["--target=wasm32", "-mcpu=mvp", "-nostdlib", "-Wl,--no-entry", optimised, "-o"])
                .args([&module, &c])
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let module = fs::read(module).unwrap();
            let cost = check(&module).unwrap_or_else(|why| panic!("{cases} {optimised}: {why}"));
            // With a margin, for there is other code.
            assert!(
                cost.work < cost.allowed / 3 * 2,
                "{cases} {optimised}: {} bytes, {cost:?}",
                module.len()
            );
        }
    }
}

#[test]
fn a_type_index_that_looks_like_a_value_type_is_one() {
    // Index 64 is `c0 00`, where `40` alone is a block without values; a loader reads it so.
    let many = [vec![0x60, 0, 100], vec![0x7f; 100]].concat();
    let mut types = vec![vec![0x60, 0, 0]; 62];
    types.push(many);
    let code = [&[0x02, 0xc0, 0x00, 0x00, 0x0b][..]; 3].concat();
    let module = Builder { types, functions: vec![(0, vec![0], code)], ..Builder::default() }.build();
    assert_eq!(over(&module).limit, Limit::Operands);
}

#[test]
fn the_document_has_these_limits() {
    let document = include_str!("../../../docs/format.md");
    for (what, most) in [
        ("function types", limits::TYPES),
        ("parameters of a type", limits::PARAMS),
        ("results of a type", limits::RESULTS),
        ("imports", limits::IMPORTS),
        ("exports", limits::EXPORTS),
        ("initial elements of the table", limits::TABLE),
        ("locals of a function, with its parameters", limits::LOCALS),
        ("blocks nested in a function", limits::NESTING),
        ("values on the operand stack of a function", limits::OPERANDS),
    ] {
        assert!(document.contains(&format!("| {what} | {most} |")), "{what}: {most}");
    }
    let work = format!("| {} for each byte of the module, and {} |", work::PER_BYTE, work::FREE);
    assert!(document.contains(&work), "{work}");
}
