//! The targets on stable: over their corpora, and a number of mutations from a fixed seed.
#![allow(missing_docs)]

use tinycontainer_fuzz::target;

macro_rules! targets {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            target(stringify!($name)).short_run();
        }
    )*};
}

// `capi` has WAMR for itself: see the test `capi`.
targets! { metadata token trust_store clear cbor cose policy loading queues wamr }
