//! The process of a device and its serial line.

use crate::device::protocol::Fields;
use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;
use tinycontainer_capi::Code;

/// A device that takes longer than this for a request hangs. The longest request takes some seconds on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The device does not answer as it should: it has ended, or hangs.
#[derive(Debug)]
pub struct Broken(pub String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the device is broken: {}", self.0)
    }
}

impl std::error::Error for Broken {}

/// A process that answers requests on its standard output.
pub(crate) struct Wire {
    child: Child,
    input: ChildStdin,
    replies: Receiver<io::Result<Vec<u8>>>,
}

impl Wire {
    pub(crate) fn new(command: &OsStr, arguments: &[impl AsRef<OsStr>]) -> Result<Self, Broken> {
        let spawned = Command::new(command)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Broken(format!("{} cannot be started: {error}", command.display())))?;
        let mut child = spawned;
        let (Some(input), Some(mut output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Broken("no pipes".into()));
        };
        let (sender, replies) = channel();
        // Ends with the process.
        thread::spawn(move || {
            loop {
                let mut len = [0; 2];
                let reply = output.read_exact(&mut len).and_then(|()| {
                    let mut reply = vec![0; usize::from(u16::from_le_bytes(len))];
                    output.read_exact(&mut reply).map(|()| reply)
                });
                let failed = reply.is_err();
                if sender.send(reply).is_err() || failed {
                    return;
                }
            }
        });
        Ok(Self { child, input, replies })
    }

    /// The instructions that the request took, and the reply.
    pub(crate) fn ask(&mut self, op: u8, arguments: &[u8]) -> Result<(u64, Reader), Broken> {
        self.tell(op, arguments)?;
        match self.replies.recv_timeout(PATIENCE) {
            Ok(Ok(reply)) => {
                let mut reader = Reader { bytes: reply, at: 0 };
                Ok((reader.u64(), reader))
            }
            Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => Err(self.ended()),
            Err(RecvTimeoutError::Timeout) => Err(Broken(format!("no answer for {} s", PATIENCE.as_secs()))),
        }
    }

    /// Sends a request, and waits for no reply.
    pub(crate) fn tell(&mut self, op: u8, arguments: &[u8]) -> Result<(), Broken> {
        let len = u16::try_from(arguments.len() + 1).map_err(|_| Broken("a request is too long".into()))?;
        let mut request = len.to_le_bytes().to_vec();
        request.push(op);
        request.extend_from_slice(arguments);
        let sent = self.input.write_all(&request).and_then(|()| self.input.flush());
        if sent.is_err() { Err(self.ended()) } else { Ok(()) }
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    fn ended(&mut self) -> Broken {
        match self.child.wait() {
            Ok(status) => Broken(format!("it has ended with {status}")),
            Err(error) => Broken(error.to_string()),
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // By its process id; it may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Fields for Reader {
    type Bytes = Vec<u8>;

    fn take(&mut self, len: usize) -> Vec<u8> {
        let end = (self.at + len).min(self.bytes.len());
        let taken = self.bytes.get(self.at..end).unwrap_or_default().to_vec();
        self.at = end;
        taken
    }
}

/// Arguments of a request.
#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn u8(&mut self, number: u8) {
        self.0.push(number);
    }

    pub(crate) fn u32(&mut self, number: u32) {
        self.0.extend(number.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend(u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_le_bytes());
        self.0.extend_from_slice(bytes);
    }
}

/// A reply. What is missing reads as 0 or empty.
pub(crate) struct Reader {
    bytes: Vec<u8>,
    at: usize,
}

impl Reader {
    pub(crate) fn empty() -> Self {
        Self { bytes: Vec::new(), at: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub(crate) fn text(&mut self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// A broken device's answer is that the device is not there.
    pub(crate) fn code(&mut self) -> Code {
        if self.is_empty() {
            Code::NotInitialized
        } else {
            Code::from_number(i32::from(self.u16())).unwrap_or(Code::NotInitialized)
        }
    }
}
