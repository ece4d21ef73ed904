//! The protocol of the console. `crates/proof` includes this file, for the other end.
//!
//! A request is the number of bytes that follow (u16), an [`Op`] (u8), and its arguments. A reply is the number of bytes
//! that follow (u16), the processor's instructions that the request took (u64; 0 on a host), and its results. Numbers
//! are little-endian. A text and bytes have their length (u16) before them. A code is the number of a
//! `tinycontainer_result_t` (u16).

tinycontainer_abi::numbered_enum! {
    /// A request.
    pub(crate) enum Op: u8 {
        /// () -> slots u8, pool bytes u32, instructions per ms u32
        Hello = 0 => "hello",
        /// (metadata u32, data u32, code u32) -> code, session u8
        Begin = 1 => "begin",
        /// (session u8, bytes) -> code
        Write = 2 => "write",
        /// (session u8) -> code
        Finish = 3 => "finish",
        /// (session u8) -> ()
        Drop = 4 => "drop",
        /// (uid) -> code
        Start = 5 => "start",
        /// (uid) -> code
        Stop = 6 => "stop",
        /// (uid) -> code
        Unload = 7 => "unload",
        /// (ms u32) -> now in us u64
        Run = 8 => "run",
        /// (slot u8) -> 0 u8, or 1 u8 and a status
        Status = 9 => "status",
        /// () -> total u32, free u32, largest u32, open handles u32, version records reported u32, and for each account the
        /// bytes booked on it u32
        Memory = 10 => "memory",
        /// (after u64) -> 0 u8, or 1 u8, number u64, ms u64, uid, call u8, 0 or 1 u8, endpoint u32, reason u8
        Refusal = 11 => "refusal",
        /// () -> dropped u32, and for each event since the last request: kind u8, uid, bytes
        Events = 12 => "events",
        /// (seconds u64) -> (); 0: the device does not know the time
        Time = 13 => "time",
        /// (bytes) -> code
        Trust = 14 => "trust",
        /// (unit u8, bytes) -> taken u16
        Feed = 15 => "feed",
        /// (unit u8) -> bytes
        Written = 16 => "written",
        /// (microseconds of each transfer u32, whether transfers fail u8) -> ()
        Driver = 17 => "driver",
        /// (function u8, number of arguments u8, and each: 0 for NULL, 1 and bytes, or 2 and a number u64) -> result i64
        Call = 18 => "call",
        /// () -> (), and the device ends
        Exit = 19 => "exit",
        /// () -> no reply, and the firmware starts again as after a reset; not on a host
        Restart = 20 => "restart",
    }
}

tinycontainer_abi::numbered_enum! {
    /// A function of the C API, for [`Op::Call`].
    pub enum Function: u8 {
        /// `tinycontainer_init`
        Init = 0 => "init",
        /// `tinycontainer_load`
        Load = 1 => "load",
        /// `tinycontainer_load_begin`
        Begin = 2 => "load_begin",
        /// `tinycontainer_load_write`
        Write = 3 => "load_write",
        /// `tinycontainer_load_finish`
        Finish = 4 => "load_finish",
        /// `tinycontainer_load_abort`
        Abort = 5 => "load_abort",
        /// `tinycontainer_start`
        Start = 6 => "start",
        /// `tinycontainer_stop`
        Stop = 7 => "stop",
        /// `tinycontainer_unload`
        Unload = 8 => "unload",
        /// `tinycontainer_iscontainerrunning`
        IsRunning = 9 => "iscontainerrunning",
        /// `tinycontainer_status`
        Status = 10 => "status",
        /// `tinycontainer_status_at`
        StatusAt = 11 => "status_at",
        /// `tinycontainer_memory`
        Memory = 12 => "memory",
        /// `tinycontainer_audit_next`
        Audit = 13 => "audit_next",
        /// `tinycontainer_trust`
        Trust = 14 => "trust",
        /// `tinycontainer_time`
        Time = 15 => "time",
        /// `tinycontainer_driver`
        Driver = 16 => "driver",
        /// `tinycontainer_remote_driver`
        RemoteDriver = 17 => "remote_driver",
        /// `tinycontainer_readable`
        Readable = 18 => "readable",
    }
}

tinycontainer_abi::numbered_enum! {
    /// The kind of an event.
    pub(crate) enum EventKind: u8 {
        /// A line of log.
        Log = 0 => "log",
        /// A container was started.
        Started = 1 => "started",
        /// It has stopped; the bytes are the reason in words.
        Stopped = 2 => "stopped",
        /// A call was refused.
        Refused = 3 => "refused",
        /// A driver failed; the bytes are the endpoint, u32.
        DriverFailed = 4 => "driver failed",
        /// Lines were dropped; the bytes are how many, u32.
        LogDropped = 5 => "log dropped",
    }
}

/// Reads the fields of a request or a reply one after the other. What is missing reads as 0 or empty.
pub(crate) trait Fields {
    /// Bytes of it.
    type Bytes: AsRef<[u8]>;

    /// The next bytes: so many, or those that are left.
    fn take(&mut self, len: usize) -> Self::Bytes;

    /// A number of so many bytes.
    fn number(&mut self, len: usize) -> u64 {
        self.take(len).as_ref().iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn u8(&mut self) -> u8 {
        self.number(1) as u8
    }

    fn u16(&mut self) -> u16 {
        self.number(2) as u16
    }

    fn u32(&mut self) -> u32 {
        self.number(4) as u32
    }

    fn u64(&mut self) -> u64 {
        self.number(8)
    }

    /// Bytes with their length before them.
    fn bytes(&mut self) -> Self::Bytes {
        let len = self.u16();
        self.take(usize::from(len))
    }
}

/// The longest request and reply, in bytes without their length.
pub(crate) const MAX_FRAME: usize = 8192;
/// How many test units there are: the bus `app`, units 0 to 5; `i2c:72` is 6, `gpio:17` is 7.
pub(crate) const UNITS: usize = 8;
