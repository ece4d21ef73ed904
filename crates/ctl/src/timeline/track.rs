//! What is kept of one container, from the time it is loaded until it is unloaded.

use serde::{Serialize, Serializer};
use tinycontainer_abi::{Hook, Syscall};
use tinycontainer_firewall::Denial;
use tinycontainer_metadata::{Access, Limits, Metadata, Peer, Schedule};
use tinycontainer_posix::{CallRun, HookRun};

/// The most that is drawn of each container; further ones are counted.
pub(crate) const MOST_HOOKS: usize = 4000;
pub(crate) const MOST_CALLS: usize = 4000;
/// Refused calls have a limit of their own, so that others cannot displace them.
pub(crate) const MOST_REFUSED: usize = 1000;
pub(crate) const MOST_LINES: usize = 500;

/// An endpoint, from the metadata.
#[derive(Serialize)]
pub(crate) struct Endpoint {
    pub(crate) id: u32,
    pub(crate) peer: String,
    pub(crate) direction: &'static str,
    /// If the peer is a container: its uid, and its endpoint.
    pub(crate) container: Option<(String, u32)>,
}

/// A hook that has run. Written as an array, since there are many.
pub(crate) struct HookLine {
    pub(crate) hook: &'static str,
    pub(crate) from_us: u64,
    pub(crate) to_us: u64,
    pub(crate) instructions: u64,
    /// Periods that passed before it without a loop.
    pub(crate) missed: u32,
    pub(crate) memory_bytes: u32,
    /// How much of its time was spent in native calls.
    pub(crate) calls_us: u64,
}

/// A native call. Written as an array, since there are many.
pub(crate) struct CallLine {
    pub(crate) call: &'static str,
    pub(crate) endpoint: Option<u32>,
    pub(crate) from_us: u64,
    pub(crate) to_us: u64,
    /// The descriptor, or the number of bytes.
    pub(crate) returned: Option<u32>,
    pub(crate) errno: Option<&'static str>,
    /// Why the firewall refused it.
    pub(crate) refused: Option<&'static str>,
}

impl Serialize for HookLine {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { hook, from_us, to_us, instructions, missed, memory_bytes, calls_us } = self;
        (hook, from_us, to_us, instructions, missed, memory_bytes, calls_us).serialize(to)
    }
}

impl Serialize for CallLine {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { call, endpoint, from_us, to_us, returned, errno, refused } = self;
        (call, endpoint, from_us, to_us, returned, errno, refused).serialize(to)
    }
}

/// A change of state, or a line of the log.
#[derive(Serialize)]
pub(crate) struct Note {
    pub(crate) at_us: u64,
    pub(crate) what: &'static str,
    pub(crate) text: String,
    pub(crate) fault: bool,
}

/// One container.
#[derive(Serialize)]
pub(crate) struct Track {
    pub(crate) uid: String,
    pub(crate) version: u32,
    #[serde(skip)]
    pub(crate) slot: usize,
    pub(crate) period_ms: u32,
    pub(crate) loop_ms: u32,
    /// Woken by messages, not by its period.
    pub(crate) event_driven: bool,
    pub(crate) memory_limit_bytes: u32,
    pub(crate) memory_peak_bytes: u32,
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) loaded_us: u64,
    pub(crate) unloaded_us: Option<u64>,
    pub(crate) hooks: Vec<HookLine>,
    pub(crate) hooks_not_drawn: u64,
    pub(crate) calls: Vec<CallLine>,
    pub(crate) calls_not_drawn: u64,
    /// Starts and stops.
    pub(crate) states: Vec<Note>,
    pub(crate) lines: Vec<Note>,
    pub(crate) lines_not_kept: u64,
    #[serde(skip)]
    refused: usize,
    /// The refusal whose call has not been reported yet.
    #[serde(skip)]
    pub(crate) denied: Option<Denial>,
    /// The time in calls of the hook that is running.
    #[serde(skip)]
    calls_us: u64,
}

impl Track {
    /// Of an image that was accepted.
    pub(crate) fn new(slot: usize, metadata: &Metadata<'_>, loaded_us: u64) -> Self {
        let endpoints =
            metadata.endpoints.iter().map(|endpoint| line(endpoint.id, &endpoint.access)).collect();
        let (uid, version) = (metadata.uid.to_owned(), metadata.version);
        Self::with(slot, uid, version, metadata.limits, metadata.schedule, endpoints, loaded_us)
    }

    pub(crate) fn with(
        slot: usize,
        uid: String,
        version: u32,
        limits: Limits,
        schedule: Schedule,
        endpoints: Vec<Endpoint>,
        loaded_us: u64,
    ) -> Self {
        let Schedule { period_ms, loop_ms, wake, .. } = schedule;
        Self {
            uid,
            version,
            slot,
            period_ms,
            loop_ms,
            event_driven: wake == tinycontainer_metadata::Wake::Message,
            memory_limit_bytes: limits.total(),
            memory_peak_bytes: 0,
            endpoints,
            loaded_us,
            unloaded_us: None,
            hooks: Vec::new(),
            hooks_not_drawn: 0,
            calls: Vec::new(),
            calls_not_drawn: 0,
            states: Vec::new(),
            lines: Vec::new(),
            lines_not_kept: 0,
            refused: 0,
            denied: None,
            calls_us: 0,
        }
    }

    pub(crate) fn hook(&mut self, run: &HookRun) {
        let calls_us = std::mem::take(&mut self.calls_us);
        self.memory_peak_bytes = self.memory_peak_bytes.max(run.memory.peak);
        // A missed period is always kept: there is a sentence about it.
        if self.hooks.len() >= MOST_HOOKS && (run.missed == 0 || self.hooks.len() >= 2 * MOST_HOOKS) {
            self.hooks_not_drawn += 1;
            return;
        }
        self.hooks.push(HookLine {
            hook: match run.hook {
                Hook::Start => "start",
                Hook::Loop => "loop",
                Hook::Stop => "stop",
            },
            from_us: run.from_us,
            to_us: run.to_us,
            instructions: run.instructions,
            missed: run.missed,
            memory_bytes: run.memory.used,
            calls_us,
        });
    }

    pub(crate) fn call(&mut self, run: &CallRun) {
        self.calls_us = self.calls_us.saturating_add(run.to_us.saturating_sub(run.from_us));
        let denied = self.denied.take();
        let full = match denied {
            Some(_) => self.refused >= MOST_REFUSED,
            None => self.calls.len().saturating_sub(self.refused) >= MOST_CALLS,
        };
        if full {
            self.calls_not_drawn += 1;
            return;
        }
        self.refused += usize::from(denied.is_some());
        self.calls.push(CallLine {
            call: run.call.name(),
            endpoint: denied.and_then(|denied| denied.endpoint).or(run.endpoint),
            from_us: run.from_us,
            to_us: run.to_us,
            returned: run.result.ok().filter(|_| run.call != Syscall::Heartbeat),
            errno: run.result.err().map(|errno| errno.name()),
            refused: denied.map(|denied| denied.reason.text()),
        });
    }

    pub(crate) fn state(&mut self, at_us: u64, what: &'static str, text: String, fault: bool) {
        if self.states.len() < MOST_LINES {
            self.states.push(Note { at_us, what, text, fault });
        }
    }

    pub(crate) fn line(&mut self, at_us: u64, text: &str) {
        if self.lines.len() < MOST_LINES {
            let text = text.chars().take(240).collect();
            self.lines.push(Note { at_us, what: "log", text, fault: false });
        } else {
            self.lines_not_kept += 1;
        }
    }

    pub(crate) fn endpoint(&self, id: u32) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.id == id)
    }
}

fn line(id: u32, access: &Access<'_>) -> Endpoint {
    let container = match access.peer {
        Peer::Container { uid, endpoint } => Some((uid.to_owned(), endpoint)),
        _ => None,
    };
    Endpoint { id, peer: access.peer.to_string(), direction: access.direction.name(), container }
}
