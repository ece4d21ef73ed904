//! The small language of peers: `gpio:17`, `container:uid:2`, `coap://host:5683`.

use tinycontainer_abi::Direction;
use tinycontainer_metadata::{Bus, Peer, Scheme, is_authority, is_uid};
use tinycontainer_policy::{Pattern, Reach, Target};

/// One peer.
pub(crate) fn peer(text: &str) -> Result<Peer<'_>, String> {
    if let Some(rest) = text.strip_prefix("container:") {
        return container(rest);
    }
    if text.contains("://") { remote(text) } else { local(text) }
}

/// `bus:unit`.
pub(crate) fn local(text: &str) -> Result<Peer<'_>, String> {
    let wrong =
        || format!("`{text}` is not a local peer: write BUS:UNIT, as in i2c:72 or gpio:17 ({})", buses());
    let (bus, unit) = text.split_once(':').ok_or_else(wrong)?;
    let bus = Bus::from_name(bus).ok_or_else(wrong)?;
    Ok(Peer::Local { bus, unit: unit.parse().map_err(|_| wrong())? })
}

/// `uid:endpoint`.
pub(crate) fn container(text: &str) -> Result<Peer<'_>, String> {
    let wrong = || format!("`{text}` is not a container peer: write UID:ENDPOINT, as in processor:1");
    let (uid, endpoint) = text.rsplit_once(':').ok_or_else(wrong)?;
    if !is_uid(uid.as_bytes()) {
        return Err(wrong());
    }
    Ok(Peer::Container { uid, endpoint: endpoint.parse().map_err(|_| wrong())? })
}

/// `scheme://authority`.
pub(crate) fn remote(text: &str) -> Result<Peer<'_>, String> {
    let wrong = || {
        format!(
            "`{text}` is not a remote peer: write SCHEME://HOST or SCHEME://HOST:PORT without a path, as in \
             coap://host:5683; SCHEME is one of {}",
            schemes()
        )
    };
    let (scheme, authority) = text.split_once("://").ok_or_else(wrong)?;
    let scheme = Scheme::from_name(scheme).ok_or_else(wrong)?;
    if !is_authority(authority.as_bytes()) {
        return Err(wrong());
    }
    Ok(Peer::Remote { scheme, authority })
}

/// What an anchor reaches: a peer or many, and a direction, both if none is said.
pub(crate) fn reach(text: &str) -> Result<Reach<'_>, String> {
    let mut words = text.split_whitespace();
    let (Some(peers), direction, None) = (words.next(), words.next(), words.next()) else {
        return Err(format!("`{text}`: write a peer and, if not both, a direction, as in `i2c:72 in`"));
    };
    let direction = match direction {
        None => Direction::Both,
        Some(name) => Direction::from_name(name)
            .ok_or_else(|| format!("`{name}` is not a direction: in (it reads), out (it writes) or both"))?,
    };
    Ok(Reach { target: target(peers)?, direction })
}

fn target(text: &str) -> Result<Target<'_>, String> {
    if text == "*" {
        return Ok(Target::Any);
    }
    if let Some((scheme, authority)) = text.split_once("://") {
        let scheme = match scheme {
            "*" => None,
            name => Some(
                Scheme::from_name(name)
                    .ok_or_else(|| format!("`{text}`: there is no scheme `{name}`, only {}", schemes()))?,
            ),
        };
        return Ok(Target::Remote { scheme, authority: pattern(authority, is_authority)? });
    }
    if let Some(rest) = text.strip_prefix("container:") {
        let (uid, endpoints) = match rest.rsplit_once(':') {
            Some((uid, endpoints)) => (uid, range(endpoints)?),
            None => (rest, None),
        };
        return Ok(Target::Container { uid: pattern(uid, is_uid)?, endpoints });
    }
    let (bus, units) = text.split_once(':').ok_or_else(|| {
        format!(
            "`{text}` is not a peer: write BUS:UNIT, BUS:FIRST-LAST, container:UID:ENDPOINT, SCHEME://HOST or *"
        )
    })?;
    let bus = match bus {
        "*" => None,
        name => Some(
            Bus::from_name(name).ok_or_else(|| format!("`{text}`: there is no bus `{name}`: {}", buses()))?,
        ),
    };
    Ok(Target::Local { bus, units: range(units)? })
}

/// A name, or its beginning and `*`.
pub(crate) fn pattern(text: &str, is: fn(&[u8]) -> bool) -> Result<Pattern<'_>, String> {
    let beginning = text.strip_suffix('*');
    let fits = match beginning {
        Some(beginning) => beginning.is_empty() || is(beginning.as_bytes()),
        None => is(text.as_bytes()),
    };
    if fits {
        Ok(Pattern(text))
    } else {
        Err(format!("`{text}` is neither a name nor the beginning of one followed by `*`"))
    }
}

/// `*`, `17` or `17-18`.
fn range(text: &str) -> Result<Option<(u32, u32)>, String> {
    if text == "*" {
        return Ok(None);
    }
    let wrong = || format!("`{text}` is neither a number, nor a range FIRST-LAST, nor `*`");
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().map_err(|_| wrong())?, last.parse().map_err(|_| wrong())?);
    if first <= last { Ok(Some((first, last))) } else { Err(format!("`{text}`: the range is empty")) }
}

fn buses() -> String {
    Bus::ALL.map(Bus::name).join(", ")
}

fn schemes() -> String {
    Scheme::ALL.map(Scheme::name).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_written() {
        for text in ["gpio:17", "container:a.b:2", "coap://[::1]:5683", "data:0"] {
            assert_eq!(peer(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "gpio",
            "gpio:",
            "gpio:-1",
            "gpio:4294967296",
            "container:a",
            "container::1",
            "ftp://x",
            "coap://",
            "coap://a/b",
            "coap://*",
            "remote:1",
        ] {
            assert!(peer(text).is_err(), "{text}");
        }
    }

    #[test]
    fn reaches() {
        let both = |target| Reach { target, direction: Direction::Both };
        assert_eq!(reach("*"), Ok(both(Target::Any)));
        assert_eq!(reach("container:*"), Ok(both(Target::Container { uid: Pattern("*"), endpoints: None })));
        assert_eq!(
            reach("container:processor:1-2 out").unwrap(),
            Reach {
                target: Target::Container { uid: Pattern("processor"), endpoints: Some((1, 2)) },
                direction: Direction::Out
            }
        );
        assert_eq!(reach("gpio:*"), Ok(both(Target::Local { bus: Some(Bus::Gpio), units: None })));
        assert_eq!(
            reach("coap://host:5683"),
            Ok(both(Target::Remote { scheme: Some(Scheme::Coap), authority: Pattern("host:5683") }))
        );
        for text in
            ["", "gpio:2-1", "i2c:72 up", "i2c:72 in out", "nobus:1", "container:a b", "coap://a*b", "i2c:"]
        {
            assert!(reach(text).is_err(), "{text}");
        }
    }
}
