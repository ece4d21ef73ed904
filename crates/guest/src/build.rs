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

/// The Rust SDK as files (path, text): two crates without other dependencies, `guest` and `abi`, in folders beside each
/// other. A container's `Cargo.toml` names the first: `tinycontainer-guest = { path = "sdk/guest" }`.
pub const RUST_SDK: [(&str, &str); 12] = [
    ("guest/Cargo.toml", GUEST_MANIFEST),
    ("guest/link.toml", LINK_TOML),
    ("guest/include/tinycontainer_guest.h", C_HEADER),
    ("guest/src/lib.rs", include_str!("lib.rs")),
    ("guest/src/build.rs", include_str!("build.rs")),
    ("guest/src/endpoint.rs", include_str!("endpoint.rs")),
    ("guest/src/ffi.rs", include_str!("ffi.rs")),
    ("guest/src/line.rs", include_str!("line.rs")),
    ("guest/README.md", include_str!("../README.md")),
    ("abi/Cargo.toml", ABI_MANIFEST),
    ("abi/src/lib.rs", include_str!("../../abi/src/lib.rs")),
    ("abi/src/numbered.rs", include_str!("../../abi/src/numbered.rs")),
];

/// The manifests outside of this workspace; `tests/sdk.rs` compares them with those in it.
const GUEST_MANIFEST: &str = concat!(
    "[package]\nname = \"tinycontainer-guest\"\nversion = \"",
    env!("CARGO_PKG_VERSION"),
    "\"\nedition = \"2024\"\nrust-version = \"",
    env!("CARGO_PKG_RUST_VERSION"),
    "\"\nlicense = \"",
    env!("CARGO_PKG_LICENSE"),
    "\"\npublish = false\n\n[features]\ndefault = [\"panic-handler\"]\npanic-handler = []\n\n\
     [dependencies]\ntinycontainer-abi = { path = \"../abi\" }\n"
);
const ABI_MANIFEST: &str = concat!(
    "[package]\nname = \"tinycontainer-abi\"\nversion = \"",
    env!("CARGO_PKG_VERSION"),
    "\"\nedition = \"2024\"\nrust-version = \"",
    env!("CARGO_PKG_RUST_VERSION"),
    "\"\nlicense = \"",
    env!("CARGO_PKG_LICENSE"),
    "\"\npublish = false\n"
);
