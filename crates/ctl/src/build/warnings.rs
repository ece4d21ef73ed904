//! What is allowed and probably not meant.

use crate::input::keys::Secret;
use crate::input::recipe::{self, Recipe};
use crate::input::trust_file;
use crate::text::sentences::{calls, list};
use tinycontainer_abi::Mask;
use tinycontainer_metadata::Wake;
use tinycontainer_policy::Trust;
use tinycontainer_token::Key;

/// All warnings, with the trust store of the devices it is for, about a container that asks for these syscalls, and imports those.
pub(crate) fn all(
    recipe: &Recipe,
    store: Option<&[u8]>,
    key: &Secret,
    syscalls: Mask,
    imports: Mask,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let unasked = Mask(imports.0 & !syscalls.0);
    if unasked != Mask::NONE {
        warnings.push(format!(
            "the code calls {}, which `syscalls` does not ask for: each call will be refused",
            calls(unasked)
        ));
    }
    let unused = Mask(syscalls.0 & !imports.0);
    if unused != Mask::NONE {
        warnings.push(format!(
            "`syscalls` asks for {}, which the code never calls: ask for less, or leave `syscalls` out",
            calls(unused)
        ));
    }
    schedule(recipe, &mut warnings);
    durations(recipe, store, key, &mut warnings);
    warnings
}

fn schedule(recipe: &Recipe, warnings: &mut Vec<String>) {
    let s = &recipe.schedule;
    if s.wake == Wake::Message && !recipe.endpoints.iter().any(recipe::Endpoint::can_wake) {
        warnings.push(
            "[schedule] wake = \"message\", but no endpoint has something to wait for (direction in or both, not the \
             bus data): loop() will never run"
                .into(),
        );
    }
    if s.period_ms == 0 && s.wake == Wake::Period {
        warnings.push(
            "[schedule] period_ms = 0: loop() runs again at once, without a pause; set a period, or wake = \"message\""
                .into(),
        );
    }
    if s.period_ms != 0 && s.loop_ms > s.period_ms {
        warnings.push(format!(
            "[schedule] loop_ms = {} is more than period_ms = {}: a loop that takes so long misses periods",
            s.loop_ms, s.period_ms
        ));
    }
}

/// Warns if a hook may take longer than the signer's trust anchor allows, or the default if no anchor is known.
fn durations(recipe: &Recipe, store: Option<&[u8]>, key: &Secret, warnings: &mut Vec<String>) {
    let anchor = store.and_then(|store| {
        let public = key.public();
        let mut anchors = Trust::decode(store).ok()?.anchors();
        anchors.find(|anchor| anchor.key == Key::Ed25519(&public))
    });
    let device = tinycontainer_posix::Config::default().ceilings.hook_ms;
    let (limit, whose) = match anchor {
        Some(anchor) if anchor.scope.hook_ms <= device => {
            (anchor.scope.hook_ms, format!("the trust anchor {} allows", list(&[anchor.name])))
        }
        Some(_) => (device, "a host allows unless it is set up otherwise".into()),
        None => (
            trust_file::DEFAULT_HOOK_MS,
            "a trust anchor allows whose `hook_ms` does not say more (--trust FILE: that of the devices)"
                .into(),
        ),
    };
    let s = &recipe.schedule;
    for (name, ms) in [("start_ms", s.start_ms), ("loop_ms", s.loop_ms), ("stop_ms", s.stop_ms)] {
        if ms > limit {
            warnings.push(format!("[schedule] {name} = {ms} is more than the {limit} ms that {whose}"));
        }
    }
}
