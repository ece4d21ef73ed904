//! `run`: containers on this host.

use crate::build::project;
use crate::cmd::answer::Answer;
use crate::config::{Name, Settings};
use crate::device::spec;
use crate::err;
use crate::input::files;
use crate::input::time;
use crate::out;
use crate::run::expect::Expect;
use crate::run::recorded;
use crate::run::screen::Screen;
use crate::run::table::{Outcome, RefusedImage, Row};
use crate::run::tally::Tally;
use crate::text::advice;
use crate::text::document;
use crate::text::error::with_help;
use crate::text::style::{BAD, GOOD, HEAD, NAME, shown};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};
use tinycontainer_metadata::transport::Parts;
use tinycontainer_posix::{Buses, Config, DEFAULT_RECORD_LIMIT, Event, Host};

/// Run images on this host, under the same engine, firewall and interpreter as on a device.
///
/// Loads all (a refused image does not affect the others), starts all, and stops all when --for is over,
/// when all have stopped by themselves, or on Ctrl-C. Ends with a table.
///
/// Exit status: with --expect 0 if everything was as expected, else 1. Without: 1 if an image was refused or a
/// container ended by a fault.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  tinycontainerctl run sensor.tci processor.tci --trust trust.toml \
--device kitchen --bus traces --record out --for 20s\n\n\
A file traces/i2c-72.csv holds what i2c:72 answers: lines `time_ms,hex bytes`, each until the next.\n\
What is written to gpio:17 goes to out/gpio-17.csv; recordings of an earlier run are replaced.")]
pub(crate) struct Args {
    /// Images, or folders of containers, which are built first. Default: the container of this folder.
    images: Vec<PathBuf>,
    #[command(flatten)]
    device: spec::Args,
    /// The folder with traces of virtual devices.
    #[arg(long, value_name = "DIR")]
    bus: Option<PathBuf>,
    /// The folder to record into what is written to devices.
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// The largest size of a recording, in bytes. The device still accepts what is written after that.
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULT_RECORD_LIMIT, requires = "record",
          value_parser = clap::value_parser!(u64).range(1024..))]
    record_limit: u64,
    /// Stop all after this time.
    #[arg(long = "for", value_name = "DURATION", value_parser = time::duration)]
    duration: Option<Duration>,
    /// The memory of all containers together, in bytes.
    #[arg(long, value_name = "BYTES")]
    pool: Option<usize>,
    /// The expected result (expect.toml), compared at the end.
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    /// Print the final table as JSON, for scripts; everything else goes to standard error.
    #[arg(long)]
    json: bool,
}

/// How often the live status is drawn.
const FRAME: Duration = Duration::from_millis(100);
/// How long stopping may take: each hook that still runs has its budget.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most events that wait to be shown; further ones are counted and not shown.
const WAITING: usize = 4096;

/// How often Ctrl-C was pressed.
static INTERRUPTS: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn run(args: &Args) -> Result<Answer> {
    let images = project::images(&args.images)?;
    let spec = args.device.read_whole()?;
    let expect = args.expect.as_deref().map(Expect::read).transpose()?;
    if let Some(dir) = &args.record {
        recorded::remove_old(dir)?;
    }
    let tally = Arc::new(Tally::awaiting(expect.iter().flat_map(Expect::lines)));
    let unshown = Arc::new(AtomicUsize::new(0));
    let (send, events) = sync_channel(WAITING);
    let observer = {
        let (tally, unshown) = (tally.clone(), unshown.clone());
        Box::new(move |event: Event| {
            // In the container's own thread: it must not wait for the terminal.
            if tally.note(&event) && send.try_send(event).is_err() {
                unshown.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    // Files are read first: a process can make only one host.
    let images: Vec<_> = images.iter().map(|path| (path, files::read(path))).collect();
    let bus = args
        .bus
        .clone()
        .map_or_else(|| Settings::here().map(|here| here.path(Name::Bus)), |bus| Ok(Some(bus)))?;
    let buses = Buses::new(bus.as_deref(), args.record.as_deref())
        .context("the virtual devices cannot be made")?
        .with_record_limit(args.record_limit);
    let mut config = Config {
        name: spec.name.clone().unwrap_or_default(),
        class: spec.class.clone().unwrap_or_default(),
        trust: spec.store.clone(),
        ceilings: spec.ceilings,
        buses,
        observer,
        ..Config::default()
    };
    if args.device.now.is_some() {
        config.now = Some(spec.now.ok_or_else(|| {
            with_help(
                "--now none: this host has a clock",
                "leave --now out, or name a time; `verify` takes none",
            )
        })?);
    }
    if let Some(bytes) = args.pool {
        config.pool_bytes = bytes;
    }
    let host = Host::new(config).map_err(|error| {
        with_help(
            format!("the host could not be set up: {error}"),
            "see --pool for the memory, --trust for the trust store",
        )
    })?;
    ctrlc::set_handler(interrupted).context("cannot watch for Ctrl-C")?;

    let mut screen = Screen::new(args.json);
    let mut outcome = Outcome::default();
    for (path, bytes) in images {
        match bytes.map_err(|error| (format!("{error:#}"), None)).and_then(|bytes| load(&host, &bytes)) {
            Ok(uid) => {
                screen.loaded(&uid);
                screen.line(format_args!("{GOOD}loaded{GOOD:#} {NAME}{uid}{NAME:#} {}", path.display()));
            }
            Err((why, help)) => {
                screen.line(format_args!("{BAD}refused{BAD:#} {}: {}", path.display(), shown(&why)));
                outcome.refused.push(RefusedImage { image: path.display().to_string(), why, help });
            }
        }
    }
    watch(&host, &events, &mut screen, args.duration);
    finish(&host, &tally, &unshown, &screen, args, expect.as_ref(), outcome)
}

type LoadFailure = (String, Option<&'static str>);

fn load(host: &Host, bytes: &[u8]) -> Result<String, LoadFailure> {
    let parts = Parts::decode(bytes).map_err(|error| (format!("not an image: {error}"), None))?;
    host.load(&parts).map_err(|error| (error.to_string(), Some(advice::advice(&error))))
}

/// Starts all, shows events, and stops all when the time is over.
fn watch(host: &Host, events: &Receiver<Event>, screen: &mut Screen, duration: Option<Duration>) {
    let engine = host.engine();
    for status in engine.containers() {
        if let Err(error) = engine.start(&status.uid) {
            screen.line(format_args!("{BAD}{}{BAD:#}: {error}", status.uid));
        }
    }
    let start = Instant::now();
    let mut stopping: Option<Instant> = None;
    let mut drawn = start;
    loop {
        match events.recv_timeout(FRAME) {
            Ok(event) => screen.event(&event),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if drawn.elapsed() < FRAME {
            continue;
        }
        drawn = Instant::now();
        engine.containers().for_each(|status| screen.status(&status));
        if !engine.containers().any(|status| status.state.is_running()) {
            break;
        }
        let over = duration.is_some_and(|duration| start.elapsed() >= duration);
        if stopping.is_none() && (over || INTERRUPTS.load(Ordering::Relaxed) > 0) {
            stopping = Some(drawn);
            // An error means that it has stopped by itself meanwhile.
            for status in engine.containers() {
                let _ = engine.stop(&status.uid);
            }
        }
        if stopping.is_some_and(|since| since.elapsed() >= PATIENCE) {
            screen.line(format_args!("{BAD}not all stop{BAD:#}: given up after {PATIENCE:?}"));
            break;
        }
    }
    // At most as many as can wait: a container that does not stop may continue to log.
    events.try_iter().take(WAITING).for_each(|event| screen.event(&event));
    screen.clear();
}

fn finish(
    host: &Host,
    tally: &Tally,
    unshown: &AtomicUsize,
    screen: &Screen,
    args: &Args,
    expect: Option<&Expect>,
    mut outcome: Outcome,
) -> Result<Answer> {
    outcome.containers = host.engine().containers().map(|status| Row::of(&status, tally)).collect();
    if let Some(dir) = args.record.as_deref().map(Path::new) {
        outcome.recorded = recorded::read(dir, args.record_limit)?;
    }
    let (unshown, other) = (unshown.load(Ordering::Relaxed), tally.other());
    if unshown > 0 {
        screen.line(format_args!("{unshown} lines were not shown: they came too fast"));
    }
    if other > 0 {
        screen.line(format_args!("{other} further refusals are counted without their kind"));
    }
    if let Some(expect) = expect {
        outcome.deviations = expect.deviations(&outcome, tally);
        outcome.as_expected = Some(outcome.deviations.is_empty());
    }
    if args.json {
        document::print("run", &outcome)?;
    } else {
        outcome.print();
    }
    for deviation in &outcome.deviations {
        err!("{BAD}deviation{BAD:#} {}", shown(deviation));
    }
    let good = outcome
        .as_expected
        .unwrap_or_else(|| outcome.refused.is_empty() && !outcome.containers.iter().any(|row| row.fault));
    if outcome.as_expected == Some(true) && !args.json {
        out!("{GOOD}as expected{GOOD:#}{HEAD}: every container, refusal and recording{HEAD:#}");
    }
    Ok(if good { Answer::Yes } else { Answer::No })
}

/// The first Ctrl-C stops all containers, the second ends the process at once.
fn interrupted() {
    if INTERRUPTS.fetch_add(1, Ordering::Relaxed) > 0 {
        std::process::exit(130);
    }
}
