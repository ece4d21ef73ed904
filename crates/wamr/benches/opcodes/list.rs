//! A guest for every opcode that `wamr-sys/wamr.settings` enables, which executes it as densely as can be, and the
//! ordinary guests that they are compared with.
#![allow(dead_code, reason = "the bench and the test use different parts")]

use std::fmt::Write as _;

/// How often a guest's loop repeats what it measures. The loop itself then costs less than two in a hundred.
pub(crate) const REPEATS: usize = 200;

/// A guest that measures one opcode.
pub(crate) struct Case {
    /// As `wasmparser::Operator` names it.
    pub(crate) opcode: &'static str,
    /// Which operands or which form.
    pub(crate) form: String,
    /// Beside the opcode, how many `local.get`, `drop` and constants each repetition has. They are instructions of
    /// the classic interpreter only.
    pub(crate) supply: usize,
    /// How many of them there are at least: its result may be its next operand, or become it by a conversion.
    pub(crate) least: usize,
    fields: String,
    locals: String,
    before: String,
    body: String,
    repeats: usize,
}

impl Case {
    fn new(opcode: &'static str, form: impl Into<String>, body: impl Into<String>) -> Self {
        let body = body.into();
        let supply = ["local.get", "drop", ".const"].iter().map(|word| body.matches(word).count()).sum();
        Self {
            opcode,
            form: form.into(),
            supply,
            least: supply - usize::from(supply > 0 && body.contains("drop")),
            fields: String::new(),
            locals: String::new(),
            before: String::new(),
            body,
            repeats: REPEATS,
        }
    }

    /// Functions, tables, globals.
    fn with(mut self, fields: impl Into<String>) -> Self {
        self.fields = fields.into();
        self
    }

    /// A local and its value.
    fn local(mut self, name: &str, value: &str) -> Self {
        let (kind, _) = value.split_once('.').unwrap_or((value, ""));
        let _ = write!(self.locals, "(local {name} {kind})");
        let _ = write!(self.before, "(local.set {name} ({value}))");
        self
    }

    /// Its result is of the type of an operand.
    fn chained(mut self) -> Self {
        self.least = self.supply.saturating_sub(2);
        self
    }

    fn no_supply(mut self) -> Self {
        self.supply = 0;
        self.least = 0;
        self
    }

    pub(crate) fn repeats(mut self, repeats: usize) -> Self {
        self.repeats = repeats;
        self
    }

    /// The module. Its loop goes `rounds` times around.
    pub(crate) fn module(&self, rounds: u32) -> String {
        module(
            &format!("(memory 1) {}", self.fields),
            &self.locals,
            &format!(
                "{before} (local.set $rounds (i32.const {rounds}))
                 (loop $again
                   {body}
                   (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
                 (i32.const 0)",
                before = self.before,
                body = format!("{} ", self.body).repeat(self.repeats),
            ),
        )
    }

    /// How often one call executes the body.
    pub(crate) fn executions(&self, rounds: u32) -> u64 {
        self.repeats as u64 * u64::from(rounds)
    }
}

fn module(fields: &str, locals: &str, body: &str) -> String {
    format!(
        r#"(module {fields} (func (export "start")) (func (export "stop"))
             (func (export "loop") (result i32) (local $rounds i32) {locals} {body}))"#
    )
}

/// What floats of 32 bits are tried: ordinary, and numbers below the smallest normal one.
const F32: [(&str, &str); 2] = [("", "1.7"), ("subnormal", "0x1p-149")];
const F64: [(&str, &str); 2] = [("", "1.7"), ("subnormal", "0x0.0000000000001p-1022")];
/// Dividends and divisors: of different lengths, and a quotient of 1.
const DIVISIONS_32: [(&str, &str); 3] =
    [("0x7fffffff", "3"), ("0x7fffffff", "0x10001"), ("0x7fffffff", "0x7ffffffe")];
const DIVISIONS_64: [(&str, &str); 4] = [
    ("0x7fffffffffffffff", "3"),
    ("0x7fffffffffffffff", "0x1000f"),
    ("0x7fffffffffffffff", "0x100000007"),
    ("0x7fffffffffffffff", "0x7ffffffffffffff3"),
];

/// Every opcode, in the order of their numbers.
pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    control(&mut cases);
    calls(&mut cases);
    variables(&mut cases);
    memory(&mut cases);
    integers(&mut cases);
    floats(&mut cases);
    conversions(&mut cases);
    cases
}

fn control(cases: &mut Vec<Case>) {
    // It cannot be repeated: it is measured at the end of a function that it leaves unreached.
    cases.push(Case::new("Unreachable", "not executed", "(block br 0 unreachable)"));
    cases.push(Case::new("Nop", "", "nop"));
    cases.push(Case::new("Block", "", "block end"));
    cases.push(Case::new("Block", "eight deep", format!("{}{}", "block ".repeat(8), "end ".repeat(8))));
    cases.push(
        Case::new("Block", "with a value", "(drop (block (result i64) (local.get $x)))")
            .local("$x", "i64.const 1"),
    );
    cases.push(Case::new("Loop", "", "loop end"));
    for (form, value) in [("taken", "1"), ("not taken", "0")] {
        cases.push(
            Case::new("If", form, "(if (local.get $x) (then))").local("$x", &format!("i32.const {value}")),
        );
        let long = format!("(if (local.get $x) (then {}) (else nop))", "nop ".repeat(40));
        cases.push(
            Case::new("If", format!("{form}, 40 long"), long).local("$x", &format!("i32.const {value}")),
        );
    }
    // An `else` is executed at the end of the part before.
    cases.push(Case::new("Else", "", "(if (local.get $x) (then nop) (else nop))").local("$x", "i32.const 1"));
    cases.push(Case::new("End", "", "block end").no_supply());
    cases.push(Case::new("Br", "", "(block br 0)"));
    cases.push(Case::new("Br", "over 100", format!("(block br 0 {})", "nop ".repeat(100))));
    cases.push(
        Case::new(
            "Br",
            "over wide instructions",
            format!("(block br 0 {})", "i64.const -1 drop ".repeat(60)),
        )
        .no_supply(),
    );
    cases.push(
        Case::new(
            "Br",
            "over a br_table",
            format!("(block br 0 (br_table {} (i32.const 0)))", "0 ".repeat(200)),
        )
        .no_supply()
        .repeats(20),
    );
    cases.push(Case::new("Br", "over 30 blocks", format!("(block br 0 {})", "block end ".repeat(30))));
    cases.push(Case::new("Br", "out of eight", format!("{} br 7 {}", "block ".repeat(8), "end ".repeat(8))));
    cases.push(Case::new(
        "Br",
        "out of eight in turn",
        format!("{} {}", "block ".repeat(8), "br 0 end ".repeat(8)),
    ));
    cases.push(
        Case::new("Br", "with a value", "(drop (block (result i64) (br 0 (local.get $x))))")
            .local("$x", "i64.const 1"),
    );
    cases.push(
        Case::new(
            "Br",
            "with eight values",
            format!(
                "(block (result {}) {} br 0) {}",
                "i64 ".repeat(8),
                "(local.get $x) ".repeat(8),
                "drop ".repeat(8)
            ),
        )
        .local("$x", "i64.const 1"),
    );
    cases.push(Case::new("BrIf", "not taken", "(block (br_if 0 (local.get $x)))").local("$x", "i32.const 0"));
    cases.push(Case::new("BrIf", "taken", "(block (br_if 0 (local.get $x)))").local("$x", "i32.const 1"));
    cases.push(
        Case::new(
            "BrIf",
            "out of eight in turn",
            format!("{} {}", "block ".repeat(8), "(br_if 0 (local.get $x)) end ".repeat(8)),
        )
        .local("$x", "i32.const 1"),
    );
    cases.push(
        Case::new("BrTable", "of 2", "(block (br_table 0 0 (local.get $x)))").local("$x", "i32.const 0"),
    );
    // Each target is another, and the index differs each time.
    let table = |count: usize| {
        let labels: String = (0..count).map(|n| format!("{} ", n % 4)).collect();
        format!(
            "(local.set $x (i32.and (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)) (i32.const 0x7fffffff)))
             block block block block (br_table {labels} (i32.rem_u (i32.shr_u (local.get $x) (i32.const 8)) (i32.const {count}))) end end end end"
        )
    };
    cases.push(
        Case::new("BrTable", "of 1,000, index at random", table(1000)).local("$x", "i32.const 1").repeats(8),
    );
    let labels = "0 ".repeat(1000);
    cases.push(
        Case::new("BrTable", "of 1,000, the last", format!("(block (br_table {labels} (local.get $x)))"))
            .local("$x", "i32.const 999")
            .repeats(8),
    );
    let wide: String = (0..300).map(|n| format!("{n} ")).collect();
    cases.push(
        Case::new(
            "BrTable",
            "300 deep, two of them",
            format!("{} (br_table {wide} (local.get $x)) {}", "block ".repeat(300), "end ".repeat(300)),
        )
        .local("$x", "i32.const 299")
        .repeats(2),
    );
}

fn calls(cases: &mut Vec<Case>) {
    cases.push(Case::new("Return", "", "call $f").with("(func $f return)"));
    cases.push(
        Case::new("Return", "with a value", "(drop (call $f))")
            .with("(func $f (result i64) (return (i64.const 1)))"),
    );
    cases.push(Case::new("Call", "", "call $f").with("(func $f)"));
    cases.push(
        Case::new("Call", "with a result", "(drop (call $f))").with("(func $f (result i32) (i32.const 1))"),
    );
    cases.push(
        Case::new("Call", "one parameter and a result", "(drop (call $f (local.get $x)))")
            .with("(func $f (param i64) (result i64) (local.get 0))")
            .local("$x", "i64.const 1"),
    );
    for (kind, zero) in [("i32", "(i32.const 0) "), ("i64", "(i64.const 0) ")] {
        cases.push(
            Case::new("Call", format!("twelve {kind}"), format!("(call $f {})", zero.repeat(12)))
                .with(format!("(func $f (param {}))", format!("{kind} ").repeat(12))),
        );
    }
    for count in [1, 4, 16, 100] {
        cases.push(
            Case::new("Call", format!("{count} locals"), "call $f")
                .with(format!("(func $f (local {}))", "i64 ".repeat(count))),
        );
    }
    let indirect = "(type $t (func)) (type $u (func (param i32) (result i32))) (table 4 funcref) (elem (i32.const 0) $f $g)
         (func $f) (func $g (param i32) (result i32) (local.get 0))";
    cases.push(
        Case::new("CallIndirect", "", "(call_indirect (type $t) (local.get $x))")
            .with(indirect)
            .local("$x", "i32.const 0"),
    );
    cases.push(
        Case::new(
            "CallIndirect",
            "a parameter and a result",
            "(drop (call_indirect (type $u) (local.get $y) (local.get $x)))",
        )
        .with(indirect)
        .local("$x", "i32.const 1")
        .local("$y", "i32.const 1"),
    );
}

fn variables(cases: &mut Vec<Case>) {
    for (kind, zero) in
        [("i32", "i32.const 0"), ("i64", "i64.const 0"), ("f32", "f32.const 0"), ("f64", "f64.const 0")]
    {
        let get = "(local.get $x) drop";
        cases.push(Case::new("Drop", kind, get).local("$x", zero).no_supply());
        cases.push(Case::new("LocalGet", kind, get).local("$x", zero).no_supply());
        cases.push(
            Case::new("Select", kind, "(drop (select (local.get $x) (local.get $x) (local.get $c)))")
                .chained()
                .local("$x", zero)
                .local("$c", "i32.const 1"),
        );
        cases.push(
            Case::new("LocalSet", kind, "(local.set $x (local.get $y))").local("$x", zero).local("$y", zero),
        );
        cases.push(
            Case::new("LocalTee", kind, "(drop (local.tee $x (local.get $y)))")
                .chained()
                .local("$x", zero)
                .local("$y", zero),
        );
        let global = format!("(global $g (mut {kind}) ({zero}))");
        cases.push(Case::new("GlobalGet", kind, "(drop (global.get $g))").with(&global));
        cases.push(
            Case::new("GlobalSet", kind, "(global.set $g (local.get $x))").with(&global).local("$x", zero),
        );
        let constant = format!("({zero}) drop");
        let opcode = match kind {
            "i32" => "I32Const",
            "i64" => "I64Const",
            "f32" => "F32Const",
            _ => "F64Const",
        };
        cases.push(Case::new(opcode, "", constant).no_supply());
        if kind.starts_with('i') {
            cases.push(Case::new(opcode, "long", format!("({kind}.const -0x7fffffff) drop")).no_supply());
        }
    }
    // A parameter is a local of another kind to the fast interpreter.
    cases.push(Case::new("GlobalSet", "the stack pointer", "(global.set $sp (local.get $x))")
        .with(r#"(global $sp (mut i32) (i32.const 4096)) (global (export "__data_end") i32 (i32.const 4096)) (global (export "__heap_base") i32 (i32.const 4096))"#)
        .local("$x", "i32.const 4000"));
}

fn memory(cases: &mut Vec<Case>) {
    const LOADS: [(&str, &str); 14] = [
        ("I32Load", "i32.load"),
        ("I64Load", "i64.load"),
        ("F32Load", "f32.load"),
        ("F64Load", "f64.load"),
        ("I32Load8S", "i32.load8_s"),
        ("I32Load8U", "i32.load8_u"),
        ("I32Load16S", "i32.load16_s"),
        ("I32Load16U", "i32.load16_u"),
        ("I64Load8S", "i64.load8_s"),
        ("I64Load8U", "i64.load8_u"),
        ("I64Load16S", "i64.load16_s"),
        ("I64Load16U", "i64.load16_u"),
        ("I64Load32S", "i64.load32_s"),
        ("I64Load32U", "i64.load32_u"),
    ];
    const STORES: [(&str, &str); 9] = [
        ("I32Store", "i32.store"),
        ("I64Store", "i64.store"),
        ("F32Store", "f32.store"),
        ("F64Store", "f64.store"),
        ("I32Store8", "i32.store8"),
        ("I32Store16", "i32.store16"),
        ("I64Store8", "i64.store8"),
        ("I64Store16", "i64.store16"),
        ("I64Store32", "i64.store32"),
    ];
    for (form, address, offset) in [("", "64", "0"), ("unaligned, a long offset", "61", "40000")] {
        let address = format!("i32.const {address}");
        for (opcode, name) in LOADS {
            let load = Case::new(opcode, form, format!("(drop ({name} offset={offset} (local.get $p)))"))
                .local("$p", &address);
            cases.push(if name.starts_with("i32") { load.chained() } else { load });
        }
        for (opcode, name) in STORES {
            let zero = format!("{}.const 0", &name[..3]);
            cases.push(
                Case::new(opcode, form, format!("({name} offset={offset} (local.get $p) (local.get $x))"))
                    .local("$p", &address)
                    .local("$x", &zero),
            );
        }
    }
    cases.push(Case::new("MemorySize", "", "(drop (memory.size))"));
    cases.push(
        Case::new("MemoryGrow", "by 0", "(drop (memory.grow (local.get $x)))")
            .chained()
            .local("$x", "i32.const 0"),
    );
    cases.push(
        Case::new("MemoryGrow", "too much", "(drop (memory.grow (local.get $x)))")
            .chained()
            .local("$x", "i32.const 65535"),
    );
    for len in [0, 1, 15, 100, 1000, 30000] {
        let zero = "i32.const 3";
        let args = "(local.get $p) (local.get $x) (local.get $n)";
        let len_local = format!("i32.const {len}");
        cases.push(
            Case::new("MemoryFill", format!("{len} bytes"), format!("(memory.fill {args})"))
                .local("$p", zero)
                .local("$x", zero)
                .local("$n", &len_local),
        );
        cases.push(
            Case::new("MemoryCopy", format!("{len} bytes"), format!("(memory.copy {args})"))
                .local("$p", "i32.const 1")
                .local("$x", "i32.const 32002")
                .local("$n", &len_local),
        );
        cases.push(
            Case::new("MemoryCopy", format!("{len} bytes, overlapping"), format!("(memory.copy {args})"))
                .local("$p", "i32.const 9")
                .local("$x", zero)
                .local("$n", &len_local),
        );
    }
}

fn integers(cases: &mut Vec<Case>) {
    const COMPARE: [(&str, &str); 10] = [
        ("Eq", "eq"),
        ("Ne", "ne"),
        ("LtS", "lt_s"),
        ("LtU", "lt_u"),
        ("GtS", "gt_s"),
        ("GtU", "gt_u"),
        ("LeS", "le_s"),
        ("LeU", "le_u"),
        ("GeS", "ge_s"),
        ("GeU", "ge_u"),
    ];
    const UNARY: [(&str, &str); 5] = [
        ("Clz", "clz"),
        ("Ctz", "ctz"),
        ("Popcnt", "popcnt"),
        ("Extend8S", "extend8_s"),
        ("Extend16S", "extend16_s"),
    ];
    const BINARY: [(&str, &str); 15] = [
        ("Add", "add"),
        ("Sub", "sub"),
        ("Mul", "mul"),
        ("DivS", "div_s"),
        ("DivU", "div_u"),
        ("RemS", "rem_s"),
        ("RemU", "rem_u"),
        ("And", "and"),
        ("Or", "or"),
        ("Xor", "xor"),
        ("Shl", "shl"),
        ("ShrS", "shr_s"),
        ("ShrU", "shr_u"),
        ("Rotl", "rotl"),
        ("Rotr", "rotr"),
    ];
    for bits in ["32", "64"] {
        let kind = format!("i{bits}");
        let named = |opcode: &str| -> &'static str { format!("I{bits}{opcode}").leak() };
        cases.push(
            Case::new(named("Eqz"), "", format!("(drop ({kind}.eqz (local.get $x)))"))
                .chained()
                .local("$x", &format!("{kind}.const 1")),
        );
        for (opcode, name) in COMPARE {
            cases.push(
                Case::new(named(opcode), "", format!("(drop ({kind}.{name} (local.get $x) (local.get $y)))"))
                    .local("$x", &format!("{kind}.const 1"))
                    .local("$y", &format!("{kind}.const -1")),
            );
        }
        for (opcode, name) in UNARY {
            // All bits; one at each end; none.
            let ends = if bits == "32" {
                ["-1", "1", "0x80000000", "0"]
            } else {
                ["-1", "1", "0x8000000000000000", "0"]
            };
            for value in ends {
                cases.push(
                    Case::new(named(opcode), value, format!("(drop ({kind}.{name} (local.get $x)))"))
                        .chained()
                        .local("$x", &format!("{kind}.const {value}")),
                );
            }
        }
        for (opcode, name) in BINARY {
            let body = format!("(drop ({kind}.{name} (local.get $x) (local.get $y)))");
            if name.starts_with("div") || name.starts_with("rem") {
                let divisions: &[(&str, &str)] = if bits == "32" { &DIVISIONS_32 } else { &DIVISIONS_64 };
                for (x, y) in divisions {
                    for sign in if name.ends_with('s') { &["", "-"][..] } else { &[""][..] } {
                        cases.push(
                            Case::new(named(opcode), format!("{sign}{x} by {y}"), body.clone())
                                .chained()
                                .local("$x", &format!("{kind}.const {sign}{x}"))
                                .local("$y", &format!("{kind}.const {y}")),
                        );
                    }
                }
            } else {
                for y in ["31", "-1"] {
                    cases.push(
                        Case::new(named(opcode), y, body.clone())
                            .chained()
                            .local("$x", &format!("{kind}.const 0x7fffffff"))
                            .local("$y", &format!("{kind}.const {y}")),
                    );
                }
            }
        }
    }
    cases.push(
        Case::new("I64Extend32S", "", "(drop (i64.extend32_s (local.get $x)))")
            .chained()
            .local("$x", "i64.const -1"),
    );
}

fn floats(cases: &mut Vec<Case>) {
    const COMPARE: [(&str, &str); 6] =
        [("Eq", "eq"), ("Ne", "ne"), ("Lt", "lt"), ("Gt", "gt"), ("Le", "le"), ("Ge", "ge")];
    const UNARY: [(&str, &str); 7] = [
        ("Abs", "abs"),
        ("Neg", "neg"),
        ("Ceil", "ceil"),
        ("Floor", "floor"),
        ("Trunc", "trunc"),
        ("Nearest", "nearest"),
        ("Sqrt", "sqrt"),
    ];
    const BINARY: [(&str, &str); 7] = [
        ("Add", "add"),
        ("Sub", "sub"),
        ("Mul", "mul"),
        ("Div", "div"),
        ("Min", "min"),
        ("Max", "max"),
        ("Copysign", "copysign"),
    ];
    for (bits, big, small, smallest, third) in [
        ("32", "0x1.fffffep62", "0x1.8p-126", "0x1.234568p-130", "0x1.555556p-2"),
        ("64", "0x1.fffffffffffffp510", "0x1.8p-1022", "0x1.23456789abcdep-1030", "0x1.5555555555555p-2"),
    ] {
        let kind = format!("f{bits}");
        let named = |opcode: &str| -> &'static str { format!("F{bits}{opcode}").leak() };
        // Ordinary; large with many digits; subnormal; two whose product and quotient are subnormal; special.
        let pairs = [
            ("ordinary", "1.7", "-2.3"),
            ("large", big, third),
            ("subnormal", smallest, smallest),
            ("subnormal and ordinary", smallest, "1.7"),
            ("ordinary and subnormal", "1.7", smallest),
            ("subnormal result", small, third),
            ("far apart", big, small),
            ("zeros", "0", "-0"),
            ("nan", "nan", "1"),
            ("infinite", "inf", "1"),
        ];
        for (form, x, y) in pairs {
            let both = |case: Case| {
                case.local("$x", &format!("{kind}.const {x}")).local("$y", &format!("{kind}.const {y}"))
            };
            for (opcode, name) in COMPARE {
                cases.push(both(Case::new(
                    named(opcode),
                    form,
                    format!("(drop ({kind}.{name} (local.get $x) (local.get $y)))"),
                )));
            }
            for (opcode, name) in BINARY {
                cases.push(both(
                    Case::new(
                        named(opcode),
                        form,
                        format!("(drop ({kind}.{name} (local.get $x) (local.get $y)))"),
                    )
                    .chained(),
                ));
            }
        }
        for (form, x) in [
            ("ordinary", "1.7"),
            ("negative", "-1.7"),
            ("half", "2.5"),
            ("large", big),
            ("many digits", third),
            ("subnormal", smallest),
            ("thousands", "8388607.5"),
            ("zero", "0"),
            ("nan", "nan"),
            ("infinite", "inf"),
        ] {
            for (opcode, name) in UNARY {
                cases.push(
                    Case::new(named(opcode), form, format!("(drop ({kind}.{name} (local.get $x)))"))
                        .chained()
                        .local("$x", &format!("{kind}.const {x}")),
                );
            }
        }
    }
}

fn conversions(cases: &mut Vec<Case>) {
    let mut convert = |opcode: &'static str, name: &str, values: &[&str]| {
        for value in values {
            cases.push(
                Case::new(opcode, *value, format!("(drop ({name} (local.get $x)))")).local("$x", value),
            );
        }
    };
    convert("I32WrapI64", "i32.wrap_i64", &["i64.const -1"]);
    convert("I64ExtendI32S", "i64.extend_i32_s", &["i32.const -1"]);
    convert("I64ExtendI32U", "i64.extend_i32_u", &["i32.const -1"]);
    convert("I32ReinterpretF32", "i32.reinterpret_f32", &["f32.const 1"]);
    convert("I64ReinterpretF64", "i64.reinterpret_f64", &["f64.const 1"]);
    convert("F32ReinterpretI32", "f32.reinterpret_i32", &["i32.const 1"]);
    convert("F64ReinterpretI64", "f64.reinterpret_i64", &["i64.const 1"]);
    convert(
        "F32DemoteF64",
        "f32.demote_f64",
        &["f64.const 1.7", "f64.const 0x1.23456789p-140", "f64.const 0x1.234p-1040", "f64.const 1e300"],
    );
    convert(
        "F64PromoteF32",
        "f64.promote_f32",
        &["f32.const 1.7", "f32.const 0x1.234p-140", "f32.const nan"],
    );
    for to in ["32", "64"] {
        for from in ["32", "64"] {
            for (sign, mark) in [("S", "s"), ("U", "u")] {
                let named = |name: String| -> &'static str { name.leak() };
                let floats: Vec<String> = ["0.5", "1.7", "2147483000", "0x1p-120"]
                    .iter()
                    .map(|value| format!("f{from}.const {value}"))
                    .collect();
                let floats: Vec<&str> = floats.iter().map(String::as_str).collect();
                convert(
                    named(format!("I{to}TruncF{from}{sign}")),
                    &format!("i{to}.trunc_f{from}_{mark}"),
                    &floats,
                );
                let wild: Vec<String> = ["1.7", "2147483000", "1e30", "-1e30", "nan"]
                    .iter()
                    .map(|value| format!("f{from}.const {value}"))
                    .collect();
                let wild: Vec<&str> = wild.iter().map(String::as_str).collect();
                convert(
                    named(format!("I{to}TruncSatF{from}{sign}")),
                    &format!("i{to}.trunc_sat_f{from}_{mark}"),
                    &wild,
                );
                let whole: Vec<String> = ["0", "1", "-1", "0x7fffffff"]
                    .iter()
                    .map(|value| format!("i{from}.const {value}"))
                    .collect();
                let whole: Vec<&str> = whole.iter().map(String::as_str).collect();
                convert(
                    named(format!("F{to}ConvertI{from}{sign}")),
                    &format!("f{to}.convert_i{from}_{mark}"),
                    &whole,
                );
            }
        }
    }
    for sign in ["S", "U"] {
        for to in ["32", "64"] {
            let name = format!("f{to}.convert_i64_{}", sign.to_lowercase());
            convert(
                format!("F{to}ConvertI64{sign}").leak(),
                &name,
                &[
                    "i64.const 0x7fffffffffffffff",
                    "i64.const -0x7ffffffffffffff1",
                    "i64.const 0x123456789abcdef",
                ],
            );
        }
    }
}
