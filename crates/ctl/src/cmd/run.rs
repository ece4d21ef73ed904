//! `run`: containers on this host.

use crate::build::project::{self, Named};
use crate::cmd::answer::Answer;
use crate::config::{Name, Settings};
use crate::device::spec::{self, DeviceSpec};
use crate::err;
use crate::input::size;
use crate::input::time;
use crate::out;
use crate::run::expect::Expect;
use crate::run::image;
use crate::run::keys::{self, Keys};
use crate::run::line::Line;
use crate::run::observe::{Observed, observe};
use crate::run::outcome::Outcome;
use crate::run::rebuild::Watcher;
use crate::run::recorded;
use crate::run::report;
use crate::run::screen::Screen;
use crate::run::session::Session;
use crate::run::shown::{Format, Shown};
use crate::run::tally::Tally;
use crate::text::document;
use crate::text::error::with_help;
use crate::text::style::{BAD, GOOD, HEAD, WARN, shown};
use crate::timeline::page::About;
use crate::timeline::record::Recorder;
use anyhow::{Context, Result};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tinycontainer_posix::{Buses, Config, DEFAULT_RECORD_LIMIT, Host};

/// Run images on this host, under the same engine, firewall and interpreter as on a device.
///
/// Loads all (a refused image does not affect the others), starts all, and stops all when --for is over,
/// when all have stopped by themselves, or on Ctrl-C. Ends with a table. On a terminal, keys start, stop, restart and
/// unload single containers: `?` lists them.
///
/// Exit status: with --expect 0 if everything was as expected, else 1. Without: 1 if an image was refused or a
/// container ended by a fault. 2 if it could not be run, as when a file is missing.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  tinycontainerctl run sensor.tci processor.tci --trust trust.toml \
--device kitchen --bus traces --record out --for 20s\n\n\
A file traces/i2c-72.csv holds what i2c:72 answers: lines `time_ms,hex bytes`, each until the next. \
What is written to gpio:17 goes to out/gpio-17.csv. Recording overwrites nothing: each run needs a folder of its own.")]
pub(crate) struct Args {
    /// Images, or folders of containers, which are built first. Default: the container of this folder.
    images: Vec<PathBuf>,
    #[command(flatten)]
    device: spec::Args,
    /// The folder with traces of virtual devices.
    #[arg(long, value_name = "DIR")]
    bus: Option<PathBuf>,
    /// The folder to record into what is written to devices. It must have no recordings and no traces yet.
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
    /// The largest size of a recording, in bytes. The device still accepts what is written after that.
    #[arg(long, value_name = "BYTES", default_value_t = DEFAULT_RECORD_LIMIT, requires = "record",
          value_parser = clap::value_parser!(u64).range(1024..))]
    record_limit: u64,
    /// Stop all after this time. 0s: only load, start nothing.
    #[arg(long = "for", value_name = "DURATION", value_parser = time::duration)]
    duration: Option<Duration>,
    /// The memory of all containers together, to try that of a device, such as 64KB (a KB is 1024 bytes). The same
    /// container needs more of it here than on a device, whose addresses have 32 bits.
    #[arg(long, value_name = "SIZE", value_parser = size::bytes)]
    pool: Option<usize>,
    /// The speed of a device to try, in instructions per millisecond: budgets follow from it, and each hook takes as long
    /// as its instructions take there. Containers do not wait for each other's.
    #[arg(long, value_name = "INSTRUCTIONS_PER_MS")]
    rate: Option<NonZeroU32>,
    /// Build a container again when its source changes, and load it again when its image changes; the others run on.
    #[arg(long, conflicts_with = "expect")]
    watch: bool,
    /// Write a picture of the run into this file: one page of HTML that needs no network.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// The expected result (expect.toml), compared at the end.
    #[arg(long, value_name = "FILE")]
    expect: Option<PathBuf>,
    #[command(flatten)]
    shown: Shown,
    /// Print the result as JSON, for scripts; everything else goes to standard error.
    #[arg(long)]
    json: bool,
}

/// How often Ctrl-C was pressed.
static INTERRUPTS: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn run(args: &Args) -> Result<Answer> {
    let Named { images: paths, sources } = project::build_all(&args.images, args.watch)?;
    let settings = Settings::here_or_of(&args.images)?;
    let spec = args.device.read_whole_with(&settings)?;
    let bus = args.bus.clone().or_else(|| settings.path(Name::Bus));
    if let Some(which) = settings.disagreement(Name::Bus).filter(|_| bus.is_none()) {
        err!("{WARN}warning:{WARN:#} no traces are used: {which}; give --bus DIR");
    }
    let expect = args.expect.as_deref().map(Expect::read).transpose()?;
    if let Some(dir) = &args.record {
        recorded::check_folder(dir)?;
    }
    if let Some(report) = &args.report {
        let read = [&args.device.trust, &args.expect].into_iter().flatten();
        report::check(report, &paths.iter().chain(&sources).chain(read).cloned().collect::<Vec<_>>())?;
    }
    // Files are read first: a process can make only one host.
    let images = image::read(&paths)?;
    let buses = Buses::new(bus.as_deref(), args.record.as_deref())
        .context("the virtual devices cannot be made")?
        .with_record_limit(args.record_limit);
    let start = buses.start();
    let mut config = config(args, &spec, buses)?;
    let observed = observe(
        &mut config,
        Tally::awaiting(expect.iter().flat_map(Expect::lines)),
        args.report.as_ref().map(|_| Recorder::new(start)),
        start,
    );
    let host = Host::new(config).map_err(|error| {
        with_help(
            format!("the host could not be set up: {error}"),
            "see --pool for the memory, --trust for the trust store",
        )
    })?;
    ctrlc::set_handler(interrupted).context("cannot watch for Ctrl-C")?;

    let mut session =
        Session::new(&host, &spec, &observed, Screen::new(args.shown.clone(), args.json, start));
    for image in &images {
        session.load(image);
    }
    session.warn_of_unknown(&args.shown.only);
    let mut watcher = args.watch.then(|| Watcher::new(images.iter(), sources));
    {
        let keys = if args.json || args.shown.log_format == Format::Json { None } else { Keys::watch() };
        session
            .run(args.duration, keys.as_ref(), watcher.as_mut(), || INTERRUPTS.load(Ordering::Relaxed) > 0);
    }
    let mut outcome = Outcome {
        containers: session.rows(),
        refused: std::mem::take(&mut session.refused),
        ..Outcome::default()
    };
    if let Some(dir) = &args.record {
        outcome.recorded = recorded::read(dir, args.record_limit)?;
    }
    if let Some(expect) = &expect {
        outcome.deviations = expect.deviations(&outcome, &observed.tally);
        outcome.as_expected = Some(outcome.deviations.is_empty());
    }
    // The result is printed in any case.
    let report = match (&args.report, &observed.recorder) {
        (Some(path), Some(recorder)) => {
            report::write(path, &paths, &recorder.take(), &outcome, &about(&spec)).map(|()| Some(path))
        }
        _ => Ok(None),
    };
    let written = report.as_ref().ok().copied().flatten();
    print(args, &session.screen, &observed, &outcome, written)?;
    report?;
    let unbuilt = watcher.is_some_and(|watcher| watcher.lacks_an_image());
    let good = outcome.as_expected.unwrap_or_else(|| {
        outcome.refused.is_empty() && !unbuilt && !outcome.containers.iter().any(|row| row.fault)
    });
    Ok(if good { Answer::Yes } else { Answer::No })
}

fn config(args: &Args, spec: &DeviceSpec, buses: Buses) -> Result<Config> {
    let mut config = Config {
        name: spec.name.clone().unwrap_or_default(),
        class: spec.class.clone().unwrap_or_default(),
        trust: spec.store.clone(),
        ceilings: spec.ceilings,
        buses,
        instructions_per_ms: args.rate,
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
    Ok(config)
}

fn about(spec: &DeviceSpec) -> About {
    let device = spec.name.as_deref().or(spec.class.as_deref()).unwrap_or_default();
    About { device: device.into(), began: time::date(time::now()) }
}

fn print(
    args: &Args,
    screen: &Screen,
    observed: &Observed,
    outcome: &Outcome,
    report: Option<&PathBuf>,
) -> Result<()> {
    let (unshown, other) = (observed.unshown.load(Ordering::Relaxed), observed.tally.other());
    if unshown > 0 {
        let text = format!("{unshown} lines were not shown: they came too fast");
        screen.now(Line::message(&text, &text));
    }
    if other > 0 {
        let text = format!("{other} further refusals are counted without their kind");
        screen.now(Line::message(&text, &text));
    }
    if args.json {
        document::print("run", outcome)?;
    } else if args.shown.log_format == Format::Json {
        let fields = serde_json::to_value(outcome)?;
        screen.now(Line::new(None, "end", String::new(), fields));
        return Ok(());
    } else {
        outcome.print();
        if let Some(report) = report {
            out!("{GOOD}report{GOOD:#} {}", report.display());
        }
    }
    for deviation in &outcome.deviations {
        err!("{BAD}deviation{BAD:#} {}", shown(deviation));
    }
    if outcome.as_expected == Some(true) && !args.json {
        out!("{GOOD}as expected{GOOD:#}{HEAD}: every container, refusal and recording{HEAD:#}");
    }
    Ok(())
}

/// The first Ctrl-C stops all containers, the second ends the process at once.
fn interrupted() {
    if INTERRUPTS.fetch_add(1, Ordering::Relaxed) > 0 {
        keys::restore();
        std::process::exit(130);
    }
}
