//! `[[endpoint]]`.

use crate::input::fields::{Fields, Problems};
use crate::input::peer;
use anyhow::{Result, anyhow};
use std::path::PathBuf;
use tinycontainer::{MAX_QUEUES, policy::MAX_ENDPOINTS};
use tinycontainer_abi::Direction;
use tinycontainer_metadata::{Access, Bus, Peer};

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

pub(super) fn endpoints(file: &mut Fields<'_>, problems: &mut Problems<'_>) -> Vec<Endpoint> {
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
