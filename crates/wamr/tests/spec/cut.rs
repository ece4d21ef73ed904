//! Each action once more under budgets that do not suffice for it, and under one that just does.

use crate::run::PLENTY;
use crate::variant::{End, Instance, Outcome};

/// Budgets up to this are tried, each.
const MOST: i32 = 200;

/// Of an action that takes more instructions, only each 33rd of these budgets is tried.
const LONG: i32 = 10_000;

/// A memory of more bytes is not put back.
const LARGE: usize = 2 * 65536;

/// How many there were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Actions.
    pub(crate) actions: u32,
    /// Runs that were cut by their budget.
    pub(crate) cuts: u32,
    /// Actions that are not repeated: they make the memory larger, or it is large.
    pub(crate) not_repeated: u32,
}

/// Runs an action, whose outcome `is` must accept, in these ways: uncut, twice the same; with each budget up to [`MOST`]
/// that is less than it takes, which cuts it, and behind each cut once more uncut; with exactly what it takes. Memory and
/// globals are put back before each run; behind all, they are as after one.
pub(crate) fn check(
    instance: &mut Instance<'_>,
    changes: bool,
    call: &mut dyn FnMut(&mut Instance<'_>, i32) -> Outcome,
    is: &dyn Fn(&Outcome) -> Result<(), String>,
    counts: &mut Counts,
) -> Result<(), String> {
    if changes && instance.memory_bytes() > LARGE {
        counts.not_repeated += 1;
        return is(&call(instance, PLENTY));
    }
    let before = changes.then(|| instance.state());
    instance.forget_blocks();
    let first = call(instance, PLENTY);
    is(&first)?;
    let after = changes.then(|| instance.state());
    counts.actions += 1;
    // With the table of blocks that the first run has filled; later ones, as the first, begin with an empty one.
    let mut run = |instance: &mut Instance<'_>, empty: bool, budget| {
        if empty {
            instance.forget_blocks();
        }
        match &before {
            Some(before) if !instance.restore(before) => None,
            _ => Some(call(instance, budget)),
        }
    };
    let Some(warm) = run(instance, false, PLENTY) else {
        counts.not_repeated += 1;
        return Ok(());
    };
    same("with the ends of its blocks known", &warm, &Outcome { spent: warm.spent, ..first.clone() })?;
    if warm.spent > first.spent {
        return Err(format!("{} instructions, then {}", first.spent, warm.spent));
    }
    let step = if first.spent > LONG { 33 } else { 1 };
    for budget in (1..first.spent.min(MOST + 1)).step_by(step) {
        let Some(cut) = run(instance, true, budget) else { return Err("memory grows later".to_owned()) };
        same(&format!("budget {budget}"), &cut, &Outcome { end: End::Exhausted, spent: budget })?;
        counts.cuts += 1;
        let Some(repeated) = run(instance, false, PLENTY) else {
            return Err("memory grows later".to_owned());
        };
        let spent = repeated.spent.clamp(warm.spent, first.spent);
        same(&format!("after a cut at {budget}"), &repeated, &Outcome { spent, ..first.clone() })?;
    }
    for budget in [PLENTY, first.spent] {
        let Some(again) = run(instance, true, budget) else { return Err("memory grows later".to_owned()) };
        same(&format!("budget {budget}"), &again, &first)?;
    }
    if after != changes.then(|| instance.state()) {
        return Err("memory or globals are not as after the first run".to_owned());
    }
    Ok(())
}

fn same(when: &str, outcome: &Outcome, wanted: &Outcome) -> Result<(), String> {
    if outcome == wanted { Ok(()) } else { Err(format!("{when}: {outcome:x?}, but first {wanted:x?}")) }
}
