//! Which account a thread works for, on a host.

use crate::CurrentAccount;
use core::cell::Cell;
use std::thread_local;
use tinycontainer_runtime::Account;

thread_local! {
    static CURRENT: Cell<Option<Account>> = const { Cell::new(None) };
}

/// [`CurrentAccount`] in a thread-local of the standard library.
#[derive(Debug, Clone, Copy, Default)]
pub struct ThreadLocal;

impl CurrentAccount for ThreadLocal {
    fn set(&self, account: Option<Account>) {
        CURRENT.set(account);
    }

    fn current(&self) -> Option<Account> {
        CURRENT.get()
    }
}
