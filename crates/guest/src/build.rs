//! For tools on the host: what they need to compile a container.
//!
//! Texts instead of paths, so that a tool that includes this crate needs no folder of it at run time: it
//! writes them where it builds.

/// How a container is compiled and linked: `link.toml`, at once a cargo configuration file
/// (`cargo build --release --config`) and, in its table `tinycontainer`, the flags for C.
pub const LINK_TOML: &str = include_str!("../link.toml");

/// `tinycontainer_guest.h`, the interface for containers in C.
pub const C_HEADER: &str = include_str!("../include/tinycontainer_guest.h");

/// The name under which a container in C includes [`C_HEADER`].
pub const C_HEADER_NAME: &str = "tinycontainer_guest.h";
