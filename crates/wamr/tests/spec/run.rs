//! Runs the scripts on one variant.

use std::collections::BTreeMap;

use tinycontainer_module::CheckError;

use crate::facts::Module;
use crate::script::{Action, Expected, Kind, Script, Skipped, What};
use crate::variant::{End, Instance, Outcome, Wamr, Way};
use crate::{container, cut};

/// More than any action takes.
pub(crate) const PLENTY: i32 = i32::MAX;

/// What came of the suite.
#[derive(Default)]
pub(crate) struct Results {
    pub(crate) passed: BTreeMap<Kind, u32>,
    /// By reason, in each kind.
    pub(crate) skipped: BTreeMap<(Kind, &'static str), u32>,
    /// What failed, by file and line.
    pub(crate) failed: BTreeMap<String, String>,
    /// Of the modules that must be refused: by both, by WAMR only, by `tinycontainer_module::check` only.
    pub(crate) refused: [u32; 3],
    /// Valid modules that are beyond the limits of `tinycontainer_module::check`, by the limit.
    pub(crate) over_limits: BTreeMap<String, u32>,
    pub(crate) cuts: cut::Counts,
}

/// One script on one variant.
struct Run<'a> {
    wamr: &'a Wamr,
    results: &'a mut Results,
    /// As many as there were modules. None for those that are skipped, or have failed.
    instances: Vec<Option<(&'a Module, Instance<'a>)>>,
}

/// Runs all scripts; each action under budgets too, but in unchanged WAMR.
pub(crate) fn run(wamr: &Wamr, scripts: &[Script]) -> Results {
    let mut results = Results::default();
    let used = wamr.used();
    for script in scripts {
        let mut run = Run { wamr, results: &mut results, instances: Vec::new() };
        for step in &script.steps {
            if let Err(why) = run.step(&step.what) {
                run.results.failed.insert(format!("{}:{}", script.name, step.line), why);
            }
        }
        drop(run);
        assert_eq!(wamr.used(), used, "{} leaves memory allocated", script.name);
    }
    results
}

impl<'a> Run<'a> {
    fn step(&mut self, what: &'a What) -> Result<(), String> {
        let (kind, done) = match what {
            What::Module { module, skipped } => self.module(module, *skipped),
            What::Do(action) => (Kind::Return, self.action(action, None)),
            What::Return(action, expected) => {
                (Kind::Return, self.action(action, Some(&Wanted::Results(expected))))
            }
            What::Trap(action, message) => (Kind::Trap, self.action(action, Some(&Wanted::Trap(message)))),
            What::Exhaustion(action) => (Kind::Exhaustion, self.action(action, Some(&Wanted::Exhaustion))),
            What::Refused { module, kind } => (*kind, self.refused(module)),
            What::NotInstantiated(module) => (Kind::Instantiation, self.not_instantiated(module)),
            What::NoContainer(module) => (Kind::NoContainer, self.no_container(module)),
            What::Skipped(kind, why) => {
                if *kind == Kind::Module {
                    self.instances.push(None);
                }
                (*kind, Ok(Err(*why)))
            }
        };
        match done? {
            Ok(()) => *self.results.passed.entry(kind).or_default() += 1,
            Err(why) => *self.results.skipped.entry((kind, why)).or_default() += 1,
        }
        Ok(())
    }

    /// Whether it has our `check` and our budgets.
    fn ours(&self) -> bool {
        self.wamr.way != Way::Unchanged
    }

    fn module(&mut self, module: &'a Module, skipped: Option<Skipped>) -> (Kind, Done) {
        let (instance, kind, done) = match skipped {
            Some(Skipped::Off(_)) => (None, Kind::Off, self.refused(&module.bytes)),
            Some(Skipped::NoContainer(_)) => (None, Kind::NoContainer, self.no_container(&module.bytes)),
            Some(Skipped::Invalid(why)) => (None, Kind::Module, Ok(Err(why))),
            None => match self.instance(module) {
                Ok(instance) => (Some((module, instance)), Kind::Module, Ok(Ok(()))),
                Err(why) => (None, Kind::Module, Err(why)),
            },
        };
        self.instances.push(instance);
        (kind, done)
    }

    fn instance(&mut self, module: &'a Module) -> Result<Instance<'a>, String> {
        let blocks = match tinycontainer_module::check(&module.bytes) {
            _ if !self.ours() => None,
            Ok(cost) => Some(cost.blocks),
            Err(CheckError::Over(excess)) => {
                *self.results.over_limits.entry(format!("{:?}", excess.limit)).or_default() += 1;
                None
            }
            Err(CheckError::Malformed(why)) => return Err(format!("refused by check: {why}")),
        };
        let loaded = self.wamr.load(&module.bytes).map_err(|why| format!("not loaded: {why}"))?;
        for index in &module.prints {
            loaded.link_print(*index);
        }
        loaded.instantiate(blocks).map_err(|why| format!("not instantiated: {why}"))
    }

    fn refused(&mut self, module: &[u8]) -> Done {
        let check = self.ours() && tinycontainer_module::check(module).is_err();
        let loader = self.wamr.load(module).is_err();
        let [both, wamr, only_check] = &mut self.results.refused;
        match (loader, check) {
            (true, true) => *both += 1,
            (true, false) => *wamr += 1,
            (false, true) => *only_check += 1,
            (false, false) => return Err("accepted".to_owned()),
        }
        Ok(Ok(()))
    }

    fn no_container(&self, module: &[u8]) -> Done {
        if self.ours() { container::refuses(module).map(Ok) } else { Ok(Err("the crate's checks")) }
    }

    fn not_instantiated(&mut self, module: &'a Module) -> Done {
        match self.instance(module) {
            Err(why) if why.starts_with("not instantiated") => Ok(Ok(())),
            Err(why) => Err(why),
            Ok(_) => Err("instantiated".to_owned()),
        }
    }

    fn action(&mut self, action: &Action, wanted: Option<&Wanted<'_>>) -> Done {
        let ours = self.ours();
        let Some(Some((module, instance))) = self.instances.get_mut(action.instance) else {
            return Ok(Err("instances of modules that are skipped or failed"));
        };
        let Some(arguments) = &action.call else {
            let Some(global) = module.global(&action.name) else { return Err("no such export".to_owned()) };
            let outcome =
                Outcome { end: End::Returned(instance.global(global.index, global.cells)), spent: 0 };
            return wanted.map_or(Ok(()), |wanted| wanted.is(&outcome.end)).map(Ok);
        };
        let Some(function) = module.function(&action.name) else { return Err("no such export".to_owned()) };
        let mut call = |instance: &mut Instance<'_>, budget| {
            instance.call(function.index, arguments, function.cells, budget)
        };
        let is = |outcome: &Outcome| wanted.map_or(Ok(()), |wanted| wanted.is(&outcome.end));
        if ours {
            cut::check(instance, module.changes, &mut call, &is, &mut self.results.cuts)?;
        } else {
            is(&call(instance, PLENTY))?;
        }
        Ok(Ok(()))
    }
}

/// Passed, or skipped with the reason; or failed, with what was there.
type Done = Result<Result<(), &'static str>, String>;

/// What an action must come to.
enum Wanted<'a> {
    Results(&'a [Expected]),
    Trap(&'a str),
    Exhaustion,
}

impl Wanted<'_> {
    fn is(&self, end: &End) -> Result<(), String> {
        let fulfilled = match (self, end) {
            (Self::Results(expected), End::Returned(cells)) => are(expected, cells),
            (Self::Trap(expected), End::Trapped(text)) => same(expected, text),
            (Self::Exhaustion, End::Trapped(text)) => text.ends_with("stack overflow"),
            _ => false,
        };
        if fulfilled { Ok(()) } else { Err(format!("wanted {self}, but {end:x?}")) }
    }
}

impl std::fmt::Display for Wanted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Results(expected) => write!(f, "{expected:x?}"),
            Self::Trap(message) => write!(f, "a trap: {message}"),
            Self::Exhaustion => write!(f, "an exhausted stack"),
        }
    }
}

fn are(expected: &[Expected], mut cells: &[u32]) -> bool {
    for one in expected {
        let Some((these, rest)) = cells.split_at_checked(one.cells()) else { return false };
        if !one.is(these) {
            return false;
        }
        cells = rest;
    }
    cells.is_empty()
}

/// The scripts have a number behind some texts, or less text than WAMR.
fn same(expected: &str, text: &str) -> bool {
    !text.is_empty() && (expected.starts_with(text) || text.starts_with(expected))
}
