//! A guest that calls `read` of 32 bytes: ours, through a `Host` that does nothing, against an
//! ordinary native of WAMR's that does nothing. In one run, in turns.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a bench")]

use std::mem::MaybeUninit;
use std::time::Instant;

use bare::{Bare, CALLS, guest};
use tinycontainer_pool::{Account, Pool};
use tinycontainer_runtime::{Budget, Errno, Hook, Host, Instance as _, Limits, Syscall};
use tinycontainer_wamr::{ThreadLocal, Wamr};

mod bare;

static POOL: Pool = Pool::new();

struct Null;

impl Host for Null {
    fn logger(&mut self, _: &[u8]) {}
    fn heartbeat(&mut self) -> Result<(), Errno> {
        Ok(())
    }
    fn open(&mut self, _: u32) -> Result<i32, Errno> {
        Ok(0)
    }
    fn read(&mut self, _: i32, buf: &mut [u8]) -> Result<usize, Errno> {
        Ok(std::hint::black_box(buf).len())
    }
    fn write(&mut self, _: i32, buf: &[u8]) -> Result<usize, Errno> {
        Ok(buf.len())
    }
    fn close(&mut self, _: i32) -> Result<(), Errno> {
        Ok(())
    }
    fn bad_pointer(&mut self, _: Syscall, _: u32, _: u32) -> Errno {
        Errno::Refused
    }
}

fn main() {
    let rounds = if std::env::args().any(|arg| arg == "--bench") { 201 } else { 1 };
    let region = Box::leak(vec![MaybeUninit::uninit(); 1 << 20].into_boxed_slice());
    POOL.init(region, 2).unwrap();
    POOL.open(Account(0), u32::MAX);
    let wamr = Wamr::init(&POOL, &ThreadLocal, Account(0)).unwrap();
    let limits = Limits { linear_memory: 65536, stack: 4096, heap: 65536 };
    let mut ours = wamr
        .instantiate(Account(1), &wat::parse_str(guest("env", "(global.get $fd)", "")).unwrap(), &limits)
        .unwrap();
    let bare = Bare::load();
    let (mut ns, mut ratios) = ([Vec::new(), Vec::new()], Vec::new());
    for _ in 0..rounds {
        let before = Instant::now();
        assert_eq!(bare.run(), 32 * CALLS);
        let between = Instant::now();
        let outcome = ours.call(Hook::Loop, Budget(u32::MAX), &mut Null);
        let after = Instant::now();
        assert_eq!(outcome.result, Ok((32 * CALLS).cast_signed()));
        let each = |time: std::time::Duration| time.as_secs_f64() * 1e9 / f64::from(CALLS);
        ns[0].push(each(between - before));
        ns[1].push(each(after - between));
        ratios.push((after - between).as_secs_f64() / (between - before).as_secs_f64());
    }
    println!("once around the guest's loop, median of {rounds}");
    println!("an ordinary native of WAMR's   {:6.1} ns", median(&mut ns[0]));
    println!("ours, through Host             {:6.1} ns", median(&mut ns[1]));
    println!("ratio, median of each round's  {:6.3}", median(&mut ratios));
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
