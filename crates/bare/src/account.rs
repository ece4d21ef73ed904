//! For WAMR: which container the processor works for.

use core::ptr::NonNull;
use core::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use tinycontainer::runtime::Account;
use tinycontainer_wamr::CurrentAccount;

/// There is one thread, so there is one current account.
pub(crate) struct OneThread {
    /// The account's number and one; 0 for none.
    current: AtomicU16,
    stack_limit: AtomicUsize,
}

pub(crate) static THREAD: OneThread =
    OneThread { current: AtomicU16::new(0), stack_limit: AtomicUsize::new(0) };

impl OneThread {
    /// See [`Board::stack_limit`](crate::Board::stack_limit).
    pub(crate) fn set_stack_limit(&self, address: usize) {
        self.stack_limit.store(address, Ordering::Relaxed);
    }
}

impl CurrentAccount for OneThread {
    fn set(&self, account: Option<Account>) {
        self.current.store(account.map_or(0, |account| u16::from(account.0) + 1), Ordering::Relaxed);
    }

    fn current(&self) -> Option<Account> {
        let number = self.current.load(Ordering::Relaxed).checked_sub(1)?;
        u8::try_from(number).ok().map(Account)
    }

    fn stack_boundary(&self) -> Option<NonNull<u8>> {
        NonNull::new(core::ptr::without_provenance_mut(self.stack_limit.load(Ordering::Relaxed)))
    }
}
