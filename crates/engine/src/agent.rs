//! One container's life cycle, a step at a time.

use crate::context::Context;
use crate::engine::Engine;
use crate::live::Live;
use crate::platform::{Lock, Notice, Platform};
use crate::slot::Container;
use crate::status::{Counters, Detail, Uid};
use crate::syscalls::{CallContext, Service, Target};
use tinycontainer_abi::Hook;
use tinycontainer_lifecycle::{Event, State, StopReason};
use tinycontainer_metadata::{Schedule, Wake};
use tinycontainer_runtime::{Instance as _, Runtime as _, Trap};

type InstanceOf<P> = <<P as Platform>::Runtime as tinycontainer_runtime::Runtime>::Instance;

/// When an agent is to step again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// At once.
    Now,
    /// At that time, in milliseconds, or when it is woken, whichever is first.
    At(u64),
    /// When it is woken.
    Idle,
}

impl<P: Platform, const N: usize> Engine<P, N> {
    /// The agent of a slot. There is one at a time: `None` while another exists, or if there is no such slot.
    pub fn agent(&self, slot: usize) -> Option<Agent<'_, P, N>> {
        let context = Context { engine: self, live: self.live(slot)?, slot };
        let free = self.shared.with(|shared| {
            shared.slots.get_mut(slot).is_some_and(|slot| !core::mem::replace(&mut slot.attached, true))
        });
        // Not `then_some`: that would copy an agent, some 300 bytes of a container's stack.
        free.then(|| Agent { context, run: None })
    }
}

/// Drives one container through its life cycle. It does not block and owns no thread.
pub struct Agent<'e, P: Platform, const N: usize> {
    context: Context<'e, P, N>,
    /// `Some` from the end of STARTUP to ON_FINALIZE.
    run: Option<Run<P>>,
}

/// A running container.
struct Run<P: Platform> {
    instance: InstanceOf<P>,
    session: CallContext<P>,
    schedule: Schedule,
    /// When `start()` was called.
    started: u64,
    /// When the next loop is due.
    due: u64,
    /// When it last called `heartbeat()`, or was started.
    beat: u64,
    loops: u32,
    missed: u32,
}

impl<P: Platform, const N: usize> Agent<'_, P, N> {
    /// The slot of this agent.
    pub fn slot(&self) -> usize {
        self.context.slot
    }

    /// Whether the next step instantiates the container: the runtime loads its code. That takes more stack than all
    /// other steps; a device may use one thread for it for all agents.
    pub fn is_starting(&self) -> bool {
        self.context.live.state() == State::Startup
    }

    /// Whether the container was started and has not ended yet.
    pub fn is_running(&self) -> bool {
        self.context.live.state().is_running()
    }

    /// Whether the container was asked to stop and has not stopped yet. A device without threads steps such an agent before
    /// others, so that a stop does not wait for containers of higher priority.
    pub fn is_stopping(&self) -> bool {
        self.context.live.is_stopping()
    }

    /// Does one thing: instantiates the container, calls one hook, or frees its resources. Returns when there is
    /// something to do again. `now` must not go back.
    pub fn step(&mut self, now: u64) -> Next {
        let context = &self.context;
        match (context.live.state(), &mut self.run) {
            (State::Startup, _) => self.startup(now),
            (State::OnStart, Some(run)) => run.hook(context, Hook::Start, now),
            (State::Ready, Some(run)) => return run.ready(context, now),
            (State::OnLoop, Some(run)) => run.hook(context, Hook::Loop, now),
            (State::OnStop, Some(run)) => run.hook(context, Hook::Stop, now),
            (State::OnFinalize, _) => {
                self.finalize();
                return Next::Idle;
            }
            // Nothing runs.
            _ => return Next::Idle,
        }
        Next::Now
    }

    /// STARTUP: instantiates the code.
    #[inline(never)]
    fn startup(&mut self, now: u64) {
        let Context { engine, live, slot } = self.context;
        let taken = engine.shared.with(|shared| {
            let container = shared.container(slot)?;
            if live.stop_requested() {
                return None;
            }
            let code = container.code.take()?;
            container.queues.iter_mut().for_each(|(_, queue)| queue.clear());
            let Container { id, kind, limits, schedule, .. } = *container;
            Some((code, kind, limits, schedule, shared.table.guard(id)))
        });
        let Some((code, kind, limits, schedule, guard)) = taken else {
            self.context.end(Event::Stop, StopReason::Requested, Detail::None);
            return;
        };
        live.counters(|counters| {
            counters.starts = counters.starts.saturating_add(1);
            counters.loops = 0;
            counters.missed = 0;
        });
        let made = engine.platform.runtime().instantiate(self.context.account(), kind, &code, &limits);
        // Back into the container: the next start uses the same bytes.
        engine.shared.with(|shared| {
            if let Some(container) = shared.container(slot) {
                container.code = Some(code);
            }
        });
        match made {
            Ok(instance) => {
                let event_driven = schedule.wake == Wake::Message;
                let session = CallContext::new(guard, engine.platform.rate(kind), event_driven);
                let run = Run {
                    instance,
                    session,
                    schedule,
                    started: now,
                    due: now,
                    beat: now,
                    loops: 0,
                    missed: 0,
                };
                let mut uid = Uid::new();
                engine.copy_uid(slot, &mut uid);
                engine.platform.notice(&uid, Notice::Started);
                self.run = Some(run);
                self.context.transit(Event::Instantiate);
            }
            Err(error) => self.context.end(Event::Reject, StopReason::Rejected, Detail::Load(error)),
        }
    }

    /// ON_FINALIZE: frees the container's resources. After that it can be started again, or unloaded.
    #[inline(never)]
    fn finalize(&mut self) {
        let Context { engine, live, slot } = self.context;
        let mut dropped = None;
        if let Some(run) = &mut self.run {
            live.end_watches();
            run.session.close_all(engine.platform.drivers());
            dropped = run.session.limiter.take_dropped();
        }
        self.run = None;
        let last = engine.shared.with(|shared| {
            let container = shared.container(slot)?;
            container.queues.iter_mut().for_each(|(_, queue)| queue.clear());
            container.last
        });
        let mut uid = Uid::new();
        engine.copy_uid(slot, &mut uid);
        // From here on it may be unloaded, and another container be loaded into the slot.
        let _ = engine.shared.with(|_| live.transit(Event::Finalize));
        if let Some(dropped) = dropped {
            engine.platform.notice(&uid, Notice::LogDropped(dropped));
        }
        if let Some(stopped) = last {
            engine.platform.notice(&uid, Notice::Stopped(stopped));
        }
    }
}

impl<P: Platform> Run<P> {
    /// READY: stops if there is a reason to, loops if a loop is due, else waits.
    #[inline(never)]
    fn ready<const N: usize>(&mut self, context: &Context<'_, P, N>, now: u64) -> Next {
        let Schedule { max_loops, lifetime_ms, heartbeat_ms, .. } = self.schedule;
        let lifetime_end = deadline(self.started, lifetime_ms);
        let beat_end = deadline(self.beat, heartbeat_ms);
        let over = |end: Option<u64>| end.is_some_and(|end| now >= end);
        let reason = if context.live.stop_requested() {
            Some(StopReason::Requested)
        } else if over(lifetime_end) {
            Some(StopReason::Lifetime)
        } else if over(beat_end) {
            Some(StopReason::Heartbeat)
        } else if max_loops != 0 && self.loops >= max_loops {
            Some(StopReason::LoopCount)
        } else {
            None
        };
        if let Some(reason) = reason {
            context.end(Event::Stop, reason, Detail::None);
            return Next::Now;
        }
        // An event-driven container that has nothing to read waits for input, not for its period.
        let idle = self.session.event_driven && !self.has_input(context);
        if idle || now < self.due {
            let due = (!idle).then_some(self.due);
            return [due, lifetime_end, beat_end].into_iter().flatten().min().map_or(Next::Idle, Next::At);
        }
        self.schedule_next(now);
        context.transit(Event::Tick);
        Next::Now
    }

    /// Sets when the loop after this one is due.
    fn schedule_next(&mut self, now: u64) {
        let period = u64::from(self.schedule.period_ms);
        if self.session.event_driven || period == 0 {
            self.due = now.saturating_add(period);
            return;
        }
        // One period after this loop was due. Missed periods are counted and not made up for.
        let late = now.saturating_sub(self.due).checked_div(period).unwrap_or(0);
        self.missed = self.missed.saturating_add(u32::try_from(late).unwrap_or(u32::MAX));
        self.due = self.due.saturating_add((late + 1).saturating_mul(period));
    }

    /// Whether a message waits, or a driver has announced data, at an endpoint that the container has open to read.
    #[inline(never)]
    fn has_input<const N: usize>(&self, context: &Context<'_, P, N>) -> bool {
        context.engine.shared.with(|shared| {
            let Some(container) = shared.container(context.slot) else { return false };
            self.session.guard.readable().any(|(place, endpoint, target)| match target {
                Target::Driver(_) => context.live.is_readable(place),
                Target::Container(_) => container.queue(endpoint).is_some_and(|queue| !queue.is_empty()),
                Target::Data(_) => false,
            })
        })
    }

    /// Calls a hook within its budget.
    fn hook<const N: usize>(&mut self, context: &Context<'_, P, N>, hook: Hook, now: u64) {
        let ms = match hook {
            Hook::Start => self.schedule.start_ms,
            Hook::Loop => self.schedule.loop_ms,
            Hook::Stop => self.schedule.stop_ms,
        };
        let budget = self.session.rate.budget(ms);
        let mut service = Service { context, session: &mut self.session, now, cost: 0 };
        let outcome = self.instance.call(hook, budget, &mut service);
        if hook == Hook::Loop {
            self.loops = self.loops.saturating_add(1);
        }
        if core::mem::take(&mut self.session.beat) {
            self.beat = now;
        }
        self.count(context.live, outcome.instructions);
        match outcome.result {
            Ok(value) if hook == Hook::Loop && value != 0 => {
                context.end(Event::Finish, StopReason::Finished, Detail::Returned(value));
            }
            Ok(_) => context.transit(Event::Continue),
            Err(Trap::BudgetExhausted) => context.end(Event::Fault, StopReason::Budget, Detail::None),
            Err(trap) => context.end(Event::Fault, StopReason::Trapped, Detail::Trap(trap)),
        }
    }

    /// Adds what a hook has cost to the container's counters.
    fn count(&mut self, live: &Live<P::Lock<Counters>>, instructions: u32) {
        let calls = core::mem::take(&mut self.session.calls);
        let refusals = core::mem::take(&mut self.session.refusals);
        let dropped = core::mem::take(&mut self.session.dropped);
        live.counters(|counters| {
            counters.loops = self.loops;
            counters.missed = self.missed;
            counters.calls = counters.calls.saturating_add(calls);
            counters.refusals = counters.refusals.saturating_add(refusals);
            counters.log_dropped = counters.log_dropped.saturating_add(dropped);
            counters.instructions = counters.instructions.saturating_add(u64::from(instructions));
        });
    }
}

impl<P: Platform, const N: usize> Drop for Agent<'_, P, N> {
    /// An agent that is dropped while its container runs ends it, as a stop would, but without ON_STOP.
    fn drop(&mut self) {
        let state = self.context.live.state();
        if state.is_running() {
            if state != State::OnFinalize {
                let event = if matches!(state, State::Startup) { Event::Stop } else { Event::Fault };
                if state == State::Ready {
                    self.context.transit(Event::Tick);
                }
                self.context.end(event, StopReason::Requested, Detail::None);
            }
            self.finalize();
        }
        self.context.engine.shared.with(|shared| {
            if let Some(slot) = shared.slots.get_mut(self.context.slot) {
                slot.attached = false;
            }
        });
    }
}

fn deadline(from: u64, after_ms: u32) -> Option<u64> {
    (after_ms != 0).then(|| from.saturating_add(u64::from(after_ms)))
}
