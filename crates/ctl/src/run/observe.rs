//! What a run observes: events for the screen, counts for the table, and everything for the report if there is one.

use crate::run::tally::Tally;
use crate::timeline::record::Recorder;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};
use tinycontainer_abi::Hook;
use tinycontainer_posix::{Config, Event};

/// The most events that wait to be shown; further ones are counted and not shown.
pub(crate) const WAITING: usize = 4096;

/// What was observed.
pub(crate) struct Observed {
    pub(crate) tally: Arc<Tally>,
    /// How many events were not shown.
    pub(crate) unshown: Arc<AtomicUsize>,
    /// Each with its time since the device began.
    pub(crate) events: Receiver<(Duration, Event)>,
    pub(crate) recorder: Option<Arc<Recorder>>,
}

/// Sets the observers of a host. They run in the containers' own threads, which must not wait for the terminal.
pub(crate) fn observe(
    config: &mut Config,
    tally: Tally,
    recorder: Option<Recorder>,
    start: Instant,
) -> Observed {
    let (tally, unshown) = (Arc::new(tally), Arc::new(AtomicUsize::new(0)));
    let recorder = recorder.map(Arc::new);
    let (send, events) = sync_channel(WAITING);
    config.observer = {
        let (tally, unshown, recorder) = (tally.clone(), unshown.clone(), recorder.clone());
        Box::new(move |event: Event| {
            let at = start.elapsed();
            if let Some(recorder) = &recorder {
                recorder.event(at, &event);
            }
            if tally.note(&event) && send.try_send((at, event)).is_err() {
                unshown.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    config.on_hook = Some({
        let (tally, recorder) = (tally.clone(), recorder.clone());
        Box::new(move |run| {
            if run.hook == Hook::Loop {
                tally.looped(run.slot, run.instructions);
            }
            if let Some(recorder) = &recorder {
                recorder.hook(&run);
            }
        })
    });
    if let Some(recorder) = recorder.clone() {
        config.on_call = Some(Box::new(move |call| recorder.call(&call)));
    }
    Observed { tally, unshown, events, recorder }
}
