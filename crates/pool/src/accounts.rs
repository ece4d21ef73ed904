//! The accounts of a device.

use crate::{Account, InitError, Pool};
use core::mem::MaybeUninit;

/// The accounts of a device with `N` slots. Instances are booked on the accounts 0 to `N` - 1, by slot; images and
/// message queues on the next `N`; what belongs to the runtime and to no container on the last.
#[derive(Debug, Clone, Copy)]
pub struct Accounts<const N: usize>;

impl<const N: usize> Accounts<N> {
    /// The number of accounts.
    pub const COUNT: usize = {
        assert!(N <= 127, "an account has a number of 8 bits");
        2 * N + 1
    };

    /// The account of the runtime.
    pub const RUNTIME: Account = Account((Self::COUNT - 1) as u8);

    /// The account of the image and the message queues in a slot. For a slot that does not exist, an account that does
    /// not exist.
    pub fn image(slot: usize) -> Account {
        match u8::try_from(slot) {
            Ok(slot) if usize::from(slot) < N => Account(slot + N as u8),
            _ => Account(u8::MAX),
        }
    }

    /// Gives the pool its memory, and opens the accounts of images and of the runtime, without a cap. The runtime
    /// opens those of instances.
    ///
    /// # Errors
    /// Those of [`Pool::init`].
    pub fn init(pool: &Pool, region: &'static mut [MaybeUninit<u8>]) -> Result<(), InitError> {
        pool.init(region, Self::COUNT)?;
        for account in N as u8..=Self::RUNTIME.0 {
            pool.open(Account(account), u32::MAX);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::boxed::Box;
    use std::vec;

    #[test]
    fn accounts_are_distinct_and_open() {
        const N: usize = 127;
        static POOL: Pool = Pool::new();
        let region = Box::leak(vec![MaybeUninit::uninit(); 16 << 10].into_boxed_slice());
        Accounts::<N>::init(&POOL, region).unwrap();
        assert_eq!(Accounts::<N>::RUNTIME, Account(254));
        for slot in 0..N {
            assert_eq!(usize::from(Accounts::<N>::image(slot).0), N + slot);
            assert!(POOL.take(Accounts::<N>::image(slot), 8).is_ok());
            assert!(POOL.take(Account(slot as u8), 8).is_err(), "the runtime has not opened it");
        }
        assert!(POOL.take(Accounts::<N>::RUNTIME, 8).is_ok());
        for none in [N, 200, usize::MAX] {
            assert_eq!(Accounts::<N>::image(none), Account(u8::MAX));
        }
        assert!(POOL.take(Account(u8::MAX), 8).is_err());
    }
}
