//! What the process of a device uses, as Linux reports it.

use std::fs;

/// A process, by its id.
#[derive(Debug, Clone, Copy)]
pub struct Process(pub(crate) u32);

/// What a process uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Threads.
    pub threads: usize,
    /// Open file descriptors.
    pub descriptors: usize,
    /// Resident memory, in KiB.
    pub resident_kib: u64,
}

impl Process {
    /// What it uses now; `None` if the system does not report it.
    pub fn usage(self) -> Option<Usage> {
        let folder = format!("/proc/{}", self.0);
        let count = |name: &str| fs::read_dir(format!("{folder}/{name}")).map(Iterator::count).ok();
        let status = fs::read_to_string(format!("{folder}/status")).ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(Usage {
            threads: count("task")?,
            descriptors: count("fd")?,
            resident_kib: resident.split_whitespace().next()?.parse().ok()?,
        })
    }
}
