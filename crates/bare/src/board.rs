//! What the application provides.

use tinycontainer::policy::Device;
use tinycontainer::{Notice, VersionRecord};

/// A board, as the super-loop needs it. All calls are by the super-loop's thread.
pub trait Board: Sync {
    /// Microseconds since some moment; never goes back. The finer, the more exactly a driver's time is charged.
    fn now_us(&self) -> u64;

    /// Sleeps until `until_us` by that clock (`None`: for ever), or until an interrupt, or for a shorter time. Called
    /// with interrupts masked, so that none that makes a container due is missed: a pending one must end the sleep, as
    /// it does `wfi` on a Cortex-M.
    fn sleep(&self, until_us: Option<u64>);

    /// The device's names, trust store, time and ceilings.
    fn device(&self) -> Device<'_>;

    /// Outputs a line that a container logged: bytes of the guest, not checked in any way. The time this takes is
    /// charged to the container.
    fn log(&self, uid: &str, line: &[u8]);

    /// Reports an event.
    fn notice(&self, uid: &str, notice: Notice) {
        let _ = (uid, notice);
    }

    /// A record of the loaded versions is new or was raised: see
    /// [`Platform::version_seen`](tinycontainer::Platform::version_seen).
    fn version_seen(&self, record: &VersionRecord) {
        let _ = record;
    }

    /// The lowest address of the stack that the interpreter may use, with space for a native call and a driver below.
    /// 0: not known, and the interpreter's recursion is not limited by it.
    fn stack_limit(&self) -> usize;
}
