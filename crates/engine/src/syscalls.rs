//! The guest's native calls: firewall first, then driver or peer.
//!
//! The hot path, a read or write on a driver's endpoint, takes no lock: the guard and the open
//! descriptors are the agent's own.

use crate::MAX_OPEN;
use crate::context::Context;
use crate::limiter::Limiter;
use crate::platform::{Drivers, IoError, Lock, Notice, Platform, Waker};
use crate::slot::{PeerKind, Unresolved, name};
use crate::status::Uid;
use tinycontainer_abi::{Errno, Syscall};
use tinycontainer_firewall::{ContainerId, Denial, DenyReason, Guard, Right};
use tinycontainer_lifecycle::{Event, State};
use tinycontainer_metadata::{Access, Bus, MAX_AUTHORITY, Peer, Scheme, Wake};
use tinycontainer_runtime::{Host, Rate};

/// What calls cost a guest in addition to the instruction that makes them: about what the engine executes for them, in
/// the interpreter's instructions. Without this a guest could exceed its time a thousandfold by calls. The time of
/// drivers and of the platform's output is measured ([`Service::timed`]).
mod cost {
    /// Any call.
    pub(super) const CALL: u32 = 20;
    /// Opening, or finding the peer of a container endpoint: searches and decodes metadata.
    pub(super) const SEARCH: u32 = 2000;
    /// A message, under the engine's lock.
    pub(super) const MESSAGE: u32 = 200;
    /// A refusal: is recorded under the lock, and reported.
    pub(super) const REFUSAL: u32 = 500;
    /// A line of log, and each byte of it: consoles are slow.
    pub(super) const LINE: u32 = 500;
    pub(super) const LOGGED_BYTE: u32 = 20;
    /// Bytes copied in the time of one instruction.
    pub(super) const BYTES: usize = 16;

    pub(super) fn copied(bytes: usize) -> u32 {
        u32::try_from(bytes / BYTES).unwrap_or(u32::MAX)
    }
}

/// The most bytes of a container's data that are copied under the engine's lock at once.
const DATA_PIECE: usize = 128;

/// Output that a container's calls cause.
enum Output<'t> {
    /// A line of the container's log.
    Line(&'t [u8]),
    /// A notice that a call did not succeed.
    Notice(Notice),
}

/// What serves an open descriptor.
#[derive(Debug)]
pub(crate) enum Target<H> {
    /// A driver.
    Driver(H),
    /// The container's own data: the number of bytes already read.
    Data(usize),
    /// Another container: the peer at the last access, and its endpoint.
    Container(Option<(ContainerId, u32)>),
}

type Handle<P> = <<P as Platform>::Drivers as Drivers>::Handle;

/// The open descriptors of a running container, and the counts that are not yet added to its counters.
pub(crate) struct CallContext<P: Platform> {
    pub(crate) guard: Guard<Target<Handle<P>>, MAX_OPEN>,
    /// The speed of its runtime: converts time into instructions.
    pub(crate) rate: Rate,
    pub(crate) calls: u32,
    pub(crate) refusals: u32,
    /// The number of outputs that `limiter` has dropped, not yet added to the counters.
    pub(crate) dropped: u32,
    pub(crate) limiter: Limiter,
    /// Whether arriving data wakes it.
    pub(crate) event_driven: bool,
    /// Whether it has called `heartbeat()` since this was last cleared.
    pub(crate) beat: bool,
}

impl<P: Platform> CallContext<P> {
    pub(crate) fn new(guard: Guard<Target<Handle<P>>, MAX_OPEN>, rate: Rate, event_driven: bool) -> Self {
        let limiter = Limiter::default();
        Self { guard, rate, calls: 0, refusals: 0, dropped: 0, limiter, event_driven, beat: false }
    }

    /// Closes all open descriptors.
    pub(crate) fn close_all(&mut self, drivers: &P::Drivers) {
        for target in self.guard.drain() {
            if let Target::Driver(handle) = target {
                drivers.close(handle);
            }
        }
    }
}

/// The host of a guest while one hook runs.
pub(crate) struct Service<'s, P: Platform, const N: usize> {
    pub(crate) context: &'s Context<'s, P, N>,
    pub(crate) session: &'s mut CallContext<P>,
    pub(crate) now: u64,
    /// The cost of the call that is being served, in instructions.
    pub(crate) cost: u32,
}

impl<P: Platform, const N: usize> Service<'_, P, N> {
    /// Serves one call: counts it, enters and leaves the syscall state, and records a denial.
    #[inline]
    fn serve<T>(
        &mut self,
        call: Syscall,
        serve: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Errno> {
        self.enter();
        let result = serve(self);
        self.transit(Event::Return);
        result.map_err(|failure| self.errno_for(call, failure))
    }

    fn enter(&mut self) {
        self.session.calls = self.session.calls.saturating_add(1);
        self.cost = cost::CALL;
        self.transit(Event::Call);
    }

    /// Legal in each state in which a hook runs; only the agent leaves those states.
    fn transit(&self, event: Event) {
        let _ = self.context.live.transit(event);
    }

    #[cold]
    fn errno_for(&mut self, call: Syscall, failure: Failure) -> Errno {
        match failure {
            Failure::Errno(errno) => errno,
            Failure::Denied(denial) => self.refuse(call, denial),
            Failure::Driver(endpoint, error) => self.driver_failed(endpoint, error),
        }
    }

    /// Copies the uid of the calling container: no driver is called under the lock.
    fn copy_uid(&self, uid: &mut Uid) {
        self.context.engine.copy_uid(self.context.slot, uid);
    }

    fn pay(&mut self, instructions: u32) {
        self.cost = self.cost.saturating_add(instructions);
    }

    /// Runs code outside of the engine, and charges the time it takes.
    fn timed<R>(&mut self, leave: impl FnOnce(&Self) -> R) -> R {
        let timer = Timer::start(&self.context.engine.platform);
        let done = leave(self);
        self.pay(timer.stop(&self.context.engine.platform, self.session.rate));
        done
    }

    /// Outputs a line or notice of the container, unless it exceeds its limit. The number of outputs dropped before is
    /// reported first.
    fn emit(&mut self, output: Output<'_>) {
        let mut uid = Uid::new();
        self.copy_uid(&mut uid);
        let bytes = match output {
            // The uid is followed by a colon and a space, the line by its end.
            Output::Line(line) => u32::try_from(uid.len() + line.len() + 3).unwrap_or(u32::MAX),
            Output::Notice(_) => P::NOTICE_BYTES,
        };
        let now_us = self.context.engine.platform.now_us();
        if bytes != 0 && !self.session.limiter.admits::<P>(now_us, bytes) {
            self.session.dropped = self.session.dropped.saturating_add(1);
            return;
        }
        let dropped = self.session.limiter.take_dropped();
        self.timed(|this| {
            let platform = &this.context.engine.platform;
            if let Some(dropped) = dropped {
                platform.notice(&uid, Notice::LogDropped(dropped));
            }
            match output {
                Output::Line(line) => platform.log(&uid, line),
                Output::Notice(notice) => platform.notice(&uid, notice),
            }
        });
    }

    #[cold]
    fn refuse(&mut self, call: Syscall, denial: Denial) -> Errno {
        self.session.refusals = self.session.refusals.saturating_add(1);
        self.pay(cost::REFUSAL);
        let id = self.session.guard.id();
        self.context.engine.refuse(self.now, id, call, denial);
        self.emit(Output::Notice(Notice::Refused(call, denial)));
        match denial.reason {
            DenyReason::TooManyOpen => Errno::TooManyOpen,
            _ => Errno::Refused,
        }
    }

    #[cold]
    fn driver_failed(&mut self, endpoint: u32, error: IoError) -> Errno {
        match error {
            IoError::WouldBlock => return Errno::WouldBlock,
            IoError::NoPeer | IoError::Failed => {
                self.emit(Output::Notice(Notice::DriverFailed(endpoint, error)));
            }
        }
        if error == IoError::NoPeer { Errno::NoPeer } else { Errno::Io }
    }

    fn open_target(&mut self, endpoint: u32) -> Result<(Right, Target<Handle<P>>), Failure> {
        let id = self.session.guard.id();
        self.session.guard.has_room(endpoint)?;
        self.pay(cost::SEARCH);
        // A peer's name is in memory that the lock protects, and no driver is called under the lock.
        let (right, peer) = self.context.engine.shared.with(|shared| {
            let right = shared.table.authorize(id, endpoint)?;
            let peer = shared.peer(self.context.slot, endpoint);
            Ok::<_, Denial>((right, peer.ok_or(no_such(endpoint))?))
        })?;
        let target = match peer {
            PeerKind::Container => Target::Container(None),
            PeerKind::Local(Bus::Data, _) => Target::Data(0),
            PeerKind::Local(bus, unit) => self.open_driver(right, Peer::Local { bus, unit })?,
            PeerKind::Remote(scheme, authority) => self.open_remote(right, scheme, authority)?,
            PeerKind::RemoteUnaddressed(endpoint) => {
                self.open_driver(right, Peer::RemoteUnaddressed { endpoint })?
            }
        };
        Ok((right, target))
    }

    fn open_driver(&mut self, right: Right, peer: Peer<'_>) -> Result<Target<Handle<P>>, Failure> {
        let access = Access { peer, direction: right.direction };
        let mut uid = Uid::new();
        self.copy_uid(&mut uid);
        let opened = self.timed(|this| this.context.engine.platform.drivers().open(&uid, &access));
        opened.map(Target::Driver).map_err(|error| Failure::Driver(right.endpoint, error))
    }

    /// Asks the driver of a new descriptor to announce what arrives for it.
    fn watch(&mut self, fd: i32) {
        let timer = Timer::start(&self.context.engine.platform);
        // A container that may not read from it is not woken by it.
        if let Ok((_, Target::Driver(handle))) = self.session.guard.read(fd) {
            let place = Guard::<(), MAX_OPEN>::place(fd);
            let generation = self.context.live.begin_watch(place);
            // A slot's number is at most 255.
            let waker = Waker { slot: self.context.slot as u8, place, generation };
            self.context.engine.platform.drivers().watch(handle, waker);
        }
        self.pay(timer.stop(&self.context.engine.platform, self.session.rate));
    }

    /// Not inlined: the copy of the name is not on the stack while endpoints are decoded.
    #[inline(never)]
    fn open_remote(
        &mut self,
        right: Right,
        scheme: Scheme,
        authority: (u16, u16),
    ) -> Result<Target<Handle<P>>, Failure> {
        let mut text = heapless::String::<MAX_AUTHORITY>::new();
        self.context
            .engine
            .shared
            .with(|shared| {
                text.push_str(name(&shared.container(self.context.slot)?.metadata, authority)).ok()
            })
            .ok_or(no_such(right.endpoint))?;
        self.open_driver(right, Peer::Remote { scheme, authority: &text })
    }

    /// Puts a message into the peer's queue. Finds the peer first if the one of the last time is gone.
    fn send(
        &mut self,
        endpoint: u32,
        last: Option<(ContainerId, u32)>,
        message: &[u8],
    ) -> (Option<(ContainerId, u32)>, Result<usize, Failure>) {
        let (engine, slot) = (self.context.engine, self.context.slot);
        self.pay(cost::MESSAGE);
        if last.is_none() {
            self.pay(cost::SEARCH);
        }
        let (peer, wake, sent) = engine.shared.with(|shared| {
            let known = last.filter(|(id, _)| shared.by_id(*id).is_some());
            let peer = match known.map_or_else(|| shared.resolve(slot, endpoint), Ok) {
                Ok(peer) => peer,
                Err(Unresolved::Absent) => return (None, false, Err(Errno::NoPeer.into())),
                Err(Unresolved::NotMutual) => {
                    let denial = Denial { endpoint: Some(endpoint), reason: DenyReason::NotMutual };
                    return (None, false, Err(denial.into()));
                }
            };
            let (id, theirs) = peer;
            // A container that does not run reads nothing: its queue is cleared when it starts.
            if !reads(engine.state(id.slot())) {
                return (Some(peer), false, Err(Errno::NoPeer.into()));
            }
            let Some(container) = shared.by_id(id) else {
                return (None, false, Err(Errno::NoPeer.into()));
            };
            let event_driven = container.schedule.wake == Wake::Message;
            let Some(queue) = container.queue(theirs) else {
                return (Some(peer), false, Err(Errno::NoPeer.into()));
            };
            // If messages wait already, it has been woken for them.
            let wake = event_driven && queue.is_empty();
            let pushed = queue.push(message);
            (Some(peer), wake && pushed.is_ok(), pushed.map(|()| message.len()).map_err(Failure::Errno))
        });
        if let (Some((id, _)), true) = (peer, wake) {
            engine.platform.wake(id.slot());
        }
        (peer, sent)
    }
}

impl<P: Platform, const N: usize> Host for Service<'_, P, N> {
    fn logger(&mut self, text: &[u8]) {
        // The guest does not see a refusal: `logger` returns nothing.
        let _ = self.serve(Syscall::Logger, |this| {
            this.session.guard.may(Syscall::Logger)?;
            let bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
            this.pay(cost::LINE.saturating_add(bytes.saturating_mul(cost::LOGGED_BYTE)));
            this.emit(Output::Line(text));
            Ok(())
        });
    }

    fn heartbeat(&mut self) -> Result<(), Errno> {
        self.serve(Syscall::Heartbeat, |this| {
            this.session.guard.may(Syscall::Heartbeat)?;
            this.session.beat = true;
            Ok(())
        })
    }

    fn open(&mut self, endpoint: u32) -> Result<i32, Errno> {
        self.serve(Syscall::Open, |this| {
            this.session
                .guard
                .may(Syscall::Open)
                .map_err(|denial| Denial { endpoint: Some(endpoint), ..denial })?;
            let (right, target) = this.open_target(endpoint)?;
            match this.session.guard.open(right, target) {
                Ok(fd) => {
                    if this.session.event_driven {
                        this.watch(fd.raw());
                    }
                    Ok(fd.raw())
                }
                Err((denial, target)) => {
                    if let Target::Driver(handle) = target {
                        this.timed(|this| this.context.engine.platform.drivers().close(handle));
                    }
                    Err(denial.into())
                }
            }
        })
    }

    fn read(&mut self, fd: i32, buf: &mut [u8]) -> Result<usize, Errno> {
        self.serve(Syscall::Read, |this| {
            let rate = this.session.rate;
            let event_driven = this.session.event_driven;
            match this.session.guard.read(fd)? {
                (endpoint, Target::Driver(handle)) => {
                    if event_driven {
                        this.context.live.clear(Guard::<(), MAX_OPEN>::place(fd));
                    }
                    let platform = &this.context.engine.platform;
                    let most = platform.drivers().max_transfer(handle).max(1);
                    let len = buf.len().min(most);
                    let buf = buf.get_mut(..len).unwrap_or_default();
                    let (read, took) =
                        transfer(platform, rate, handle, |drivers, handle| drivers.read(handle, buf));
                    this.pay(took.saturating_add(cost::copied(len)));
                    // A driver that reports more bytes than fit is not trusted.
                    bounded(read, len).map_err(|error| Failure::Driver(endpoint, error))
                }
                (_, Target::Data(offset)) => {
                    this.cost = this.cost.saturating_add(cost::copied(buf.len()));
                    let read = read_data(this.context, *offset, buf);
                    *offset += read;
                    Ok(read)
                }
                (endpoint, Target::Container(_)) => {
                    this.pay(cost::MESSAGE.saturating_add(cost::copied(buf.len())));
                    this.context.engine.shared.with(|shared| {
                        shared
                            .container(this.context.slot)
                            .and_then(|container| container.queue(endpoint))
                            .ok_or(Errno::NoPeer)
                            .and_then(|queue| queue.pop(buf))
                            .map_err(Failure::Errno)
                    })
                }
            }
        })
    }

    fn write(&mut self, fd: i32, buf: &[u8]) -> Result<usize, Errno> {
        self.serve(Syscall::Write, |this| {
            let rate = this.session.rate;
            match this.session.guard.write(fd)? {
                (endpoint, Target::Driver(handle)) => {
                    let platform = &this.context.engine.platform;
                    let most = platform.drivers().max_transfer(handle).max(1);
                    let len = buf.len().min(most);
                    let buf = buf.get(..len).unwrap_or_default();
                    let (written, took) =
                        transfer(platform, rate, handle, |drivers, handle| drivers.write(handle, buf));
                    this.pay(took.saturating_add(cost::copied(len)));
                    bounded(written, len).map_err(|error| Failure::Driver(endpoint, error))
                }
                // Not writable: the direction is always in.
                (_, Target::Data(_)) => Err(Errno::Io.into()),
                (endpoint, Target::Container(peer)) => {
                    let last = *peer;
                    this.pay(cost::copied(buf.len()));
                    let (found, result) = this.send(endpoint, last, buf);
                    if found != last
                        && let Ok((_, Target::Container(peer))) = this.session.guard.write(fd)
                    {
                        *peer = found;
                    }
                    result
                }
            }
        })
    }

    fn close(&mut self, fd: i32) -> Result<(), Errno> {
        self.serve(Syscall::Close, |this| {
            if let Target::Driver(handle) = this.session.guard.close(fd)? {
                this.context.live.end_watch(Guard::<(), MAX_OPEN>::place(fd));
                this.timed(|this| this.context.engine.platform.drivers().close(handle));
            }
            Ok(())
        })
    }

    fn cost(&mut self) -> u32 {
        self.cost
    }

    fn bad_pointer(&mut self, call: Syscall, _address: u32, _len: u32) -> Errno {
        let denied = self.serve(call, |this| {
            // If the call itself is not permitted, that is reported first.
            this.session.guard.may(call)?;
            Err::<(), _>(Denial::new(DenyReason::BadPointer).into())
        });
        denied.err().unwrap_or(Errno::Refused)
    }
}

/// Measures the time since its start, as a guest is charged for it.
struct Timer {
    start_us: u64,
}

impl Timer {
    fn start<P: Platform>(platform: &P) -> Self {
        Self { start_us: platform.now_us() }
    }

    /// The cost in instructions, rounded down: short calls in which the clock advances a step make up for those in
    /// which it does not.
    fn stop<P: Platform>(self, platform: &P, rate: Rate) -> u32 {
        let us = platform.now_us().saturating_sub(self.start_us);
        if us == 0 {
            return 0;
        }
        let rate = u64::from(rate.instructions_per_ms);
        u32::try_from(us.saturating_mul(rate) / 1000).unwrap_or(u32::MAX)
    }
}

/// A read or write of a driver, and its cost in instructions.
#[inline]
fn transfer<P: Platform, R>(
    platform: &P,
    rate: Rate,
    handle: &mut Handle<P>,
    transfer: impl FnOnce(&P::Drivers, &mut Handle<P>) -> R,
) -> (R, u32) {
    let drivers = platform.drivers();
    if let Some(ns) = drivers.fixed_ns(handle) {
        // 2^20 ns are 1 ms and 5 %: a shift costs less than a division on the path of every call.
        let rate = u64::from(rate.instructions_per_ms);
        let instructions = (u64::from(ns) * rate) >> 20;
        return (transfer(drivers, handle), u32::try_from(instructions).unwrap_or(u32::MAX));
    }
    let timer = Timer::start(platform);
    let done = transfer(drivers, handle);
    (done, timer.stop(platform, rate))
}

/// Copies the container's own data from `offset` on, and returns how many bytes.
#[inline(never)]
fn read_data<P: Platform, const N: usize>(
    context: &Context<'_, P, N>,
    offset: usize,
    into: &mut [u8],
) -> usize {
    let mut read = 0;
    // The data does not change while the container runs.
    for piece in into.chunks_mut(DATA_PIECE) {
        let len = context.engine.shared.with(|shared| {
            let rest = shared.container(context.slot)?.data.as_deref()?.get(offset + read..)?;
            let len = piece.len().min(rest.len());
            piece.get_mut(..len)?.copy_from_slice(rest.get(..len)?);
            Some(len)
        });
        let len = len.unwrap_or(0);
        read += len;
        if len < piece.len() {
            break;
        }
    }
    read
}

/// Whether a container in that state reads messages.
fn reads(state: State) -> bool {
    state.is_running() && !matches!(state, State::Startup | State::OnFinalize)
}

fn bounded(count: Result<usize, IoError>, most: usize) -> Result<usize, IoError> {
    count.and_then(|count| if count <= most { Ok(count) } else { Err(IoError::Failed) })
}

/// Why a call is not served.
enum Failure {
    Errno(Errno),
    Denied(Denial),
    Driver(u32, IoError),
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<Denial> for Failure {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

fn no_such(endpoint: u32) -> Denial {
    Denial { endpoint: Some(endpoint), reason: DenyReason::NoSuchEndpoint }
}
