//! One container's life, a step at a time.

use crate::engine::Engine;
use crate::platform::{Lock, Notice, Platform};
use crate::slot::Container;
use crate::status::{Detail, Stopped};
use crate::syscalls::{CallContext, Service};
use tinycontainer_abi::Hook;
use tinycontainer_lifecycle::{Event, State, StopReason};
use tinycontainer_metadata::Schedule;
use tinycontainer_runtime::{Account, Instance as _, Outcome, Runtime as _, Trap};

type InstanceOf<P> = <<P as Platform>::Runtime as tinycontainer_runtime::Runtime>::Instance;

/// When an agent wants to step again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// At once.
    Now,
    /// At that time, in milliseconds, or when it is woken, whichever comes first.
    At(u64),
    /// When it is woken.
    Idle,
}

impl<P: Platform, const N: usize> Engine<P, N> {
    /// The agent of a slot. There is one at a time: `None` while another exists, or if there is no
    /// such slot.
    pub fn agent(&self, slot: usize) -> Option<Agent<'_, P, N>> {
        let free = self.shared.with(|shared| {
            shared.slots.get_mut(slot).is_some_and(|slot| !core::mem::replace(&mut slot.attached, true))
        });
        free.then(|| Agent::new(self, slot))
    }
}

/// Drives one container through its life. It does not block and owns no thread.
pub struct Agent<'e, P: Platform, const N: usize> {
    engine: &'e Engine<P, N>,
    slot: usize,
    run: Option<Run<P>>,
}

/// A container that runs.
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

impl<'e, P: Platform, const N: usize> Agent<'e, P, N> {
    pub(crate) fn new(engine: &'e Engine<P, N>, slot: usize) -> Self {
        Self { engine, slot, run: None }
    }

    /// The slot it is the agent of.
    pub fn slot(&self) -> usize {
        self.slot
    }

    /// Whether the next step makes the container ready: the runtime loads its code. That takes more stack than
    /// all other steps; a device may have one thread that takes it for all agents.
    pub fn is_starting(&self) -> bool {
        self.engine.state(self.slot) == State::Startup
    }

    /// Does one thing: makes the container ready, calls one hook, or gives back what it held. Then
    /// says when there will be something to do again. `now` must not go back.
    pub fn step(&mut self, now: u64) -> Next {
        match self.engine.state(self.slot) {
            State::Startup => self.startup(now),
            State::OnStart => self.hook(Hook::Start, now),
            State::Ready => return self.ready(now),
            State::OnLoop => self.hook(Hook::Loop, now),
            State::OnStop => self.hook(Hook::Stop, now),
            State::OnFinalize => {
                self.finalize();
                return Next::Idle;
            }
            // Nothing runs; or, in a syscall state, somebody else steps this very agent: cannot be.
            _ => return Next::Idle,
        }
        Next::Now
    }

    /// STARTUP: makes an instance of the code.
    #[inline(never)]
    fn startup(&mut self, now: u64) {
        let (engine, slot) = (self.engine, self.slot);
        let taken = engine.shared.with(|shared| {
            let container = shared.container(slot)?;
            if container.stop_requested {
                return None;
            }
            let code = container.code.take()?;
            container.queues.iter_mut().for_each(|(_, queue)| queue.clear());
            container.counters.starts = container.counters.starts.saturating_add(1);
            container.counters.loops = 0;
            container.counters.missed = 0;
            let Container { id, kind, limits, schedule, .. } = *container;
            Some((code, kind, limits, schedule, shared.table.guard(id)))
        });
        let Some((code, kind, limits, schedule, guard)) = taken else {
            self.end(Event::Stop, StopReason::Requested, Detail::None);
            return;
        };
        let made = engine.platform.runtime().instantiate(self.account(), kind, &code, &limits);
        // Back to its place: the same bytes serve the next start.
        engine.shared.with(|shared| {
            if let Some(container) = shared.container(slot) {
                container.code = Some(code);
            }
        });
        match made {
            Ok(instance) => {
                let session = CallContext::new(guard, engine.platform.rate(kind));
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
                engine.platform.notice(&engine.uid_of(slot), Notice::Started);
                self.run = Some(run);
                self.transit(Event::Instantiate);
            }
            Err(error) => self.end(Event::Reject, StopReason::Rejected, Detail::Load(error)),
        }
    }

    /// READY: stops if there is a reason to, loops if it is time to, else waits.
    #[inline(never)]
    fn ready(&mut self, now: u64) -> Next {
        let Some(run) = &mut self.run else {
            // Cannot be; but a container without an instance is not to stay READY for ever.
            self.end(Event::Stop, StopReason::Rejected, Detail::None);
            return Next::Now;
        };
        let Schedule { period_ms, max_loops, lifetime_ms, heartbeat_ms, .. } = run.schedule;
        let lifetime_end = deadline(run.started, lifetime_ms);
        let beat_end = deadline(run.beat, heartbeat_ms);
        let over = |end: Option<u64>| end.is_some_and(|end| now >= end);
        let requested = self
            .engine
            .shared
            .with(|shared| shared.container(self.slot).is_none_or(|container| container.stop_requested));
        let reason = if requested {
            Some(StopReason::Requested)
        } else if over(lifetime_end) {
            Some(StopReason::Lifetime)
        } else if over(beat_end) {
            Some(StopReason::Heartbeat)
        } else if max_loops != 0 && run.loops >= max_loops {
            Some(StopReason::LoopCount)
        } else {
            None
        };
        if let Some(reason) = reason {
            self.end(Event::Stop, reason, Detail::None);
            return Next::Now;
        }
        if now < run.due {
            let ends = [Some(run.due), lifetime_end, beat_end];
            return Next::At(ends.into_iter().flatten().min().unwrap_or(run.due));
        }
        // The next is due a period after this one was. What was missed is counted, not made up for.
        let period = u64::from(period_ms);
        let late = (now - run.due).checked_div(period).unwrap_or(0);
        run.missed = run.missed.saturating_add(u32::try_from(late).unwrap_or(u32::MAX));
        run.due = if period == 0 { now } else { run.due.saturating_add((late + 1).saturating_mul(period)) };
        self.transit(Event::Tick);
        Next::Now
    }

    /// Calls a hook within its budget.
    #[inline(never)]
    fn hook(&mut self, hook: Hook, now: u64) {
        let Some(run) = &mut self.run else {
            self.end(Event::Fault, StopReason::Rejected, Detail::None);
            return;
        };
        let ms = match hook {
            Hook::Start => run.schedule.start_ms,
            Hook::Loop => run.schedule.loop_ms,
            Hook::Stop => run.schedule.stop_ms,
        };
        let budget = run.session.rate.budget(ms);
        let mut service =
            Service { engine: self.engine, session: &mut run.session, slot: self.slot, now, cost: 0 };
        let outcome = run.instance.call(hook, budget, &mut service);
        if hook == Hook::Loop {
            run.loops = run.loops.saturating_add(1);
        }
        if core::mem::take(&mut run.session.beat) {
            run.beat = now;
        }
        self.account_for(&outcome);
        match outcome.result {
            Ok(value) if hook == Hook::Loop && value != 0 => {
                self.end(Event::Finish, StopReason::Finished, Detail::Returned(value));
            }
            Ok(_) => self.transit(Event::Continue),
            Err(Trap::BudgetExhausted) => self.end(Event::Fault, StopReason::Budget, Detail::None),
            Err(trap) => self.end(Event::Fault, StopReason::Trapped, Detail::Trap(trap)),
        }
    }

    /// ON_FINALIZE: gives back all the container held. After that it can start again, or be unloaded.
    #[inline(never)]
    fn finalize(&mut self) {
        let mut dropped = None;
        if let Some(run) = &mut self.run {
            run.session.close_all(self.engine.platform.drivers());
            dropped = run.session.limiter.take_dropped();
        }
        self.run = None;
        let told = self.engine.shared.with(|shared| {
            let container = shared.container(self.slot)?;
            container.queues.iter_mut().for_each(|(_, queue)| queue.clear());
            container.last
        });
        let uid = self.engine.uid_of(self.slot);
        // From here on it may be unloaded, and the slot be somebody else's.
        self.transit(Event::Finalize);
        if let Some(dropped) = dropped {
            self.engine.platform.notice(&uid, Notice::LogDropped(dropped));
        }
        if let Some(stopped) = told {
            self.engine.platform.notice(&uid, Notice::Stopped(stopped));
        }
    }

    /// Tells the engine what a hook has cost.
    fn account_for(&mut self, outcome: &Outcome) {
        let Some(run) = &mut self.run else { return };
        let calls = core::mem::take(&mut run.session.calls);
        let refusals = core::mem::take(&mut run.session.refusals);
        let dropped = core::mem::take(&mut run.session.dropped);
        self.engine.shared.with(|shared| {
            if let Some(Container { counters, .. }) = shared.container(self.slot) {
                counters.loops = run.loops;
                counters.missed = run.missed;
                counters.calls = counters.calls.saturating_add(calls);
                counters.refusals = counters.refusals.saturating_add(refusals);
                counters.log_dropped = counters.log_dropped.saturating_add(dropped);
                counters.instructions = counters.instructions.saturating_add(u64::from(outcome.instructions));
            }
        });
    }

    fn transit(&self, event: Event) {
        // The agent only makes events that are legal in the state it has just seen, and nobody else
        // changes a running container's state.
        let _ = self.engine.shared.with(|_| self.engine.transit(self.slot, event));
    }

    /// Moves on to stopping, and keeps the reason: the first one, for ON_STOP may fail too.
    #[inline(never)]
    fn end(&self, event: Event, reason: StopReason, detail: Detail) {
        self.engine.shared.with(|shared| {
            let stopping = self.engine.state(self.slot) == State::OnStop;
            if let Some(container) = shared.container(self.slot)
                && !stopping
            {
                container.last = Some(Stopped { reason, detail });
            }
            let _ = self.engine.transit(self.slot, event);
        });
    }

    fn account(&self) -> Account {
        // The engine has at most 256 slots: the firewall's table sees to that.
        Account(u8::try_from(self.slot).unwrap_or(u8::MAX))
    }
}

impl<P: Platform, const N: usize> Drop for Agent<'_, P, N> {
    /// An agent that goes while its container runs ends it, as a stop would, but without ON_STOP.
    fn drop(&mut self) {
        let state = self.engine.state(self.slot);
        if self.run.is_some() || state.is_running() {
            if state != State::OnFinalize {
                let event = if matches!(state, State::Startup) { Event::Stop } else { Event::Fault };
                if state == State::Ready {
                    self.transit(Event::Tick);
                }
                self.end(event, StopReason::Requested, Detail::None);
            }
            self.finalize();
        }
        self.engine.shared.with(|shared| {
            if let Some(slot) = shared.slots.get_mut(self.slot) {
                slot.attached = false;
            }
        });
    }
}

fn deadline(from: u64, after_ms: u32) -> Option<u64> {
    (after_ms != 0).then(|| from.saturating_add(u64::from(after_ms)))
}
