//! How much is printed: `--quiet`, `--verbose`.

use crate::text::style::{FAINT, complain, print, shown};
use std::fmt;
use std::process::Command;
use std::sync::atomic::{AtomicI8, Ordering};

/// Below 0: only answers, warnings and errors. Above 0: also what is called.
static LEVEL: AtomicI8 = AtomicI8::new(0);

/// Set once, from the command line.
pub(crate) fn set(quiet: bool, verbose: bool) {
    LEVEL.store(i8::from(verbose) - i8::from(quiet), Ordering::Relaxed);
}

/// Whether only answers, warnings and errors are to be printed.
pub(crate) fn is_quiet() -> bool {
    LEVEL.load(Ordering::Relaxed) < 0
}

/// What was done, on standard output, unless it is to be quiet.
#[macro_export]
macro_rules! done {
    ($($format:tt)*) => { $crate::text::level::say(format_args!($($format)*)) };
}

/// See [`done!`].
pub(crate) fn say(line: fmt::Arguments<'_>) {
    if !is_quiet() {
        print(line);
    }
}

/// A command that is about to be run, on standard error, if that is asked for.
pub(crate) fn runs(command: &Command) {
    if LEVEL.load(Ordering::Relaxed) > 0 {
        let words = [command.get_program()].into_iter().chain(command.get_args());
        let words: Vec<_> = words.map(|word| shown(&word.to_string_lossy())).collect();
        complain(format_args!("{FAINT}runs{FAINT:#} {}", words.join(" ")));
    }
}
