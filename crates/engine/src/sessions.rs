//! The loading sessions: how many, for which uids, and when each last made progress.

use crate::error::ImageError;
use crate::{MAX_SESSIONS, SESSION_LONGEST_MS, SESSION_TIMEOUT_MS};
use heapless::Vec;

/// The sessions that count against the limit. One that has timed out is removed when another needs its entry or its
/// uid; its owner gets the error at its next call, and holds the slot and the memory until then.
#[derive(Debug)]
pub(crate) struct Sessions {
    open: Vec<Open, MAX_SESSIONS>,
}

#[derive(Debug)]
struct Open {
    /// No two sessions hold the same slot.
    slot: usize,
    /// The key of the uid, once the metadata is verified; see [`uid_key`](crate::versions::uid_key).
    uid: Option<u64>,
    /// When it began and when it last made progress, in microseconds of the platform's clock.
    begun_us: u64,
    progress_us: u64,
}

impl Open {
    fn is_stale(&self, now_us: u64) -> bool {
        // A byte now and then is progress, but must not block other sessions without end.
        now_us.saturating_sub(self.progress_us) > SESSION_TIMEOUT_MS.saturating_mul(1000)
            || now_us.saturating_sub(self.begun_us) > SESSION_LONGEST_MS.saturating_mul(1000)
    }
}

impl Sessions {
    pub(crate) const fn new() -> Self {
        Self { open: Vec::new() }
    }

    /// Checks that another session may begin.
    pub(crate) fn check_capacity(&mut self, now_us: u64) -> Result<(), ImageError> {
        self.open.retain(|open| !open.is_stale(now_us));
        if self.open.is_full() { Err(ImageError::TooManySessions) } else { Ok(()) }
    }

    /// Adds the session that has taken `slot`.
    pub(crate) fn begin(&mut self, slot: usize, now_us: u64) -> Result<(), ImageError> {
        let open = Open { slot, uid: None, begun_us: now_us, progress_us: now_us };
        self.open.push(open).map_err(|_| ImageError::TooManySessions)
    }

    /// Reserves a uid for the session in `slot`, unless another session has it.
    pub(crate) fn reserve(&mut self, slot: usize, uid: u64, now_us: u64) -> Result<(), ImageError> {
        self.open.retain(|open| open.slot == slot || !open.is_stale(now_us));
        if self.open.iter().any(|open| open.slot != slot && open.uid == Some(uid)) {
            return Err(ImageError::DuplicateUid);
        }
        let own = self.open.iter_mut().find(|open| open.slot == slot).ok_or(ImageError::TimedOut)?;
        own.uid = Some(uid);
        Ok(())
    }

    /// Records progress of the session in `slot`, unless it has timed out.
    pub(crate) fn progress(&mut self, slot: usize, now_us: u64) -> Result<(), ImageError> {
        self.check_live(slot, now_us)?;
        self.open.iter_mut().filter(|open| open.slot == slot).for_each(|open| open.progress_us = now_us);
        Ok(())
    }

    /// Checks that the session in `slot` has not timed out.
    pub(crate) fn check_live(&self, slot: usize, now_us: u64) -> Result<(), ImageError> {
        let mut of_slot = self.open.iter().filter(|open| open.slot == slot);
        if of_slot.any(|open| !open.is_stale(now_us)) { Ok(()) } else { Err(ImageError::TimedOut) }
    }

    /// Removes the session in `slot`.
    pub(crate) fn end(&mut self, slot: usize) {
        self.open.retain(|open| open.slot != slot);
    }
}
