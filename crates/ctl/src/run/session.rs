//! Loads, starts, stops and replaces the containers of a run, and shows what happens meanwhile.

use crate::device::spec::DeviceSpec;
use crate::input::files;
use crate::input::image_file::NOT_AN_IMAGE;
use crate::refusal::image::refusal;
use crate::run::keys::{HELP, Key, Keys};
use crate::run::line::Line;
use crate::run::observe::{Observed, WAITING};
use crate::run::outcome::{RefusedImage, Row};
use crate::run::rebuild::{Change, Watcher};
use crate::run::screen::Screen;
use crate::text::style::{BAD, GOOD, WARN, shown};
use anyhow::Result;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};
use tinycontainer_metadata::Metadata;
use tinycontainer_metadata::transport::Parts;
use tinycontainer_posix::Host;

/// How often the live status is drawn, and files are looked at.
const FRAME: Duration = Duration::from_millis(100);
/// How long stopping may take: each hook that still runs has its budget.
const PATIENCE: Duration = Duration::from_secs(10);

/// An image, read.
pub(crate) struct Image {
    pub(crate) path: PathBuf,
    pub(crate) bytes: Vec<u8>,
}

/// Reads all images, before anything runs.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<Image>> {
    paths.iter().map(|path| Ok(Image { path: path.clone(), bytes: files::read(path)? })).collect()
}

/// What happens to a container as soon as it does not run.
enum Then {
    Start,
    Unload,
    Replace(Image),
}

struct Loaded {
    path: PathBuf,
    /// Linear memory, stack and heap together, in bytes.
    memory_limit: u32,
}

pub(crate) struct Session<'r> {
    host: &'r Host,
    /// What the host was made of: to say why an image is refused.
    spec: &'r DeviceSpec,
    observed: &'r Observed,
    pub(crate) screen: Screen,
    loaded: BTreeMap<String, Loaded>,
    /// The rows of containers that were unloaded.
    gone: Vec<Row>,
    pub(crate) refused: Vec<RefusedImage>,
    pending: BTreeMap<String, Then>,
    selected: usize,
    /// Whether a person has taken over: then the run does not end because nothing runs.
    kept: bool,
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
            kept: false,
        }
    }

    /// Loads an image; returns the container's uid. A refusal is shown.
    pub(crate) fn load(&mut self, image: &Image) -> Option<String> {
        let path = image.path.display().to_string();
        match load(self.host, self.spec, &image.bytes) {
            Ok((uid, memory_limit)) => {
                if let Ok(status) = self.host.engine().status(&uid) {
                    self.observed.tally.loaded(status.slot);
                    if let Some(recorder) = &self.observed.recorder {
                        recorder.loaded(status.slot, &image.bytes);
                    }
                }
                self.loaded.insert(uid.clone(), Loaded { path: image.path.clone(), memory_limit });
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
    fn uids(&self) -> Vec<String> {
        self.host.engine().containers().map(|status| status.uid.as_str().into()).collect()
    }

    fn complain(&self, uid: &str, why: &str) {
        let text = format!("{BAD}not possible{BAD:#}: {}", shown(why));
        self.screen.now(Line::new(Some(uid), "not_possible", text, json!({ "why": why })));
    }

    /// Starts all, shows events, and stops all when the time is over or `interrupted` returns true.
    pub(crate) fn run(
        &mut self,
        duration: Option<Duration>,
        keys: Option<&Keys>,
        mut watcher: Option<Watcher>,
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
            let left = duration.map_or(FRAME, |duration| duration.saturating_sub(start.elapsed()));
            let wait = if stopping.is_none() { left.min(FRAME) } else { FRAME };
            match self.observed.events.recv_timeout(wait) {
                Ok((at, event)) => self.screen.line(at, Line::of(&event)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let over = duration.is_some_and(|duration| start.elapsed() >= duration);
            if drawn.elapsed() < FRAME && !(over && stopping.is_none()) {
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
                watcher.iter_mut().flat_map(Watcher::changes).for_each(|change| self.changed(change));
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
        // At most as many as can wait: a container that does not stop may continue to log.
        for (at, event) in self.observed.events.try_iter().take(WAITING) {
            self.screen.line(at, Line::of(&event));
        }
        self.screen.clear();
    }

    fn draw(&mut self, with_keys: bool) {
        for (number, status) in self.host.engine().containers().enumerate() {
            self.screen.status(&status, with_keys && number == self.selected);
        }
    }

    fn key(&mut self, key: Key) {
        let uids = self.uids();
        let (count, uid) = (uids.len(), uids.get(self.selected).cloned());
        match (key, uid) {
            (Key::Quit, _) => {}
            (Key::Help, _) => self.screen.now(Line::message(HELP, HELP)),
            (Key::Next, _) => self.selected = (self.selected + 1).checked_rem(count).unwrap_or(0),
            (Key::Previous, _) => {
                self.selected = (self.selected + count.saturating_sub(1)).checked_rem(count).unwrap_or(0);
            }
            (Key::Pick(number), _) => self.selected = number.min(count.saturating_sub(1)),
            (Key::Start | Key::Stop | Key::Restart | Key::Unload, None) => {
                self.screen.now(Line::message("no container is loaded", "no container is loaded"));
            }
            (Key::Start, Some(uid)) => {
                self.kept = true;
                self.start(&uid);
            }
            (Key::Stop, Some(uid)) => {
                self.kept = true;
                if let Err(error) = self.host.engine().stop(&uid) {
                    self.complain(&uid, &error.to_string());
                }
            }
            (Key::Restart, Some(uid)) => self.stop_then(&uid, Then::Start),
            (Key::Unload, Some(uid)) => self.stop_then(&uid, Then::Unload),
        }
    }

    fn stop_then(&mut self, uid: &str, then: Then) {
        self.kept = true;
        // An error means that it does not run.
        let _ = self.host.engine().stop(uid);
        self.pending.insert(uid.into(), then);
    }

    fn changed(&mut self, change: Change) {
        match change {
            Change::Building(path) => {
                let plain = format!("building {}", path.display());
                self.screen.now(Line::message(shown(&plain), &plain));
            }
            Change::Failed(path, printed) => {
                let plain = format!("{} could not be built, what runs stays: {printed}", path.display());
                let lines: Vec<_> = plain.trim_end().lines().map(shown).collect();
                let text = format!("{WARN}warning:{WARN:#} {}", lines.join("\n    "));
                self.screen.now(Line::message(text, &plain));
            }
            Change::Image(path) => {
                let image = match files::read(&path) {
                    Ok(bytes) => Image { path, bytes },
                    Err(error) => {
                        let plain = format!("{error:#}");
                        self.screen.now(Line::message(shown(&plain), &plain));
                        return;
                    }
                };
                match self.of_file(&image.path) {
                    Some(uid) => self.stop_then(&uid, Then::Replace(image)),
                    None => self.load_and_start(&image),
                }
            }
        }
    }

    /// The container that was loaded from this file.
    fn of_file(&self, path: &Path) -> Option<String> {
        self.loaded.iter().find(|(_, loaded)| loaded.path == path).map(|(uid, _)| uid.clone())
    }

    fn load_and_start(&mut self, image: &Image) {
        // A file that was refused before is not counted twice.
        let name = image.path.display().to_string();
        self.refused.retain(|refused| refused.image != name);
        if let Some(uid) = self.load(image) {
            self.start(&uid);
        }
    }

    /// Does what was to be done as soon as a container does not run.
    fn proceed(&mut self) {
        let engine = self.host.engine();
        let ready: Vec<_> = self.pending.keys().filter(|uid| !engine.is_running(uid)).cloned().collect();
        for uid in ready {
            match self.pending.remove(&uid) {
                Some(Then::Start) => self.start(&uid),
                Some(Then::Unload) => self.unload(&uid),
                Some(Then::Replace(image)) => {
                    self.unload(&uid);
                    self.load_and_start(&image);
                }
                None => {}
            }
        }
    }

    fn unload(&mut self, uid: &str) {
        let row = self.host.engine().status(uid).ok().map(|status| self.row(&status));
        if let Err(error) = self.host.engine().unload(uid) {
            self.complain(uid, &error.to_string());
            return;
        }
        self.gone.extend(row);
        self.loaded.remove(uid);
        self.selected = self.selected.min(self.loaded.len().saturating_sub(1));
        self.screen.unloaded(uid);
        if let Some(recorder) = &self.observed.recorder {
            recorder.unloaded(uid);
        }
        self.screen.now(Line::new(Some(uid), "unloaded", "unloaded".into(), json!({})));
    }

    fn row(&self, status: &tinycontainer::Status) -> Row {
        let limit = self.loaded.get(status.uid.as_str()).map_or(0, |loaded| loaded.memory_limit);
        Row::of(status, limit, &self.observed.tally)
    }

    /// All containers that were there, in the order of their slots; those that were unloaded last.
    pub(crate) fn rows(&mut self) -> Vec<Row> {
        let mut rows: Vec<_> = self.host.engine().containers().map(|status| self.row(&status)).collect();
        rows.append(&mut self.gone);
        rows
    }
}

type LoadFailure = (String, Option<&'static str>);

/// The uid, and the sum of its limits. The reason and the help are those of `verify`.
fn load(host: &Host, spec: &DeviceSpec, bytes: &[u8]) -> Result<(String, u32), LoadFailure> {
    let parts =
        Parts::decode(bytes).map_err(|error| (format!("not an image: {error}"), Some(NOT_AN_IMAGE)))?;
    let limit = Metadata::decode(parts.metadata).map_or(0, |metadata| metadata.limits.total());
    match host.load(&parts) {
        Ok(uid) => Ok((uid, limit)),
        Err(error) => {
            let audiences = spec.audiences();
            let refusal = refusal(&error, parts.metadata, Some(&parts), &spec.device(&audiences));
            Err((refusal.why, Some(refusal.help)))
        }
    }
}
