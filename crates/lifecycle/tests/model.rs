//! The state machine against a table and rules that are written here by hand, so that a wrong line in the crate's own
//! table, from which everything else is made, does not prove itself.
#![allow(clippy::unwrap_used)]

use tinycontainer_abi::Hook;
use tinycontainer_lifecycle::{Event, Illegal, State, StopReason};

/// The rows are the states and the columns the events, both in the order of their numbers. A cell is the number of the
/// state that follows; `-1` is refused.
#[rustfmt::skip]
const TABLE: [[i8; 16]; 13] = [
    // Begin, Verify, Install, Abandon, Start, Instantiate, Reject, Continue, Finish, Tick, Stop, Fault, Call, Return, Finalize, Unload
    [  1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1], // 0 Empty
    [ -1,  2, -1,  0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1], // 1 Loading
    [ -1, -1,  3,  0, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1], // 2 Install
    [ -1, -1, -1, -1,  4, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,  0], // 3 Created
    [ -1, -1, -1, -1, -1,  5,  9, -1, -1, -1,  9, -1, -1, -1, -1, -1], // 4 Startup
    [ -1, -1, -1, -1, -1, -1, -1,  6, -1, -1, -1,  9, 10, -1, -1, -1], // 5 OnStart
    [ -1, -1, -1, -1, -1, -1, -1, -1, -1,  7,  8, -1, -1, -1, -1, -1], // 6 Ready
    [ -1, -1, -1, -1, -1, -1, -1,  6,  8, -1, -1,  9, 11, -1, -1, -1], // 7 OnLoop
    [ -1, -1, -1, -1, -1, -1, -1,  9, -1, -1, -1,  9, 12, -1, -1, -1], // 8 OnStop
    [ -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,  3, -1], // 9 OnFinalize
    [ -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,  5, -1, -1], // 10 SyscallInStart
    [ -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,  7, -1, -1], // 11 SyscallInLoop
    [ -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,  8, -1, -1], // 12 SyscallInStop
];

#[test]
fn each_state_and_event_is_as_in_the_table() {
    assert_eq!((State::ALL.len(), Event::ALL.len()), (13, 16));
    for (state, row) in State::ALL.into_iter().zip(TABLE) {
        for (event, next) in Event::ALL.into_iter().zip(row) {
            let expected = match u8::try_from(next) {
                Ok(number) => Ok(State::from_number(number).unwrap()),
                Err(_) => Err(Illegal { state, event }),
            };
            assert_eq!(state.after(event), expected, "{state:?} {event:?}");
        }
    }
}

#[test]
fn each_state_is_classed_as_in_the_table() {
    // Whether a container is there, whether it runs or stops, and the hook.
    let classes = [
        (false, false, None),
        (false, false, None),
        (false, false, None),
        (true, false, None),
        (true, true, None),
        (true, true, Some(Hook::Start)),
        (true, true, None),
        (true, true, Some(Hook::Loop)),
        (true, true, Some(Hook::Stop)),
        (true, true, None),
        (true, true, Some(Hook::Start)),
        (true, true, Some(Hook::Loop)),
        (true, true, Some(Hook::Stop)),
    ];
    for (state, class) in State::ALL.into_iter().zip(classes) {
        assert_eq!((state.is_loaded(), state.is_running(), state.hook()), class, "{state:?}");
    }
    // Requested, finished, loop count and lifetime are no faults; heartbeat, trap, budget and rejection are.
    let faults: Vec<bool> = StopReason::ALL.into_iter().map(StopReason::is_fault).collect();
    assert_eq!(faults, [false, false, false, false, true, true, true, true]);
}

/// What a container has done, as its provider and the device's owner would count it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct History {
    verified: bool,
    installed: bool,
    instantiated: bool,
    started: bool,
    stopped: bool,
    faulted: bool,
    in_call: bool,
}

/// Follows every path of the machine of at most `left` events, and returns how many paths there are.
fn follow(state: State, history: History, left: u32) -> u64 {
    let mut paths = 1;
    if left == 0 {
        return paths;
    }
    for event in Event::ALL {
        let Ok(next) = state.after(event) else { continue };
        let mut now = history;
        match event {
            Event::Begin => assert_eq!(history, History::default(), "nothing is left of the one before"),
            Event::Verify => now.verified = true,
            Event::Install => {
                assert!(history.verified, "data and code are received only under verified metadata");
                now.installed = true;
            }
            Event::Start => {
                assert!(history.verified && history.installed, "only a complete image is started");
            }
            Event::Instantiate => {
                assert!(!history.instantiated, "one instance at a time");
                now.instantiated = true;
            }
            Event::Reject => assert!(!history.instantiated),
            Event::Call => {
                assert!(state.hook().is_some() && !history.in_call && history.instantiated);
                now.in_call = true;
            }
            Event::Return => {
                assert!(history.in_call);
                now.in_call = false;
            }
            Event::Tick => assert!(history.started && !history.faulted && !history.stopped),
            Event::Fault => now.faulted = true,
            Event::Finalize => {
                let History { verified, installed, .. } = history;
                now = History { verified, installed, ..History::default() };
            }
            Event::Abandon | Event::Unload => now = History::default(),
            Event::Continue | Event::Finish | Event::Stop => (),
        }
        match (state, event) {
            (State::OnStart, Event::Continue) => now.started = true,
            (State::OnStop, Event::Continue) => now.stopped = true,
            _ => (),
        }
        // While a native call is served nothing else can happen to the container.
        assert!(!history.in_call || event == Event::Return);
        // A hook runs only in an instance, `start()` before the others, and none after a fault or after `stop()`.
        if next.hook().is_some() {
            assert!(now.instantiated && !now.faulted && !now.stopped);
            assert!(now.started || next.hook() == Some(Hook::Start));
        }
        // Its memory is freed before the container can be unloaded or started again.
        if matches!(next, State::Empty | State::Created) {
            assert!(!now.instantiated && !now.in_call);
        }
        paths += follow(next, now, left - 1);
    }
    paths
}

#[test]
fn every_path_of_22_events_keeps_the_rules() {
    // The number is that of the walks in the table above, counted without the crate.
    let mut walks = [1_u64; 13];
    for _ in 0..22 {
        let after = |row: [i8; 16]| {
            let next = row.into_iter().filter_map(|next| usize::try_from(next).ok());
            1 + next.filter_map(|next| walks.get(next)).sum::<u64>()
        };
        walks = TABLE.map(after);
    }
    assert_eq!(Some(&follow(State::Empty, History::default(), 22)), walks.first());
}
