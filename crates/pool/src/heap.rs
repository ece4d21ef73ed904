//! The blocks of the region: finding, splitting and joining them. An account is only a number here.
//!
//! A block is a word (the header) and its contents; the next block follows directly. `at` is always the offset of the
//! contents, a multiple of 8, so headers are at 4 modulo 8. A free block has in its contents the offsets of the next
//! and the previous free block of its class, and in its last word its size, which the next block reads.

#![expect(unsafe_code, reason = "an allocator hands out parts of one region as separate memory")]

use core::ptr::NonNull;

/// Blocks are multiples of this, and contents are aligned to it.
const UNIT: u32 = 8;
/// The overhead of a block.
const HEADER: u32 = 4;
/// Header, two links, footer.
const MIN_BLOCK: u32 = 16;
/// Exclusive: the size in units has 22 bits.
pub(crate) const MAX_REGION: usize = (1 << 22) * UNIT as usize;

/// Four classes for each power of two units.
const CLASSES: usize = 22 * 4;
/// How many blocks of a request's own class are tried, each of which may be too small.
const LOOKED_AT: usize = 8;

/// No block: no contents begin at 0, since a header is before them.
const NONE: u32 = 0;

/// Size, account and state of a block.
#[derive(Clone, Copy)]
struct Header(u32);

impl Header {
    const FREE: u32 = 1;
    const PREVIOUS_FREE: u32 = 2;

    const fn new(size: u32, account: u8, flags: u32) -> Self {
        Self((size / UNIT) << 10 | (account as u32) << 2 | flags)
    }
    const fn size(self) -> u32 {
        (self.0 >> 10) * UNIT
    }
    const fn account(self) -> u8 {
        (self.0 >> 2) as u8
    }
    const fn free(self) -> bool {
        self.0 & Self::FREE != 0
    }
    const fn previous_free(self) -> bool {
        self.0 & Self::PREVIOUS_FREE != 0
    }
    const fn flags(self) -> u32 {
        self.0 & 3
    }
}

/// A region and its free blocks.
///
/// Invariant: from the first block on, headers tile the region up to a used one of size 0; no two free
/// blocks are neighbours; every free block is in the list of its class, and `classes` has a bit for
/// every list that is not empty.
pub(crate) struct Heap {
    base: NonNull<u8>,
    free: u32,
    classes: u128,
    heads: [u32; CLASSES],
}

// SAFETY: `base` is the only handle to a region that was given for ever; a `Heap` shares nothing.
unsafe impl Send for Heap {}

/// The block size for `len` bytes of contents, if a block can have that size.
pub(crate) fn block_size(len: usize) -> Option<u32> {
    let size = len.checked_add((HEADER + UNIT - 1) as usize)? & !(UNIT as usize - 1);
    (size < MAX_REGION).then(|| (size as u32).max(MIN_BLOCK))
}

/// The class of blocks of `size` bytes, and whether its smallest block has that size.
const fn class_of(size: u32) -> (usize, bool) {
    let units = size / UNIT;
    // No block has 0 units.
    let log = match units.checked_ilog2() {
        Some(log) => log,
        None => 0,
    };
    if log < 2 {
        // 2 or 3 units: each has its own class.
        return (((log << 2) | ((units << (2 - log)) & 3)) as usize, true);
    }
    let shift = log - 2;
    (((log << 2) | ((units >> shift) & 3)) as usize, units & ((1 << shift) - 1) == 0)
}

impl Heap {
    /// No region yet: every allocation fails.
    pub(crate) const fn empty() -> Self {
        Self { base: NonNull::dangling(), free: 0, classes: 0, heads: [NONE; CLASSES] }
    }

    /// Makes `base[from..to]` one free block. Its size in bytes, or `None` if too small.
    ///
    /// # Safety
    /// `base[..to]` belongs to this heap for ever, `base` is aligned to 8, `to` is below [`MAX_REGION`].
    pub(crate) unsafe fn give(&mut self, base: NonNull<u8>, from: u32, to: u32) -> Option<u32> {
        let at = from.checked_add(HEADER + UNIT - 1)? & !(UNIT - 1);
        // The last header of the region has no contents.
        let end = to & !(UNIT - 1);
        let size = end.checked_sub(at).filter(|size| *size >= MIN_BLOCK)?;
        self.base = base;
        self.free = size;
        // SAFETY: `at + size` is `end`, so both headers are inside `base[..to]`.
        unsafe {
            self.set_header(end, Header::new(0, 0, Header::PREVIOUS_FREE));
            self.insert(at, size, 0);
        }
        Some(size)
    }

    /// The number of bytes in free blocks, headers included.
    pub(crate) fn free_bytes(&self) -> u32 {
        self.free
    }

    /// The size of the largest free block, its header included.
    pub(crate) fn largest_free(&self) -> u32 {
        let Some(class) = 127_u32.checked_sub(self.classes.leading_zeros()) else { return 0 };
        let mut largest = 0;
        let mut at = self.head(class as usize);
        while at != NONE {
            // SAFETY: `at` comes from a list of free blocks.
            unsafe {
                largest = largest.max(self.header(at).size());
                at = self.word(at);
            }
        }
        largest
    }

    /// Allocates a block of at least `size` bytes (a result of [`block_size`]) for `account`. Returns its contents,
    /// and its real size.
    pub(crate) fn take(&mut self, size: u32, account: u8) -> Option<(NonNull<u8>, u32)> {
        let at = self.find(size)?;
        // SAFETY: `find` gives a free block of at least `size` bytes.
        unsafe {
            let found = self.header(at);
            self.remove(at, found.size());
            let size = self.cut(at, found.size(), size);
            self.set_header(at, Header::new(size, account, 0));
            let next = at + size;
            let header = self.header(next);
            self.set_header(next, Header(header.0 & !Header::PREVIOUS_FREE));
            self.free -= size;
            Some((self.base.add(at as usize), size))
        }
    }

    /// Frees a block.
    ///
    /// # Safety
    /// `contents` comes from this heap and was not freed.
    pub(crate) unsafe fn give_back(&mut self, contents: NonNull<u8>) {
        // SAFETY: a used block is in the region, and so are its neighbours, whose headers and footers are maintained
        // by `insert` and `take`.
        unsafe {
            let mut at = self.offset(contents);
            let header = self.header(at);
            let mut size = header.size();
            self.free += size;
            let next = self.header(at + size);
            if next.free() {
                self.remove(at + size, next.size());
                size += next.size();
            }
            if header.previous_free() {
                let before = self.word(at - 2 * HEADER);
                at -= before;
                self.remove(at, before);
                size += before;
            }
            self.insert(at, size, 0);
        }
    }

    /// Resizes a block to `size` bytes (a result of [`block_size`]) without moving it. Returns its real size, or
    /// `None` if the block after it is in use.
    ///
    /// # Safety
    /// As for [`give_back`](Self::give_back).
    pub(crate) unsafe fn resize(&mut self, contents: NonNull<u8>, size: u32) -> Option<u32> {
        // SAFETY: as in `give_back`.
        unsafe {
            let at = self.offset(contents);
            let header = self.header(at);
            let old = header.size();
            let next = self.header(at + old);
            let available = if next.free() { old + next.size() } else { old };
            if available < size {
                return None;
            }
            if next.free() {
                self.remove(at + old, next.size());
            }
            let size = self.cut(at, available, size);
            self.set_header(at, Header::new(size, header.account(), header.flags()));
            let next = at + size;
            let following = self.header(next);
            if !following.free() {
                self.set_header(next, Header(following.0 & !Header::PREVIOUS_FREE));
            }
            self.free = self.free + old - size;
            Some(size)
        }
    }

    /// The size of a block, header included, and its account.
    ///
    /// # Safety
    /// As for [`give_back`](Self::give_back).
    pub(crate) unsafe fn block(&self, contents: NonNull<u8>) -> (u32, u8) {
        // SAFETY: a used block's header is before its contents.
        let header = unsafe { self.header(self.offset(contents)) };
        (header.size(), header.account())
    }

    /// Makes the part of a block of `have` bytes beyond `want` a free block, if it is large enough. Returns the size
    /// that the block keeps.
    ///
    /// # Safety
    /// `at` is a block of `have >= want` bytes in no list, and the block after it is used.
    unsafe fn cut(&mut self, at: u32, have: u32, want: u32) -> u32 {
        if have - want < MIN_BLOCK {
            return have;
        }
        // SAFETY: the rest is inside the block.
        unsafe { self.insert(at + want, have - want, 0) };
        want
    }

    /// A free block of at least `size` bytes.
    fn find(&self, size: u32) -> Option<u32> {
        let (class, exact) = class_of(size);
        let mut at = self.head(class);
        // In a request's own class some blocks may be too small. Trying a few of them lets the last free block of a
        // small device be used to its end.
        for _ in 0..if exact { 1 } else { LOOKED_AT } {
            if at == NONE {
                break;
            }
            // SAFETY: `at` comes from a list of free blocks.
            unsafe {
                if self.header(at).size() >= size {
                    return Some(at);
                }
                at = self.word(at);
            }
        }
        let larger = self.classes & (u128::MAX << class << 1);
        (larger != 0).then(|| self.head(larger.trailing_zeros() as usize))
    }

    /// Makes a block free: header, footer, list, and the flag in the next block.
    ///
    /// # Safety
    /// `at` is a block of `size` bytes in no list, and the block after it is used.
    unsafe fn insert(&mut self, at: u32, size: u32, flags: u32) {
        let (class, _) = class_of(size);
        let first = self.head(class);
        // SAFETY: a free block has space for two links and a footer.
        unsafe {
            self.set_header(at, Header::new(size, 0, Header::FREE | flags));
            self.set_word(at, first);
            self.set_word(at + 4, NONE);
            self.set_word(at + size - 2 * HEADER, size);
            if first != NONE {
                self.set_word(first + 4, at);
            }
            let next = at + size;
            let following = self.header(next);
            self.set_header(next, Header(following.0 | Header::PREVIOUS_FREE));
        }
        self.set_head(class, at);
    }

    /// Removes a block from its list.
    ///
    /// # Safety
    /// `at` is a free block of `size` bytes.
    unsafe fn remove(&mut self, at: u32, size: u32) {
        // SAFETY: the links of a free block are free blocks.
        unsafe {
            let next = self.word(at);
            let previous = self.word(at + 4);
            if next != NONE {
                self.set_word(next + 4, previous);
            }
            if previous != NONE {
                self.set_word(previous, next);
            } else {
                self.set_head(class_of(size).0, next);
            }
        }
    }

    fn head(&self, class: usize) -> u32 {
        self.heads.get(class).copied().unwrap_or(NONE)
    }

    fn set_head(&mut self, class: usize, at: u32) {
        if let Some(head) = self.heads.get_mut(class) {
            *head = at;
            let bit = 1 << class;
            self.classes = if at == NONE { self.classes & !bit } else { self.classes | bit };
        }
    }

    /// # Safety
    /// `contents` is in the region.
    unsafe fn offset(&self, contents: NonNull<u8>) -> u32 {
        // SAFETY: both are in the region, which is smaller than 2^32.
        unsafe { contents.offset_from(self.base) as u32 }
    }

    /// # Safety
    /// `at` is a block of the region.
    unsafe fn header(&self, at: u32) -> Header {
        // SAFETY: a header is before its block's contents.
        Header(unsafe { self.word(at - HEADER) })
    }

    /// # Safety
    /// `at` is a block of the region, or will be one.
    unsafe fn set_header(&mut self, at: u32, header: Header) {
        // SAFETY: a header is before its block's contents.
        unsafe { self.set_word(at - HEADER, header.0) };
    }

    /// # Safety
    /// `at..at + 4` is in the region, belongs to the heap, and was written.
    unsafe fn word(&self, at: u32) -> u32 {
        // SAFETY: guaranteed by the caller; `base` is aligned to 8 and `at` to 4.
        unsafe { self.base.add(at as usize).cast::<u32>().read() }
    }

    /// # Safety
    /// `at..at + 4` is in the region and belongs to the heap.
    unsafe fn set_word(&mut self, at: u32, word: u32) {
        // SAFETY: guaranteed by the caller; `base` is aligned to 8 and `at` to 4.
        unsafe { self.base.add(at as usize).cast::<u32>().write(word) };
    }
}
