//! QEMU's mps2-an386, a Cortex-M4F of 25 MHz: UART 0 is the serial line; CMSDK timer 0 ends a sleep; a counter gives the
//! time. With `-icount shift=0,sleep=off` QEMU executes an instruction in each nanosecond of that time.

#![allow(unsafe_code, reason = "registers of the processor")]

use core::cell::Cell;
use core::mem::MaybeUninit;
use core::panic::PanicInfo;
use cortex_m_rt::{ExceptionFrame, entry, exception};
use cortex_m_semihosting::nr::GET_CMDLINE;
use cortex_m_semihosting::{debug, hprintln, syscall1};
use critical_section::Mutex;
use static_cell::ConstStaticCell;

/// How many containers there can be.
pub(crate) const SLOTS: usize = 8;
/// The memory of containers.
pub(crate) const POOL_BYTES: usize = 176 << 10;
/// Time passes by itself.
pub(crate) const SIMULATED_RATE: Option<u32> = None;

const UART_DATA: usize = 0x4000_4000;
const UART_STATE: usize = 0x4000_4004;
const UART_CTRL: usize = 0x4000_4008;
const UART_BAUDDIV: usize = 0x4000_4010;
const TX_FULL: u32 = 1;
const RX_FULL: u32 = 2;
/// 25 MHz, up, 32 bits.
const COUNTER: usize = 0x4002_8018;
const NS_PER_TICK: u64 = 40;
const TICKS_PER_US: u64 = 25;
const TIMER_CTRL: usize = 0x4000_0000;
const TIMER_VALUE: usize = 0x4000_0004;
const TIMER_RELOAD: usize = 0x4000_0008;
const TIMER_INT: usize = 0x4000_000C;
const TIMER_IRQ: u32 = 8;
const NVIC_ISER: usize = 0xE000_E100;
const NVIC_ICER: usize = 0xE000_E180;
const NVIC_ICPR: usize = 0xE000_E280;
const MPU_CTRL: usize = 0xE000_ED94;
const MPU_RBAR: usize = 0xE000_ED9C;
const MPU_RASR: usize = 0xE000_EDA0;
const SHCSR: usize = 0xE000_ED24;

/// What a native call and a driver need of the stack, below which the interpreter calls none.
const RESERVE: usize = 2048;
/// The size of the region below the stack that nothing may touch.
const GUARD: usize = 256;

fn peek(register: usize) -> u32 {
    // SAFETY: a register of this machine that is read.
    unsafe { (register as *const u32).read_volatile() }
}

fn poke(register: usize, value: u32) {
    // SAFETY: a register of this machine; none of those above changes memory.
    unsafe { (register as *mut u32).write_volatile(value) }
}

unsafe extern "C" {
    /// The end of the static variables, from the linker script.
    static __sheap: u8;
}

/// The lowest address of the guard below the stack.
fn guard() -> usize {
    (&raw const __sheap as usize).next_multiple_of(GUARD)
}

#[entry]
fn main() -> ! {
    fence();
    poke(COUNTER, 0);
    poke(UART_BAUDDIV, 16);
    poke(UART_CTRL, 3);
    poke(TIMER_RELOAD, 0);
    poke(NVIC_ISER, 1 << TIMER_IRQ);
    crate::run()
}

/// Makes QEMU's memories, which are 4 MB each and writable, behave as an nRF52840's, and protects the end of the stack.
fn fence() {
    const EXECUTE_NEVER: u32 = 1 << 28;
    const READ_ONLY: u32 = 6 << 24;
    const READ_WRITE: u32 = 3 << 24;
    const NO_ACCESS: u32 = 0;
    const NORMAL: u32 = 0b000_110 << 16;
    const DEVICE: u32 = 0b000_101 << 16;
    let region = |number: u32, base: usize, size_log2: u32, access: u32| {
        poke(MPU_RBAR, base as u32 | 1 << 4 | number);
        poke(MPU_RASR, access | (size_log2 - 1) << 1 | 1);
    };
    region(0, 0, 20, NORMAL | READ_ONLY);
    region(1, 0x2000_0000, 18, NORMAL | READ_WRITE | EXECUTE_NEVER);
    region(2, 0x4000_0000, 29, DEVICE | READ_WRITE | EXECUTE_NEVER);
    region(3, guard(), GUARD.trailing_zeros(), NORMAL | NO_ACCESS | EXECUTE_NEVER);
    poke(SHCSR, 1 << 16);
    poke(MPU_CTRL, 1);
    cortex_m::asm::dsb();
    cortex_m::asm::isb();
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    // After a stack overflow the processor cannot store the frame for `MemoryManagement` either, and comes here, where the
    // guard is not in force.
    if (&raw const *frame as usize) < guard() + GUARD {
        hprintln!("a stack overflow");
    } else {
        hprintln!("a fault of the processor at {:#010x}", frame.pc());
    }
    exit(1)
}

#[exception]
unsafe fn DefaultHandler(number: i16) {
    if number == TIMER_IRQ as i16 {
        poke(TIMER_INT, 1);
    } else {
        hprintln!("exception {}", number);
        exit(1);
    }
}

#[exception]
fn MemoryManagement() -> ! {
    hprintln!("an access beyond flash and RAM, or a stack overflow, at {:#010x}", peek(0xE000_ED34));
    exit(1)
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    hprintln!("{}", info);
    exit(1)
}

pub(crate) fn exit(status: i32) -> ! {
    loop {
        debug::exit(if status == 0 { debug::EXIT_SUCCESS } else { debug::EXIT_FAILURE });
    }
}

/// Starts the firmware again, as after a reset: all static variables get their initial values; the rest of the memory is
/// left as it was. In the same QEMU, which has translated the firmware already, this takes a fraction of a new one.
pub(crate) fn restart() -> ! {
    poke(TIMER_CTRL, 0);
    poke(TIMER_INT, 1);
    poke(NVIC_ICER, 1 << TIMER_IRQ);
    poke(NVIC_ICPR, 1 << TIMER_IRQ);
    poke(MPU_CTRL, 0);
    // SAFETY: address 0 has this firmware's own vector table, and nothing of its run so far is used afterwards.
    unsafe { cortex_m::asm::bootload(core::ptr::null()) }
}

pub(crate) fn receive(bytes: &mut [u8]) {
    for byte in bytes {
        while peek(UART_STATE) & RX_FULL == 0 {}
        *byte = peek(UART_DATA) as u8;
    }
}

pub(crate) fn send(bytes: &[u8]) {
    for byte in bytes {
        while peek(UART_STATE) & TX_FULL != 0 {}
        poke(UART_DATA, u32::from(*byte));
    }
}

/// Ticks of the counter.
#[derive(Clone, Copy)]
struct Clock {
    /// Since the start.
    ticks: u64,
    /// The counter when that was read. It wraps after 171 s. While a request is served it is read more often; between
    /// two requests it may wrap unseen, but that time is `paused` and so makes no difference.
    counter: u32,
    /// Of `ticks`: while no request was being served. They are not time for the containers.
    paused: u64,
    /// Of `ticks`: while the processor slept.
    slept: u64,
}

static CLOCK: Mutex<Cell<Clock>> = Mutex::new(Cell::new(Clock { ticks: 0, counter: 0, paused: 0, slept: 0 }));

/// The clock now; `note` gets the ticks since it was last read, to book them.
fn clock(note: impl FnOnce(&mut Clock, u64)) -> Clock {
    critical_section::with(|section| {
        let mut clock = CLOCK.borrow(section).get();
        let counter = peek(COUNTER);
        let passed = u64::from(counter.wrapping_sub(clock.counter));
        clock.counter = counter;
        clock.ticks += passed;
        note(&mut clock, passed);
        CLOCK.borrow(section).set(clock);
        clock
    })
}

/// Microseconds of the containers' time.
pub(crate) fn now_us() -> u64 {
    let clock = clock(|_, _| {});
    (clock.ticks - clock.paused) / TICKS_PER_US
}

/// The instructions of containers in a millisecond, if the command line of QEMU has them: this machine is always as fast.
/// `None`: to be measured, which takes most of the start.
pub(crate) fn rate() -> Option<u32> {
    let mut text = [0_u8; 12];
    let mut request = [text.as_mut_ptr() as usize, text.len()];
    // SAFETY: QEMU writes at most so many bytes there, and their number.
    let status = unsafe { syscall1(GET_CMDLINE, (&raw mut request).addr()) };
    let [_, len] = request;
    if status != 0 {
        // It is longer, so it is something else.
        return None;
    }
    core::str::from_utf8(text.get(..len)?).ok()?.trim_end_matches('\0').parse().ok()
}

/// Lets time pass, as a slow transfer does.
pub(crate) fn pass_us(us: u64) {
    let until = now_us() + us;
    while now_us() < until {
        // A sleep takes QEMU no time.
        critical_section::with(|_| sleep_until(Some(until)));
    }
}

/// The longest sleep: the clock must be read before the counter wraps.
const LONGEST_SLEEP_US: u64 = 60_000_000;

/// Sleeps until that time, or shorter. Called with interrupts masked: the timer's ends the sleep all the same.
pub(crate) fn sleep_until(us: Option<u64>) {
    let now = now_us();
    let wait = us.unwrap_or(u64::MAX).saturating_sub(now).min(LONGEST_SLEEP_US);
    // A value of 0 would stop the timer for ever.
    let ticks = u32::try_from(wait * TICKS_PER_US).unwrap_or(u32::MAX).max(1);
    poke(TIMER_CTRL, 0);
    poke(TIMER_INT, 1);
    poke(TIMER_VALUE, ticks);
    clock(|_, _| {});
    // Enabled, with its interrupt.
    poke(TIMER_CTRL, 0b1001);
    cortex_m::asm::wfi();
    clock(|clock, passed| clock.slept += passed);
    poke(TIMER_CTRL, 0);
}

/// Instructions of the processor that were executed while it did not sleep, in steps of 40.
pub(crate) fn instructions() -> u64 {
    let clock = clock(|_, _| {});
    (clock.ticks - clock.slept) * NS_PER_TICK
}

/// Called when a request has been received, and when it has been served: the time between two requests does not count.
pub(crate) fn serving(begins: bool) {
    clock(|clock, passed| clock.paused += if begins { passed } else { 0 });
}

pub(crate) fn stack_limit() -> usize {
    guard() + GUARD + RESERVE
}

pub(crate) fn pool() -> &'static mut [MaybeUninit<u8>] {
    static REGION: ConstStaticCell<[MaybeUninit<u8>; POOL_BYTES]> =
        ConstStaticCell::new([const { MaybeUninit::uninit() }; POOL_BYTES]);
    // A second call gets nothing, and the pool refuses that.
    match REGION.try_take() {
        Some(region) => region,
        None => &mut [],
    }
}
