//! Counts its loops.
#![cfg_attr(target_arch = "wasm32", no_std)]

use tinycontainer_guest::{Container, Next, container, log};

struct Empty {
    loops: u16,
}

impl Container for Empty {
    const NEW: Self = Self { loops: 0 };

    fn on_start(&mut self) {
        log!("it starts");
    }

    fn on_loop(&mut self) -> Next {
        self.loops = self.loops.wrapping_add(1);
        log!("loop ", self.loops);
        Next::Again
    }

    fn on_stop(&mut self) {
        log!("it stops");
    }
}

container!(Empty);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_are_counted() {
        let mut empty = Empty::NEW;
        assert_eq!((empty.on_loop(), empty.on_loop()), (Next::Again, Next::Again));
        assert_eq!(empty.loops, 2);
    }
}
