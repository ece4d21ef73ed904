//! Loads, starts, stops and replaces the containers of a run, and shows what happens meanwhile.

use crate::device::spec::DeviceSpec;
use crate::input::image_file::NOT_AN_IMAGE;
use crate::refusal::image::refusal;
use crate::run::image::Image;
use crate::run::keys::{Key, Keys};
use crate::run::line::Line;
use crate::run::observe::Observed;
use crate::run::outcome::{RefusedImage, Row};
use crate::run::rebuild::Watcher;
use crate::run::screen::Screen;
use crate::run::stopped;
use crate::text::style::{BAD, GOOD, shown};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tinycontainer::{Notice, Platform as _, Stopped};
use tinycontainer_metadata::transport::Parts;
use tinycontainer_metadata::{Metadata, Schedule, Type};
use tinycontainer_posix::{Event, Host};

/// How often the live status is drawn, and files are looked at.
const FRAME: Duration = Duration::from_millis(100);
/// How often events are shown. Nothing wakes this thread for them: a container would pay for it.
const TICK: Duration = Duration::from_millis(20);
/// How often a container that is to be replaced is looked at.
const SOON: Duration = Duration::from_millis(5);
/// How long stopping may take: each hook that still runs has its budget.
const PATIENCE: Duration = Duration::from_secs(10);

/// What happens to a container as soon as it does not run.
pub(super) enum Then {
    Start,
    Unload,
    Replace(Image),
}

pub(super) struct Loaded {
    pub(super) path: PathBuf,
    /// Linear memory, stack and heap together, in bytes.
    memory_limit: u32,
    schedule: Schedule,
}

pub(crate) struct Session<'r> {
    pub(super) host: &'r Host,
    /// What the host was made of: to say why an image is refused.
    spec: &'r DeviceSpec,
    pub(super) observed: &'r Observed,
    pub(crate) screen: Screen,
    pub(super) loaded: BTreeMap<String, Loaded>,
    /// The rows of containers that were unloaded.
    pub(super) gone: Vec<Row>,
    pub(crate) refused: Vec<RefusedImage>,
    pub(super) pending: BTreeMap<String, Then>,
    pub(super) selected: usize,
    /// The containers whose last line is that they have started: they have not stopped yet, as far as was shown.
    pub(super) running: BTreeSet<String>,
    /// Whether a person has taken over: then the run does not end because nothing runs.
    pub(super) kept: bool,
}

impl<'r> Session<'r> {
    pub(crate) fn new(host: &'r Host, spec: &'r DeviceSpec, observed: &'r Observed, screen: Screen) -> Self {
        Self {
            host,
            spec,
            observed,
            screen,
            loaded: BTreeMap::new(),
            gone: Vec::new(),
            refused: Vec::new(),
            pending: BTreeMap::new(),
            selected: 0,
            running: BTreeSet::new(),
            kept: false,
        }
    }

    /// Loads an image; returns the container's uid. A refusal is shown.
    pub(crate) fn load(&mut self, image: &Image) -> Option<String> {
        let path = image.path.display().to_string();
        match load(self.host, self.spec, &image.bytes) {
            Ok((uid, memory_limit, schedule)) => {
                if let Ok(status) = self.host.engine().status(&uid) {
                    self.observed.tally.loaded(status.slot, &uid);
                    if let Some(recorder) = &self.observed.recorder {
                        recorder.loaded(status.slot, &image.bytes);
                    }
                }
                self.loaded.insert(uid.clone(), Loaded { path: image.path.clone(), memory_limit, schedule });
                self.gone.retain(|row| row.uid != uid);
                self.screen.loaded(&uid);
                let text = format!("{GOOD}loaded{GOOD:#} {}", shown(&path));
                self.screen.now(Line::new(Some(&uid), "loaded", text, json!({ "image": path })));
                Some(uid)
            }
            Err((why, help)) => {
                let mut text = format!("{BAD}refused{BAD:#} {}: {}", shown(&path), shown(&why));
                if let Some(help) = help {
                    text.push_str(&format!("\n   {GOOD}help:{GOOD:#} {help}"));
                }
                let fields = json!({ "image": path, "why": why, "help": help });
                self.screen.now(Line::new(None, "image_refused", text, fields));
                if let Some(recorder) = &self.observed.recorder {
                    recorder.refused(&path, &why);
                }
                self.refused.push(RefusedImage { image: path, why, help });
                None
            }
        }
    }

    /// Starts a loaded container; a reason against it is shown.
    pub(crate) fn start(&self, uid: &str) {
        if let Err(error) = self.host.engine().start(uid) {
            self.complain(uid, &error.to_string());
        }
    }

    /// The loaded containers, in the order of their slots.
    pub(super) fn uids(&self) -> Vec<String> {
        self.host.engine().containers().map(|status| status.uid.as_str().into()).collect()
    }

    pub(super) fn complain(&self, uid: &str, why: &str) {
        let text = format!("{BAD}not possible{BAD:#}: {}", shown(why));
        self.screen.now(Line::new(Some(uid), "not_possible", text, json!({ "why": why })));
    }

    /// Starts all, shows events, and stops all when the time is over or `interrupted` returns true.
    pub(crate) fn run(
        &mut self,
        duration: Option<Duration>,
        keys: Option<&Keys>,
        mut watcher: Option<&mut Watcher>,
        interrupted: impl Fn() -> bool,
    ) {
        if duration == Some(Duration::ZERO) {
            return;
        }
        self.kept = watcher.is_some();
        self.uids().iter().for_each(|uid| self.start(uid));
        let start = Instant::now();
        let mut stopping: Option<Instant> = None;
        let mut drawn = start;
        loop {
            let left = duration.map_or(TICK, |duration| duration.saturating_sub(start.elapsed()));
            let wait = match (stopping, self.pending.is_empty()) {
                (None, true) => left.min(TICK),
                (None, false) => left.min(SOON),
                (Some(_), _) => SOON,
            };
            std::thread::sleep(wait);
            self.show();
            let over = duration.is_some_and(|duration| start.elapsed() >= duration);
            if drawn.elapsed() < FRAME && !(over && stopping.is_none()) {
                self.proceed();
                continue;
            }
            drawn = Instant::now();
            self.draw(keys.is_some());
            let mut quit = over || interrupted();
            while let Some(key) = keys.and_then(Keys::pressed) {
                quit |= key == Key::Quit;
                self.key(key);
            }
            if stopping.is_none() {
                let changes = watcher.as_mut().map_or_else(Vec::new, |watcher| watcher.changes());
                changes.into_iter().for_each(|change| self.changed(change));
                self.proceed();
            }
            if stopping.is_none() && quit {
                stopping = Some(drawn);
                self.pending.clear();
                self.kept = false;
                // An error means that it has stopped by itself meanwhile.
                for uid in &self.uids() {
                    let _ = self.host.engine().stop(uid);
                }
            }
            let runs = self.host.engine().containers().any(|status| status.state.is_running());
            if !runs && !self.kept && self.pending.is_empty() {
                break;
            }
            if stopping.is_some_and(|since| since.elapsed() >= PATIENCE) {
                let text = format!("{BAD}not all stop{BAD:#}: given up after {PATIENCE:?}");
                self.screen.now(Line::message(text, "not all stop"));
                break;
            }
        }
        self.show();
        self.screen.clear();
    }

    /// Shows what has happened.
    fn show(&mut self) {
        for (at, event) in &self.observed.events() {
            if let Event::Notice { uid, notice } = event {
                match notice {
                    Notice::Started => drop(self.running.insert(uid.clone())),
                    Notice::Stopped(_) => drop(self.running.remove(uid)),
                    _ => {}
                }
            }
            let mut line = Line::of(event);
            // While it goes on, the table at the end is far away.
            if self.kept
                && let Event::Notice { uid, notice: Notice::Stopped(stopped) } = event
                && let Some(help) = self.help(uid, stopped)
            {
                line.text.push_str(&format!("\n   {GOOD}help:{GOOD:#} {help}"));
            }
            self.screen.line(*at, line);
        }
    }

    fn draw(&mut self, with_keys: bool) {
        for (number, status) in self.host.engine().containers().enumerate() {
            self.screen.status(&status, with_keys && number == self.selected);
        }
    }

    pub(super) fn row(&self, status: &tinycontainer::Status) -> Row {
        let limit = self.loaded.get(status.uid.as_str()).map_or(0, |loaded| loaded.memory_limit);
        let help = status.last.and_then(|stopped| self.help(status.uid.as_str(), &stopped));
        Row::of(status, limit, &self.observed.tally, help)
    }

    /// What to do about the fault by which a loaded container has ended.
    fn help(&self, uid: &str, stopped: &Stopped) -> Option<String> {
        let engine = self.host.engine();
        let last = engine.status(uid).ok().and_then(|status| self.observed.tally.last_hook(status.slot));
        stopped::help(stopped, last, &self.loaded.get(uid)?.schedule, engine.platform().rate(Type::Wasm))
    }

    /// All containers that were there, in the order of their slots; those that were unloaded last.
    pub(crate) fn rows(&mut self) -> Vec<Row> {
        let mut rows: Vec<_> = self.host.engine().containers().map(|status| self.row(&status)).collect();
        rows.append(&mut self.gone);
        rows
    }
}

type LoadFailure = (String, Option<&'static str>);

/// The uid, the sum of its limits, and its schedule. The reason and the help are those of `verify`.
fn load(host: &Host, spec: &DeviceSpec, bytes: &[u8]) -> Result<(String, u32, Schedule), LoadFailure> {
    let parts =
        Parts::decode(bytes).map_err(|error| (format!("not an image: {error}"), Some(NOT_AN_IMAGE)))?;
    let (limit, schedule) = Metadata::decode(parts.metadata)
        .map_or((0, Schedule::default()), |metadata| (metadata.limits.total(), metadata.schedule));
    match host.load(&parts) {
        Ok(uid) => Ok((uid, limit, schedule)),
        Err(error) => {
            let audiences = spec.audiences();
            let refusal = refusal(&error, parts.metadata, Some(&parts), &spec.device(&audiences));
            Err((refusal.why, Some(refusal.help)))
        }
    }
}
