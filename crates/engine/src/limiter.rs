//! The limit of a container's log output.

use crate::platform::Platform;

/// A token bucket over the bytes that a container logs, kept as the time at which it would be full again: the generic
/// cell rate algorithm (ITU-T I.371, annex A). One number, and nothing is lost by rounding when calls come often.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Limiter {
    /// When the bucket is full again, in microseconds of the platform's clock.
    paid_at: u64,
    /// The number of outputs dropped since it was last reported.
    dropped: u32,
}

impl Limiter {
    /// Whether so many bytes pass now. Counts them, or counts the output as dropped. More than the burst pass when the
    /// bucket is full. The first output that passes after others were dropped is charged for the notice of that too.
    pub(crate) fn admits<P: Platform>(&mut self, now_us: u64, bytes: u32) -> bool {
        const SECOND: u64 = 1_000_000;
        let rate = const { if P::LOG_BYTES_PER_SECOND == 0 { 1 } else { P::LOG_BYTES_PER_SECOND as u64 } };
        let burst = const {
            let rate = if P::LOG_BYTES_PER_SECOND == 0 { 1 } else { P::LOG_BYTES_PER_SECOND as u64 };
            P::LOG_BURST as u64 * SECOND / rate
        };
        let notice = if self.dropped > 0 { P::NOTICE_BYTES } else { 0 };
        let bytes = u64::from(bytes.saturating_add(notice).min(P::LOG_BURST));
        let paid_at = self.paid_at.max(now_us).saturating_add(bytes * SECOND / rate);
        if paid_at.saturating_sub(now_us) > burst {
            self.dropped = self.dropped.saturating_add(1);
            return false;
        }
        self.paid_at = paid_at;
        true
    }

    /// The number of outputs dropped since the last call, if any.
    pub(crate) fn take_dropped(&mut self) -> Option<u32> {
        match core::mem::take(&mut self.dropped) {
            0 => None,
            dropped => Some(dropped),
        }
    }
}
