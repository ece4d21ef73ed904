//! The anchors of a trust store, printed.

use crate::input::keys;
use crate::out;
use crate::text::sentences::{calls, list, ms};
use crate::text::style::{NAME, shown};
use tinycontainer_policy::{Roles, Target, Trust};
use tinycontainer_token::Key;

/// Prints the anchors of a store, and what each may sign.
pub(crate) fn print(store: &[u8]) {
    for anchor in Trust::decode(store).unwrap_or(Trust::NONE).anchors() {
        let kind = match anchor.key {
            Key::Ed25519(_) => "Ed25519",
            Key::Hmac256(_) => "HMAC",
        };
        out!("{NAME}{}{NAME:#}  {kind}, kid {}", shown(anchor.name), keys::show_kid(anchor.kid));
        let scope = anchor.scope;
        let containers: Vec<_> = scope.containers().map(|pattern| shown(pattern.0)).collect();
        let signs = [(Roles::METADATA, "metadata"), (Roles::PARTS, "data and code")];
        let signs: Vec<_> =
            signs.iter().filter(|(role, _)| scope.roles.has(*role)).map(|(_, name)| *name).collect();
        if !signs.is_empty() {
            out!("  signs {} of {}", signs.join(", "), list(&containers));
            out!("  priority: at most {}; each hook: at most {}", scope.priority.name(), ms(scope.hook_ms));
        }
        if scope.roles.has(Roles::SYSCALLS) {
            out!("  grants syscalls: {}", calls(scope.syscalls));
        }
        let reaches: Vec<_> = scope
            .reaches()
            .map(|reach| format!("{} {}", shown(&target(&reach.target)), reach.direction.name()))
            .collect();
        if scope.roles.has(Roles::ENDPOINTS) {
            out!("  reaches, and authorises: {}", list(&reaches));
        } else if !reaches.is_empty() {
            out!("  lists endpoints without the role `endpoints`, so none counts: {}", list(&reaches));
        }
    }
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
