//! `container.toml`: what a container is, as its author writes it. Its keys and their defaults are listed in the README
//! of this crate.

use crate::input::fields::{At, Fields, Problems, did_you_mean};
use crate::input::files;
use crate::input::peer;
use anyhow::{Result, anyhow};
use std::path::{Path, PathBuf};
use tinycontainer::{MAX_QUEUES, policy::MAX_ENDPOINTS};
use tinycontainer_abi::{Direction, Mask, Syscall};
use tinycontainer_metadata::{Access, Bus, MAX_UID, Peer, Priority, Schedule, Type, Wake, is_uid};

/// Where the code comes from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    /// A package of the cargo workspace that the folder lies in.
    Rust(String),
    /// Files, compiled together.
    C(Vec<PathBuf>),
    /// A module made elsewhere.
    Wasm(PathBuf),
}

/// A checked recipe.
pub(crate) struct Recipe {
    /// The file it was read from. Paths in it are relative to that.
    pub(crate) path: PathBuf,
    pub(crate) uid: String,
    pub(crate) version: u32,
    /// `None`: those that the code imports.
    pub(crate) syscalls: Option<Mask>,
    pub(crate) syscall_grant: Option<PathBuf>,
    pub(crate) data: Option<PathBuf>,
    pub(crate) source: Source,
    pub(crate) shadow_stack: Option<u32>,
    pub(crate) limits: AskedLimits,
    pub(crate) schedule: Schedule,
    /// By ascending id.
    pub(crate) endpoints: Vec<Endpoint>,
}

/// `[limits]`, in bytes. What is left out is measured.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AskedLimits {
    pub(crate) linear_memory: Option<u32>,
    pub(crate) stack: Option<u32>,
    pub(crate) heap: Option<u32>,
}

/// `[schedule]` without a line in it.
const DEFAULT_SCHEDULE: Schedule = Schedule {
    start_ms: 100,
    period_ms: 1000,
    loop_ms: 100,
    stop_ms: 100,
    max_loops: 0,
    lifetime_ms: 0,
    heartbeat_ms: 0,
    priority: Priority::Normal,
    wake: Wake::Period,
};

pub(crate) struct Endpoint {
    pub(crate) id: u32,
    peer: String,
    kind: Kind,
    direction: Direction,
    pub(crate) authorization: Option<PathBuf>,
}

#[derive(Clone, Copy)]
enum Kind {
    Local,
    Container,
    Remote,
}

impl Endpoint {
    pub(crate) fn access(&self) -> Result<Access<'_>> {
        let peer = match self.kind {
            Kind::Local => peer::local(&self.peer),
            Kind::Container => peer::container(&self.peer),
            Kind::Remote => peer::remote(&self.peer),
        };
        let peer = peer.map_err(|error| anyhow!("endpoint {}: {error}", self.id))?;
        Ok(Access { peer, direction: self.direction })
    }

    /// Whether something may arrive there that wakes the container.
    pub(crate) fn can_wake(&self) -> bool {
        let own_data = matches!(self.access(), Ok(Access { peer: Peer::Local { bus: Bus::Data, .. }, .. }));
        self.direction.reads() && !own_data
    }
}

/// Only `wasm` runs today.
pub(crate) const TYPE: Type = Type::Wasm;

impl Recipe {
    /// Reads `container.toml`, or that of a folder.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let path = if path.is_dir() { path.join("container.toml") } else { path.to_owned() };
        let text = files::read_text(&path)?;
        let mut problems = Problems::new(&path, &text);
        let table = problems.parse();
        let recipe = Self::of(path.clone(), Fields::new(&table), &mut problems);
        problems.into_result()?;
        // Without a problem there is a recipe.
        recipe.ok_or_else(|| anyhow!("{} is not what a container.toml must be", path.display()))
    }

    fn of(path: PathBuf, mut file: Fields<'_>, problems: &mut Problems<'_>) -> Option<Self> {
        let uid = file.text("uid", problems);
        file.missing("uid", "the name of the container, as in uid = \"sensor\"", problems);
        if let Some(uid) = uid.as_ref().filter(|uid| !is_uid(uid.value.as_bytes())) {
            problems.add(uid.at, format!("uid: 1 to {MAX_UID} of A-Z a-z 0-9 . _ -"));
        }
        let version = file.number("version", problems);
        file.missing("version", "a number that counts from 1, as in version = 1", problems);
        if let Some(version) = version.as_ref().filter(|version| version.value == 0) {
            problems.add(version.at, "version: counts from 1");
        }
        if let Some(kind) = file.text("type", problems).filter(|kind| kind.value != TYPE.name()) {
            problems.add(kind.at, format!("type: devices run \"{}\" only", TYPE.name()));
        }
        let syscalls = file.texts("syscalls", problems).map(|names| mask(names, problems));
        let syscall_grant = file.text("syscall_grant", problems);
        let data = file.text("data", problems);
        let (source, shadow_stack) = build(&mut file, problems);
        let mut table = file.table("limits", problems);
        let mut limit = |key| table.number(key, problems).map(|bytes| bytes.value);
        let limits =
            AskedLimits { linear_memory: limit("linear_memory"), stack: limit("stack"), heap: limit("heap") };
        table.end(problems);
        let schedule = schedule(&mut file, syscalls, problems);
        let endpoints = endpoints(&mut file, problems);
        file.end(problems);
        Some(Self {
            path,
            uid: uid?.value,
            version: version?.value,
            syscalls,
            syscall_grant: syscall_grant.map(|file| file.value.into()),
            data: data.map(|file| file.value.into()),
            source: source?,
            shadow_stack,
            limits,
            schedule,
            endpoints,
        })
    }

    /// The files that it names. Its tokens are in `tokens`, or beside it.
    pub(crate) fn files(&self, tokens: Option<&Path>) -> Vec<PathBuf> {
        let sources = match &self.source {
            Source::Rust(_) => &[],
            Source::C(files) => files.as_slice(),
            Source::Wasm(file) => std::slice::from_ref(file),
        };
        let folder = tokens.unwrap_or(self.folder());
        let authorizations = self.endpoints.iter().filter_map(|endpoint| endpoint.authorization.as_ref());
        let tokens = authorizations.chain(&self.syscall_grant).map(|file| folder.join(file));
        let beside = sources.iter().chain(&self.data).map(|file| files::beside(&self.path, file));
        beside.chain(tokens).collect()
    }

    /// The folder of the file.
    pub(crate) fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        }
    }
}

fn mask(names: At<Vec<At<String>>>, problems: &mut Problems<'_>) -> Mask {
    let mut mask = Mask::NONE;
    for name in names.value {
        match Syscall::from_name(&name.value) {
            Some(call) => mask.0 |= call.bit(),
            None if name.value == "*" => mask = Mask::ALL,
            None => {
                let near = did_you_mean(&name.value, &Syscall::ALL.map(Syscall::name));
                problems.add(name.at, format!("syscalls: there is no syscall `{}`: {near}", name.value));
            }
        }
    }
    mask
}

fn build(file: &mut Fields<'_>, problems: &mut Problems<'_>) -> (Option<Source>, Option<u32>) {
    let mut table = file.table("build", problems);
    let rust = table.text("rust", problems).map(|package| Source::Rust(package.value));
    let c = table.texts("c", problems).map(|sources| {
        let files: Vec<_> = sources.value.into_iter().map(|file| file.value.into()).collect();
        if files.is_empty() {
            problems.add(sources.at, "[build] c: names no file");
        }
        Source::C(files)
    });
    let wasm = table.text("wasm", problems).map(|module| Source::Wasm(module.value.into()));
    let mut sources = [rust, c, wasm].into_iter().flatten();
    let (source, more) = (sources.next(), sources.next().is_some());
    const ONE_OF: &str = "`rust = \"package\"`, `c = [\"main.c\"]`, `wasm = \"file\"`";
    if more {
        problems.add(table.at, format!("[build]: only one of {ONE_OF}"));
    }
    if source.is_none() && ["rust", "c", "wasm"].iter().all(|key| !table.has(key)) {
        problems.add(table.at, format!("[build] is missing, or names no source: one of {ONE_OF}"));
    }
    let shadow_stack = table.number("shadow_stack", problems);
    if let Some(bytes) = shadow_stack.as_ref().filter(|bytes| bytes.value == 0 || bytes.value % 16 != 0) {
        problems.add(bytes.at, "[build] shadow_stack: a multiple of 16 bytes");
    }
    table.end(problems);
    (source, shadow_stack.map(|bytes| bytes.value))
}

fn schedule(file: &mut Fields<'_>, syscalls: Option<Mask>, problems: &mut Problems<'_>) -> Schedule {
    let may = |call| syscalls.is_none_or(|mask| mask.has(call));
    let mut table = file.table("schedule", problems);
    let mut schedule = DEFAULT_SCHEDULE;
    if let Some(period_ms) = table.number("period_ms", problems) {
        schedule.period_ms = period_ms.value;
        // So that a short period alone does not make every loop too long for it.
        if period_ms.value != 0 {
            schedule.loop_ms = schedule.loop_ms.min(period_ms.value);
        }
    }
    for (key, ms) in [
        ("start_ms", &mut schedule.start_ms),
        ("loop_ms", &mut schedule.loop_ms),
        ("stop_ms", &mut schedule.stop_ms),
    ] {
        let Some(asked) = table.number(key, problems) else { continue };
        *ms = asked.value;
        if asked.value == 0 {
            problems
                .add(asked.at, format!("[schedule] {key}: at least 1, or the hook could not even return"));
        }
    }
    for (key, number) in [("max_loops", &mut schedule.max_loops), ("lifetime_ms", &mut schedule.lifetime_ms)]
    {
        if let Some(asked) = table.number(key, problems) {
            *number = asked.value;
        }
    }
    if let Some(At { value: heartbeat_ms, at }) = table.number("heartbeat_ms", problems) {
        schedule.heartbeat_ms = heartbeat_ms;
        if heartbeat_ms != 0 && heartbeat_ms < schedule.period_ms {
            let what = format!(
                "[schedule] heartbeat_ms: {heartbeat_ms} is less than period_ms = {}, so every heartbeat would be late",
                schedule.period_ms
            );
            problems.add(at, what);
        }
        if heartbeat_ms != 0 && !may(Syscall::Heartbeat) {
            problems.add(
                at,
                "[schedule] heartbeat_ms: a heartbeat is expected, but the container may not send one: add \
                 \"heartbeat\" to syscalls, or set heartbeat_ms = 0",
            );
        }
    }
    if let Some(name) = table.text("priority", problems) {
        match Priority::ALL.into_iter().find(|priority| priority.name() == name.value) {
            Some(priority) => schedule.priority = priority,
            None => {
                let near = did_you_mean(&name.value, &Priority::ALL.map(Priority::name));
                let what = format!("[schedule] priority: there is no priority `{}`: {near}", name.value);
                problems.add(name.at, what);
            }
        }
    }
    if let Some(name) = table.text("wake", problems) {
        match Wake::from_name(&name.value) {
            Some(wake) => schedule.wake = wake,
            None => {
                let near = did_you_mean(&name.value, &Wake::ALL.map(Wake::name));
                problems.add(name.at, format!("[schedule] wake: there is no `{}`: {near}", name.value));
            }
        }
        if schedule.wake == Wake::Message && !(may(Syscall::Open) && may(Syscall::Read)) {
            problems.add(
                name.at,
                "[schedule] wake: the container waits for messages, but may not read them: add \"open\" and \
                 \"read\" to syscalls, or set wake = \"period\"",
            );
        }
    }
    table.end(problems);
    schedule
}

fn endpoints(file: &mut Fields<'_>, problems: &mut Problems<'_>) -> Vec<Endpoint> {
    let (mut endpoints, mut queues): (Vec<Endpoint>, usize) = (Vec::new(), 0);
    for mut table in file.tables("endpoint", problems) {
        let at = table.at;
        let read = endpoint(&mut table, problems);
        table.end(problems);
        let Some(endpoint) = read else { continue };
        if endpoints.iter().any(|other| other.id == endpoint.id) {
            problems.add(at, format!("endpoint {}: there are two of that id", endpoint.id));
        }
        match endpoint.access() {
            Ok(access) => {
                queues +=
                    usize::from(matches!(access.peer, Peer::Container { .. }) && access.direction.reads());
            }
            Err(error) => problems.add(at, error.to_string()),
        }
        if endpoints.len() == MAX_ENDPOINTS {
            problems.add(
                at,
                format!("more than {MAX_ENDPOINTS} endpoints, which is the most that devices accept"),
            );
        }
        if queues == MAX_QUEUES + 1 {
            let what =
                format!("{queues} endpoints on which containers write to it: devices accept {MAX_QUEUES}");
            problems.add(at, what);
        }
        endpoints.push(endpoint);
    }
    endpoints.sort_by_key(|endpoint| endpoint.id);
    endpoints
}

fn endpoint(table: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<Endpoint> {
    let id = table.number("id", problems);
    table.missing("id", "the number that it passes to open", problems);
    let which = id.as_ref().map_or("an endpoint".into(), |id| format!("endpoint {}", id.value));
    let direction = table.text("direction", problems);
    table.missing("direction", "\"in\" (it reads), \"out\" (it writes) or \"both\"", problems);
    let direction = direction.and_then(|name| {
        let direction = Direction::from_name(&name.value);
        if direction.is_none() {
            problems.add(
                name.at,
                format!("{which}: direction is \"in\" (it reads), \"out\" (it writes) or \"both\""),
            );
        }
        direction
    });
    let peers = [("local", Kind::Local), ("container", Kind::Container), ("remote", Kind::Remote)];
    let mut peers =
        peers.map(|(key, kind)| table.text(key, problems).map(|peer| (kind, peer.value))).into_iter();
    let mut given = peers.by_ref().flatten();
    let (peer, more) = (given.next(), given.next().is_some());
    let named = ["local", "container", "remote"].iter().any(|key| table.has(key));
    if more || !named {
        problems.add(table.at, format!("{which}: one of `local`, `container` and `remote`"));
    }
    let authorization = table.text("authorization", problems).map(|file| file.value.into());
    let (kind, peer) = peer?;
    Some(Endpoint { id: id?.value, peer, kind, direction: direction?, authorization })
}
