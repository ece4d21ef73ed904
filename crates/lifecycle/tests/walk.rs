//! Walks the whole state machine, and keeps the diagram in the docs equal to the table.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use tinycontainer_abi::Hook;
use tinycontainer_lifecycle::{Event, Illegal, State, StopReason, TRANSITIONS};

#[test]
fn every_state_with_every_event() {
    let table: HashMap<(State, Event), State> = TRANSITIONS.iter().map(|(s, e, t)| ((*s, *e), *t)).collect();
    assert_eq!(table.len(), TRANSITIONS.len(), "no transition is given twice");
    let mut legal = 0;
    for state in State::ALL {
        for event in Event::ALL {
            match table.get(&(state, event)) {
                Some(to) => {
                    legal += 1;
                    assert_eq!(state.after(event), Ok(*to));
                }
                None => assert_eq!(state.after(event), Err(Illegal { state, event })),
            }
        }
    }
    assert_eq!(legal, TRANSITIONS.len(), "every state and event of the table is in ALL");
}

#[test]
fn every_state_is_reached_and_left() {
    let reach = |from: State| {
        let mut seen = vec![from];
        let mut next = 0;
        while let Some(state) = seen.get(next).copied() {
            for event in Event::ALL {
                if let Ok(to) = state.after(event)
                    && !seen.contains(&to)
                {
                    seen.push(to);
                }
            }
            next += 1;
        }
        seen
    };
    assert_eq!(reach(State::Empty).len(), State::ALL.len());
    for state in State::ALL {
        assert!(reach(state).contains(&State::Empty), "{state:?} is a dead end");
    }
}

#[test]
fn hooks_run_only_between_start_and_finalize_and_never_after_a_fault() {
    for (from, event, to) in TRANSITIONS {
        if to.hook().is_some() {
            assert!(to.is_running());
        }
        if *event == Event::Fault {
            assert_eq!(*to, State::OnFinalize, "a fault in {from:?} leads to no hook");
        }
        if from.hook() == Some(Hook::Stop) {
            assert!(to.hook() == Some(Hook::Stop) || *to == State::OnFinalize);
        }
        // Every path out of the running states goes through ON_FINALIZE.
        if from.is_running() && !to.is_running() {
            assert_eq!((*from, *to), (State::OnFinalize, State::Created));
        }
    }
}

#[test]
fn each_state_is_loaded_is_running_and_has_a_hook_as_its_name_says() {
    use State::*;
    for (state, loaded, running, hook) in [
        (Empty, false, false, None),
        (Loading, false, false, None),
        (Install, false, false, None),
        (Created, true, false, None),
        (Startup, true, true, None),
        (OnStart, true, true, Some(Hook::Start)),
        (Ready, true, true, None),
        (OnLoop, true, true, Some(Hook::Loop)),
        (OnStop, true, true, Some(Hook::Stop)),
        (OnFinalize, true, true, None),
        (SyscallInStart, true, true, Some(Hook::Start)),
        (SyscallInLoop, true, true, Some(Hook::Loop)),
        (SyscallInStop, true, true, Some(Hook::Stop)),
    ] {
        assert_eq!(
            (state.is_loaded(), state.is_running(), state.hook()),
            (loaded, running, hook),
            "{state:?}"
        );
    }
}

#[test]
fn what_the_container_did_wrong_is_a_fault_and_what_was_requested_or_allowed_is_not() {
    let faults: Vec<StopReason> = StopReason::ALL.into_iter().filter(|reason| reason.is_fault()).collect();
    assert_eq!(
        faults,
        [StopReason::Heartbeat, StopReason::Trapped, StopReason::Budget, StopReason::Rejected]
    );
}

#[test]
fn a_refusal_names_the_event_and_the_state() {
    let refused = State::Created.after(Event::Tick).unwrap_err();
    assert_eq!(refused.to_string(), "Tick cannot happen in state Created");
}

#[test]
fn numbers_go_both_ways() {
    for state in State::ALL {
        assert_eq!(State::from_number(state as u8), Some(state));
    }
    assert_eq!(State::from_number(State::ALL.len() as u8), None);
}

#[test]
fn the_diagram_in_the_docs_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/lifecycle.md");
    let drawn = diagram();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &drawn).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap_or_default() == drawn,
        "docs/lifecycle.md is out of date: UPDATE_DOCS=1 cargo test -p tinycontainer-lifecycle"
    );
}

fn diagram() -> String {
    let mut out = String::from(
        "# The life of a container\n\n\
         Generated from the table in `crates/lifecycle/src/lib.rs`; change it there, then run\n\
         `UPDATE_DOCS=1 cargo test -p tinycontainer-lifecycle`.\n\n\
         An event that has no arrow here is refused and changes nothing. A stop that is requested while a\n\
         hook runs waits for READY; the hook's budget bounds the wait.\n\n\
         ```mermaid\nstateDiagram-v2\n",
    );
    let groups = [
        ("Provisioning", [State::Loading, State::Install].as_slice()),
        ("Running", &[State::Startup, State::OnStart, State::Ready, State::OnLoop]),
        ("Stopping", &[State::OnStop, State::OnFinalize]),
    ];
    out.push_str("    [*] --> Empty\n");
    for (name, states) in groups {
        writeln!(out, "    state {name} {{").unwrap();
        for state in states {
            writeln!(out, "        {state:?}").unwrap();
        }
        out.push_str("    }\n");
    }
    for (from, event, to) in TRANSITIONS {
        writeln!(out, "    {from:?} --> {to:?}: {event:?}").unwrap();
    }
    out.push_str("```\n\n| state | shown as | events that can happen |\n| --- | --- | --- |\n");
    for state in State::ALL {
        let events: BTreeSet<String> =
            Event::ALL.iter().filter(|e| state.after(**e).is_ok()).map(|e| format!("{e:?}")).collect();
        let events: Vec<String> = events.into_iter().collect();
        writeln!(out, "| {state:?} | {} | {} |", state.name(), events.join(", ")).unwrap();
    }
    out
}
