//! A container that logs what the functions of `ordinary.rs` give: `main.c`'s counterpart.
#![no_std]

mod ordinary;

use core::hint::black_box;
use tinycontainer_guest::{Container, Next, container};

const INPUTS: [u32; 5] = [0, 37, 999, 65_535, 123_456_789];
const PER_LINE: usize = 28;

struct Ordinary {
    next: usize,
    readings: Readings,
}

/// The code with which an issue began: a division of which the compiler does not know that it is not by zero.
struct Readings {
    n: i32,
    sum: i32,
}

impl Readings {
    fn add(&mut self, v: i32) {
        let v = v / self.n;
        self.n += 1;
        self.sum += v;
    }
}

impl Container for Ordinary {
    const NEW: Self = Self { next: 0, readings: Readings { n: 1, sum: 0 } };

    fn on_loop(&mut self) -> Next {
        let input = INPUTS[self.next];
        self.readings.add(input as i32);
        for functions in ordinary::FUNCTIONS.chunks(PER_LINE) {
            let mut line = [0; PER_LINE * 8 + 1];
            for (place, function) in line.chunks_mut(8).zip(functions) {
                let value = function(black_box(input));
                for (at, digit) in place.iter_mut().enumerate() {
                    *digit = b"0123456789abcdef"[(value >> (28 - 4 * at) & 15) as usize];
                }
            }
            if let Ok(line) = core::ffi::CStr::from_bytes_until_nul(&line) {
                tinycontainer_guest::log(line);
            }
        }
        self.next += 1;
        if self.next == INPUTS.len() && self.readings.sum != 0 { Next::Stop } else { Next::Again }
    }
}

container!(Ordinary);
