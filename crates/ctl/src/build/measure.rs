//! How much memory a module needs: measured in the interpreter that runs it on this host.
//!
//! A process starts the interpreter once, and `run` needs it for itself, so this program calls itself:
//! `tinycontainerctl measure`, which reads a module and prints what it needs.

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use std::env;
use std::io::Write as _;
use std::mem::MaybeUninit;
use std::process::{Command, Stdio};
use tinycontainer::runtime::{
    Account, Budget, Errno, Host, Instance as _, Limits, ModuleError, Share, Syscall, Trap,
};
use tinycontainer_abi::Hook;
use tinycontainer_pool::{Accounts, Pool};
use tinycontainer_wamr::{ThreadLocal, Wamr};

/// What a module needs at least, in bytes, without a margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Needs {
    pub(crate) stack: u32,
    pub(crate) heap: u32,
}

impl Needs {
    /// With a margin: a quarter more heap; twice the stack, since a run with other answers may call deeper. 1024 at least.
    pub(crate) fn with_margin(self) -> Self {
        Self {
            stack: self.stack.saturating_mul(2).next_multiple_of(256).max(1024),
            heap: self.heap.saturating_add(self.heap / 4).next_multiple_of(1024),
        }
    }
}

/// What a module needs that has so much linear memory.
pub(crate) fn measure(code: &[u8], linear_memory: u32) -> Result<Needs> {
    let program = env::current_exe().context("cannot find this program")?;
    let mut child = Command::new(program)
        .args(["measure", &linear_memory.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot measure what the module needs")?;
    if let Some(mut stdin) = child.stdin.take() {
        // If it ends early, its own message says why.
        let _ = stdin.write_all(code);
    }
    let output = child.wait_with_output().context("cannot measure what the module needs")?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim().trim_start_matches("error: ");
        return Err(anyhow!("{said}").context("the interpreter does not take the module"));
    }
    serde_json::from_slice(&output.stdout).context("the measurement is not readable")
}

/// Slots of the pool: one is used.
const SLOTS: usize = 1;
const ACCOUNT: Account = Account(0);
/// What is tried at most, in bytes.
pub(crate) const MOST_STACK: u32 = 1 << 16;
const MOST_HEAP: u32 = 1 << 24;
/// Stacks are tried in steps of so many bytes.
const STEP: u32 = 64;
/// So many loops are run, each with at most so many instructions.
const LOOPS: usize = 8;
const BUDGET: Budget = Budget(1_000_000);

static POOL: Pool = Pool::new();
static THREADS: ThreadLocal = ThreadLocal;

/// Measures in this process, which can do it once.
pub(crate) fn measure_here(code: &[u8], linear_memory: u32) -> Result<Needs> {
    let size = (linear_memory as usize).saturating_add(MOST_HEAP as usize + (4 << 20));
    let region = Box::leak(vec![MaybeUninit::uninit(); size].into_boxed_slice());
    Accounts::<SLOTS>::init(&POOL, region).map_err(|error| anyhow!("no memory to measure in: {error:?}"))?;
    let wamr = Wamr::init(&POOL, &THREADS, Accounts::<SLOTS>::RUNTIME).map_err(|error| anyhow!("{error}"))?;

    let limits = |stack, heap| Limits { linear_memory, stack, heap };
    // With less heap it says so; which of its requests is the largest is known only when all were granted.
    let heap = least(MOST_HEAP / 8, |eighths| {
        match wamr.instantiate(ACCOUNT, code, &limits(MOST_STACK, eighths * 8)) {
            Ok(_) => Ok(true),
            Err(ModuleError::OverLimit(shortage)) if shortage.of == Share::Heap => Ok(false),
            Err(error) => Err(anyhow!("{error}")),
        }
    })? * 8;
    let stack = least(MOST_STACK / STEP, |steps| {
        let limits = limits(steps * STEP, MOST_HEAP);
        for answers in [Answers::Good, Answers::Nothing, Answers::Refused] {
            let mut instance =
                wamr.instantiate(ACCOUNT, code, &limits).map_err(|error| anyhow!("{error}"))?;
            let hooks = [Hook::Start].into_iter().chain([Hook::Loop; LOOPS]).chain([Hook::Stop]);
            let mut host = Fake { answers, next: 0 };
            for hook in hooks {
                match instance.call(hook, BUDGET, &mut host).result {
                    Ok(_) => {}
                    Err(Trap::StackOverflow) => return Ok(false),
                    // It ends so with a larger stack too.
                    Err(_) => break,
                }
            }
        }
        Ok(true)
    })? * STEP;
    Ok(Needs { stack, heap })
}

/// The least number up to `most` that is enough. What is enough stays so with more; `most` is taken to be.
fn least(most: u32, mut enough: impl FnMut(u32) -> Result<bool>) -> Result<u32> {
    let (mut below, mut at) = (0, most);
    while at - below > 1 {
        let middle = below + (at - below) / 2;
        if enough(middle)? { at = middle } else { below = middle }
    }
    Ok(at)
}

/// How every call is answered.
#[derive(Clone, Copy)]
enum Answers {
    /// With success, and full buffers.
    Good,
    /// There is never anything to read, nor space to write.
    Nothing,
    Refused,
}

struct Fake {
    answers: Answers,
    next: i32,
}

impl Fake {
    fn answer(&self, good: usize) -> Result<usize, Errno> {
        match self.answers {
            Answers::Good => Ok(good),
            Answers::Nothing => Err(Errno::WouldBlock),
            Answers::Refused => Err(Errno::Refused),
        }
    }
}

impl Host for Fake {
    fn logger(&mut self, _: &[u8]) {}

    fn heartbeat(&mut self) -> Result<(), Errno> {
        self.answer(0).map(drop)
    }

    fn open(&mut self, _: u32) -> Result<i32, Errno> {
        match self.answers {
            Answers::Refused => Err(Errno::Refused),
            Answers::Good | Answers::Nothing => {
                self.next = (self.next + 1) % 16;
                Ok(self.next)
            }
        }
    }

    fn read(&mut self, _: i32, buf: &mut [u8]) -> Result<usize, Errno> {
        // Not all the same, so that what compares readings sees them change.
        self.next = self.next.wrapping_add(1);
        let mut value = self.next as u8;
        for to in buf.iter_mut() {
            *to = value;
            value = value.wrapping_add(3);
        }
        self.answer(buf.len())
    }

    fn write(&mut self, _: i32, buf: &[u8]) -> Result<usize, Errno> {
        self.answer(buf.len())
    }

    fn close(&mut self, _: i32) -> Result<(), Errno> {
        Ok(())
    }

    fn bad_pointer(&mut self, _: Syscall, _: u32, _: u32) -> Errno {
        Errno::Refused
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_that_is_enough() {
        for needed in [1, 2, 63, 64, 100] {
            assert_eq!(least(100, |size| Ok(size >= needed)).unwrap(), needed);
        }
    }

    #[test]
    fn a_margin_is_added() {
        let needs = Needs { stack: 640, heap: 5000 }.with_margin();
        assert_eq!(needs, Needs { stack: 1280, heap: 7168 });
        assert_eq!(Needs { stack: 64, heap: 1 }.with_margin(), Needs { stack: 1024, heap: 1024 });
    }
}
