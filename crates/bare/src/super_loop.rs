//! The super-loop: steps the containers' agents, one after another.

use crate::board::Board;
use crate::platform::{Bare, BareEngine};
use tinycontainer::metadata::Priority;
use tinycontainer::{Agent, Drivers, Next, Platform as _};

/// Steps the agents of all slots of an engine. Of those that are due, one that was asked to stop steps first, then one of the
/// highest priority; those of equal priority take turns. A container that is always due keeps those of lower priority from
/// running, as threads would. A hook is not interrupted: a container waits for another's hook at most as long as its
/// budget allows.
pub struct SuperLoop<'e, B: Board, D: Drivers, const N: usize> {
    engine: &'e BareEngine<B, D, N>,
    slots: [Slot<'e, B, D, N>; N],
    /// The slot that was stepped last, of each class of priority. Were it one for all, an urgent container could let the
    /// turn of the others begin at the same slot each time.
    last: [usize; CLASSES],
}

/// Classes of priority: a stop that was asked for, then those of containers.
const CLASSES: usize = 4;

struct Slot<'e, B: Board, D: Drivers, const N: usize> {
    agent: Option<Agent<'e, Bare<B, D, N>, N>>,
    next: Next,
}

impl<'e, B: Board, D: Drivers, const N: usize> SuperLoop<'e, B, D, N> {
    /// The loop of that engine. There is one: a second finds no agents that are free, and steps nothing.
    pub fn new(engine: &'e BareEngine<B, D, N>) -> Self {
        let slot = |slot| Slot { agent: engine.agent(slot), next: Next::Idle };
        Self { engine, slots: core::array::from_fn(slot), last: [0; CLASSES] }
    }

    /// Does one step of one agent that is due at `now_ms`; returns when the next is due. Call it again at once for
    /// [`Next::Now`].
    pub fn step(&mut self, now_ms: u64) -> Next {
        let woken = self.engine.platform().take_woken();
        for (slot, state) in self.slots.iter_mut().enumerate() {
            if woken & (1 << slot) != 0 {
                state.next = Next::Now;
            }
        }
        let Some((due, class)) = self.most_urgent(now_ms) else { return self.next() };
        if let Some(last) = self.last.get_mut(class) {
            *last = due;
        }
        if let Some(Slot { agent: Some(agent), next }) = self.slots.get_mut(due) {
            *next = agent.step(now_ms);
        }
        Next::Now
    }

    /// The slot that is due and has the highest priority, and its class; of several, the first after that of this class
    /// which was stepped last.
    fn most_urgent(&self, now_ms: u64) -> Option<(usize, usize)> {
        let is_due = |slot: &usize| match self.slots.get(*slot) {
            Some(Slot { agent: Some(_), next: Next::Now }) => true,
            Some(Slot { agent: Some(_), next: Next::At(time) }) => *time <= now_ms,
            _ => false,
        };
        let is_stopping = |slot: usize| {
            self.slots.get(slot).and_then(|slot| slot.agent.as_ref()).is_some_and(Agent::is_stopping)
        };
        let class = |slot: usize| match self.engine.priority_of(slot) {
            _ if is_stopping(slot) => 0,
            Some(Priority::High) => 1,
            Some(Priority::Normal) => 2,
            _ => 3,
        };
        let due = (0..N).filter(is_due).map(|slot| (slot, class(slot)));
        due.min_by_key(|(slot, class)| {
            let has_had_its_turn = self.last.get(*class).is_some_and(|last| slot <= last);
            (*class, has_had_its_turn, *slot)
        })
    }

    /// When the next agent is due.
    fn next(&self) -> Next {
        let earliest = self.slots.iter().filter_map(|slot| match slot.next {
            Next::At(time) => Some(time),
            _ => None,
        });
        earliest.min().map_or(Next::Idle, Next::At)
    }

    /// Steps what is due until `until_ms` (`None`: for ever), and sleeps between. At least one step is made. A
    /// hook may exceed that time by its budget.
    pub fn run(&mut self, until_ms: Option<u64>) {
        let platform = self.engine.platform();
        loop {
            let now_us = platform.now_us();
            let next = self.step(now_us / 1000);
            let over = until_ms.is_some_and(|until| platform.now_us() / 1000 >= until);
            match next {
                Next::Now if over => return,
                Next::Now => {}
                _ if over => return,
                next => {
                    let due = if let Next::At(time) = next { Some(time) } else { None };
                    let wake = [due, until_ms].into_iter().flatten().min().map(|ms| ms.saturating_mul(1000));
                    critical_section::with(|_| {
                        // Woken by an interrupt since the step: then it does not sleep.
                        if !platform.is_woken() {
                            platform.board().sleep(wake);
                        }
                    });
                }
            }
        }
    }
}
