//! `[schedule]`.

use crate::input::fields::{At, Fields, Problems, did_you_mean};
use tinycontainer_abi::{Mask, Syscall};
use tinycontainer_metadata::{Priority, Schedule, Wake};

/// `[schedule]` without a line in it.
const DEFAULT_SCHEDULE: Schedule = Schedule {
    start_ms: 100,
    period_ms: 1000,
    loop_ms: 100,
    stop_ms: 100,
    max_loops: 0,
    lifetime_ms: 0,
    heartbeat_ms: 0,
    priority: Priority::Normal,
    wake: Wake::Period,
};

pub(super) fn schedule(
    file: &mut Fields<'_>,
    syscalls: Option<Mask>,
    problems: &mut Problems<'_>,
) -> Schedule {
    let may = |call| syscalls.is_none_or(|mask| mask.has(call));
    let mut table = file.table("schedule", problems);
    let mut schedule = DEFAULT_SCHEDULE;
    if let Some(period_ms) = table.number("period_ms", problems) {
        schedule.period_ms = period_ms.value;
        // So that a short period alone does not make every loop too long for it.
        if period_ms.value != 0 {
            schedule.loop_ms = schedule.loop_ms.min(period_ms.value);
        }
    }
    for (key, ms) in [
        ("start_ms", &mut schedule.start_ms),
        ("loop_ms", &mut schedule.loop_ms),
        ("stop_ms", &mut schedule.stop_ms),
    ] {
        // With 0 the hook could not even return.
        let Some(asked) = table.positive(key, problems) else { continue };
        *ms = asked.value;
    }
    for (key, number) in [("max_loops", &mut schedule.max_loops), ("lifetime_ms", &mut schedule.lifetime_ms)]
    {
        if let Some(asked) = table.number(key, problems) {
            *number = asked.value;
        }
    }
    if let Some(At { value: heartbeat_ms, at }) = table.number("heartbeat_ms", problems) {
        schedule.heartbeat_ms = heartbeat_ms;
        if heartbeat_ms != 0 && heartbeat_ms < schedule.period_ms {
            let what = format!(
                "[schedule] heartbeat_ms: {heartbeat_ms} is less than period_ms = {}, so every heartbeat would be late",
                schedule.period_ms
            );
            problems.add(at, what);
        }
        if heartbeat_ms != 0 && !may(Syscall::Heartbeat) {
            problems.add(
                at,
                "[schedule] heartbeat_ms: a heartbeat is expected, but the container may not send one: add \
                 \"heartbeat\" to syscalls, or set heartbeat_ms = 0",
            );
        }
    }
    if let Some(name) = table.text("priority", problems) {
        match Priority::ALL.into_iter().find(|priority| priority.name() == name.value) {
            Some(priority) => schedule.priority = priority,
            None => {
                let near = did_you_mean(&name.value, &Priority::ALL.map(Priority::name));
                let what = format!("[schedule] priority: there is no priority `{}`: {near}", name.value);
                problems.add(name.at, what);
            }
        }
    }
    if let Some(name) = table.text("wake", problems) {
        match Wake::from_name(&name.value) {
            Some(wake) => schedule.wake = wake,
            None => {
                let near = did_you_mean(&name.value, &Wake::ALL.map(Wake::name));
                problems.add(name.at, format!("[schedule] wake: there is no `{}`: {near}", name.value));
            }
        }
        if schedule.wake == Wake::Message && !(may(Syscall::Open) && may(Syscall::Read)) {
            problems.add(
                name.at,
                "[schedule] wake: the container waits for messages, but may not read them: add \"open\" and \
                 \"read\" to syscalls, or set wake = \"period\"",
            );
        }
    }
    table.end(problems);
    schedule
}
