//! For tools on the host: what they need to compile a container.
//!
//! Texts and not paths, so that a tool that includes this crate does not need its folder at run time: it writes them
//! to where it builds.

/// How a container is compiled and linked: `link.toml`, which is a cargo configuration file (`cargo build --release
/// --config`) and has, in its table `tinycontainer`, the flags for C.
pub const LINK_TOML: &str = include_str!("../link.toml");

/// `tinycontainer_guest.h`, the interface for containers in C.
pub const C_HEADER: &str = include_str!("../include/tinycontainer_guest.h");

/// The name under which a container in C includes [`C_HEADER`].
pub const C_HEADER_NAME: &str = "tinycontainer_guest.h";
