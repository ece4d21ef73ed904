//! `run` on a terminal: keys, the live lines, and the terminal as it was.

use crate::bench::{Bench, QUIET};
use crate::run::device;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// What the terminal shows.
#[derive(Default)]
struct Screen {
    text: Mutex<String>,
    more: Condvar,
}

impl Screen {
    /// Waits until it shows a text `count` times; a test that waits in vain for long fails.
    fn wait_for(&self, part: &str, count: usize) {
        let text = self.text.lock().unwrap();
        let shows = |text: &mut String| text.matches(part).count() < count;
        let (text, over) = self.more.wait_timeout_while(text, Duration::from_secs(60), shows).unwrap();
        assert!(!over.timed_out(), "not shown {count} times: {part}: {text}");
    }
}

#[test]
fn keys_start_stop_restart_and_unload_one_container() {
    let bench = Bench::new();
    let (one, two) = (bench.image("a.one", QUIET, ""), bench.image("a.two", QUIET, ""));
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    tcsetwinsize(&slave, Winsize { ws_row: 24, ws_col: 60, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_tinycontainerctl"))
        .args(device(&["run", &one, &two, "--timestamps", "none"]))
        .current_dir(bench.path("."))
        .env("TERM", "xterm")
        .env_remove("NO_COLOR")
        .stdin(slave.try_clone().unwrap())
        .stdout(slave.try_clone().unwrap())
        .stderr(slave.try_clone().unwrap())
        .spawn()
        .unwrap();
    let mut master = File::from(master);
    let screen = Arc::new(Screen::default());
    let (mut reader, shown) = (master.try_clone().unwrap(), screen.clone());
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut bytes) {
            let mut plain = shown.text.lock().unwrap();
            // Without the colours.
            let text = anstream::adapter::strip_bytes(&bytes[..count]).into_vec();
            plain.push_str(&String::from_utf8_lossy(&text));
            shown.more.notify_all();
        }
    });
    let mut press = |keys: &str| master.write_all(keys.as_bytes()).unwrap();
    screen.wait_for("started", 2);
    press("?");
    screen.wait_for("keys: ", 1);
    press("x");
    screen.wait_for("a.one stopped: stop requested", 1);
    press("s");
    screen.wait_for("a.one started", 2);
    press("2r");
    screen.wait_for("a.two started", 2);
    press("u");
    screen.wait_for("a.two unloaded", 1);
    press("u");
    screen.wait_for("a.one unloaded", 1);
    press("xq");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    screen.wait_for("no container is loaded", 1);
    screen.wait_for("periods missed: ", 2);
    let modes = tcgetattr(&slave).unwrap().local_modes;
    assert!(modes.contains(LocalModes::ICANON | LocalModes::ECHO), "the terminal is as it was");
}
