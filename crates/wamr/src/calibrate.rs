//! How many instructions a millisecond holds, on this machine, now.

use tinycontainer_abi::{Errno, Hook, Syscall};
use tinycontainer_runtime::{Budget, Host, Instance as _, Limits, ModuleError, Rate};

use crate::allocator::Wamr;

/// `calibration.wat`, assembled. A test assembles it again and compares.
pub(crate) const GUEST: &[u8] = include_bytes!("calibration.wasm");

const LIMITS: Limits = Limits { linear_memory: 256, stack: 512, heap: 8192 };
/// A run takes at least this long, in microseconds, and so many of the clock's steps.
const LONG_ENOUGH: u64 = 4000;
const STEPS: u64 = 20;
/// The first attempt, in instructions. At most 16 doublings follow: 3 s at 200,000 in a millisecond.
const FIRST: u32 = 10_000;
const RUNS: u32 = 3;
/// After this many equal readings the clock is taken to be stopped.
const EQUAL_READINGS: u32 = 1_000_000;

impl Wamr {
    /// Measures this machine with a small guest that computes. `now_us` tells the time in microseconds, in steps of
    /// `step_us` (1000 for a clock of milliseconds).
    ///
    /// The fastest of three runs counts, for what disturbs a run only makes it slower. Each takes 4 to 8 ms, or 20
    /// to 40 steps: the clock's steps make the result at most 5 % too large. The guest's
    /// memory (some 4 KiB, for that time) is booked on WAMR's own account.
    ///
    /// # Errors
    /// The guest finds no memory.
    pub fn calibrate(&self, now_us: &dyn Fn() -> u64, step_us: u32) -> Result<Rate, ModuleError> {
        let mut guest = self.instantiate(self.own(), GUEST, &LIMITS)?;
        let mut time = |instructions: u32| {
            // From where a step begins: else a run could seem a step shorter at both ends.
            let asked = now_us();
            let mut before = asked;
            // A stopped clock does not block the calibration.
            for _ in 0..if step_us > 1 { EQUAL_READINGS } else { 0 } {
                if before != asked {
                    break;
                }
                before = now_us();
            }
            let outcome = guest.call(Hook::Loop, Budget(instructions), &mut Nothing);
            (outcome.instructions, now_us().saturating_sub(before).max(1))
        };
        let long_enough = LONG_ENOUGH.max(STEPS * u64::from(step_us));
        let mut instructions = FIRST;
        for _ in 0..16 {
            if time(instructions).1 >= long_enough {
                break;
            }
            instructions *= 2;
        }
        let fastest = (0..RUNS).map(|_| time(instructions)).map(per_ms).max();
        Ok(Rate { instructions_per_ms: fastest.unwrap_or(1).max(1) })
    }
}

fn per_ms((instructions, us): (u32, u64)) -> u32 {
    let per_ms = (u64::from(instructions) * 1000).checked_div(us).unwrap_or(0);
    u32::try_from(per_ms).unwrap_or(u32::MAX)
}

/// A host that is not asked for anything.
struct Nothing;

impl Host for Nothing {
    fn logger(&mut self, _: &[u8]) {}
    fn heartbeat(&mut self) -> Result<(), Errno> {
        Err(Errno::Refused)
    }
    fn open(&mut self, _: u32) -> Result<i32, Errno> {
        Err(Errno::Refused)
    }
    fn read(&mut self, _: i32, _: &mut [u8]) -> Result<usize, Errno> {
        Err(Errno::Refused)
    }
    fn write(&mut self, _: i32, _: &[u8]) -> Result<usize, Errno> {
        Err(Errno::Refused)
    }
    fn close(&mut self, _: i32) -> Result<(), Errno> {
        Err(Errno::Refused)
    }
    fn bad_pointer(&mut self, _: Syscall, _: u32, _: u32) -> Errno {
        Errno::Refused
    }
}

#[cfg(test)]
mod tests {
    /// With `TC_BLESS=1` it is written.
    #[test]
    fn the_guest_is_what_its_text_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/calibration.wasm");
        let assembled = wat::parse_str(include_str!("calibration.wat")).unwrap();
        if std::env::var_os("TC_BLESS").is_some() {
            std::fs::write(path, &assembled).unwrap();
        }
        assert!(assembled == std::fs::read(path).unwrap(), "run this test with TC_BLESS=1");
    }
}
