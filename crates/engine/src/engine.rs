//! What a control program calls.

use crate::error::{NotFound, StartError, StopError, UnloadError};
use crate::live::Live;
use crate::platform::{Lock, Platform, Waker};
use crate::slot::{Container, Shared};
use crate::status::{Counters, Status, Uid};
use crate::versions::{VersionRecord, uid_key};
use tinycontainer_abi::Syscall;
use tinycontainer_firewall::{AuditRecord, ContainerId, Denial};
use tinycontainer_lifecycle::{Event, Illegal, State};
use tinycontainer_metadata::Priority;
use tinycontainer_policy::{Device, Lapsed};
use tinycontainer_runtime::{Account, Runtime as _};

/// The engine: at most `N` containers.
pub struct Engine<P: Platform, const N: usize> {
    pub(crate) platform: P,
    pub(crate) shared: P::Lock<Shared<P, N>>,
    /// What each agent changes without that lock.
    live: [Live<P::Lock<Counters>>; N],
}

impl<P: Platform, const N: usize> Engine<P, N> {
    /// An engine without containers. Inlined, and for the most part a constant, so that it is made in its final
    /// memory: it does not fit on a device's stack.
    #[inline(always)]
    pub fn new(platform: P) -> Self {
        Self {
            platform,
            shared: P::Lock::new(const { Shared::new() }),
            live: core::array::from_fn(|_| Live::new()),
        }
    }

    /// The platform.
    pub fn platform(&self) -> &P {
        &self.platform
    }

    /// The device as the policy needs it: identity, trust store, time. The time is at least the latest one that a
    /// decision was made with, since an image that has expired would be accepted again if a clock went back.
    pub(crate) fn device(&self) -> Device<'_> {
        let mut device = self.platform.device();
        device.now = device.now.map(|now| {
            self.shared.with(|shared| {
                shared.latest = shared.latest.max(now);
                shared.latest
            })
        });
        device
    }

    /// Starts a loaded container: its agent's next step instantiates it. The conditions that its image was accepted
    /// under are checked again where they can change: the time and the trust anchors.
    ///
    /// # Errors
    /// [`StartError`]. Nothing has changed then.
    pub fn start(&self, uid: &str) -> Result<(), StartError> {
        let id = self.may_start(uid)?;
        self.shared.with(|shared| {
            // Another container may have been loaded meanwhile.
            shared.by_id(id).and(self.live(id.slot())).ok_or(StartError::NotFound)?.start()
        })?;
        self.platform.wake(id.slot());
        Ok(())
    }

    /// Whether a container may be started now. Checked without the lock, since it hashes anchors.
    fn may_start(&self, uid: &str) -> Result<ContainerId, StartError> {
        let (id, reliance) = self.shared.with(|shared| {
            let (slot, container) = shared.find(uid).ok_or(StartError::NotFound)?;
            self.state(slot).after(Event::Start).map_err(|_| StartError::Running)?;
            // Each container has one; without it the image is not trusted.
            let reliance = container.reliance().ok_or(StartError::Lapsed(Lapsed::AnchorGone))?;
            Ok((container.id, reliance))
        })?;
        reliance.still_holds(&self.device()).map_err(StartError::Lapsed)?;
        Ok(id)
    }

    /// A driver has data for a descriptor that it [watches](crate::Drivers::watch): if the container still
    /// has it open, `loop()` runs, now or at the end of its period. Takes no lock: an interrupt may call it if it may
    /// call [`Platform::wake`]. A waker of a descriptor that was closed meanwhile does nothing.
    pub fn readable(&self, waker: Waker) {
        let slot = usize::from(waker.slot);
        // If data was announced already, its agent has been woken for it.
        if self.live(slot).is_some_and(|live| live.announce(waker.place, waker.generation)) {
            self.platform.wake(slot);
        }
    }

    /// Requests that a container stops: it does so at its agent's next step, or after the hook that runs
    /// now, which its budget bounds.
    ///
    /// # Errors
    /// [`StopError`]. Nothing has changed then.
    pub fn stop(&self, uid: &str) -> Result<(), StopError> {
        let slot = self.shared.with(|shared| {
            let (slot, _) = shared.find(uid).ok_or(StopError::NotFound)?;
            match self.live(slot) {
                Some(live) if live.state().is_running() => live.request_stop(),
                _ => return Err(StopError::NotRunning),
            }
            Ok(slot)
        })?;
        self.platform.wake(slot);
        Ok(())
    }

    /// Removes a container that does not run, and frees its memory.
    ///
    /// # Errors
    /// [`UnloadError`]. Nothing has changed then.
    pub fn unload(&self, uid: &str) -> Result<(), UnloadError> {
        let key = uid_key(uid);
        let container = self.shared.with(|shared| {
            let (slot, container) = shared.find(uid).ok_or(UnloadError::NotFound)?;
            // Legal below: a container that has been removed is not started.
            self.state(slot).after(Event::Unload).map_err(|_| UnloadError::Running)?;
            let Container { id, signer, version, .. } = *container;
            shared.table.remove(id);
            shared.refusals.retire(id);
            // While it was loaded, no other version of it could be loaded, even if the table has merged its record.
            let raised = shared.versions.remember(signer, key, version);
            Ok((slot, shared.slots.get_mut(slot).and_then(|slot| slot.container.take()), raised))
        })?;
        // First its memory, outside of the lock; then the slot: its next owner must find the account empty.
        let (slot, container, raised) = container;
        drop(container);
        self.shared.with(|_| self.transit(slot, Event::Unload).is_ok());
        raised.iter().for_each(|record| self.platform.version_seen(record));
        Ok(())
    }

    /// Whether a container runs: from its start until its resources are freed.
    pub fn is_running(&self, uid: &str) -> bool {
        self.shared.with(|shared| shared.find(uid).is_some_and(|(slot, _)| self.state(slot).is_running()))
    }

    /// The status of a container.
    ///
    /// # Errors
    /// [`NotFound`].
    pub fn status(&self, uid: &str) -> Result<Status, NotFound> {
        let slot = self.shared.with(|shared| shared.find(uid).map(|(slot, _)| slot)).ok_or(NotFound)?;
        self.status_of(slot).ok_or(NotFound)
    }

    /// The status of the container in a slot, if there is one.
    pub fn status_of(&self, slot: usize) -> Option<Status> {
        let memory = self.platform.runtime().memory(Account(u8::try_from(slot).ok()?));
        let live = self.live(slot)?;
        let state = live.state();
        self.shared.with(|shared| {
            let container = shared.container(slot)?;
            Some(Status {
                uid: Uid::try_from(container.uid()).unwrap_or_default(),
                slot,
                version: container.version,
                priority: container.schedule.priority,
                state,
                last: container.last,
                counters: live.counters(|counters| *counters),
                image_bytes: container.image_bytes,
                memory,
            })
        })
    }

    /// Copies the uid of the container in a slot; leaves it empty if there is none. Not returned: that would be two copies
    /// on a container's stack.
    pub(crate) fn copy_uid(&self, slot: usize, uid: &mut Uid) {
        uid.clear();
        self.shared.with(|shared| {
            if let Some(container) = shared.container(slot) {
                // A uid is never longer.
                let _ = uid.push_str(container.uid());
            }
        });
    }

    /// The class of priority of the container in a slot, if there is one.
    pub fn priority_of(&self, slot: usize) -> Option<Priority> {
        self.shared.with(|shared| Some(shared.container(slot)?.schedule.priority))
    }

    /// Whether the container in a slot was asked to stop and has not stopped yet. Takes no lock: an interrupt may call it.
    pub fn is_stopping(&self, slot: usize) -> bool {
        self.live(slot).is_some_and(Live::is_stopping)
    }

    /// The status of all containers, by slot.
    pub fn containers(&self) -> impl Iterator<Item = Status> + '_ {
        (0..N).filter_map(|slot| self.status_of(slot))
    }

    /// The refusal with the lowest number above `after`, and the uid of the container that was refused, if it is still
    /// loaded. Begin with 0; see [`AuditRecord::number`].
    pub fn refusal_after(&self, after: u64) -> Option<(AuditRecord, Option<Uid>)> {
        self.shared.with(|shared| {
            let refusal = shared.refusals.iter().find(|refusal| refusal.number > after)?;
            let uid = shared.by_id(refusal.container).and_then(|c| Uid::try_from(c.uid()).ok());
            Some((refusal, uid))
        })
    }

    /// The number of all refusals since the engine was made.
    pub fn refusals(&self) -> u64 {
        self.shared.with(|shared| shared.refusals.total())
    }

    /// How many of all refusals are no longer stored. For one container: [`Counters::dropped`].
    ///
    /// [`Counters::dropped`]: crate::status::Counters::dropped
    pub fn refusals_dropped(&self) -> u64 {
        self.shared.with(|shared| shared.refusals.dropped())
    }

    /// Restores a record that [`Platform::version_seen`] reported before a restart. Call it before the first image is
    /// loaded, with the records in the order in which they were last reported. An image's record that is restored after
    /// a floor is raised to the floor, so another order can make the device refuse a version that it accepted before the
    /// restart; it never accepts a lower one.
    pub fn restore_version(&self, record: VersionRecord) {
        self.shared.with(|shared| shared.versions.restore(record));
    }

    pub(crate) fn state(&self, slot: usize) -> State {
        self.live(slot).map_or(State::Empty, Live::state)
    }

    /// Changes a slot's state, under the lock. An agent has other ways: see [`Live`].
    pub(crate) fn transit(&self, slot: usize, event: Event) -> Result<(), Illegal> {
        let no_such = Illegal { state: State::Empty, event };
        self.live(slot).ok_or(no_such)?.transit(event)
    }

    /// What a slot's agent changes without the lock, if there is such a slot.
    pub(crate) fn live(&self, slot: usize) -> Option<&Live<P::Lock<Counters>>> {
        self.live.get(slot)
    }

    /// Records a refusal, and counts the one that was dropped for it for its container.
    pub(crate) fn refuse(&self, at_ms: u64, id: ContainerId, call: Syscall, denial: Denial) {
        self.shared.with(|shared| {
            let dropped = shared.refusals.record(at_ms, id, call, denial);
            let loaded = dropped.filter(|id| shared.by_id(*id).is_some());
            if let Some(live) = loaded.and_then(|id| self.live(id.slot())) {
                live.counters(|counters| counters.dropped = counters.dropped.saturating_add(1));
            }
        });
    }
}
