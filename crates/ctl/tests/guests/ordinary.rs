//! Functions as guests have them, in ordinary Rust: nothing here avoids an instruction or a panic. `ordinary.c` has the same in C.
//!
//! A container runs them, and the test that runs the container (`cli/ordinary.rs`) calls them too: the results must be equal.

const BYTES: [u8; 16] = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3];
const WORDS: [i16; 8] = [-300, 25, 7, -1, 32000, -32000, 0, 512];
const GRID: [[u16; 4]; 3] = [[1, 2, 3, 4], [50, 60, 70, 80], [900, 1000, 1100, 1200]];

/// Each takes a number and gives one.
pub const FUNCTIONS: [fn(u32) -> u32; 55] = [
    // Division.
    |n| ((n as i32 - 1000) / (n as i32 % 5 + 1)) as u32,
    |n| ((n as i32 - 1000) % (n as i32 % 7 + 1)) as u32,
    |n| 1_000_000 / (n % 9 + 1),
    |n| (0x1234_5678_9abc_def0_u64 / u64::from(n + 3)) as u32,
    |n| (0x1234_5678_9abc_def0_u64 % u64::from(n + 3)) as u32,
    |n| (-0x1234_5678_9abc_i64 / i64::from(n + 3)) as u32,
    |n| 77_u32.checked_div(n % 2).unwrap_or(9),
    |n| mean(&[n as i32, -4, 1000 - n as i32, 17]) as u32,
    // Narrow integers.
    |n| i32::from((n as i16).wrapping_mul(-3)) as u32,
    |n| i32::from(n as i8) as u32,
    |n| u32::from((n as u16).wrapping_mul(40_503)),
    |n| (i64::from(n as i32) * -5 >> 7) as u32,
    |n| i32::from(WORDS[n as usize % WORDS.len()].saturating_add(n as i16)) as u32,
    |n| WORDS.iter().fold(0i16, |sum, word| sum.wrapping_add(*word ^ n as i16)) as u32,
    |n| i32::from((n as i8).wrapping_neg() >> 2) as u32,
    // Slices.
    |n| BYTES[..n as usize % 17].iter().map(|byte| u32::from(*byte)).sum(),
    |n| u32::from(*BYTES[n as usize % 8..].iter().max().unwrap()),
    |n| BYTES.windows(2).filter(|pair| u32::from(pair[1].abs_diff(pair[0])) > n % 5).count() as u32,
    |n| BYTES.chunks(n as usize % 6 + 1).map(|chunk| u32::from(chunk[chunk.len() / 2])).sum(),
    |n| {
        let mut copy = BYTES;
        copy.reverse();
        copy.copy_within(2..9, n as usize % 7);
        hash(&copy)
    },
    |n| {
        let mut copy = BYTES.map(|byte| byte.wrapping_mul(n as u8 | 1));
        copy.sort_unstable();
        hash(&copy)
    },
    |n| match [2, 3, 5, 7, 11, 13, 17, 19].binary_search(&(n % 20)) {
        Ok(at) => at as u32,
        Err(at) => 100 + at as u32,
    },
    |n| {
        let mut buffer = [0u8; 64];
        let at = n as usize % 48;
        buffer[at..at + 16].copy_from_slice(&BYTES);
        hash(&buffer)
    },
    |n| {
        let mut buffer = [1u8; 300];
        buffer[n as usize % 100..n as usize % 100 + 150].fill(n as u8);
        hash(&buffer)
    },
    |n| {
        let (low, high) = BYTES.split_at(n as usize % 16);
        hash(high) ^ hash(low).rotate_left(9)
    },
    |n| u32::from(BYTES.starts_with(&[3, 1, n as u8])) + 2 * u32::from(BYTES[1..3] == [1, n as u8]),
    |n| BYTES.iter().position(|byte| u32::from(*byte) == n % 11).map_or(99, |at| at as u32),
    // Arrays by index.
    |n| u32::from(BYTES[n as usize % 16]),
    |n| u32::from(GRID[n as usize % 3][n as usize / 3 % 4]),
    |n| {
        let mut counts = [0u8; 10];
        for byte in BYTES {
            counts[usize::from(byte) * n as usize % 10] += 1;
        }
        hash(&counts)
    },
    |n| {
        let mut composite = [false; 200];
        let mut primes = 0;
        for i in 2..(100 + n as usize % 100) {
            if !composite[i] {
                primes += 1;
                (i * i..200).step_by(i).for_each(|at| composite[at] = true);
            }
        }
        primes
    },
    // Tables of cases.
    |n| match n % 12 {
        0 => 31,
        1 => n.wrapping_mul(3),
        2 => 28 ^ n,
        3 => n >> 3,
        4 => n << 5,
        5 => !n,
        6 => 1000 - n % 1000,
        7 => n & 0x55,
        _ => 30,
    },
    |n| match &BYTES[n as usize % 14..n as usize % 14 + 2] {
        b"\x04\x01" => 1,
        [5, other] => u32::from(*other),
        [9, ..] => 3,
        _ => 0,
    },
    |n| match n % 1000 {
        0..=9 => 1,
        10..=99 => 2,
        100 | 200 | 300 => 7,
        _ => 3,
    },
    |n| BYTES.iter().fold(State::Idle, |state, byte| state.next(*byte, n)) as u32,
    // Floats.
    |n| (BYTES.iter().map(|byte| f32::from(*byte)).sum::<f32>() / (n as f32 + 0.5)).to_bits(),
    |n| (((n as f64 * 0.5 - 3.25) * n as f64 + 1.125) * 1e-3).to_bits() as u32,
    |n| ((n as f32 - 500.0) * 1e7) as i32 as u32,
    |n| u32::from((n as f64 * 1.7 - 400.0) as u8),
    |n| ((n as f64 - 777.0) * 1e16) as i64 as u32,
    |n| ((u64::from(n) << 40 | 12_345) as f64).to_bits() as u32,
    |n| (n as f32 / 7.0).clamp(10.5, 99.75).to_bits(),
    |n| root(f64::from(n)).to_bits() as u32,
    |n| (-(n as f32)).abs().min(640.0).max(2.5).mul_div(3.0, 7.0).to_bits(),
    // 64 bits and bits.
    |n| (u64::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32,
    |n| 0x0123_4567_89ab_cdef_u64.rotate_left(n % 64) as u32,
    |n| n.leading_zeros() + 40 * n.trailing_zeros() + 1600 * u64::from(n).pow(2).count_ones(),
    |n| u32::from_le_bytes(n.swap_bytes().reverse_bits().to_be_bytes()),
    |n| n.checked_mul(70_000).unwrap_or(n).saturating_sub(500),
    |n| crc(&BYTES[..n as usize % 16 + 1]),
    // Calls.
    |n| {
        let (quotient, rest) = divided(u64::from(n) * 1_000_003, 97);
        (quotient as u32).wrapping_add(rest as u32)
    },
    |n| factorial(u64::from(n % 20)) as u32,
    |n| {
        let shapes: [&dyn Area; 2] = [&Square(n), &Strip { long: n, wide: 3 }];
        shapes[n as usize % 2].area().wrapping_add(shapes[0].area())
    },
    |n| digits(n).unwrap_or(0),
    |n| {
        let first = Reading { at: u64::from(n), values: [n as i16; 24] };
        let mut second = first;
        second.values[n as usize % 24] = -1;
        second
            .values
            .iter()
            .zip(first.values)
            .map(|(a, b)| (i32::from(*a) - i32::from(b)) as u32)
            .sum::<u32>()
            ^ second.at as u32
    },
];

fn mean(values: &[i32]) -> i32 {
    values.iter().sum::<i32>() / values.len() as i32
}

fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        }
    }
    !crc
}

#[derive(Clone, Copy)]
enum State {
    Idle,
    Busy,
    Done,
}

impl State {
    fn next(self, byte: u8, n: u32) -> Self {
        match (self, byte) {
            (Self::Idle, 4..) => Self::Busy,
            (Self::Busy, byte) if u32::from(byte) == n % 10 => Self::Done,
            (state, _) => state,
        }
    }
}

fn root(of: f64) -> f64 {
    let mut guess = of / 2.0 + 1.0;
    for _ in 0..20 {
        guess = (guess + of / guess) / 2.0;
    }
    guess
}

trait MulDiv {
    fn mul_div(self, by: Self, over: Self) -> Self;
}

impl MulDiv for f32 {
    fn mul_div(self, by: Self, over: Self) -> Self {
        self * by / over
    }
}

#[inline(never)]
fn divided(value: u64, by: u64) -> (u64, u64) {
    (value / by, value % by)
}

fn factorial(n: u64) -> u64 {
    if n == 0 { 1 } else { n * factorial(n - 1) }
}

trait Area {
    fn area(&self) -> u32;
}

struct Square(u32);

struct Strip {
    long: u32,
    wide: u32,
}

impl Area for Square {
    fn area(&self) -> u32 {
        self.0.wrapping_mul(self.0)
    }
}

impl Area for Strip {
    fn area(&self) -> u32 {
        self.long.wrapping_mul(self.wide)
    }
}

/// The sum of its decimal digits, written as text and read again; None if there is a 7 among them.
fn digits(mut n: u32) -> Option<u32> {
    let mut text = [b' '; 10];
    for place in text.iter_mut().rev() {
        *place = b'0' + (n % 10) as u8;
        n /= 10;
    }
    text.iter().map(|digit| (*digit != b'7').then_some(u32::from(digit - b'0'))).sum()
}

#[derive(Clone, Copy)]
struct Reading {
    at: u64,
    values: [i16; 24],
}
