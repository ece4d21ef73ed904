//! Endpoints: a container's only connections to the outside.
//!
//! The metadata lists them by number, with a direction and a peer: a local bus, another container, a remote service.
//! What is not listed, or not authorized, is refused.

use crate::{Errno, count, ffi};

/// An open endpoint. Dropping it closes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    fd: i32,
}

/// Opens the endpoint that the metadata lists under `id`.
pub fn open(id: u32) -> Result<Endpoint, Errno> {
    let fd = ffi::open(id);
    if fd < 0 { Err(crate::errno(fd)) } else { Ok(Endpoint { fd }) }
}

impl Endpoint {
    /// Reads one message, or the data that the bus has; returns how many bytes of `buf` were written.
    ///
    /// A device transfers at most as many bytes at once as its driver allows (64 by default): read again for the rest.
    /// The time of a call is subtracted from the hook's budget.
    pub fn read(&self, buf: &mut [u8]) -> Result<usize, Errno> {
        // The bound lets the caller (and the compiler) slice `buf` by the result without a panic.
        Ok(count(ffi::read(self.fd, buf))?.min(buf.len()))
    }

    /// Reads exactly `N` bytes in one transfer; fewer are [`Errno::Io`].
    pub fn read_array<const N: usize>(&self) -> Result<[u8; N], Errno> {
        let mut buf = [0; N];
        if self.read(&mut buf)? == N { Ok(buf) } else { Err(Errno::Io) }
    }

    /// Writes `buf` as one message; returns how many bytes the peer took. A device may take fewer, as with
    /// [`read`](Self::read): write the rest again. Another container takes the whole message or nothing.
    pub fn write(&self, buf: &[u8]) -> Result<usize, Errno> {
        count(ffi::write(self.fd, buf))
    }

    /// Closes it now; returns the result of the host.
    pub fn close(self) -> Result<(), Errno> {
        let fd = self.fd;
        core::mem::forget(self);
        crate::done(ffi::close(fd))
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        ffi::close(self.fd);
    }
}

/// An endpoint that is opened at its first use, and again after its peer was gone.
///
/// So the containers of a device can be started in any order: a loop that gets [`Errno::NoPeer`] tries again in the
/// next.
#[derive(Debug, PartialEq, Eq)]
pub struct Port {
    id: u32,
    // Negative: not open. The same as Option<Endpoint>, in half the code size.
    fd: i32,
}

impl Port {
    /// A port for the endpoint that the metadata lists under `id`, not yet open.
    pub const fn new(id: u32) -> Self {
        Self { id, fd: -1 }
    }

    /// See [`Endpoint::read`].
    pub fn read(&mut self, buf: &mut [u8]) -> Result<usize, Errno> {
        let max = buf.len();
        Ok(count(self.call(|fd| ffi::read(fd, buf)))?.min(max))
    }

    /// See [`Endpoint::read_array`].
    pub fn read_array<const N: usize>(&mut self) -> Result<[u8; N], Errno> {
        let mut buf = [0; N];
        if self.read(&mut buf)? == N { Ok(buf) } else { Err(Errno::Io) }
    }

    /// See [`Endpoint::write`].
    pub fn write(&mut self, buf: &[u8]) -> Result<usize, Errno> {
        count(self.call(|fd| ffi::write(fd, buf)))
    }

    /// Closes it, if it is open. The next use opens it again.
    pub fn close(&mut self) {
        if self.fd >= 0 {
            ffi::close(self.fd);
            self.fd = -1;
        }
    }

    fn call(&mut self, call: impl FnOnce(i32) -> i32) -> i32 {
        if self.fd < 0 {
            self.fd = ffi::open(self.id);
            if self.fd < 0 {
                return self.fd;
            }
        }
        let answer = call(self.fd);
        if answer == Errno::NoPeer as i32 {
            self.close();
        }
        answer
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.close();
    }
}
