//! The pool compared with a model: contents are kept, blocks do not overlap, caps hold, all memory can be freed.
#![expect(unsafe_code, reason = "drives the pointer interface as C code would")]
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "helpers of tests")]

use core::mem::MaybeUninit;
use core::ptr::NonNull;
use proptest::prelude::*;
use tinycontainer_pool::{Account, InitError, OutOfMemory, Pool};

const ACCOUNTS: usize = 3;
const CAPS: [u32; ACCOUNTS] = [4096, 1500, 700];

fn pool(len: usize) -> &'static Pool {
    let pool = Box::leak(Box::new(Pool::new()));
    // A region that begins at any address.
    let region = Box::leak(vec![MaybeUninit::uninit(); len + 3].into_boxed_slice());
    pool.init(&mut region[3..], ACCOUNTS).unwrap();
    pool
}

#[derive(Debug, Clone)]
enum Step {
    Alloc(u8, usize),
    Realloc(usize, usize),
    Free(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let len = prop_oneof![4 => 0..64usize, 2 => 0..600usize, 1 => 0..5000usize];
    prop_oneof![
        3 => (0..ACCOUNTS as u8, len.clone()).prop_map(|(account, len)| Step::Alloc(account, len)),
        2 => (any::<usize>(), len).prop_map(|(which, len)| Step::Realloc(which, len)),
        2 => any::<usize>().prop_map(Step::Free),
    ]
}

struct Block {
    at: NonNull<u8>,
    account: u8,
    bytes: Vec<u8>,
}

impl Block {
    fn check(&self) {
        // SAFETY: a block that was not freed; nothing else refers to it.
        let there = unsafe { core::slice::from_raw_parts(self.at.as_ptr(), self.bytes.len()) };
        assert_eq!(there, self.bytes);
    }

    fn fill(&mut self, len: usize, seed: u8) {
        self.bytes = (0..len).map(|i| seed.wrapping_add(i as u8)).collect();
        // SAFETY: as in `check`.
        unsafe { self.at.copy_from_nonoverlapping(NonNull::from(&self.bytes[..]).cast(), len) };
    }
}

fn run(steps: &[Step]) {
    let pool = pool(6000);
    let before = pool.free_bytes();
    assert_eq!(pool.largest_free(), before);
    for (n, cap) in CAPS.into_iter().enumerate() {
        assert!(pool.open(Account(n as u8), cap));
    }
    let mut blocks: Vec<Block> = Vec::new();
    for (seed, step) in steps.iter().enumerate() {
        match *step {
            Step::Alloc(account, len) => match pool.alloc(Account(account), len) {
                Ok(at) => {
                    assert_eq!(at.as_ptr() as usize % 8, 0);
                    // SAFETY: a block of the pool.
                    assert!(unsafe { pool.usable(at) } >= len);
                    let mut block = Block { at, account, bytes: Vec::new() };
                    block.fill(len, seed as u8);
                    blocks.push(block);
                }
                Err(why) => {
                    assert_eq!(pool.last_refusal(Account(account)), Some(why));
                    if why == OutOfMemory::OverCap {
                        let cap = CAPS[usize::from(account)];
                        assert!(
                            pool.usage(Account(account)).used as usize + (len + 4 + 7).max(16) + 8
                                > cap as usize
                        );
                    }
                }
            },
            Step::Realloc(which, len) if !blocks.is_empty() => {
                let which = which % blocks.len();
                let block = &mut blocks[which];
                // SAFETY: a block of the pool.
                if let Ok(at) = unsafe { pool.realloc(block.at, len) } {
                    block.at = at;
                    block.bytes.truncate(len);
                    block.check();
                    block.fill(len, seed as u8);
                } else {
                    assert!(len > block.bytes.len());
                }
            }
            Step::Free(which) if !blocks.is_empty() => {
                let block = blocks.swap_remove(which % blocks.len());
                block.check();
                // SAFETY: a block of the pool, removed from the model with this.
                unsafe { pool.dealloc(block.at) };
            }
            _ => {}
        }
        let mut used = 0;
        for (n, cap) in CAPS.into_iter().enumerate() {
            let usage = pool.usage(Account(n as u8));
            assert!(usage.used <= cap && usage.used <= usage.peak && usage.peak <= cap);
            let requested: usize = blocks
                .iter()
                .filter(|block| usize::from(block.account) == n)
                .map(|block| block.bytes.len())
                .sum();
            assert!(usage.used as usize >= requested);
            used += usage.used as usize;
        }
        assert_eq!(pool.free_bytes() + used, before);
        assert!(pool.largest_free() <= pool.free_bytes());
    }
    for block in blocks {
        block.check();
        // SAFETY: a block of the pool, removed from the model with this.
        unsafe { pool.dealloc(block.at) };
    }
    assert_eq!((pool.free_bytes(), pool.largest_free()), (before, before));
    for n in 0..ACCOUNTS as u8 {
        assert_eq!(pool.usage(Account(n)).used, 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if cfg!(miri) { 6 } else { 2000 },
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn like_the_model(steps in prop::collection::vec(step(), 0..if cfg!(miri) { 60 } else { 300 })) {
        run(&steps);
    }
}

#[test]
fn a_closed_account_gets_nothing() {
    let pool = pool(1000);
    assert_eq!(pool.alloc(Account(0), 1), Err(OutOfMemory::OverCap));
    assert_eq!(pool.alloc(Account(200), 1), Err(OutOfMemory::OverCap));
    assert!(!pool.open(Account(200), 5));
    assert_eq!(Pool::new().alloc(Account(0), 1), Err(OutOfMemory::OverCap));
}

#[test]
fn the_last_block_can_be_used_to_its_end() {
    let pool = pool(6601);
    pool.open(Account(0), u32::MAX);
    let all = pool.free_bytes() - 4;
    let block = pool.alloc(Account(0), all).unwrap();
    assert_eq!((pool.free_bytes(), pool.largest_free()), (0, 0));
    assert_eq!(pool.alloc(Account(0), 1), Err(OutOfMemory::PoolFull));
    // SAFETY: a block of the pool.
    unsafe { pool.dealloc(block) };
    assert_eq!(pool.alloc(Account(0), all + 1), Err(OutOfMemory::PoolFull));
}

#[test]
fn sizes_that_wrap_are_refused() {
    let pool = pool(1000);
    pool.open(Account(0), u32::MAX);
    for len in [usize::MAX, usize::MAX - 3, usize::MAX - 11, 1 << 31, (1 << 25) - 4, 1 << 25] {
        assert!(pool.alloc(Account(0), len).is_err(), "{len}");
    }
}

#[test]
fn a_region_is_given_once_and_must_have_room() {
    let pool = pool(1000);
    let small = || Box::leak(Box::new([MaybeUninit::uninit(); 48])) as &mut [_];
    assert_eq!(pool.init(small(), 1), Err(InitError::AlreadyGiven));
    assert_eq!(Pool::new().init(small(), 9), Err(InitError::TooSmall));
    assert_eq!(Pool::new().init(&mut [], 0), Err(InitError::TooSmall));
}

#[test]
fn buffers_are_zeroed_and_come_back() {
    let pool = pool(1000);
    pool.open(Account(1), 400);
    let before = pool.free_bytes();
    let mut buf = pool.take(Account(1), 300).unwrap();
    assert!(buf.iter().all(|byte| *byte == 0));
    buf.fill(0xff);
    assert_eq!(pool.take(Account(1), 300).unwrap_err(), OutOfMemory::OverCap);
    drop(buf);
    assert!(pool.take(Account(1), 300).unwrap().iter().all(|byte| *byte == 0));
    assert_eq!(pool.free_bytes(), before);
    assert_eq!(pool.usage(Account(1)).peak, 304);
}

#[test]
fn eight_threads_at_once() {
    let pool = pool(5000);
    let before = pool.free_bytes();
    for n in 0..ACCOUNTS as u8 {
        pool.open(Account(n), u32::MAX);
    }
    std::thread::scope(|scope| {
        for thread in 0..8u8 {
            scope.spawn(move || {
                for round in 0..if cfg!(miri) { 20 } else { 5000usize } {
                    if let Ok(mut buf) = pool.take(Account(thread % 3), round % 300) {
                        buf.fill(thread);
                        std::thread::yield_now();
                        assert!(buf.iter().all(|byte| *byte == thread));
                    }
                }
            });
        }
    });
    assert_eq!((pool.free_bytes(), pool.largest_free()), (before, before));
}
