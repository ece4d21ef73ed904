//! Serves the requests of the other end.

use crate::board::{self, VERSIONS};
use crate::events::Text;
use crate::frame::{Reply, Request};
use crate::port::{ConsoleEngine, POOL, Platform, SLOTS};
use crate::protocol::{Fields as _, Function, MAX_FRAME, Op};
use crate::{bus, calls, events, machine};
use core::fmt::Write as _;
use core::sync::atomic::Ordering;
use static_cell::ConstStaticCell;
use tinycontainer::policy::Trust;
use tinycontainer::runtime::{Account, Type};
use tinycontainer::{ImageError, Loading, Next, Platform as _, Sizes, Status};
use tinycontainer_bare::SuperLoop;
use tinycontainer_capi::Code;
use tinycontainer_pool::Accounts;

/// More sessions than the engine has, so that the other end can ask for one too many.
const SESSIONS: usize = 4;
/// The longest trust store, in bytes, and how many can be set while the program runs.
const TRUST_BYTES: usize = 2048;
const STORES_COUNT: usize = 4;

/// Too large for the stack.
struct Buffers {
    request: [u8; MAX_FRAME],
    reply: Reply,
}

static BUFFERS: ConstStaticCell<Buffers> =
    ConstStaticCell::new(Buffers { request: [0; MAX_FRAME], reply: Reply::new() });
static STORES: ConstStaticCell<[[u8; TRUST_BYTES]; STORES_COUNT]> =
    ConstStaticCell::new([[0; TRUST_BYTES]; STORES_COUNT]);

struct Server {
    engine: &'static ConsoleEngine,
    super_loop: SuperLoop<'static, board::Console, bus::TestBus, SLOTS>,
    sessions: [Option<Loading<'static, Platform, SLOTS>>; SESSIONS],
    /// Space for trust stores.
    stores: core::slice::IterMut<'static, [u8; TRUST_BYTES]>,
    /// Instructions that were turned into simulated time.
    passed: u64,
}

/// Serves for ever.
pub(crate) fn serve(engine: &'static ConsoleEngine) -> ! {
    let sessions = core::array::from_fn(|_| None);
    let (Some(stores), Some(Buffers { request, reply })) = (STORES.try_take(), BUFFERS.try_take()) else {
        machine::exit(1)
    };
    let stores = stores.iter_mut();
    let mut server = Server { engine, super_loop: SuperLoop::new(engine), sessions, stores, passed: 0 };
    loop {
        let mut head = [0; 3];
        machine::receive(&mut head);
        let [low, high, op] = head;
        let len = usize::from(u16::from_le_bytes([low, high])).saturating_sub(1);
        let Some(bytes) = request.get_mut(..len) else { machine::exit(1) };
        machine::receive(bytes);
        machine::serving(true);
        let before = machine::instructions();
        reply.clear();
        server.serve(Op::from_number(op), Request(bytes), reply);
        let instructions = machine::instructions() - before;
        machine::serving(false);
        let bytes = reply.written();
        machine::send(&((bytes.len() + 8) as u16).to_le_bytes());
        machine::send(&instructions.to_le_bytes());
        machine::send(bytes);
    }
}

impl Server {
    fn serve(&mut self, op: Option<Op>, mut request: Request<'_>, reply: &mut Reply) {
        let engine = self.engine;
        match op {
            Some(Op::Hello) => {
                reply.u8(SLOTS as u8);
                reply.size(machine::POOL_BYTES);
                reply.u32(engine.platform().rate(Type::Wasm).instructions_per_ms);
            }
            Some(Op::Begin) => {
                let sizes = Sizes { metadata: request.size(), data: request.size(), code: request.size() };
                self.begin(sizes, reply);
            }
            Some(Op::Write) => {
                let (session, bytes) = (request.u8(), request.bytes());
                reply.code(self.with_session(session, |loading| loading.write(bytes)));
            }
            Some(Op::Finish) => {
                let session = request.u8();
                reply.code(self.with_session(session, |loading| loading.finish().map(drop)));
                self.drop_session(session);
            }
            Some(Op::Drop) => self.drop_session(request.u8()),
            Some(Op::Start) => {
                reply.code(engine.start(request.text()).map_or_else(Code::from, |()| Code::Ok))
            }
            Some(Op::Stop) => reply.code(engine.stop(request.text()).map_or_else(Code::from, |()| Code::Ok)),
            Some(Op::Unload) => {
                reply.code(engine.unload(request.text()).map_or_else(Code::from, |()| Code::Ok))
            }
            Some(Op::Run) => self.run(request.u32(), reply),
            Some(Op::Status) => match engine.status_of(usize::from(request.u8())) {
                Some(found) => {
                    reply.u8(1);
                    status(&found, reply);
                }
                None => reply.u8(0),
            },
            Some(Op::Memory) => memory(reply),
            Some(Op::Refusal) => self.refusal(request.u64(), reply),
            Some(Op::Events) => events::take(reply),
            Some(Op::Time) => board::set_seconds(request.u64()),
            Some(Op::Trust) => reply.code(self.trust(request.bytes())),
            Some(Op::Feed) => {
                let (fed, waker) = bus::feed(request.u8(), request.bytes());
                if let Some(waker) = waker {
                    engine.readable(waker);
                }
                reply.u16(fed as u16);
            }
            Some(Op::Written) => {
                let mut bytes = [0; 1024];
                let written = bus::written(request.u8(), &mut bytes);
                reply.text(bytes.get(..written).unwrap_or_default());
            }
            Some(Op::Driver) => bus::behave(request.u32(), request.u8() != 0),
            Some(Op::Call) => {
                let Some(function) = Function::from_number(request.u8()) else { machine::exit(1) };
                // SAFETY: who manages this device over its line is a test, and keeps to what `call` requires. A device
                // whose line others reach must not have this request.
                #[expect(unsafe_code, reason = "the other end's promise")]
                let result = unsafe { calls::call(function, &mut request) };
                reply.u64(result as u64);
            }
            Some(Op::Restart) => machine::restart(),
            Some(Op::Exit) | None => machine::exit(i32::from(op.is_none())),
        }
    }

    fn begin(&mut self, sizes: Sizes, reply: &mut Reply) {
        let begun = self.engine.begin(sizes);
        let Some((number, place)) = self.sessions.iter_mut().enumerate().find(|(_, place)| place.is_none())
        else {
            return reply.code(Code::Busy);
        };
        match begun {
            Ok(loading) => {
                *place = Some(loading);
                reply.code(Code::Ok);
                reply.u8(number as u8);
            }
            Err(error) => reply.code(error.into()),
        }
    }

    fn with_session(
        &mut self,
        session: u8,
        f: impl FnOnce(&mut Loading<'static, Platform, SLOTS>) -> Result<(), ImageError>,
    ) -> Code {
        match self.sessions.get_mut(usize::from(session)) {
            Some(Some(loading)) => f(loading).map_or_else(Code::from, |()| Code::Ok),
            _ => Code::NoSession,
        }
    }

    fn drop_session(&mut self, session: u8) {
        if let Some(place) = self.sessions.get_mut(usize::from(session)) {
            *place = None;
        }
    }

    /// Lets that much time pass.
    fn run(&mut self, ms: u32, reply: &mut Reply) {
        let until = machine::now_us() / 1000 + u64::from(ms);
        match machine::SIMULATED_RATE {
            None => self.super_loop.run(Some(until)),
            Some(rate) => self.simulate(until, rate),
        }
        reply.u64(machine::now_us());
    }

    /// As `SuperLoop::run`, where no time passes by itself: what containers execute takes the time that it would take
    /// at that rate.
    fn simulate(&mut self, until_ms: u64, rate: u32) {
        loop {
            let next = self.super_loop.step(machine::now_us() / 1000);
            let executed: u64 = self.engine.containers().map(|status| status.counters.instructions).sum();
            let new = executed.saturating_sub(self.passed);
            let us = new * 1000 / u64::from(rate);
            machine::pass_us(us);
            self.passed =
                if executed < self.passed { executed } else { self.passed + us * u64::from(rate) / 1000 };
            let over = machine::now_us() / 1000 >= until_ms;
            match next {
                _ if over => return,
                Next::Now => {}
                Next::At(time) => machine::sleep_until(Some(time.min(until_ms) * 1000)),
                Next::Idle => machine::sleep_until(Some(until_ms * 1000)),
            }
        }
    }

    fn refusal(&self, after: u64, reply: &mut Reply) {
        let Some((record, uid)) = self.engine.refusal_after(after) else { return reply.u8(0) };
        reply.u8(1);
        reply.u64(record.number);
        reply.u64(record.at_ms);
        reply.text(uid.as_deref().unwrap_or_default().as_bytes());
        reply.u8(record.call as u8);
        reply.u8(u8::from(record.denial.endpoint.is_some()));
        reply.u32(record.denial.endpoint.unwrap_or(0));
        reply.u8(record.denial.reason as u8);
    }

    /// Stores must live as long as the program. There is space for some.
    fn trust(&mut self, bytes: &[u8]) -> Code {
        let Some(store) = self.stores.next() else { return Code::OutOfMemory };
        let Some(place) = store.get_mut(..bytes.len()) else { return Code::BadSize };
        place.copy_from_slice(bytes);
        match Trust::decode(place) {
            Ok(trust) => {
                board::set_trust(trust);
                Code::Ok
            }
            Err(_) => Code::BadTrust,
        }
    }
}

fn memory(reply: &mut Reply) {
    reply.size(machine::POOL_BYTES);
    reply.size(POOL.free_bytes());
    reply.size(POOL.largest_free());
    reply.u32(bus::open());
    reply.u32(VERSIONS.load(Ordering::Relaxed));
    for account in 0..Accounts::<SLOTS>::COUNT {
        reply.u32(POOL.usage(Account(account as u8)).used);
    }
}

fn status(found: &Status, reply: &mut Reply) {
    reply.text(found.uid.as_bytes());
    reply.u8(found.slot as u8);
    reply.u32(found.version);
    reply.u8(found.priority as u8);
    reply.u8(found.state as u8);
    let mut text = Text::new();
    if let Some(last) = found.last {
        let _ = write!(text, "{last}");
    }
    reply.u8(found.last.map_or(u8::MAX, |last| last.reason as u8));
    reply.text(text.written());
    let c = found.counters;
    for count in [c.starts, c.loops, c.missed, c.calls, c.refusals, c.log_dropped, c.dropped] {
        reply.u32(count);
    }
    reply.u64(c.instructions);
    reply.u32(found.image_bytes);
    reply.u32(found.memory.used);
    reply.u32(found.memory.peak);
}
