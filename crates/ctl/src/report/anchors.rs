//! The anchors of a trust store.

use crate::input::keys;
use crate::out;
use crate::report::types::names;
use crate::text::sentences::{calls, containers, list, ms, reaches, roles};
use crate::text::style::{NAME, hex, shown};
use serde::Serialize;
use tinycontainer_policy::{Roles, Trust};
use tinycontainer_token::{Key, thumbprint};

/// An anchor, as `--json` prints it.
#[derive(Serialize)]
pub(crate) struct AnchorLine {
    name: String,
    algorithm: &'static str,
    kid: String,
    /// The COSE Key Thumbprint of its key.
    thumbprint: String,
    roles: Vec<&'static str>,
    containers: Vec<String>,
    syscalls: Vec<&'static str>,
    endpoints: Vec<String>,
    priority: &'static str,
    hook_ms: u32,
}

/// The anchors of a store.
pub(crate) fn lines(store: &[u8]) -> Vec<AnchorLine> {
    let anchors = Trust::decode(store).unwrap_or(Trust::NONE).anchors();
    anchors
        .map(|anchor| AnchorLine {
            name: anchor.name.into(),
            algorithm: algorithm(anchor.key),
            kid: keys::show_kid(anchor.kid),
            thumbprint: hex(&thumbprint(anchor.key)),
            roles: roles(anchor.scope.roles),
            containers: containers(&anchor.scope).into_iter().map(Into::into).collect(),
            syscalls: names(anchor.scope.syscalls),
            endpoints: reaches(&anchor.scope),
            priority: anchor.scope.priority.name(),
            hook_ms: anchor.scope.hook_ms,
        })
        .collect()
}

fn algorithm(key: Key<'_>) -> &'static str {
    match key {
        Key::Ed25519(_) => "Ed25519",
        Key::Hmac256(_) => "HMAC 256/256",
    }
}

/// Prints the anchors of a store, and what each may sign.
pub(crate) fn print(store: &[u8]) {
    for anchor in Trust::decode(store).unwrap_or(Trust::NONE).anchors() {
        out!(
            "{NAME}{}{NAME:#}  {}, kid {}",
            shown(anchor.name),
            algorithm(anchor.key),
            keys::show_kid(anchor.kid)
        );
        let scope = anchor.scope;
        let signs = [(Roles::METADATA, "metadata"), (Roles::PARTS, "data and code")];
        let signs: Vec<_> =
            signs.iter().filter(|(role, _)| scope.roles.has(*role)).map(|(_, name)| *name).collect();
        if !signs.is_empty() {
            out!("  signs {} of {}", signs.join(", "), shown(&list(&containers(&scope))));
            out!("  priority: at most {}; each hook: at most {}", scope.priority.name(), ms(scope.hook_ms));
        }
        if scope.roles.has(Roles::SYSCALLS) {
            out!("  grants syscalls: {}", calls(scope.syscalls));
        }
        let reaches = reaches(&scope);
        if scope.roles.has(Roles::ENDPOINTS) {
            out!("  reaches, and authorises: {}", shown(&list(&reaches)));
        } else if !reaches.is_empty() {
            out!(
                "  lists endpoints without the role `endpoints`, so none counts: {}",
                shown(&list(&reaches))
            );
        }
    }
}
