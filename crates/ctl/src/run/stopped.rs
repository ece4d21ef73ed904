//! What to do about a container that has ended by a fault.

use tinycontainer::metadata::Schedule;
use tinycontainer::runtime::{Rate, Trap};
use tinycontainer::{Detail, Hook, StopReason, Stopped};

/// A hook that has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HookEnd {
    pub(crate) hook: Hook,
    /// With what its calls cost.
    pub(crate) instructions: u64,
}

/// One sentence, or none if the reason explains itself. `last` is the last hook that was called.
pub(crate) fn help(
    stopped: &Stopped,
    last: Option<HookEnd>,
    schedule: &Schedule,
    rate: Rate,
) -> Option<String> {
    match (stopped.reason, stopped.detail) {
        (StopReason::Budget, _) => Some(budget(last?, schedule, rate)),
        (StopReason::Trapped, Detail::Trap(trap)) => {
            let hook = last.map(|last| format!("in {}(): ", last.hook.name())).unwrap_or_default();
            Some(format!("{hook}{}", trap_help(trap)))
        }
        (StopReason::Heartbeat, _) => Some(format!(
            "it must call heartbeat() at least every {} ms: `heartbeat_ms` under [schedule] of container.toml",
            schedule.heartbeat_ms
        )),
        _ => None,
    }
}

fn budget(HookEnd { hook, instructions }: HookEnd, schedule: &Schedule, rate: Rate) -> String {
    let (key, ms) = match hook {
        Hook::Start => ("start_ms", schedule.start_ms),
        Hook::Loop => ("loop_ms", schedule.loop_ms),
        Hook::Stop => ("stop_ms", schedule.stop_ms),
    };
    format!(
        "{}() was ended after {instructions} instructions; {key} = {ms} allows {} here, and its calls count, too. Does it \
         end? If it needs more, raise `{key}` under [schedule] of container.toml",
        hook.name(),
        rate.budget(ms).0
    )
}

fn trap_help(trap: Trap) -> &'static str {
    match trap {
        Trap::Unreachable => {
            "code executed `unreachable`: in Rust a panic (unwrap, an index out of bounds, an overflow), in C \
             __builtin_trap() or abort(); log what it works on before that"
        }
        Trap::OutOfBounds => {
            "an address outside of its memory: a wrong pointer or index; if it has large local variables, raise \
             `shadow_stack` under [build] of container.toml"
        }
        Trap::Other => {
            "most often its local variables do not fit into the shadow stack: raise it with `shadow_stack = BYTES` under \
             [build] of container.toml (a multiple of 16), or make them smaller or static"
        }
        Trap::StackOverflow => {
            "its calls are nested too deeply, as by a recursion: raise `stack` under [limits] of container.toml"
        }
        Trap::DivideByZero => "it divided a whole number by zero: check the divisor before",
        Trap::IntegerOverflow => {
            "a quotient or a converted number does not fit its type: check its range before"
        }
        Trap::IndirectCall => "it called a function pointer that is null, or is of another type",
        Trap::BudgetExhausted => {
            "raise the times under [schedule] of container.toml, if the hook ends at all"
        }
    }
}
