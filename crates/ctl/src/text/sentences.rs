//! How accesses, durations and lists are written for people.

use tinycontainer_abi::{Mask, Syscall};
use tinycontainer_metadata::{Access, Bus, Direction, Peer};
use tinycontainer_policy::{Roles, Scope, Target};

/// What an endpoint reaches: "reads i2c:72".
pub(crate) fn access(access: &Access<'_>) -> String {
    let direction = access.direction;
    let verb = |reads: &str, writes: &str| match direction {
        Direction::In => reads.to_owned(),
        Direction::Out => writes.to_owned(),
        Direction::Both => format!("{reads} and {writes}"),
    };
    match access.peer {
        Peer::Local { bus: Bus::Data, .. } => verb("reads its own data", "writes its own data"),
        Peer::Local { .. } => format!("{} {}", verb("reads", "writes"), access.peer),
        Peer::Container { uid, endpoint } => verb(
            &format!("reads what the container {uid} sends from its endpoint {endpoint}"),
            &format!("writes to endpoint {endpoint} of the container {uid}"),
        ),
        Peer::Remote { .. } => format!("{} {}", verb("reads from", "writes to"), access.peer),
        Peer::RemoteUnaddressed { endpoint } => {
            format!("names endpoint {endpoint} of a remote peer without an address: it can never be opened")
        }
    }
}

/// "20 ms", "1.5 s".
pub(crate) fn ms(ms: u32) -> String {
    if ms < 1000 { format!("{ms} ms") } else { format!("{} s", f64::from(ms) / 1000.0) }
}

/// "40 s", "3 h", "12 days": a number of seconds, rounded down to its largest unit.
pub(crate) fn span(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// The names of syscalls.
pub(crate) fn calls(mask: Mask) -> String {
    list(&mask.calls().map(Syscall::name).collect::<Vec<_>>())
}

/// The names of roles, as a trust store has them.
pub(crate) fn roles(roles: Roles) -> Vec<&'static str> {
    let all = [
        (Roles::METADATA, "metadata"),
        (Roles::PARTS, "parts"),
        (Roles::SYSCALLS, "syscalls"),
        (Roles::ENDPOINTS, "endpoints"),
    ];
    all.iter().filter(|(role, _)| roles.has(*role)).map(|(_, name)| *name).collect()
}

/// The peers that an anchor reaches, as a trust store has them: "gpio:17-18 out".
pub(crate) fn reaches(scope: &Scope<'_>) -> Vec<String> {
    scope.reaches().map(|reach| format!("{} {}", target(&reach.target), reach.direction.name())).collect()
}

/// The uids that an anchor signs for, as a trust store has them.
pub(crate) fn containers<'a>(scope: &Scope<'a>) -> Vec<&'a str> {
    scope.containers().map(|pattern| pattern.0).collect()
}

fn target(target: &Target<'_>) -> String {
    let range = |range: Option<(u32, u32)>| match range {
        None => "*".to_owned(),
        Some((first, last)) if first == last => first.to_string(),
        Some((first, last)) => format!("{first}-{last}"),
    };
    match *target {
        Target::Any => "*".into(),
        Target::Local { bus, units } => format!("{}:{}", bus.map_or("*", |bus| bus.name()), range(units)),
        Target::Container { uid, endpoints } => format!("container:{}:{}", uid.0, range(endpoints)),
        Target::Remote { scheme, authority } => {
            format!("{}://{}", scheme.map_or("*", |scheme| scheme.name()), authority.0)
        }
    }
}

/// A list for a sentence; empty is "nothing".
pub(crate) fn list<T: AsRef<str>>(items: &[T]) -> String {
    if items.is_empty() {
        return "nothing".into();
    }
    items.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_the_containers() {
        let container = Peer::Container { uid: "processor", endpoint: 1 };
        let said = |peer, direction| access(&Access { peer, direction });
        assert_eq!(said(container, Direction::Out), "writes to endpoint 1 of the container processor");
        assert_eq!(said(Peer::Local { bus: Bus::Gpio, unit: 2 }, Direction::Both), "reads and writes gpio:2");
    }

    #[test]
    fn durations() {
        assert_eq!([ms(20), ms(1000), ms(1500)], ["20 ms", "1 s", "1.5 s"]);
    }
}
