//! A guest that puts all of its blocks one behind another in the classic interpreter's table of blocks' ends.

use crate::world::{Record, world};
use tinycontainer_runtime::{Account, Budget, Hook, Instance as _, Limits};

fn leb(mut n: usize) -> Vec<u8> {
    let mut out = vec![];
    loop {
        let b = (n & 0x7f) as u8;
        n >>= 7;
        if n == 0 {
            out.push(b);
            return out;
        }
        out.push(b | 0x80);
    }
}
/// 5 bytes always.
fn leb5(n: usize) -> Vec<u8> {
    (0..5).map(|i| ((n >> (7 * i)) & 0x7f) as u8 | if i < 4 { 0x80 } else { 0 }).collect()
}
fn section(id: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![id];
    out.extend(leb(body.len()));
    out.extend(body);
    out
}
fn hash(place: usize) -> usize {
    (place * 40503) & 0xffff
}

/// `size` bytes of filling blocks whose hash is below `below`; the last one executed has the least hash.
fn cluster(size: usize, below: usize, times: u32) -> (Vec<u8>, u32) {
    let mut m = b"\0asm\x01\0\0\0".to_vec();
    // types: ()->(), ()->i32
    m.extend(section(1, &[2, 0x60, 0, 0, 0x60, 0, 1, 0x7f]));
    m.extend(section(3, &[3, 0, 1, 0]));
    let mut ex = vec![3];
    for (i, n) in ["start", "loop", "stop"].iter().enumerate() {
        ex.extend(leb(n.len()));
        ex.extend(n.as_bytes());
        ex.extend([0, i as u8]);
    }
    m.extend(section(7, &ex));
    // code section: id, size(5), count, [size5 body]*
    let base = m.len() + 1 + 5 + 1;
    let mut code = vec![];
    let mut blocks = 0;
    // function 1, `start`: fill.
    let at = base + 5; // body begins here
    let mut body = vec![0_u8];
    let end = at + size;
    let put = |body: &mut Vec<u8>, p: usize, rest: &[u8]| {
        // block's type ends at p
        while at + body.len() + 2 < p {
            body.push(0x01);
        }
        body.extend([0x02, 0x40]);
        body.extend(rest);
    };
    let mut p = at + 3;
    while p < end {
        if hash(p) < below && hash(p) > 40 && at + body.len() + 2 <= p {
            put(&mut body, p, &[0x0c, 0, 0x0b]);
            blocks += 1;
        }
        p += 1;
    }
    body.push(0x0b);
    code.extend(leb5(body.len()));
    code.extend(&body);
    // function 2, `loop`: local i32; loop { block br end }
    let mut body = vec![1, 1, 0x7f];
    let at = base + code.len() + 5;
    // (local.set 0 (i32.const times))
    body.extend([0x41]);
    body.extend(leb5(times as usize));
    body.extend([0x21, 0]);
    let mut p = at + body.len() + 4;
    let fill = if below == 0 { 32768 } else { below / 10 };
    while hash(p) < fill || hash(p) > fill + 40 {
        p += 1;
    }
    while at + body.len() + 4 < p {
        body.push(0x01);
    }
    body.extend([0x03, 0x40]);
    body.extend([0x02, 0x40, 0x0c, 0, 0x0b]);
    blocks += 1;
    body.extend([0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x41, 0, 0x0b]);
    code.extend(leb5(body.len()));
    code.extend(&body);
    code.extend(leb5(2));
    code.extend([0, 0x0b]);
    m.push(10);
    m.extend(leb5(code.len() + 1));
    m.push(3);
    m.extend(code);
    (m, blocks)
}

/// Looking through the table is not charged, so it is short; what is not found by then is searched, and charged.
#[test]
fn a_table_full_of_neighbours_is_not_looked_through_for_nothing() {
    const ROUNDS: u32 = 1000;
    let world = world();
    let limits = Limits { linear_memory: 0, stack: 4096, heap: 1 << 18 };
    let [spread, neighbours] = [0, 6554].map(|below| {
        let (module, blocks) = cluster(16_000, below, ROUNDS);
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
