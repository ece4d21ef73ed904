//! The slot that an agent is for.

use crate::engine::Engine;
use crate::live::Live;
use crate::platform::{Lock, Platform};
use crate::status::{Counters, Detail, Stopped};
use tinycontainer_lifecycle::{Event, State, StopReason};
use tinycontainer_runtime::Account;

/// The slot of an agent, and its state.
pub(crate) struct Context<'e, P: Platform, const N: usize> {
    pub(crate) engine: &'e Engine<P, N>,
    pub(crate) live: &'e Live<P::Lock<Counters>>,
    pub(crate) slot: usize,
}

impl<P: Platform, const N: usize> Context<'_, P, N> {
    /// Between STARTUP and the end of the last hook, when the agent alone changes the state.
    pub(crate) fn transit(&self, event: Event) {
        // The agent only makes events that are legal in the state it has just seen.
        let _ = self.live.transit(event);
    }

    /// Changes to stopping, and stores the reason: the first one, since ON_STOP may fail too.
    pub(crate) fn end(&self, event: Event, reason: StopReason, detail: Detail) {
        self.engine.shared.with(|shared| {
            let stopping = self.live.state() == State::OnStop;
            if let Some(container) = shared.container(self.slot)
                && !stopping
            {
                container.last = Some(Stopped { reason, detail });
            }
            let _ = self.live.transit(event);
        });
    }

    pub(crate) fn account(&self) -> Account {
        // The engine has at most 256 slots: the firewall's table checks that.
        Account(u8::try_from(self.slot).unwrap_or(u8::MAX))
    }
}
