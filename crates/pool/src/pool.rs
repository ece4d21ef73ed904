//! The pool: a heap with accounts, protected by a critical section.

#![expect(unsafe_code, reason = "gives out memory as pointers")]

use core::cell::RefCell;
use core::fmt;
use core::mem::MaybeUninit;
use core::ptr::NonNull;
use critical_section::Mutex;
use tinycontainer_runtime::{Account, MemoryUse};

use crate::heap::{self, Heap};

/// Why an allocation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutOfMemory {
    /// The account would exceed its cap, or was never opened: the fault of its owner.
    OverCap,
    /// The pool has no free block of that size: not the fault of the account's owner.
    PoolFull,
}

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OverCap => "the account has used up its memory",
            Self::PoolFull => "the pool has no memory left",
        })
    }
}

impl core::error::Error for OutOfMemory {}

/// Why a region is not accepted by a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitError {
    /// The pool already has one.
    AlreadyGiven,
    /// It is too small for the accounts and one block.
    TooSmall,
    /// It has 32 MiB or more.
    TooLarge,
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyGiven => "the pool has its region already",
            Self::TooSmall => "the region is too small for the accounts and one block",
            Self::TooLarge => "the region has 32 MiB or more",
        })
    }
}

impl core::error::Error for InitError {}

/// What is booked on an account, in bytes.
#[derive(Clone, Copy)]
struct Book {
    cap: u32,
    used: u32,
    peak: u32,
    /// The last failed request: 0 if none failed, `POOL_FULL`, or by how many bytes the account would have exceeded
    /// its cap.
    refused: u32,
}

/// More than any account can exceed its cap.
const POOL_FULL: u32 = u32::MAX;

impl Book {
    /// An account with a cap of 0: nothing can be booked on it.
    const CLOSED: Self = Self { cap: 0, used: 0, peak: 0, refused: 0 };
}

struct Inner {
    heap: Heap,
    /// At the start of the region: the device chooses their number, and `Pool` needs no generic parameter that every
    /// owner of a buffer would have to repeat.
    books: &'static mut [Book],
}

impl Inner {
    fn book(&mut self, account: Account) -> Option<&mut Book> {
        self.books.get_mut(usize::from(account.0))
    }

    /// Allocates a block, and books its size less `credit`, the size of the block that it replaces.
    fn take(&mut self, account: Account, len: usize, credit: u32) -> Result<NonNull<u8>, OutOfMemory> {
        let taken = self.take_unrecorded(account, len, credit);
        if let (Err(refused), Some(book)) = (taken, self.book(account)) {
            book.refused = match refused {
                OutOfMemory::PoolFull => POOL_FULL,
                OutOfMemory::OverCap => {
                    // No block can have that size: counted as the largest.
                    let size = heap::block_size(len).unwrap_or(heap::MAX_REGION as u32);
                    let wanted = book.used.saturating_sub(credit).saturating_add(size);
                    wanted.saturating_sub(book.cap).clamp(1, POOL_FULL - 1)
                }
            };
        }
        taken
    }

    fn take_unrecorded(
        &mut self,
        account: Account,
        len: usize,
        credit: u32,
    ) -> Result<NonNull<u8>, OutOfMemory> {
        let size = heap::block_size(len).ok_or(OutOfMemory::OverCap)?;
        let book = self.book(account).ok_or(OutOfMemory::OverCap)?;
        let others = book.used.saturating_sub(credit);
        let available = book.cap.saturating_sub(others);
        if size > available {
            return Err(OutOfMemory::OverCap);
        }
        let (contents, real) = self.heap.take(size, account.0).ok_or(OutOfMemory::PoolFull)?;
        // A block is not split if the rest would be too small for a block: up to 8 bytes more.
        if real > available {
            // SAFETY: it was allocated just now.
            unsafe { self.heap.give_back(contents) };
            return Err(OutOfMemory::OverCap);
        }
        self.rebook(account, credit, real);
        Ok(contents)
    }

    /// Changes `old` bytes on the account to `new` bytes.
    fn rebook(&mut self, account: Account, old: u32, new: u32) {
        if let Some(book) = self.book(account) {
            book.used = book.used.saturating_sub(old).saturating_add(new);
            book.peak = book.peak.max(book.used);
        }
    }
}

/// One region of memory and its accounts.
///
/// Made `static`, given its region once, and shared by all threads:
///
/// ```
/// use core::mem::MaybeUninit;
/// use tinycontainer_pool::{Account, Pool};
///
/// static POOL: Pool = Pool::new();
/// # fn main() {
/// let region = Box::leak(Box::new([MaybeUninit::uninit(); 4096]));
/// POOL.init(region, 4).unwrap();
/// POOL.open(Account(0), 1024);
/// let image = POOL.take(Account(0), 449).unwrap();
/// assert_eq!(POOL.usage(Account(0)).used, 456);
/// drop(image);
/// assert_eq!(POOL.usage(Account(0)).used, 0);
/// # }
/// ```
pub struct Pool {
    inner: Mutex<RefCell<Inner>>,
}

impl Default for Pool {
    fn default() -> Self {
        Self::new()
    }
}

impl Pool {
    /// A pool without a region: every request fails.
    pub const fn new() -> Self {
        Self { inner: Mutex::new(RefCell::new(Inner { heap: Heap::empty(), books: &mut [] })) }
    }

    /// Gives the pool its region, for ever. It contains the table of `accounts` accounts (16 bytes each, at most 256
    /// of them). All accounts are closed.
    pub fn init(&self, region: &'static mut [MaybeUninit<u8>], accounts: usize) -> Result<(), InitError> {
        let accounts = accounts.min(256);
        if region.len() >= heap::MAX_REGION {
            return Err(InitError::TooLarge);
        }
        let skip = region.as_ptr().align_offset(8);
        let region = region.get_mut(skip..).ok_or(InitError::TooSmall)?;
        let table = accounts * size_of::<Book>();
        let (table, blocks) = region.split_at_mut_checked(table).ok_or(InitError::TooSmall)?;
        let books = table.as_mut_ptr().cast::<Book>();
        let base = NonNull::new(blocks.as_mut_ptr().cast::<u8>()).ok_or(InitError::TooSmall)?;
        let to = blocks.len() as u32;
        self.with(Err(InitError::AlreadyGiven), |inner| {
            if !inner.books.is_empty() || inner.heap.free_bytes() != 0 {
                return Err(InitError::AlreadyGiven);
            }
            // SAFETY: `blocks` is `'static` and its only reference was consumed; it begins a multiple of
            // 16 bytes after an address that is a multiple of 8; its length is below `MAX_REGION`.
            unsafe { inner.heap.give(base, 0, to) }.ok_or(InitError::TooSmall)?;
            // SAFETY: `table` is `'static`, its only reference was consumed, it is aligned to 8 and has space for
            // `accounts` books, each of which is written before the slice is made.
            inner.books = unsafe {
                for n in 0..accounts {
                    books.add(n).write(Book::CLOSED);
                }
                core::slice::from_raw_parts_mut(books, accounts)
            };
            Ok(())
        })
    }

    /// Opens an account, or changes its cap to `cap` bytes. Its peak is reset.
    ///
    /// What is booked stays booked, even above the cap. `false` if there is no such account.
    pub fn open(&self, account: Account, cap: u32) -> bool {
        self.with(false, |inner| match inner.book(account) {
            Some(book) => {
                *book = Book { cap, used: book.used, peak: book.used, refused: 0 };
                true
            }
            None => false,
        })
    }

    /// Changes the cap and keeps the peak.
    pub fn set_cap(&self, account: Account, cap: u32) {
        self.with((), |inner| {
            if let Some(book) = inner.book(account) {
                book.cap = cap;
            }
        });
    }

    /// The cap of an account in bytes, 0 if it is closed or does not exist.
    pub fn cap(&self, account: Account) -> u32 {
        self.with(0, |inner| inner.book(account).map_or(0, |book| book.cap))
    }

    /// What is booked on an account, headers and rounding included.
    pub fn usage(&self, account: Account) -> MemoryUse {
        self.with(MemoryUse::default(), |inner| {
            inner
                .book(account)
                .map_or(MemoryUse::default(), |book| MemoryUse { used: book.used, peak: book.peak })
        })
    }

    /// Why the last failed request since [`open`](Self::open) failed.
    pub fn last_refusal(&self, account: Account) -> Option<OutOfMemory> {
        match self.refused(account) {
            0 => None,
            POOL_FULL => Some(OutOfMemory::PoolFull),
            _ => Some(OutOfMemory::OverCap),
        }
    }

    /// By how many bytes the last failed request since [`open`](Self::open) would have exceeded the account's cap; 0
    /// if it failed for another reason, or none failed.
    pub fn shortage(&self, account: Account) -> u32 {
        match self.refused(account) {
            POOL_FULL => 0,
            over => over,
        }
    }

    fn refused(&self, account: Account) -> u32 {
        self.with(0, |inner| inner.book(account).map_or(0, |book| book.refused))
    }

    /// The number of bytes in free blocks. With nothing booked it is the same as after [`init`](Self::init).
    pub fn free_bytes(&self) -> usize {
        self.with(0, |inner| inner.heap.free_bytes() as usize)
    }

    /// The size of the largest free block in bytes, of which 4 are its header. Equal to
    /// [`free_bytes`](Self::free_bytes) if and only if nothing is fragmented.
    ///
    /// For displays and tests: the time is linear in the number of free blocks of about that size.
    pub fn largest_free(&self) -> usize {
        self.with(0, |inner| inner.heap.largest_free() as usize)
    }

    /// Allocates a block of `len` bytes, aligned to 8, with undefined contents.
    ///
    /// # Errors
    /// [`OutOfMemory`]; nothing has changed but [`last_refusal`](Self::last_refusal).
    pub fn alloc(&self, account: Account, len: usize) -> Result<NonNull<u8>, OutOfMemory> {
        self.with(Err(OutOfMemory::PoolFull), |inner| inner.take(account, len, 0))
    }

    /// Resizes a block to `len` bytes, moving it if necessary; its contents are kept up to the shorter length.
    ///
    /// # Errors
    /// [`OutOfMemory`]; the block is as it was.
    ///
    /// # Safety
    /// `block` is of this pool and was not freed; no reference into it is used any more.
    pub unsafe fn realloc(&self, block: NonNull<u8>, len: usize) -> Result<NonNull<u8>, OutOfMemory> {
        enum Done {
            InPlace,
            Copy { to: NonNull<u8>, old: u32 },
        }
        let done = self.with(Err(OutOfMemory::PoolFull), |inner| {
            // SAFETY: guaranteed by the caller.
            let (old, owner) = unsafe { inner.heap.block(block) };
            let account = Account(owner);
            let size = heap::block_size(len).ok_or(OutOfMemory::OverCap);
            let available = inner.book(account).map_or(0, |book| book.cap.saturating_sub(book.used - old));
            match size {
                // 8 more, since a block is not split if the rest would be too small for a block.
                Ok(size) if size <= old || size + 8 <= available => {
                    // SAFETY: guaranteed by the caller.
                    if let Some(new) = unsafe { inner.heap.resize(block, size) } {
                        inner.rebook(account, old, new);
                        return Ok(Done::InPlace);
                    }
                }
                _ => {}
            }
            // Both blocks exist until the copy is done, but the account is charged only for the one that remains.
            inner.take(account, len, old).map(|to| Done::Copy { to, old })
        })?;
        match done {
            Done::InPlace => Ok(block),
            Done::Copy { to, old } => {
                // SAFETY: both are used blocks, so they do not overlap; the new one is larger than the old, else the
                // block would have been resized in place.
                unsafe { to.copy_from_nonoverlapping(block, contents(old).min(len)) };
                // SAFETY: guaranteed by the caller; it is not booked any more.
                self.with((), |inner| unsafe { inner.heap.give_back(block) });
                Ok(to)
            }
        }
    }

    /// Frees a block.
    ///
    /// # Safety
    /// `block` is of this pool and was not freed; no reference into it is used any more.
    pub unsafe fn dealloc(&self, block: NonNull<u8>) {
        self.with((), |inner| {
            // SAFETY: guaranteed by the caller.
            let (size, account) = unsafe { inner.heap.block(block) };
            inner.rebook(Account(account), size, 0);
            // SAFETY: guaranteed by the caller.
            unsafe { inner.heap.give_back(block) };
        });
    }

    /// The size of a block's contents in bytes: as requested, or a few more.
    ///
    /// # Safety
    /// `block` is of this pool and was not freed.
    pub unsafe fn usable(&self, block: NonNull<u8>) -> usize {
        // SAFETY: guaranteed by the caller.
        self.with(0, |inner| contents(unsafe { inner.heap.block(block) }.0))
    }

    /// Does `work`; returns `busy` if the pool is in use, which cannot be: no work calls the pool. It is there so that
    /// this cannot panic.
    fn with<T>(&self, busy: T, work: impl FnOnce(&mut Inner) -> T) -> T {
        critical_section::with(|cs| match self.inner.borrow(cs).try_borrow_mut() {
            Ok(mut inner) => work(&mut inner),
            Err(_) => busy,
        })
    }
}

/// The size of the contents of a block of `size` bytes.
const fn contents(size: u32) -> usize {
    size as usize - 4
}
