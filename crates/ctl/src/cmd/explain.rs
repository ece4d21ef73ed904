//! `explain`: why a call would be allowed or refused.

use crate::cmd::answer::Answer;
use crate::cmd::values::{CallArg, DirectionArg};
use crate::device::spec::{self, DeviceSpec};
use crate::input::files;
use crate::input::image_file::ImageFile;
use crate::out;
use crate::refusal::image::rejection;
use crate::report::checks::checks;
use crate::report::types::CheckLine;
use crate::text::advice;
use crate::text::document;
use crate::text::error::with_help;
use crate::text::sentences;
use crate::text::style::{BAD, FAINT, GOOD, HEAD, WARN, shown};
use anyhow::Result;
use serde::Serialize;
use std::path::PathBuf;
use tinycontainer_abi::{Direction, Syscall};
use tinycontainer_firewall::{Denial, DenyReason, Guard, Table};
use tinycontainer_metadata::{Endpoint, Mask, Metadata, Peer, Proofs};
use tinycontainer_policy::{Cleared, MAX_ENDPOINTS, clear};

/// Explain, step by step, why a call of a container would be allowed or refused.
///
/// What only a running device knows (descriptors, pointers, budgets) is not looked at.
/// Exit status: 0 allowed; 1 refused; 2 it cannot be said, since an image is missing that decides.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  tinycontainerctl explain sensor.tci --call write --endpoint 2 \
--with processor.tci --trust trust.toml --device kitchen")]
pub(crate) struct Args {
    /// The image, or metadata alone.
    file: PathBuf,
    /// The call.
    #[arg(long)]
    call: CallArg,
    /// The endpoint, for open, read, write and close.
    #[arg(long, value_name = "N")]
    endpoint: Option<u32>,
    /// For open: which way it is to be used then.
    #[arg(long)]
    direction: Option<DirectionArg>,
    /// Other images on the device, for peers that are containers.
    #[arg(long, value_name = "FILE")]
    with: Vec<PathBuf>,
    #[command(flatten)]
    device: spec::Args,
    /// Print JSON, for scripts.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Explanation {
    /// Unknown if a step is unknown that decides.
    allowed: Option<bool>,
    why: Option<String>,
    steps: Vec<Step>,
}

#[derive(Serialize)]
struct Step {
    what: &'static str,
    /// Unknown if what it takes to know is not here.
    holds: Option<bool>,
    text: String,
}

pub(crate) fn run(args: &Args) -> Result<Answer> {
    args.with.iter().chain([&args.file]).try_for_each(|path| files::must_be_there(path))?;
    let spec = args.device.read_whole()?;
    let subject = ImageFile::read(&args.file, None)?;
    let metadata = decode(&subject)?;
    let others = args.with.iter().map(|path| ImageFile::read(path, None)).collect::<Result<Vec<_>>>()?;
    let others = others.iter().map(decode).collect::<Result<Vec<_>>>()?;
    let call = Syscall::from(args.call);
    let on_endpoint = !matches!(call, Syscall::Heartbeat | Syscall::Logger);
    if args.endpoint.is_none() && on_endpoint {
        return Err(with_help(
            format!("`{}` is a call on an endpoint: on which?", call.name()),
            "give --endpoint N; `tinycontainerctl inspect` lists them",
        ));
    }
    let asked = Asked {
        call,
        endpoint: args.endpoint.filter(|_| on_endpoint),
        direction: match call {
            Syscall::Read => Some(Direction::In),
            Syscall::Write => Some(Direction::Out),
            Syscall::Open => args.direction.map(Direction::from),
            _ => None,
        },
    };
    let explanation = explain(&subject, &metadata, &others, &spec, &asked);
    if args.json {
        document::print("explain", &explanation)?;
    } else {
        print(&explanation, metadata.uid, &asked);
    }
    Ok(match explanation.allowed {
        Some(true) => Answer::Yes,
        Some(false) => Answer::No,
        None => Answer::Unknown,
    })
}

struct Asked {
    call: Syscall,
    endpoint: Option<u32>,
    direction: Option<Direction>,
}

fn decode(subject: &ImageFile) -> Result<Metadata<'_>> {
    Metadata::decode(&subject.metadata).map_err(|error| {
        let (what, help) = advice::malformed(&subject.metadata, error);
        with_help(what, help)
    })
}

fn explain(
    subject: &ImageFile,
    metadata: &Metadata<'_>,
    others: &[Metadata<'_>],
    spec: &DeviceSpec,
    asked: &Asked,
) -> Explanation {
    let audiences = spec.audiences();
    let device = spec.device(&audiences);
    let (checks, _) = checks(metadata, &device);
    let cleared = clear(&subject.metadata, &device);
    let mut steps = Vec::new();
    let mut step = |what, holds: Option<bool>, text: String| steps.push(Step { what, holds, text });
    let refusal = cleared.as_ref().err().map(|why| rejection(why, metadata, &device));
    match &refusal {
        None => step("image", Some(true), "the device accepts the image".into()),
        Some(refusal) => step(
            "image",
            Some(false),
            format!(
                "the device refuses the image, so nothing of it runs: {}. Help: {}",
                refusal.why, refusal.help
            ),
        ),
    }
    let (holds, text) = mask(metadata, &checks, asked.call);
    step("mask", Some(holds), text);
    if asked.endpoint.is_some() && asked.call != Syscall::Open {
        let (holds, text) = mask(metadata, &checks, Syscall::Open);
        step("mask", Some(holds), format!("a descriptor comes from open(): {text}"));
    }
    let endpoint = asked.endpoint.map(|id| (id, metadata.endpoints.find(id)));
    match endpoint {
        None => {}
        Some((id, None)) => {
            step("listed", Some(false), format!("its metadata lists no endpoint {id}"));
        }
        Some((id, Some(endpoint))) => {
            let text = format!("endpoint {id} is listed: it {}", sentences::access(&endpoint.access));
            step("listed", Some(true), text);
            if let Some(direction) = asked.direction {
                let has = endpoint.access.direction;
                let holds = direction.within(has);
                let allows = if holds { "allows" } else { "does not allow" };
                let text = format!("the endpoint is `{}`, which {allows} `{}`", has.name(), direction.name());
                step("direction", Some(holds), text);
            }
            let (holds, text) = authorised(&checks, id);
            step("authorised", Some(holds), text);
            match mutual(metadata, &endpoint, asked, others) {
                Some((holds, text)) if asked.call == Syscall::Write || holds == Some(true) => {
                    step("mutual", holds, text);
                }
                // The device does not look at the other container then.
                Some((Some(false), text)) => {
                    step("message", Some(true), format!("{text}: it may, but nothing will come"));
                }
                _ => {}
            }
        }
    }
    let denied = match (&cleared, refusal) {
        (Ok(cleared), _) => firewall(cleared, asked).err().map(|denial| denial.reason.text().to_owned()),
        (Err(why), refusal) => Some(refusal.map_or_else(|| why.to_string(), |refusal| refusal.why)),
    };
    let mutual = steps.iter().find(|step| step.what == "mutual");
    let (allowed, why) = match (denied, mutual) {
        (Some(why), _) => (Some(false), Some(why)),
        (None, Some(Step { holds: Some(false), .. })) => {
            (Some(false), Some(DenyReason::NotMutual.text().into()))
        }
        (None, Some(Step { holds: None, text, .. })) => (None, Some(text.clone())),
        (None, _) => (Some(true), None),
    };
    Explanation { allowed, why, steps }
}

/// The firewall's own answer.
fn firewall(cleared: &Cleared<'_>, asked: &Asked) -> Result<(), Denial> {
    let mut table = Table::<1, MAX_ENDPOINTS>::new();
    // An empty table admits one container.
    let id = table.admit(cleared.grant()).map_err(|_| Denial::new(DenyReason::NotGranted))?;
    let mut guard: Guard<(), 1> = table.guard(id);
    guard.may(asked.call)?;
    let Some(endpoint) = asked.endpoint else { return Ok(()) };
    if asked.call != Syscall::Open {
        guard.may(Syscall::Open)?;
    }
    let right = table.authorize(id, endpoint)?;
    let fd = guard.open(right, ()).map_err(|(denial, ())| denial)?.raw();
    match (asked.call, asked.direction) {
        (Syscall::Read, _) => guard.read(fd).map(drop),
        (Syscall::Write, _) => guard.write(fd).map(drop),
        (Syscall::Close, _) => guard.close(fd),
        (_, Some(direction)) if !direction.within(right.direction) => {
            Err(Denial { endpoint: Some(endpoint), reason: DenyReason::WrongDirection })
        }
        _ => Ok(()),
    }
}

fn mask(metadata: &Metadata<'_>, checks: &[CheckLine], call: Syscall) -> (bool, String) {
    let asks = match &metadata.proofs {
        Proofs::Profile1(proofs) => proofs.syscalls,
        Proofs::Format2024(_) => Mask::NONE,
    };
    let name = call.name();
    if !asks.has(call) {
        return (false, format!("its metadata does not ask for `{name}`"));
    }
    match checks.iter().find(|check| check.what == "syscalls") {
        Some(CheckLine { holds: true, by, .. }) => {
            let by = by.as_deref().unwrap_or("its signer");
            (true, format!("`{name}` is in its mask, granted by {by}"))
        }
        Some(CheckLine { why: Some(why), .. }) => (false, format!("it asks for `{name}`, but {why}")),
        _ => (false, format!("it asks for `{name}`, and it is not granted")),
    }
}

fn authorised(checks: &[CheckLine], id: u32) -> (bool, String) {
    let what = format!("endpoint {id}");
    match checks.iter().find(|check| check.what == what) {
        Some(CheckLine { holds: true, by, .. }) => {
            (true, format!("the endpoint is granted by {}", by.as_deref().unwrap_or("its signer")))
        }
        Some(CheckLine { why: Some(why), .. }) => (false, why.clone()),
        _ => (false, "no token authorises it".into()),
    }
}

/// Whether the container at the other end lists this one, as the engine will see when a message is sent. Only a write
/// depends on that.
fn mutual(
    metadata: &Metadata<'_>,
    endpoint: &Endpoint<'_>,
    asked: &Asked,
    others: &[Metadata<'_>],
) -> Option<(Option<bool>, String)> {
    let Peer::Container { uid, endpoint: theirs } = endpoint.access.peer else { return None };
    let Some(other) = others.iter().find(|other| other.uid == uid) else {
        return Some((None, format!("whether {uid} lists it in turn cannot be said: give --with its image")));
    };
    let Some(back) = other.endpoints.find(theirs) else {
        return Some((Some(false), format!("{uid} lists no endpoint {theirs}")));
    };
    if !matches!(back.access.peer, Peer::Container { uid, endpoint: e } if uid == metadata.uid && e == endpoint.id)
    {
        let text = format!(
            "endpoint {theirs} of {uid} is for {}, not for endpoint {} of {}",
            back.access.peer, endpoint.id, metadata.uid
        );
        return Some((Some(false), text));
    }
    // What one writes the other must be willing to read.
    let direction = asked.direction.unwrap_or(endpoint.access.direction);
    if direction.writes() && !back.access.direction.reads() {
        return Some((Some(false), format!("{uid} does not read from its endpoint {theirs}")));
    }
    if direction.reads() && !back.access.direction.writes() {
        return Some((Some(false), format!("{uid} lists it, but never writes there")));
    }
    Some((Some(true), format!("{uid} lists it in turn, in the other direction")))
}

fn print(explanation: &Explanation, uid: &str, asked: &Asked) {
    let on = asked.endpoint.map(|id| format!(" on endpoint {id}")).unwrap_or_default();
    out!("{HEAD}{uid}: {}{on}{HEAD:#}", asked.call.name());
    for step in &explanation.steps {
        let mark = match step.holds {
            Some(true) => format!("{GOOD}yes{GOOD:#}"),
            Some(false) => format!("{BAD}no{BAD:#} "),
            None => format!("{FAINT}?{FAINT:#}  "),
        };
        out!("  {mark} {:<10} {}", step.what, shown(&step.text));
    }
    let why = explanation.why.as_deref().map(shown).unwrap_or_default();
    match explanation.allowed {
        Some(true) => out!("{GOOD}allowed{GOOD:#}"),
        Some(false) => out!("{BAD}refused{BAD:#}: {why}"),
        None => out!("{WARN}undecided{WARN:#}: {why}"),
    }
}
