//! The containers' threads: one for each slot, made when the slot gets its first container.

use crate::platform::engine;
use crate::slots::{PIDS, STACKS, priority};
use crate::{clock, controller, sys};
use core::ffi::c_void;
use core::ptr::null_mut;
use core::sync::atomic::Ordering;
use tinycontainer::Next;
use tinycontainer::metadata::Priority;

/// Sees to it that a slot has a thread.
pub(crate) fn ensure(slot: usize) -> bool {
    let (Some(stack), Some(pid)) = (STACKS.get(slot), PIDS.get(slot)) else { return false };
    if pid.load(Ordering::Acquire) != 0 {
        return true;
    }
    match sys::spawn(stack, priority(Priority::Low), c"container", drive, slot) {
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
            controller::lend_stack(sys::own_priority(), || agent.step(clock::now_ms())).unwrap_or(Next::Idle)
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
                sys::sleep(None);
                // Woken for the next container, perhaps: its class counts.
                adopt_priority(slot);
            }
        }
    }
}

/// Gives the thread the priority of the slot's container.
fn adopt_priority(slot: usize) {
    if let Some(class) = engine().and_then(|engine| engine.priority_of(slot)) {
        sys::set_priority(sys::pid(), priority(class));
    }
}
