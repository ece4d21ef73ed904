//! Virtual devices on local buses: fed from CSV traces, recorded to CSV files.

use crate::arrivals::{Announce, Arrivals, ToEngine, Trace};
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;
use tinycontainer::metadata::{Access, Bus, Peer};
use tinycontainer::{DEFAULT_MAX_TRANSFER, Drivers, IoError, Waker};

/// The most bytes in a line of a trace.
const MAX_LINE_BYTES: usize = 4096;

/// The most bytes in the file of a recording, unless set by [`Buses::with_record_limit`].
pub const DEFAULT_RECORD_LIMIT: u64 = 16 << 20;

/// What a read or write of a virtual device without a recording is charged, in nanoseconds: it only reads or writes memory.
/// Twice what the bench `budget` measures, which includes the guest's loop.
const VIRTUAL_NS: u32 = 150;

/// The longest time for which lines of a recording stay in memory while more are written, in milliseconds.
const FLUSH_MS: u64 = 100;

/// The first line of a recording, and the last one of a recording that reached its limit.
const HEAD: &str = "time_ms,hex\n";
const END: &str = "# the recording ends here: it has reached its limit\n";

/// An error in a trace, or in making a recording.
#[derive(Debug)]
pub struct BusError {
    path: PathBuf,
    line: Option<u64>,
    what: String,
}

impl fmt::Display for BusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for BusError {}

type Name = (Bus, u32);

/// Drivers of the application that embeds the host, for local and remote peers. Set by [`Buses::with_devices`].
pub trait Devices: fmt::Debug + Send + Sync {
    /// Opens a peer for a container: of any bus, or [`Peer::Remote`] with its scheme and authority. `None` if it is not
    /// one of these devices: then it is a virtual device or, if remote, there is no such peer.
    ///
    /// # Errors
    /// As those of [`Drivers::open`]; so for the functions of [`Device`].
    fn open(&self, uid: &str, access: &Access<'_>) -> Option<Result<Box<dyn Device>, IoError>>;
}

/// An open device of [`Devices`]. Dropping it closes it.
#[expect(clippy::missing_errors_doc, reason = "at `Devices::open`")]
pub trait Device: fmt::Debug + Send {
    /// As [`Drivers::read`].
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, IoError>;
    /// As [`Drivers::write`].
    fn write(&mut self, buf: &[u8]) -> Result<usize, IoError>;
    /// As [`Drivers::max_transfer`].
    fn max_transfer(&self) -> usize {
        DEFAULT_MAX_TRANSFER
    }
    /// As [`Drivers::watch`]: keep `announce`, and call it whenever there is data to read.
    fn watch(&mut self, announce: Announce) {
        let _ = announce;
    }
}

/// The virtual devices of a host.
#[derive(Debug)]
pub struct Buses {
    /// Take precedence over the virtual ones.
    devices: Option<Box<dyn Devices>>,
    /// What each device returns when it is read.
    traces: HashMap<Name, Arc<Trace>>,
    record: Option<PathBuf>,
    record_limit: u64,
    recordings: Mutex<HashMap<Name, Arc<Mutex<Recording>>>>,
    /// The most bytes that one read or write of a virtual device transfers.
    max_transfer: usize,
    at_limit: AtLimit,
    to_engine: ToEngine,
    arrivals: Arrivals,
    start: Instant,
}

/// Called with the file of a recording that has reached its limit, and the limit in bytes.
type Observer = Box<dyn Fn(&Path, u64) + Send + Sync>;

#[derive(Default)]
struct AtLimit(OnceLock<Observer>);

impl fmt::Debug for AtLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AtLimit({})", self.0.get().is_some())
    }
}

/// A file that records what is written to a device.
#[derive(Debug)]
struct Recording {
    path: PathBuf,
    /// Each line is written to it at once, so what reaches the file are whole lines.
    file: BufWriter<File>,
    written: u64,
    limit: u64,
    /// Whether the limit was reached: nothing more is recorded.
    ended: bool,
    /// When it was last flushed, in milliseconds of the host's time.
    flushed: u64,
}

impl Recording {
    /// Fails if the file is there already.
    fn create(path: PathBuf, limit: u64, now: u64) -> std::io::Result<Self> {
        let mut file = BufWriter::new(File::create_new(&path)?);
        file.write_all(HEAD.as_bytes())?;
        file.flush()?;
        Ok(Self { path, file, written: HEAD.len() as u64, limit, ended: false, flushed: now })
    }

    /// Records a write; returns whether the recording has reached its limit by that.
    fn add(&mut self, now: u64, bytes: &[u8]) -> std::io::Result<bool> {
        use fmt::Write as _;
        if self.ended {
            return Ok(false);
        }
        let mut line = String::with_capacity(2 * bytes.len() + 24);
        // Writing into a string does not fail.
        let _ = write!(line, "{now},");
        for byte in bytes {
            let _ = write!(line, "{byte:02x}");
        }
        line.push('\n');
        let written = self.written.saturating_add(line.len() as u64);
        if written.saturating_add(END.len() as u64) > self.limit {
            self.ended = true;
            self.file.write_all(END.as_bytes())?;
            self.file.flush()?;
            return Ok(true);
        }
        self.file.write_all(line.as_bytes())?;
        self.written = written;
        if now.saturating_sub(self.flushed) >= FLUSH_MS {
            self.flushed = now;
            self.file.flush()?;
        }
        Ok(false)
    }
}

impl Default for Buses {
    fn default() -> Self {
        let start = Instant::now();
        Self {
            devices: None,
            traces: HashMap::new(),
            record: None,
            record_limit: DEFAULT_RECORD_LIMIT,
            recordings: Mutex::default(),
            max_transfer: DEFAULT_MAX_TRANSFER,
            at_limit: AtLimit::default(),
            to_engine: ToEngine::default(),
            arrivals: Arrivals::new(start),
            start,
        }
    }
}

impl Buses {
    /// Virtual devices from the CSV files in `traces`. What is written to any local peer is recorded in the folder
    /// `record`, which is created if it does not exist; a device whose file is there already fails when it is opened to
    /// be written. Their time begins now.
    ///
    /// # Errors
    /// The first file, and its line, that is not a trace.
    pub fn new(traces: Option<&Path>, record: Option<&Path>) -> Result<Self, BusError> {
        let mut buses = Self::default();
        if let Some(dir) = traces {
            let io =
                |error: std::io::Error| BusError { path: dir.into(), line: None, what: error.to_string() };
            for entry in std::fs::read_dir(dir).map_err(io)? {
                let path = entry.map_err(io)?.path();
                if path.extension().is_some_and(|extension| extension == "csv") {
                    let (name, trace) = read_trace(&path)?;
                    buses.traces.insert(name, Arc::new(trace));
                }
            }
        }
        if let Some(dir) = record {
            std::fs::create_dir_all(dir).map_err(|error| BusError {
                path: dir.into(),
                line: None,
                what: error.to_string(),
            })?;
            buses.record = Some(dir.into());
        }
        Ok(buses)
    }

    /// Adds the application's drivers. They take precedence over the virtual devices.
    pub fn with_devices(self, devices: impl Devices + 'static) -> Self {
        Self { devices: Some(Box::new(devices)), ..self }
    }

    /// Sets the most bytes in the file of a recording. What is written to the device after that is not recorded.
    pub fn with_record_limit(self, bytes: u64) -> Self {
        Self { record_limit: bytes, ..self }
    }

    /// Sets the most bytes that one read or write of a virtual device transfers, at least 1.
    pub fn with_max_transfer(self, bytes: usize) -> Self {
        Self { max_transfer: bytes, ..self }
    }

    /// Sets the function that is called once for each recording that reaches its limit. Only the first call has an
    /// effect.
    pub(crate) fn on_record_limit(&self, observer: impl Fn(&Path, u64) + Send + Sync + 'static) {
        let _ = self.at_limit.0.set(Box::new(observer));
    }

    /// Sets the function that is called when a device announces data for a descriptor. Only the first call has an
    /// effect.
    pub(crate) fn on_readable(&self, readable: impl Fn(Waker) + Send + Sync + 'static) {
        self.to_engine.set(readable);
    }

    /// When the host's time began.
    pub fn start(&self) -> Instant {
        self.start
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The recording of a device, created if there is none. `None` if nothing is recorded.
    fn recording(&self, name: Name) -> std::io::Result<Option<Arc<Mutex<Recording>>>> {
        let Some(dir) = &self.record else { return Ok(None) };
        let mut recordings = self.recordings.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = recordings.get(&name) {
            return Ok(Some(file.clone()));
        }
        let path = dir.join(format!("{}-{}.csv", name.0.name(), name.1));
        let recording = Arc::new(Mutex::new(Recording::create(path, self.record_limit, self.now_ms())?));
        recordings.insert(name, recording.clone());
        Ok(Some(recording))
    }
}

/// An open device.
#[derive(Debug)]
pub struct Handle(Open);

#[derive(Debug)]
enum Open {
    Virtual(Virtual),
    Other(Box<dyn Device>),
}

#[derive(Debug)]
struct Virtual {
    name: Name,
    recording: Option<Arc<Mutex<Recording>>>,
    /// What was written last: what a pin without a trace reads as.
    last: Vec<u8>,
    /// The number with [`Arrivals`], if it is watched.
    watched: Option<u64>,
}

impl Drivers for Buses {
    type Handle = Handle;

    fn open(&self, uid: &str, access: &Access<'_>) -> Result<Handle, IoError> {
        if let Some(opened) = self.devices.as_ref().and_then(|devices| devices.open(uid, access)) {
            return opened.map(|device| Handle(Open::Other(device)));
        }
        let Peer::Local { bus, unit } = access.peer else { return Err(IoError::NoPeer) };
        let name = (bus, unit);
        let recording =
            if access.direction.writes() { self.recording(name).map_err(|_| IoError::Failed)? } else { None };
        // A device exists if it has a trace to read or a recording to write.
        let readable = self.traces.contains_key(&name);
        if !readable && recording.is_none() {
            return Err(IoError::NoPeer);
        }
        Ok(Handle(Open::Virtual(Virtual { name, recording, last: Vec::new(), watched: None })))
    }

    fn max_transfer(&self, handle: &Handle) -> usize {
        match &handle.0 {
            Open::Virtual(_) => self.max_transfer,
            Open::Other(device) => device.max_transfer(),
        }
    }

    fn fixed_ns(&self, handle: &Handle) -> Option<u32> {
        match &handle.0 {
            Open::Virtual(Virtual { recording: None, .. }) => Some(VIRTUAL_NS),
            // A file may be on a slow disk.
            Open::Virtual(_) | Open::Other(_) => None,
        }
    }

    fn watch(&self, handle: &mut Handle, waker: Waker) {
        let announce = Announce::new(waker, self.to_engine.clone());
        match &mut handle.0 {
            Open::Virtual(handle) => {
                let trace = self.traces.get(&handle.name).cloned();
                handle.watched = trace.map(|trace| self.arrivals.watch(trace, announce));
            }
            Open::Other(device) => device.watch(announce),
        }
    }

    fn read(&self, handle: &mut Handle, buf: &mut [u8]) -> Result<usize, IoError> {
        let handle = match &mut handle.0 {
            Open::Virtual(handle) => handle,
            Open::Other(device) => return device.read(buf),
        };
        let now = self.now_ms();
        let answer = match self.traces.get(&handle.name) {
            Some(trace) => {
                let next = trace.partition_point(|(from, _)| *from <= now);
                next.checked_sub(1)
                    .and_then(|last| trace.get(last))
                    .map(|(_, bytes)| bytes)
                    .ok_or(IoError::WouldBlock)?
            }
            None => &handle.last,
        };
        Ok(buf.iter_mut().zip(answer).map(|(to, from)| *to = *from).count())
    }

    fn write(&self, handle: &mut Handle, buf: &[u8]) -> Result<usize, IoError> {
        let handle = match &mut handle.0 {
            Open::Virtual(handle) => handle,
            Open::Other(device) => return device.write(buf),
        };
        if let Some(recording) = &handle.recording {
            let mut recording = recording.lock().unwrap_or_else(PoisonError::into_inner);
            let ended = recording.add(self.now_ms(), buf).map_err(|_| IoError::Failed)?;
            if ended && let Some(observer) = self.at_limit.0.get() {
                observer(&recording.path, recording.limit);
            }
        }
        handle.last.clear();
        handle.last.extend_from_slice(buf);
        Ok(buf.len())
    }

    fn close(&self, handle: Handle) {
        let Open::Virtual(Virtual { recording, watched, .. }) = handle.0 else { return };
        if let Some(number) = watched {
            self.arrivals.forget(number);
        }
        if let Some(recording) = recording {
            // The container is not notified of errors any more.
            let _ = recording.lock().unwrap_or_else(PoisonError::into_inner).file.flush();
        }
    }
}

/// Reads `BUS-UNIT.csv`.
fn read_trace(path: &Path) -> Result<(Name, Trace), BusError> {
    let wrong = |line: Option<u64>, what: &str| BusError { path: path.into(), line, what: what.into() };
    let name = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .and_then(|stem| stem.rsplit_once('-'))
        .and_then(|(bus, unit)| Some((Bus::from_name(bus)?, unit.parse().ok()?)))
        .ok_or_else(|| wrong(None, "a trace is named BUS-UNIT.csv, as in i2c-72.csv"))?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_path(path)
        .map_err(|error| wrong(None, &error.to_string()))?;
    let mut trace = Trace::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(None, &error.to_string()))?;
        let line = record.position().map(csv::Position::line);
        let (Some(time), Some(hex), 2) = (record.get(0), record.get(1), record.len()) else {
            return Err(wrong(line, "a line is `time_ms,hex`"));
        };
        if trace.is_empty() && time == "time_ms" {
            continue;
        }
        let time = time.parse().map_err(|_| wrong(line, "the time is a number of milliseconds"))?;
        let bytes = unhex(hex).ok_or_else(|| wrong(line, "the bytes are an even number of hex digits"))?;
        if bytes.len() > MAX_LINE_BYTES {
            return Err(wrong(line, "a line has at most 4096 bytes"));
        }
        if trace.last().is_some_and(|(last, _)| *last >= time) {
            return Err(wrong(line, "the times must ascend"));
        }
        trace.push((time, bytes));
    }
    Ok((name, trace))
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u32> = text.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    if !pairs.remainder().is_empty() {
        return None;
    }
    pairs.map(|pair| u8::try_from(pair.iter().fold(0, |byte, digit| byte << 4 | digit)).ok()).collect()
}
