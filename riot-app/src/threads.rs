//! The containers' threads: one for each slot, made when the slot gets its first container.

use crate::platform::{Riot, RiotEngine, engine};
use crate::settings::CONTAINERS;
use crate::slots::{PIDS, STACKS, priority};
use crate::{clock, controller, sys};
use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::Ordering;
use tinycontainer::metadata::Priority;
use tinycontainer::{Agent, Next};

/// Sees to it that a slot has a thread.
pub(crate) fn ensure(slot: usize) -> bool {
    let (Some(stack), Some(pid)) = (STACKS.get(slot), PIDS.get(slot)) else { return false };
    if pid.load(Ordering::Acquire) != 0 {
        return true;
    }
    // Its first container's class counts, as soon as that is started.
    match sys::spawn(stack, priority(Priority::High), c"container", drive, slot) {
        Some(new) => {
            pid.store(new, Ordering::Release);
            // It may have gone to sleep before its number was stored, and missed a wake-up.
            sys::wake(new);
            true
        }
        None => false,
    }
}

/// A container's thread: steps the slot's agent for ever.
extern "C" fn drive(slot: *mut c_void) -> *mut c_void {
    let slot = slot as usize;
    let Some(engine) = engine() else { return null_mut() };
    let Some(mut agent) = engine.agent(slot) else { return null_mut() };
    loop {
        let next = if agent.is_starting() {
            adopt_priority(engine, &agent);
            controller::lend_stack(|| agent.step(clock::now_ms())).unwrap_or(Next::Idle)
        } else {
            agent.step(clock::now_ms())
        };
        match next {
            Next::Now => sys::pass(),
            Next::At(time) => {
                let wait = time.saturating_sub(clock::now_ms());
                // What lies further ahead is looked at again then.
                sys::sleep(Some(u32::try_from(wait).unwrap_or(u32::MAX).min(1 << 30)));
            }
            Next::Idle => {
                adopt_priority(engine, &agent);
                sys::sleep(None);
            }
        }
    }
}

/// Gives the thread the priority of the slot's container. It has that of the highest class while the container stops, and while none
/// runs: the next one may have that class, and must not wait for others of it.
fn adopt_priority(engine: &RiotEngine, agent: &Agent<'_, Riot, CONTAINERS>) {
    let class = engine.priority_of(agent.slot()).unwrap_or(Priority::High);
    // A stop that is requested, or a container that is started, after this section changes the priority afterwards.
    critical_section::with(|_| {
        let is_common = agent.is_running() && !agent.is_stopping();
        sys::set_priority(sys::pid(), priority(if is_common { class } else { Priority::High }));
    });
}
