//! The loading session: an image that is loaded in pieces.

use crate::cell::TryCell;
use crate::result::{LoadFailure, TinycontainerResult as Code};
use tinycontainer::{ImageError, Loading, Platform};

/// The storage of the loading session of `tinycontainer_load_begin`: one at a time.
pub struct LoadSession<P: Platform + 'static, const N: usize> {
    cell: TryCell<Open<P, N>>,
}

struct Open<P: Platform + 'static, const N: usize> {
    /// The number of the last session, whether it is open or not.
    number: u32,
    loading: Option<Loading<'static, P, N>>,
}

impl<P: Platform, const N: usize> LoadSession<P, N> {
    /// Without an open session.
    pub const fn new() -> Self {
        Self { cell: TryCell::new(Open { number: 0, loading: None }) }
    }

    /// Opens a session, unless another is open and has not timed out; returns its number, never 0.
    pub(crate) fn open(
        &self,
        begin: impl FnOnce() -> Result<Loading<'static, P, N>, ImageError>,
    ) -> Result<u32, LoadFailure> {
        let opened = self.cell.with(|open| {
            if open.loading.as_ref().is_some_and(|loading| !loading.is_stale()) {
                return Err(Code::Busy.into());
            }
            // A session that has timed out: its memory is free for this one.
            open.loading = None;
            open.loading = Some(begin()?);
            open.number = open.number.checked_add(1).unwrap_or(1);
            Ok(open.number)
        });
        opened.unwrap_or(Err(Code::Busy.into()))
    }

    /// Runs `f` on the session of that number.
    pub(crate) fn with<R>(
        &self,
        number: u32,
        f: impl FnOnce(&mut Option<Loading<'static, P, N>>) -> Result<R, LoadFailure>,
    ) -> Result<R, LoadFailure> {
        let used = self.cell.with(|open| {
            if open.number != number || open.loading.is_none() {
                return Err(Code::NoSession.into());
            }
            f(&mut open.loading)
        });
        used.unwrap_or(Err(Code::Busy.into()))
    }
}

impl<P: Platform, const N: usize> Default for LoadSession<P, N> {
    fn default() -> Self {
        Self::new()
    }
}
