//! A guest that puts all of its blocks one behind another in the classic interpreter's table of blocks' ends
//! (`wamr-sys/c/blocks.h`).

use crate::shapes::{padded, section};
use crate::world::{Record, world};
use tinycontainer_runtime::{Account, Budget, Hook, Instance as _, Limits};

const NOP: u8 = 0x01;
/// `(block (br 0))`.
const BLOCK: [u8; 5] = [0x02, 0x40, 0x0c, 0, 0x0b];

/// Where the table has the block whose body begins at this byte of the module, of 65,536.
fn hash(place: usize) -> usize {
    (place * 40503) & 0xffff
}

/// Appends `nop`s and a block whose body begins at byte `place` of the module; `code` begins at byte `at` of it.
fn block_at(code: &mut Vec<u8>, at: usize, place: usize) {
    code.resize(place - 2 - at, NOP);
    code.extend(BLOCK);
}

/// A module whose `start()` enters as many blocks with a hash below `below` as `bytes` of code have, and whose `loop()`
/// enters one block at the beginning of these, `rounds` times. Returns it and the number of blocks of `start()`.
fn neighbours(bytes: usize, below: usize, rounds: u32) -> (Vec<u8>, usize) {
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    section(&mut module, 1, &[vec![0x60, 0, 0], vec![0x60, 0, 1, 0x7f]]);
    section(&mut module, 3, &[vec![0], vec![1], vec![0]]);
    let export = |name: &[u8], index: u8| [&[name.len() as u8], name, &[0, index]].concat();
    section(&mut module, 7, &[export(b"start", 0), export(b"loop", 1), export(b"stop", 2)]);
    // The code section's number, its length and a function's in five bytes each, the number of functions in one.
    let at = module.len() + 1 + 5 + 1 + 5;
    let mut start = vec![0];
    let mut blocks = 0;
    for place in at + 3..at + bytes {
        if (41..below).contains(&hash(place)) && at + start.len() + 2 <= place {
            block_at(&mut start, at, place);
            blocks += 1;
        }
    }
    start.push(0x0b);
    let at = at + start.len() + 5;
    // (local i32) (local.set 0 (i32.const ROUNDS))
    let mut body = [&[1, 1, 0x7f, 0x41][..], &padded(rounds), &[0x21, 0]].concat();
    // The beginning of the table's blocks, or where there are none.
    let first = if below == 0 { 32768 } else { below / 10 };
    let place = (at + body.len() + 4..).find(|place| (first..=first + 40).contains(&hash(*place))).unwrap();
    body.resize(place - 4 - at, NOP);
    body.extend([0x03, 0x40]);
    body.extend(BLOCK);
    // (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))) end, 0
    body.extend([0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x41, 0, 0x0b]);
    let functions = [start, body, vec![0, 0x0b]];
    let code = functions.iter().flat_map(|body| [&padded(body.len() as u32)[..], body].concat());
    let code: Vec<u8> = [3].into_iter().chain(code).collect();
    module.push(10);
    module.extend(padded(code.len() as u32));
    module.extend(code);
    (module, blocks)
}

/// Looking through the table is not charged, so it is short; what is not found by then is searched, and charged.
#[test]
fn a_table_full_of_neighbours_is_not_looked_through_for_nothing() {
    const ROUNDS: u32 = 1000;
    let world = world();
    let limits = Limits { linear_memory: 0, stack: 4096, heap: 1 << 18 };
    let [spread, neighbours] = [0, 6554].map(|below| {
        let (module, blocks) = neighbours(16_000, below, ROUNDS);
        assert!(below == 0 || blocks > 1000, "{blocks}");
        let mut instance = world.wamr.instantiate(Account(1), &module, &limits).unwrap();
        let mut host = Record::default();
        // It fills the table.
        let filled = instance.call(Hook::Start, Budget(10_000_000), &mut host);
        assert_eq!(filled.result, Ok(0));
        let looped = instance.call(Hook::Loop, Budget(10_000_000), &mut host);
        assert_eq!(looped.result, Ok(0));
        looped.instructions
    });
    assert!(
        neighbours > spread + 10 * ROUNDS,
        "each round pays for a search: {neighbours} instructions, and {spread} where the table is almost empty"
    );
}
