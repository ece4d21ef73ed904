//! docs/guest.md names the same calls, errors and results as the SDK.

use tinycontainer_abi::{Errno, Syscall};
use tinycontainer_guest::build::C_HEADER;

const DOCUMENT: &str = include_str!("../../../docs/guest.md");

#[test]
fn the_document_names_each_error_as_both_languages_do() {
    for errno in Errno::ALL {
        let number = errno as i32;
        let define = C_HEADER.lines().find(|line| line.contains(&format!("({number})"))).unwrap();
        let c = define.split_whitespace().nth(1).unwrap();
        let row = format!("| {number} | `{c}` | `{errno:?}` |");
        assert!(DOCUMENT.contains(&row), "{row}");
    }
}

#[test]
fn the_document_names_each_call() {
    for call in Syscall::ALL {
        let import = format!("`env.{}(", call.name());
        assert!(DOCUMENT.contains(&import), "{import}");
        let (_, rest) = C_HEADER.split_once(&format!("TINYCONTAINER_IMPORT({}) ", call.name())).unwrap();
        let c = rest.split_whitespace().nth(1).unwrap().split('(').next().unwrap();
        assert!(DOCUMENT.contains(&format!("{c}(")), "{c}");
    }
}

#[test]
fn the_document_names_the_longest_line() {
    let longest = format!("such a line has {} bytes at most", tinycontainer_guest::Line::MAX);
    assert!(DOCUMENT.contains(&longest), "{longest}");
}
