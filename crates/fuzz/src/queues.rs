//! Messages between containers against a model: three containers make calls in any order, and start, stop and are loaded
//! anew in between.

use crate::outcome::{Outcome, outcome};
use crate::platform::{Call, Fuzzed, FuzzedEngine, QUEUE_BYTES, SLOTS, load, sign};
use arbitrary::Unstructured;
use std::collections::{BTreeMap, VecDeque};
use std::sync::OnceLock;
use tinycontainer::{Agent, Direction, Errno, MAX_OPEN, State, StopError, UnloadError};
use tinycontainer_testkit::{IDLE, Image, OwnedPeer, Spec};

use Direction::{Both, In, Out};

/// A container's endpoint: its number, the peer's container and endpoint, and the direction.
type Line = (u32, usize, u32, Direction);

/// The containers' endpoints. Some have no counterpart, or one that does not read, or that has another peer.
const CONTAINERS: [(&str, &[Line]); 3] = [
    ("a", &[(1, 1, 1, Both), (2, 1, 2, Out), (3, 2, 1, In), (4, 0, 4, Both), (5, 1, 9, Out)]),
    ("b", &[(1, 0, 1, Both), (2, 0, 2, In), (3, 2, 2, Out), (7, 0, 7, Both)]),
    ("c", &[(1, 0, 3, Out), (2, 1, 3, Out), (3, 1, 1, Both)]),
];

fn images() -> &'static [Image] {
    static IMAGES: OnceLock<Vec<Image>> = OnceLock::new();
    IMAGES.get_or_init(|| {
        CONTAINERS
            .iter()
            .map(|(uid, lines)| {
                let mut spec = Spec::new(uid, IDLE);
                spec.schedule.period_ms = 0;
                for (id, peer, endpoint, direction) in *lines {
                    let peer = OwnedPeer::Container(CONTAINERS[*peer].0.into(), *endpoint);
                    spec = spec.endpoint(*id, peer, *direction);
                }
                sign(&spec)
            })
            .collect()
    })
}

/// What the model knows about a container.
#[derive(Default)]
struct Container {
    slot: usize,
    /// The open descriptors and their endpoints; all descriptors that were ever open.
    open: BTreeMap<i32, u32>,
    seen: Vec<i32>,
    /// The messages that wait at each endpoint that it reads.
    queues: BTreeMap<u32, VecDeque<Vec<u8>>>,
}

fn line(container: usize, endpoint: u32) -> Option<&'static Line> {
    CONTAINERS[container].1.iter().find(|line| line.0 == endpoint)
}

struct World<'e> {
    engine: &'e FuzzedEngine,
    agents: Vec<Agent<'e, Fuzzed, SLOTS>>,
    /// `None`: not loaded.
    loaded: [Option<Container>; 3],
    now: u64,
}

impl World<'_> {
    fn state(&self, which: usize) -> State {
        self.engine.status(CONTAINERS[which].0).map_or(State::Empty, |status| status.state)
    }

    /// Whether a message to it is stored.
    fn receives(&self, which: usize) -> bool {
        let state = self.state(which);
        state.is_running() && !matches!(state, State::Startup | State::OnFinalize)
    }

    fn load(&mut self, which: usize) {
        let loaded = load(self.engine, &images()[which]);
        assert_eq!(loaded.is_ok(), self.loaded[which].is_none(), "{loaded:?}");
        if loaded.is_ok() {
            let slot = self.engine.status(CONTAINERS[which].0).unwrap().slot;
            self.loaded[which] = Some(Container { slot, ..Container::default() });
        }
    }

    fn unload(&mut self, which: usize) {
        let is_running = self.state(which).is_running();
        let expected = match &self.loaded[which] {
            None => Err(UnloadError::NotFound),
            Some(_) if is_running => Err(UnloadError::Running),
            Some(_) => Ok(()),
        };
        assert_eq!(self.engine.unload(CONTAINERS[which].0), expected);
        if expected.is_ok() {
            self.loaded[which] = None;
        }
    }

    fn stop(&mut self, which: usize) {
        let expected = match (&self.loaded[which], self.state(which).is_running()) {
            (None, _) => Err(StopError::NotFound),
            (Some(_), false) => Err(StopError::NotRunning),
            (Some(_), true) => Ok(()),
        };
        assert_eq!(self.engine.stop(CONTAINERS[which].0), expected);
    }

    /// One step of a container's agent.
    fn step(&mut self, which: usize) {
        let before = self.state(which);
        let Some(container) = &mut self.loaded[which] else { return };
        let _ = self.agents[container.slot].step(self.now);
        if matches!(before, State::Startup | State::OnFinalize) {
            container.open.clear();
            container.queues.clear();
        }
        // From another start on descriptors may have the same numbers.
        if before == State::Startup {
            container.seen.clear();
        }
    }

    /// Makes a call in a `loop()`, if the container runs, and compares its result.
    fn call(&mut self, which: usize, call: Call) {
        // ON_START, READY, ON_LOOP.
        for _ in 0..2 {
            if matches!(self.state(which), State::OnStart | State::Ready) {
                self.step(which);
            }
        }
        let Some(container) = &self.loaded[which] else { return };
        let slot = container.slot;
        if self.state(which) != State::OnLoop {
            return;
        }
        let scripts = &self.engine.platform().runtime.0;
        scripts.borrow_mut()[slot].calls.push_back(call.clone());
        self.step(which);
        let script = std::mem::take(&mut scripts.borrow_mut()[slot]);
        self.compare(which, &call, script.results[0], script.read);
    }

    fn compare(&mut self, which: usize, call: &Call, result: Result<i64, Errno>, read: Vec<u8>) {
        if let (Call::Open(endpoint), Ok(fd)) = (call, result) {
            let fd = i32::try_from(fd).unwrap();
            let container = self.loaded[which].as_mut().unwrap();
            assert!(fd >= 0 && !container.seen.contains(&fd), "a descriptor is not used again");
            assert!(line(which, *endpoint).is_some() && container.open.len() < MAX_OPEN);
            container.open.insert(fd, *endpoint);
            container.seen.push(fd);
            return;
        }
        let expected = self.expect(which, call);
        let expected_bytes = expected.as_ref().map_or(vec![], |(_, bytes)| bytes.clone());
        assert_eq!(result, expected.map(|(result, _)| result), "{call:?} of {which}");
        assert_eq!(read, expected_bytes);
    }

    /// The result of a call, and what it reads.
    fn expect(&mut self, which: usize, call: &Call) -> Result<(i64, Vec<u8>), Errno> {
        let container = self.loaded[which].as_mut().unwrap();
        match call {
            Call::Open(_) if container.open.len() >= MAX_OPEN => Err(Errno::TooManyOpen),
            Call::Open(_) => Err(Errno::Refused),
            Call::Close(fd) => container.open.remove(fd).map(|_| (0, vec![])).ok_or(Errno::Refused),
            Call::Read(fd, len) => {
                let endpoint = *container.open.get(fd).ok_or(Errno::Refused)?;
                if line(which, endpoint).unwrap().3 == Out {
                    return Err(Errno::Refused);
                }
                let queue = container.queues.entry(endpoint).or_default();
                let next = queue.front().ok_or(Errno::WouldBlock)?;
                if next.len() > *len {
                    return Err(Errno::TooLong);
                }
                queue.pop_front().map(|message| (message.len() as i64, message)).ok_or(Errno::WouldBlock)
            }
            Call::Write(fd, message) => {
                let endpoint = *container.open.get(fd).ok_or(Errno::Refused)?;
                let (_, peer, theirs, direction) = *line(which, endpoint).unwrap();
                if direction == In {
                    return Err(Errno::Refused);
                }
                if self.loaded[peer].is_none() {
                    return Err(Errno::NoPeer);
                }
                // Both must list each other, and the other must read.
                let back = line(peer, theirs).filter(|back| (back.1, back.2) == (which, endpoint));
                if back.is_none_or(|back| back.3 == Out) {
                    return Err(Errno::Refused);
                }
                if !self.receives(peer) {
                    return Err(Errno::NoPeer);
                }
                let queue = self.loaded[peer].as_mut().unwrap().queues.entry(theirs).or_default();
                // Each message takes its length and two bytes.
                let used: usize = queue.iter().map(|message| message.len() + 2).sum();
                if message.len() + 2 > QUEUE_BYTES {
                    return Err(Errno::TooLong);
                }
                if message.len() + 2 > QUEUE_BYTES - used {
                    return Err(Errno::WouldBlock);
                }
                queue.push_back(message.clone());
                Ok((message.len() as i64, vec![]))
            }
        }
    }

    /// A descriptor: one that was open at some time in some container, or any number.
    fn descriptor(&self, which: usize, bytes: &mut Unstructured<'_>) -> i32 {
        let choice: u8 = bytes.arbitrary().unwrap_or(0);
        let of = if choice & 0xc0 == 0xc0 { (which + 1) % 3 } else { which };
        let container = self.loaded[of].as_ref();
        let seen = container.map_or(&[][..], |container| &container.seen[..]);
        match usize::from(choice & 0x1f) {
            0x1f => bytes.arbitrary().unwrap_or(-1),
            back => seen.len().checked_sub(1 + back).map_or(i32::from(choice) - 8, |index| seen[index]),
        }
    }
}

pub(crate) fn run(input: &[u8]) -> Outcome {
    let mut bytes = Unstructured::new(input);
    let engine = FuzzedEngine::new(Fuzzed::default());
    let agents = (0..SLOTS).map(|slot| engine.agent(slot).unwrap()).collect();
    let mut world = World { engine: &engine, agents, loaded: Default::default(), now: 0 };
    let mut kinds = std::collections::BTreeSet::new();
    // All are loaded and run at first.
    for (which, (uid, _)) in CONTAINERS.iter().enumerate() {
        world.load(which);
        engine.start(uid).unwrap();
        world.step(which);
    }
    for number in 0..200_u8 {
        let Ok(op) = bytes.arbitrary::<u8>() else { break };
        if bytes.is_empty() {
            break;
        }
        let which = usize::from(op & 3) % 3;
        kinds.insert(op >> 4);
        match op >> 4 {
            0 => {
                let expected = world.loaded[which].is_some() && !world.state(which).is_running();
                assert_eq!(engine.start(CONTAINERS[which].0).is_ok(), expected);
            }
            1 => world.stop(which),
            2 => world.load(which),
            3 => world.unload(which),
            4 | 5 => world.step(which),
            6 => world.now += 1,
            7 | 8 => world.call(which, Call::Open(bytes.int_in_range(1..=8).unwrap_or(1))),
            9 => {
                let fd = world.descriptor(which, &mut bytes);
                world.call(which, Call::Close(fd));
            }
            10..=12 => {
                let fd = world.descriptor(which, &mut bytes);
                let len = bytes.int_in_range(0..=70).unwrap_or(0);
                world.call(which, Call::Read(fd, len));
            }
            _ => {
                let fd = world.descriptor(which, &mut bytes);
                let len = bytes.int_in_range(0..=70).unwrap_or(0);
                world.call(which, Call::Write(fd, vec![number; len]));
            }
        }
    }
    // What is loaded now, and how much waits.
    let shape: Vec<_> = (0..3)
        .map(|which| {
            let queues = world.loaded[which].as_ref().map(|container| {
                let waiting: usize = container.queues.values().map(VecDeque::len).sum();
                (container.open.len().min(1) == 1, waiting > 0, waiting > 3)
            });
            (world.state(which), queues)
        })
        .collect();
    world.agents.clear();
    for (uid, _) in CONTAINERS {
        let _ = engine.unload(uid);
    }
    assert_eq!(engine.platform().held.get(), 0, "memory is still allocated");
    outcome(&shape)
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    // a opens 1 and writes to it twice; b opens 1 and reads; a stops.
    let open = |which: u8, endpoint: u8| vec![0x70 | which, endpoint - 1];
    let write = |which: u8, len: u8| vec![0xd0 | which, 0, len];
    let read = |which: u8, len: u8| vec![0xa0 | which, 0, len];
    let close = |which: u8| vec![0x90 | which, 0];
    let talk =
        [open(0, 1), open(1, 1), write(0, 3), write(0, 60), read(1, 2), read(1, 64), read(1, 70), vec![0]]
            .concat();
    let full = [
        open(0, 2),
        open(1, 2),
        write(0, 20),
        write(0, 20),
        write(0, 20),
        read(1, 64),
        write(0, 30),
        vec![0],
    ]
    .concat();
    let own = [open(0, 4), write(0, 9), read(0, 9), close(0), write(0, 1), vec![0]].concat();
    let none =
        [open(0, 5), write(0, 1), open(1, 3), write(1, 1), open(2, 3), write(2, 1), open(2, 8), vec![0]]
            .concat();
    let again = [
        open(0, 1),
        vec![0x11, 0x51, 0x51, 0x51, 0x51],
        write(0, 1),
        vec![0x01],
        write(0, 2),
        vec![0x51],
        write(0, 3),
        vec![0],
    ]
    .concat();
    let anew = [
        open(2, 1),
        open(0, 3),
        write(2, 5),
        vec![0x10, 0x50, 0x50, 0x50, 0x50, 0x30, 0x20],
        write(2, 5),
        vec![0],
    ]
    .concat();
    vec![talk, full, own, none, again, anew]
}
