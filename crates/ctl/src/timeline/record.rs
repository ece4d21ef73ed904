//! Collects what containers do. Called by their threads; memory is bounded, whatever they do.

use crate::timeline::messages::Messages;
use crate::timeline::track::Track;
use serde::Serialize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tinycontainer::Notice;
use tinycontainer_abi::Syscall;
use tinycontainer_metadata::Metadata;
use tinycontainer_metadata::transport::Parts;
use tinycontainer_posix::{CallRun, Event, HookRun};

/// The most containers that are drawn: one that is loaded again is another.
const MOST_TRACKS: usize = 256;

/// Everything that is drawn.
#[derive(Default, Serialize)]
pub(crate) struct Recording {
    pub(crate) tracks: Vec<Track>,
    pub(crate) tracks_not_drawn: u64,
    #[serde(skip)]
    pub(crate) messages: Messages,
    /// Images that were refused: the file, and why.
    pub(crate) refused: Vec<(String, String)>,
    pub(crate) end_us: u64,
}

pub(crate) struct Recorder {
    start: Instant,
    recording: Mutex<Recording>,
}

impl Recorder {
    /// `start` is when the device's time began.
    pub(crate) fn new(start: Instant) -> Self {
        Self { start, recording: Mutex::default() }
    }

    pub(crate) fn loaded(&self, slot: usize, image: &[u8]) {
        let now = micros(self.start.elapsed());
        let Some(metadata) =
            Parts::decode(image).ok().and_then(|parts| Metadata::decode(parts.metadata).ok())
        else {
            return;
        };
        let mut recording = self.lock();
        if recording.tracks.len() < MOST_TRACKS {
            recording.tracks.push(Track::new(slot, &metadata, now));
        } else {
            recording.tracks_not_drawn += 1;
        }
    }

    pub(crate) fn unloaded(&self, uid: &str) {
        let now = micros(self.start.elapsed());
        if let Some(track) = self.lock().of_uid(uid) {
            track.unloaded_us = Some(now);
        }
    }

    pub(crate) fn refused(&self, image: &str, why: &str) {
        let mut recording = self.lock();
        if recording.refused.len() < MOST_TRACKS {
            recording.refused.push((image.into(), why.into()));
        }
    }

    pub(crate) fn event(&self, at: Duration, event: &Event) {
        let at = micros(at);
        let mut recording = self.lock();
        match event {
            Event::Log { uid, line } => {
                if let Some(track) = recording.of_uid(uid) {
                    track.line(at, line);
                }
            }
            Event::Notice { uid, notice } => {
                if matches!(notice, Notice::Started | Notice::Stopped(_)) {
                    recording.messages.cleared(uid);
                }
                let Some(track) = recording.of_uid(uid) else { return };
                match notice {
                    Notice::Started => track.state(at, "started", String::new(), false),
                    Notice::Stopped(why) => {
                        track.state(at, "stopped", why.to_string(), why.reason.is_fault());
                    }
                    Notice::Refused(_, denial) => track.denied = Some(*denial),
                    Notice::DriverFailed(..) | Notice::LogDropped(_) => {}
                }
            }
            Event::RecordingEnded { .. } => {}
        }
    }

    pub(crate) fn hook(&self, run: &HookRun) {
        let mut recording = self.lock();
        if let Some(number) = recording.in_slot(run.slot)
            && let Some(track) = recording.tracks.get_mut(number)
        {
            track.hook(run);
        }
    }

    pub(crate) fn call(&self, run: &CallRun) {
        let mut recording = self.lock();
        let Some(number) = recording.in_slot(run.slot) else { return };
        let Some(track) = recording.tracks.get_mut(number) else { return };
        track.call(run);
        let peer =
            run.endpoint.and_then(|id| track.endpoint(id)).and_then(|endpoint| endpoint.container.clone());
        let uid = track.uid.clone();
        match (run.call, run.result, peer, run.endpoint) {
            (Syscall::Write, Ok(bytes), Some(reader), _) => {
                recording.messages.sent(number, reader, run.to_us, bytes);
            }
            (Syscall::Read, Ok(_), Some(_), Some(endpoint)) => {
                recording.messages.received(number, (uid, endpoint), run.to_us);
            }
            _ => {}
        }
    }

    /// What was recorded, until now.
    pub(crate) fn take(&self) -> Recording {
        let now = micros(self.start.elapsed());
        let mut recording = std::mem::take(&mut *self.lock());
        recording.end_us = now;
        recording
    }

    fn lock(&self) -> MutexGuard<'_, Recording> {
        self.recording.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recording {
    fn of_uid(&mut self, uid: &str) -> Option<&mut Track> {
        self.tracks.iter_mut().rev().find(|track| track.uid == uid && track.unloaded_us.is_none())
    }

    fn in_slot(&self, slot: usize) -> Option<usize> {
        self.tracks.iter().rposition(|track| track.slot == slot && track.unloaded_us.is_none())
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::track::{MOST_CALLS, MOST_HOOKS, MOST_LINES, MOST_REFUSED};
    use tinycontainer_abi::{Errno, Hook};
    use tinycontainer_firewall::{Denial, DenyReason};
    use tinycontainer_metadata::{Limits, Schedule};

    fn track() -> Track {
        let schedule = Schedule { period_ms: 1, ..Schedule::default() };
        Track::with(0, "a".into(), 1, Limits { linear_memory: 1, stack: 1, heap: 1 }, schedule, Vec::new(), 0)
    }

    /// A container that does much displaces neither its refusals nor its missed periods.
    #[test]
    fn what_is_drawn_is_bounded_and_the_rest_is_counted() {
        let recorder = Recorder::new(Instant::now());
        recorder.lock().tracks.push(track());
        let call = CallRun {
            slot: 0,
            call: Syscall::Read,
            endpoint: None,
            descriptor: Some(1),
            from_us: 0,
            to_us: 1,
            result: Ok(1),
        };
        let hook = HookRun {
            slot: 0,
            hook: Hook::Loop,
            from_us: 0,
            to_us: 1,
            instructions: 1,
            missed: 0,
            memory: tinycontainer::runtime::MemoryUse::default(),
        };
        for _ in 0..3 * MOST_CALLS {
            recorder.call(&call);
            recorder.hook(&hook);
            recorder.event(Duration::ZERO, &Event::Log { uid: "a".into(), line: "x".repeat(1000) });
        }
        let denial = Denial { endpoint: Some(9), reason: DenyReason::NotYours };
        for _ in 0..2 * MOST_REFUSED {
            let notice = Notice::Refused(Syscall::Read, denial);
            recorder.event(Duration::ZERO, &Event::Notice { uid: "a".into(), notice });
            recorder.call(&CallRun { result: Err(Errno::Refused), ..call });
        }
        recorder.hook(&HookRun { missed: 1, ..hook });
        let recording = recorder.take();
        let track = recording.tracks.first().unwrap();
        let refused: Vec<_> = track.calls.iter().filter(|call| call.refused.is_some()).collect();
        assert_eq!(refused.len(), MOST_REFUSED);
        assert_eq!(refused[0].endpoint, Some(9), "the firewall knows it better than the call");
        assert_eq!(track.calls.len(), MOST_CALLS + MOST_REFUSED);
        assert_eq!(
            track.calls.len() as u64 + track.calls_not_drawn,
            3 * MOST_CALLS as u64 + 2 * MOST_REFUSED as u64
        );
        assert_eq!(
            (track.hooks.len(), track.hooks_not_drawn),
            (MOST_HOOKS + 1, 3 * MOST_CALLS as u64 - MOST_HOOKS as u64)
        );
        assert_eq!(track.hooks.last().unwrap().missed, 1);
        assert_eq!(track.lines.len(), MOST_LINES);
        assert!(track.lines.iter().all(|line| line.text.len() <= 240));
    }
}
