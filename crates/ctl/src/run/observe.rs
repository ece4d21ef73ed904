//! What a run observes: events for the screen, counts for the table, and everything for the report if there is one.
//!
//! The observer of events runs inside of native calls, whose time is charged to the container: it takes no lock that
//! another container's thread holds, and wakes none. The others run between calls.

use crate::run::shards::Shards;
use crate::run::stopped::HookEnd;
use crate::run::tally::Tally;
use crate::timeline::record::Recorder;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tinycontainer::Notice;
use tinycontainer_posix::{Config, Event};

/// The most events of a container that wait to be shown; further ones are counted and not shown.
const WAITING: usize = 4096;

/// Events, each with its time since the device began.
type Events = Shards<Vec<(Duration, Event)>>;

/// What was observed.
pub(crate) struct Observed {
    pub(crate) tally: Arc<Tally>,
    /// How many events were not shown.
    pub(crate) unshown: Arc<AtomicUsize>,
    waiting: Arc<Events>,
    pub(crate) recorder: Option<Arc<Recorder>>,
}

impl Observed {
    /// The events since the last call, in the order of their times.
    pub(crate) fn events(&self) -> Vec<(Duration, Event)> {
        let mut events = Vec::new();
        self.waiting.all().for_each(|mut waiting| events.append(&mut waiting));
        events.sort_by_key(|(at, _)| *at);
        events
    }
}

/// Sets the observers of a host.
pub(crate) fn observe(
    config: &mut Config,
    tally: Tally,
    recorder: Option<Recorder>,
    start: Instant,
) -> Observed {
    let (tally, unshown) = (Arc::new(tally), Arc::new(AtomicUsize::new(0)));
    let recorder = recorder.map(Arc::new);
    let waiting: Arc<Events> = Arc::new(Shards::new(Vec::new));
    let unrecorded: Arc<Events> = Arc::new(Shards::new(Vec::new));
    config.observer = {
        let (tally, unshown, recorder) = (tally.clone(), unshown.clone(), recorder.clone());
        let (waiting, unrecorded) = (waiting.clone(), unrecorded.clone());
        Box::new(move |event: Event| {
            let at = start.elapsed();
            if let Some(recorder) = &recorder {
                match &event {
                    // Not in a call.
                    Event::Notice { notice: Notice::Started | Notice::Stopped(_), .. } => {
                        recorder.event(at, &event);
                    }
                    _ => {
                        unrecorded.own(|events| events.push((at, event.clone())));
                    }
                }
            }
            if tally.note(&event) {
                // A container is loaded again once it was shown that it has stopped.
                let always =
                    matches!(&event, Event::Notice { notice: Notice::Started | Notice::Stopped(_), .. });
                waiting.own(|waiting| {
                    if waiting.len() < WAITING || always {
                        waiting.push((at, event));
                    } else {
                        unshown.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        })
    };
    let record = move |recorder: &Recorder| {
        let events = unrecorded.own(std::mem::take).unwrap_or_default();
        events.iter().for_each(|(at, event)| recorder.event(*at, event));
    };
    config.on_hook = Some({
        let (tally, recorder, record) = (tally.clone(), recorder.clone(), record.clone());
        Box::new(move |run| {
            tally.ended(run.slot, HookEnd { hook: run.hook, instructions: run.instructions });
            if let Some(recorder) = &recorder {
                record(recorder);
                recorder.hook(&run);
            }
        })
    });
    config.on_call = Some({
        let (tally, recorder) = (tally.clone(), recorder.clone());
        Box::new(move |call| {
            tally.called(&call);
            if let Some(recorder) = &recorder {
                record(recorder);
                recorder.call(&call);
            }
        })
    });
    Observed { tally, unshown, waiting, recorder }
}
