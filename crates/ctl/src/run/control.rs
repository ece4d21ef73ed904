//! What changes the containers of a run while it goes on: keys, and files that have changed.

use crate::run::image::Image;
use crate::run::keys::{HELP, Key};
use crate::run::line::Line;
use crate::run::rebuild::Change;
use crate::run::session::{Session, Then};
use crate::text::style::{WARN, shown};
use serde_json::json;
use std::path::Path;

impl Session<'_> {
    /// Warns of names that no loaded container has: none of their lines will be shown.
    pub(crate) fn warn_of_unknown(&self, only: &[String]) {
        let uids = self.uids();
        for name in only.iter().filter(|name| !uids.contains(name)) {
            let loaded = if uids.is_empty() { "none".into() } else { uids.join(", ") };
            let plain = format!("--only {name}: no such container is loaded (loaded: {loaded})");
            self.screen.now(Line::message(format!("{WARN}warning:{WARN:#} {}", shown(&plain)), &plain));
        }
    }

    pub(super) fn key(&mut self, key: Key) {
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

    pub(super) fn changed(&mut self, change: Change) {
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
            Change::FailedAgain(path) => {
                let plain = format!("{} still could not be built, for the same reason", path.display());
                self.screen.now(Line::message(format!("{WARN}warning:{WARN:#} {}", shown(&plain)), &plain));
            }
            Change::Image(image) => match self.of_file(&image.path) {
                Some(uid) => self.stop_then(&uid, Then::Replace(image)),
                None => self.load_and_start(&image),
            },
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
    pub(super) fn proceed(&mut self) {
        let engine = self.host.engine();
        // The line that it has stopped comes before what is done then.
        let waits = |uid: &String| engine.is_running(uid) || self.running.contains(uid);
        let ready: Vec<_> = self.pending.keys().filter(|uid| !waits(uid)).cloned().collect();
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
}
