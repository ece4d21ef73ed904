//! Messages between containers: a bounded queue at the reader's endpoint.

use core::ops::DerefMut;
use tinycontainer_abi::Errno;

/// A ring of length-prefixed messages in a fixed buffer.
#[derive(Debug)]
pub(crate) struct Queue<B> {
    /// If the buffer is longer than 64 KiB, only its beginning is used.
    buffer: B,
    /// Where the oldest message begins.
    head: u16,
    /// The number of bytes in use, lengths included.
    used: u16,
}

/// The size of a message's length, in bytes.
const PREFIX: usize = 2;

impl<B: DerefMut<Target = [u8]>> Queue<B> {
    pub(crate) fn new(buffer: B) -> Self {
        Self { buffer, head: 0, used: 0 }
    }

    pub(crate) fn clear(&mut self) {
        self.head = 0;
        self.used = 0;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.used == 0
    }

    fn len(&self) -> usize {
        self.buffer.len().min(usize::from(u16::MAX))
    }

    /// Appends a whole message.
    pub(crate) fn push(&mut self, message: &[u8]) -> Result<(), Errno> {
        let len = u16::try_from(message.len()).map_err(|_| Errno::TooLong)?;
        let needed = message.len() + PREFIX;
        if needed > self.len() {
            return Err(Errno::TooLong);
        }
        if needed > self.len() - usize::from(self.used) {
            return Err(Errno::WouldBlock);
        }
        let tail = usize::from(self.head) + usize::from(self.used);
        self.put(tail, &len.to_le_bytes());
        self.put(tail + PREFIX, message);
        // At most `len()`.
        self.used += needed as u16;
        Ok(())
    }

    /// Removes the oldest message and copies it whole. If it does not fit `into`, it stays in the queue.
    pub(crate) fn pop(&mut self, into: &mut [u8]) -> Result<usize, Errno> {
        if self.used == 0 {
            return Err(Errno::WouldBlock);
        }
        let head = usize::from(self.head);
        let mut prefix = [0; PREFIX];
        self.get(head, &mut prefix);
        let len = usize::from(u16::from_le_bytes(prefix));
        let into = into.get_mut(..len).ok_or(Errno::TooLong)?;
        self.get(head + PREFIX, into);
        // Less than `len()`.
        self.head = self.place(head + PREFIX + len) as u16;
        self.used -= (PREFIX + len) as u16;
        Ok(len)
    }

    /// Where the ring continues at `at`. Without space it has no places, and nothing is ever put there.
    fn place(&self, at: usize) -> usize {
        at.checked_rem(self.len()).unwrap_or(0)
    }

    /// Copies into the ring from `at` on; the caller has checked that there is enough free space.
    fn put(&mut self, at: usize, bytes: &[u8]) {
        let at = self.place(at);
        let (first, second) = bytes.split_at(bytes.len().min(self.len() - at));
        for (at, part) in [(at, first), (0, second)] {
            if let Some(to) = self.buffer.get_mut(at..at + part.len()) {
                to.copy_from_slice(part);
            }
        }
    }

    fn get(&self, at: usize, into: &mut [u8]) {
        let at = self.place(at);
        let (first, second) = into.split_at_mut(into.len().min(self.len() - at));
        for (at, part) in [(at, first), (0, second)] {
            if let Some(from) = self.buffer.get(at..at + part.len()) {
                part.copy_from_slice(from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::boxed::Box;
    use std::vec;

    fn queue(len: usize) -> Queue<Box<[u8]>> {
        Queue::new(vec![0; len].into_boxed_slice())
    }

    #[test]
    fn messages_keep_their_bounds_and_order() {
        let mut queue = queue(16);
        let mut buf = [0; 16];
        assert_eq!(queue.pop(&mut buf), Err(Errno::WouldBlock));
        // The ring wraps around several times.
        for round in 0..50u8 {
            assert_eq!(queue.push(&[round; 3]), Ok(()));
            assert_eq!(queue.push(&[]), Ok(()));
            assert_eq!(queue.push(&[round, 7]), Ok(()));
            assert_eq!(queue.push(&[0; 4]), Err(Errno::WouldBlock));
            assert_eq!(queue.pop(&mut buf), Ok(3));
            assert_eq!(buf[..3], [round; 3]);
            assert_eq!(queue.pop(&mut buf), Ok(0));
            assert_eq!(queue.pop(&mut buf), Ok(2));
            assert_eq!(buf[..2], [round, 7]);
            assert_eq!(queue.pop(&mut buf), Err(Errno::WouldBlock));
        }
    }

    #[test]
    fn what_does_not_fit_stays_or_is_refused() {
        let mut queue = queue(16);
        assert_eq!(queue.push(&[1; 15]), Err(Errno::TooLong), "would never fit");
        assert_eq!(queue.push(&[1; 14]), Ok(()));
        assert_eq!(queue.push(&[]), Err(Errno::WouldBlock));
        assert_eq!(queue.pop(&mut [0; 13]), Err(Errno::TooLong));
        assert_eq!(queue.pop(&mut [0; 14]), Ok(14), "still there");
        queue.push(&[1; 3]).unwrap();
        queue.clear();
        assert_eq!(queue.pop(&mut [0; 14]), Err(Errno::WouldBlock));
        let mut none = Queue::new(vec![].into_boxed_slice());
        assert_eq!(none.push(&[]), Err(Errno::TooLong));
        assert_eq!(none.pop(&mut []), Err(Errno::WouldBlock));
        assert_eq!(queue.push(&vec![0; 70_000]), Err(Errno::TooLong));
        let mut long = Queue::new(vec![0; 100_000].into_boxed_slice());
        assert_eq!(long.push(&vec![7; 65_534]), Err(Errno::TooLong), "64 KiB less 1, its length too");
        for _ in 0..3 {
            assert_eq!(long.push(&vec![7; 65_533]), Ok(()));
            assert_eq!(long.push(&[]), Err(Errno::WouldBlock));
            assert_eq!(long.pop(&mut vec![0; 70_000]), Ok(65_533));
        }
    }
}
