//! The one module that calls RIOT: threads, flags, messages, time, output.

#![expect(unsafe_code, reason = "RIOT is C")]

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_void};
use core::mem::MaybeUninit;
use core::ptr::{NonNull, null_mut};
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use riot_sys as riot;

/// A thread's number: 1 to [`LAST_PID`].
pub(crate) type Pid = riot::kernel_pid_t;

/// The highest thread number there is.
pub(crate) const LAST_PID: usize = riot::MAXTHREADS as usize;

/// Set by [`wake`].
const WOKEN: riot::thread_flags_t = 1;
/// RIOT's flag for a timer that has expired.
const TIMEOUT: riot::thread_flags_t = riot::THREAD_FLAG_TIMEOUT as riot::thread_flags_t;

/// A thread's stack. Aligned for the MPU's guard, which takes its lowest 32 bytes.
#[repr(align(32))]
pub(crate) struct Stack<const BYTES: usize>(UnsafeCell<[MaybeUninit<u8>; BYTES]>);

// SAFETY: only the thread that it is given to (`spawn`) uses its contents.
unsafe impl<const BYTES: usize> Sync for Stack<BYTES> {}

impl<const BYTES: usize> Stack<BYTES> {
    pub(crate) const fn new() -> Self {
        Self(UnsafeCell::new([MaybeUninit::uninit(); BYTES]))
    }

    /// The address `above` bytes above its lower end.
    pub(crate) fn boundary(&self, above: usize) -> Option<NonNull<u8>> {
        NonNull::new(self.0.get().cast::<u8>().wrapping_add(above.min(BYTES)))
    }
}

/// Starts a thread that runs `body(argument)`, which never returns. No other thread may have the stack.
pub(crate) fn spawn<const BYTES: usize>(
    stack: &'static Stack<BYTES>,
    priority: u8,
    name: &'static CStr,
    body: extern "C" fn(*mut c_void) -> *mut c_void,
    argument: usize,
) -> Option<Pid> {
    let flags = riot::THREAD_CREATE_STACKTEST as i32;
    // SAFETY: stack and name are static, and no other thread has the stack.
    let pid = unsafe {
        riot::thread_create(
            stack.0.get().cast(),
            BYTES as i32,
            priority,
            flags,
            Some(body),
            argument as *mut c_void,
            name.as_ptr(),
        )
    };
    (pid > 0).then_some(pid)
}

/// The calling thread's number.
pub(crate) fn pid() -> Pid {
    // SAFETY: reads one word.
    unsafe { riot::inline::thread_getpid() }
}

/// Sets a thread's priority.
pub(crate) fn set_priority(pid: Pid, priority: u8) {
    // SAFETY: our threads never end, so the number stays its own.
    unsafe {
        let thread = riot::inline::thread_get(pid);
        if !thread.is_null() {
            riot::sched_change_priority(thread.cast(), priority);
        }
    }
}

/// A thread's priority, if there is such a thread.
fn priority_of(pid: Pid) -> Option<u8> {
    // SAFETY: our threads never end, so the number stays its own.
    unsafe { riot::inline::thread_get(pid).as_ref() }.map(|thread| thread.priority)
}

/// Gives a thread at least that priority: a lower number is a higher priority.
pub(crate) fn raise(pid: Pid, priority: u8) {
    critical_section::with(|_| {
        if priority_of(pid).is_some_and(|own| priority < own) {
            set_priority(pid, priority);
        }
    });
}

/// Wakes the thread out of [`sleep`], now or when it next sleeps.
pub(crate) fn wake(pid: Pid) {
    // SAFETY: our threads never end, so the number stays its own.
    unsafe {
        let thread = riot::inline::thread_get(pid);
        if !thread.is_null() {
            riot::thread_flags_set(thread.cast(), WOKEN);
        }
    }
}

/// Sleeps until [`wake`] or, if given, for so many milliseconds.
pub(crate) fn sleep(ms: Option<u32>) {
    // SAFETY: the timer lives until it is removed, and all bytes zero is a timer that is not set.
    unsafe {
        let Some(ms) = ms else {
            riot::thread_flags_wait_any(WOKEN);
            return;
        };
        let mut timer: riot::ztimer_t = core::mem::zeroed();
        riot::ztimer_set_timeout_flag(riot::ZTIMER_MSEC, &raw mut timer, ms);
        riot::thread_flags_wait_any(WOKEN | TIMEOUT);
        riot::ztimer_remove(riot::ZTIMER_MSEC, &raw mut timer);
        riot::thread_flags_clear(TIMEOUT);
    }
}

/// Lets other threads of the same priority run first.
pub(crate) fn pass() {
    // SAFETY: called by threads.
    unsafe { riot::thread_yield() };
}

/// Keeps the clocks running for ever. RIOT would stop them while no timer is set.
pub(crate) fn keep_clock() {
    core::mem::forget(riot_wrappers::ztimer::Clock::msec_unbound().acquire());
    core::mem::forget(riot_wrappers::ztimer::Clock::usec_unbound().acquire());
}

/// Milliseconds; wraps.
pub(crate) fn msec() -> u32 {
    // SAFETY: the clock is one of RIOT's.
    unsafe { riot::inline::ztimer_now(riot::ZTIMER_MSEC.cast()) }
}

/// Microseconds; wraps.
pub(crate) fn usec() -> u32 {
    // SAFETY: the clock is one of RIOT's.
    unsafe { riot::inline::ztimer_now(riot::ZTIMER_USEC.cast()) }
}

/// Memory that can be taken once.
#[repr(align(8))]
pub(crate) struct Region<const BYTES: usize> {
    memory: UnsafeCell<[MaybeUninit<u8>; BYTES]>,
    taken: AtomicBool,
}

// SAFETY: only the caller that took the memory has a reference to it.
unsafe impl<const BYTES: usize> Sync for Region<BYTES> {}

impl<const BYTES: usize> Region<BYTES> {
    pub(crate) const fn new() -> Self {
        Self { memory: UnsafeCell::new([MaybeUninit::uninit(); BYTES]), taken: AtomicBool::new(false) }
    }

    /// The memory, the first time.
    #[expect(clippy::mut_from_ref, reason = "returned once")]
    pub(crate) fn take(&'static self) -> Option<&'static mut [MaybeUninit<u8>]> {
        if self.taken.swap(true, Ordering::Acquire) {
            return None;
        }
        // SAFETY: `taken` was false: this is the only reference to it.
        Some(unsafe { &mut *self.memory.get() })
    }
}

// `module/tinycontainer/output.c`, unless the application has its own.
unsafe extern "C" {
    fn tinycontainer_log(uid: *const u8, uid_len: usize, line: *const u8, len: usize);
    fn tinycontainer_notice(
        uid: *const u8,
        uid_len: usize,
        event: *const u8,
        event_len: usize,
        text: *const u8,
        len: usize,
    );
    safe fn tinycontainer_output_waits() -> bool;
    safe fn tinycontainer_output_write();
}

/// A line that a container logged: any bytes.
pub(crate) fn log(uid: &str, line: &[u8]) {
    // SAFETY: reads the bytes.
    unsafe { tinycontainer_log(uid.as_ptr(), uid.len(), line.as_ptr(), line.len()) };
}

/// Something happened to a container.
pub(crate) fn notice(uid: &str, event: &str, text: &str) {
    // SAFETY: reads the bytes.
    unsafe {
        tinycontainer_notice(uid.as_ptr(), uid.len(), event.as_ptr(), event.len(), text.as_ptr(), text.len());
    }
}

/// Work for another thread.
trait Work: Send {
    fn run(&mut self);
}

/// A call of `f`, and its result when it has run.
struct Call<F, R> {
    f: Option<F>,
    result: Option<R>,
}

impl<F: FnOnce() -> R + Send, R: Send> Work for Call<F, R> {
    fn run(&mut self) {
        self.result = self.f.take().map(|f| f());
    }
}

/// What is sent to the other thread. On the stack of the thread that waits for it.
struct Job<'a> {
    work: &'a mut dyn Work,
    /// The priority at which it is done; `None`: that of the thread that waits.
    priority: Option<u8>,
}

/// Runs `f` on the thread `server`, which is in [`serve`], and waits for it: for what needs that thread's stack. It runs at
/// a priority, by default at that of the calling thread. What the server does meanwhile at a lower priority, it finishes at
/// this one first. Returns `None`, without running `f`, if there is no such thread.
pub(crate) fn run_in<R: Send>(server: Pid, priority: Option<u8>, f: impl FnOnce() -> R + Send) -> Option<R> {
    let mut call = Call { f: Some(f), result: None };
    hand_over(server, priority, &mut call);
    call.result
}

/// How many jobs are about to be sent to the server, or sent and not done. While there are several, it does not lower its
/// priority: the most urgent of them may be the last.
static JOBS: AtomicUsize = AtomicUsize::new(0);

/// Lets the server, which is in [`serve`], write what output waits. Does not wait for it.
pub(crate) fn wake_for_output(server: Pid) {
    if tinycontainer_output_waits() {
        // SAFETY: all bytes zero is a message without a job. If the server's queue is full, another message is in it, and
        // the server looks for output after each.
        unsafe {
            let mut message: riot::msg_t = core::mem::zeroed();
            riot::msg_try_send(&raw mut message, server);
        }
    }
}

/// Not inlined: it is the same for each kind of work.
#[inline(never)]
fn hand_over(server: Pid, priority: Option<u8>, work: &mut dyn Work) {
    if server == pid() {
        return work.run();
    }
    if server == 0 {
        return;
    }
    let mut job = Job { work, priority };
    // Before the priority is raised: from here on the server lowers it only for this job, and if there is no other.
    JOBS.fetch_add(1, Ordering::AcqRel);
    raise(server, priority.or(priority_of(pid())).unwrap_or(u8::MAX));
    // SAFETY: our threads never end, so the number is a thread's. All bytes zero is a message. The job and its work live
    // until the answer has come, and the server uses them only before.
    unsafe {
        let mut message: riot::msg_t = core::mem::zeroed();
        let mut answer: riot::msg_t = core::mem::zeroed();
        message.content.ptr = (&raw mut job).cast();
        riot::msg_send_receive(&raw mut message, &raw mut answer, server);
    }
}

/// Sets the server's own priority, unless there are more than so many jobs and it would be lowered. Returns whether there
/// are no more.
fn take_priority(jobs: usize, priority: impl Fn() -> Option<u8>) -> bool {
    // Nothing raises this thread, or the one that it works for, between the reading and the change.
    critical_section::with(|_| {
        let alone = JOBS.load(Ordering::Acquire) <= jobs;
        if let Some(priority) = priority() {
            if alone {
                set_priority(pid(), priority);
            } else {
                raise(pid(), priority);
            }
        }
        alone
    })
}

/// Does the work that other threads send by [`run_in`], for ever. When there is none, writes containers' output in pieces,
/// at the priority that `output` returns: a job waits for one piece at most.
pub(crate) fn serve(output: impl Fn() -> u8) -> ! {
    // SAFETY: all bytes zero is a message.
    let mut queue: [riot::msg_t; 1] = unsafe { core::mem::zeroed() };
    // SAFETY: the queue lives as long as the thread, which never leaves this function. It keeps a request to write
    // output that comes while this thread does something else.
    unsafe { riot::msg_init_queue(queue.as_mut_ptr(), 1) };
    loop {
        if tinycontainer_output_waits() && take_priority(0, || Some(output())) {
            tinycontainer_output_write();
            continue;
        }
        // SAFETY: all bytes zero is a message. Only `run_in`, which waits for the answer, and
        // `wake_for_output`, whose message has no job, send to this thread, and only this thread uses the job until it
        // answers.
        unsafe {
            let mut message: riot::msg_t = core::mem::zeroed();
            riot::msg_receive(&raw mut message);
            let job = message.content.ptr.cast::<Job<'_>>();
            if job.is_null() {
                continue;
            }
            take_priority(1, || (*job).priority.or(priority_of(message.sender_pid)));
            (*job).work.run();
            JOBS.fetch_sub(1, Ordering::AcqRel);
            let mut answer: riot::msg_t = core::mem::zeroed();
            answer.content.ptr = null_mut();
            riot::msg_reply(&raw mut message, &raw mut answer);
        }
    }
}
