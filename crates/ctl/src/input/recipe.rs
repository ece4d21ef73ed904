//! `container.toml`: what a container is, as its author writes it. `fixtures/containers/README.md` is its
//! specification.

use crate::input::files;
use crate::input::peer;
use crate::input::trust_file;
use crate::text::error::with_help;
use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use tinycontainer::{MAX_QUEUES, policy::MAX_ENDPOINTS};
use tinycontainer_abi::{Direction, Mask, Syscall};
use tinycontainer_metadata::{Access, Bus, Limits, MAX_UID, Peer, Schedule, Type, Wake, is_uid};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    uid: String,
    version: u32,
    r#type: String,
    #[serde(default)]
    syscalls: Vec<String>,
    syscall_grant: Option<PathBuf>,
    data: Option<PathBuf>,
    build: BuildTable,
    limits: LimitsTable,
    schedule: ScheduleTable,
    #[serde(default)]
    endpoint: Vec<EndpointTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BuildTable {
    rust: Option<String>,
    c: Option<Vec<PathBuf>>,
    wasm: Option<PathBuf>,
    shadow_stack: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsTable {
    linear_memory: u32,
    stack: u32,
    heap: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScheduleTable {
    start_ms: u32,
    period_ms: u32,
    loop_ms: u32,
    stop_ms: u32,
    max_loops: u32,
    lifetime_ms: u32,
    heartbeat_ms: u32,
    priority: String,
    /// What makes `loop()` run: "period" or "message".
    wake: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointTable {
    id: u32,
    direction: String,
    local: Option<String>,
    container: Option<String>,
    remote: Option<String>,
    authorization: Option<PathBuf>,
}

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
    pub(crate) syscalls: Mask,
    pub(crate) syscall_grant: Option<PathBuf>,
    pub(crate) data: Option<PathBuf>,
    pub(crate) source: Source,
    pub(crate) shadow_stack: Option<u32>,
    pub(crate) limits: Limits,
    pub(crate) schedule: Schedule,
    /// By ascending id.
    pub(crate) endpoints: Vec<Endpoint>,
}

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
        let file: File = toml::from_str(&text)
            .with_context(|| format!("{} is not what a container.toml must be", path.display()))?;
        Self::check(path.clone(), file).with_context(|| format!("in {}", path.display()))
    }

    fn check(path: PathBuf, file: File) -> Result<Self> {
        if !is_uid(file.uid.as_bytes()) {
            return Err(anyhow!("uid: 1 to {MAX_UID} of A-Z a-z 0-9 . _ -"));
        }
        if file.version == 0 {
            return Err(anyhow!("version: counts from 1"));
        }
        if file.r#type != TYPE.name() {
            return Err(anyhow!("type: devices run \"{}\" only", TYPE.name()));
        }
        let BuildTable { rust, c, wasm, shadow_stack } = file.build;
        let source = match (rust, c, wasm) {
            (Some(package), None, None) => Source::Rust(package),
            (None, Some(sources), None) if !sources.is_empty() => Source::C(sources),
            (None, None, Some(module)) => Source::Wasm(module),
            _ => {
                return Err(anyhow!(
                    "[build]: one of `rust = \"crate\"`, `c = [\"main.c\"]`, `wasm = \"file\"`"
                ));
            }
        };
        if shadow_stack.is_some_and(|bytes| bytes == 0 || bytes % 16 != 0) {
            return Err(anyhow!("[build] shadow_stack: a multiple of 16 bytes"));
        }
        let syscalls = trust_file::mask(&file.syscalls).map_err(|error| anyhow!("syscalls: {error}"))?;
        let schedule = schedule(&file.schedule, syscalls)?;
        let mut endpoints = file.endpoint.into_iter().map(endpoint).collect::<Result<Vec<_>>>()?;
        endpoints.sort_by_key(|endpoint| endpoint.id);
        let ids = endpoints.iter().map(|endpoint| endpoint.id);
        if let Some((twin, _)) = ids.clone().zip(ids.skip(1)).find(|(one, next)| one == next) {
            return Err(anyhow!("endpoint {twin}: there are two of that id"));
        }
        if endpoints.len() > MAX_ENDPOINTS {
            return Err(anyhow!("{} endpoints: devices accept {MAX_ENDPOINTS} at most", endpoints.len()));
        }
        let LimitsTable { linear_memory, stack, heap } = file.limits;
        let recipe = Self {
            path,
            uid: file.uid,
            version: file.version,
            syscalls,
            syscall_grant: file.syscall_grant,
            data: file.data,
            source,
            shadow_stack,
            limits: Limits { linear_memory, stack, heap },
            schedule,
            endpoints,
        };
        recipe.check_queues()?;
        Ok(recipe)
    }

    fn check_queues(&self) -> Result<()> {
        let mut queues = 0;
        for endpoint in &self.endpoints {
            let access = endpoint.access()?;
            queues += usize::from(matches!(access.peer, Peer::Container { .. }) && access.direction.reads());
        }
        if queues > MAX_QUEUES {
            return Err(anyhow!(
                "{queues} endpoints on which containers write to it: devices accept {MAX_QUEUES}"
            ));
        }
        Ok(())
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

fn schedule(table: &ScheduleTable, syscalls: Mask) -> Result<Schedule> {
    let &ScheduleTable {
        start_ms, period_ms, loop_ms, stop_ms, max_loops, lifetime_ms, heartbeat_ms, ..
    } = table;
    for (name, ms) in [("start_ms", start_ms), ("loop_ms", loop_ms), ("stop_ms", stop_ms)] {
        if ms == 0 {
            return Err(anyhow!("[schedule] {name}: at least 1, or the hook could not even return"));
        }
    }
    if heartbeat_ms != 0 && heartbeat_ms < period_ms {
        return Err(anyhow!(
            "[schedule] heartbeat_ms: {heartbeat_ms} is less than period_ms, so every heartbeat would be late"
        ));
    }
    if heartbeat_ms != 0 && !syscalls.has(Syscall::Heartbeat) {
        return Err(with_help(
            "[schedule] heartbeat_ms: a heartbeat is expected, but the container may not send one",
            "add \"heartbeat\" to syscalls, or set heartbeat_ms = 0",
        ));
    }
    let priority =
        trust_file::priority(&table.priority).map_err(|error| anyhow!("[schedule] priority: {error}"))?;
    let wake = match &table.wake {
        None => Wake::Period,
        Some(name) => Wake::from_name(name)
            .ok_or_else(|| anyhow!("[schedule] wake: there is no `{name}`: period, message"))?,
    };
    if wake == Wake::Message && !(syscalls.has(Syscall::Open) && syscalls.has(Syscall::Read)) {
        return Err(with_help(
            "[schedule] wake: the container waits for messages, but may not read them",
            "add \"open\" and \"read\" to syscalls, or set wake = \"period\"",
        ));
    }
    Ok(Schedule {
        start_ms,
        period_ms,
        loop_ms,
        max_loops,
        stop_ms,
        lifetime_ms,
        heartbeat_ms,
        priority,
        wake,
    })
}

fn endpoint(table: EndpointTable) -> Result<Endpoint> {
    let EndpointTable { id, direction, local, container, remote, authorization } = table;
    let (kind, peer) = match (local, container, remote) {
        (Some(peer), None, None) => (Kind::Local, peer),
        (None, Some(peer), None) => (Kind::Container, peer),
        (None, None, Some(peer)) => (Kind::Remote, peer),
        _ => return Err(anyhow!("endpoint {id}: one of `local`, `container` and `remote`")),
    };
    let direction = Direction::from_name(&direction).ok_or_else(|| {
        anyhow!("endpoint {id}: direction is \"in\" (it reads), \"out\" (it writes) or \"both\"")
    })?;
    let endpoint = Endpoint { id, peer, kind, direction, authorization };
    endpoint.access()?;
    Ok(endpoint)
}
