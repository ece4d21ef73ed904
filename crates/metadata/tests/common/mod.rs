//! Strategies that generate every image that the specification allows.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::indexing_slicing)]
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use tinycontainer_metadata::{
    Access, Bus, Direction, Draft, Endpoint, Limits, Mask, Part, PartSizes, Peer, Priority, Schedule, Scheme,
    Type, Wake,
};

/// A draft that owns its contents.
#[derive(Debug, Clone)]
pub struct Owned {
    pub uid: String,
    pub kind: Type,
    pub version: u32,
    pub syscalls: u32,
    pub syscall_token: Option<Vec<u8>>,
    pub limits: [u32; 3],
    pub schedule: Schedule,
    pub endpoints: Vec<(u32, OwnedPeer, Direction, Option<Vec<u8>>)>,
    pub vendor_secu: Option<Vec<u8>>,
    pub sizes: (u32, u32),
    pub data: OwnedPart,
    pub code: OwnedPart,
}

#[derive(Debug, Clone)]
pub enum OwnedPeer {
    Local(Bus, u32),
    Container(String, u32),
    Remote(Scheme, String),
}

#[derive(Debug, Clone)]
pub enum OwnedPart {
    Digest([u8; 32]),
    Token(Vec<u8>),
}

impl OwnedPart {
    fn part(&self) -> Part<'_> {
        match self {
            Self::Digest(digest) => Part::Digest(digest),
            Self::Token(token) => Part::Token(token),
        }
    }
}

impl Owned {
    pub fn endpoints(&self) -> Vec<Endpoint<'_>> {
        self.endpoints
            .iter()
            .map(|(id, peer, direction, token)| Endpoint {
                id: *id,
                access: Access {
                    peer: match peer {
                        OwnedPeer::Local(bus, unit) => Peer::Local { bus: *bus, unit: *unit },
                        OwnedPeer::Container(uid, endpoint) => Peer::Container { uid, endpoint: *endpoint },
                        OwnedPeer::Remote(scheme, authority) => Peer::Remote { scheme: *scheme, authority },
                    },
                    direction: *direction,
                },
                token: token.as_deref(),
            })
            .collect()
    }

    pub fn draft<'a>(&'a self, endpoints: &'a [Endpoint<'a>]) -> Draft<'a> {
        Draft {
            uid: &self.uid,
            kind: self.kind,
            version: self.version,
            syscalls: Mask(self.syscalls),
            syscall_token: self.syscall_token.as_deref(),
            limits: Limits { linear_memory: self.limits[0], stack: self.limits[1], heap: self.limits[2] },
            schedule: self.schedule,
            endpoints,
            vendor_secu: self.vendor_secu.as_deref(),
            sizes: PartSizes { data: self.sizes.0, code: self.sizes.1 },
            data: self.data.part(),
            code: self.code.part(),
        }
    }

    /// The whole file, with `token` as its metadata token.
    pub fn encode(&self, token: &[u8]) -> Vec<u8> {
        let endpoints = self.endpoints();
        let mut out = Vec::new();
        self.draft(&endpoints).encode(&mut out, token, &mut vec![0; 0x8000]).unwrap();
        out
    }
}

/// A token of the right form for the CDDL. Whether it verifies is checked elsewhere.
pub fn token() -> impl Strategy<Value = Vec<u8>> {
    (any::<[u8; 32]>(), any::<[u8; 8]>(), any::<u16>()).prop_map(|(signature, kid, exp)| {
        let mut out = Vec::new();
        let mut claims = Vec::new();
        minicbor::Encoder::new(&mut claims)
            .map(5)
            .and_then(|e| e.u8(2)?.str("some.container")?.u8(3)?.str("device")?.u8(4)?.u16(exp))
            .and_then(|e| e.i32(-65537)?.bytes(&signature)?.i32(-65540)?.u8(1))
            .unwrap();
        let mut protected = Vec::new();
        minicbor::Encoder::new(&mut protected)
            .map(2)
            .and_then(|e| e.u8(1)?.i8(-8)?.u8(4)?.bytes(&kid))
            .unwrap();
        let mut e = minicbor::Encoder::new(&mut out);
        e.tag(minicbor::data::Tag::new(61)).unwrap().tag(minicbor::data::Tag::new(18)).unwrap();
        e.array(4)
            .and_then(|e| e.bytes(&protected)?.map(0)?.bytes(&claims)?.bytes(&signature.repeat(2)))
            .unwrap();
        out
    })
}

fn pick<T: Copy + std::fmt::Debug + 'static>(from: &'static [T]) -> impl Strategy<Value = T> + Clone {
    prop::sample::select(from)
}

fn uid() -> impl Strategy<Value = String> {
    "[A-Za-z0-9._-]{1,64}"
}

fn part() -> impl Strategy<Value = OwnedPart> {
    prop_oneof![any::<[u8; 32]>().prop_map(OwnedPart::Digest), token().prop_map(OwnedPart::Token)]
}

fn peer() -> impl Strategy<Value = OwnedPeer> {
    prop_oneof![
        (pick(&Bus::ALL), any::<u32>()).prop_map(|(bus, unit)| OwnedPeer::Local(bus, unit)),
        (uid(), any::<u32>()).prop_map(|(uid, id)| OwnedPeer::Container(uid, id)),
        (pick(&Scheme::ALL), r"[A-Za-z0-9._:\[\]-]{1,128}")
            .prop_map(|(scheme, authority)| OwnedPeer::Remote(scheme, authority)),
    ]
}

fn schedule() -> impl Strategy<Value = Schedule> {
    (
        (1..=u32::MAX, any::<u32>(), 1..=u32::MAX, any::<u32>(), 1..=u32::MAX),
        (any::<u32>(), any::<u32>(), pick(&Priority::ALL), pick(&Wake::ALL)),
    )
        .prop_map(
            |((start_ms, period_ms, loop_ms, max_loops, stop_ms), (lifetime_ms, beat, priority, wake))| {
                let heartbeat_ms = if beat < period_ms { 0 } else { beat };
                Schedule {
                    start_ms,
                    period_ms,
                    loop_ms,
                    max_loops,
                    stop_ms,
                    lifetime_ms,
                    heartbeat_ms,
                    priority,
                    wake,
                }
            },
        )
}

/// Any draft that the specification allows.
pub fn draft() -> impl Strategy<Value = Owned> {
    (
        (uid(), pick(&Type::ALL), any::<u32>(), 0..=Mask::ALL.0, option::of(token()), any::<[u32; 3]>()),
        schedule(),
        btree_map(any::<u32>(), (peer(), pick(&Direction::ALL), option::of(token())), 0..=32),
        (option::of(vec(any::<u8>(), 0..=256)), part(), part(), (any::<u32>(), 1..=u32::MAX)),
    )
        .prop_map(
            |((uid, kind, version, syscalls, syscall_token, limits), schedule, endpoints, rest)| {
                let (vendor_secu, data, code, sizes) = rest;
                Owned {
                    uid,
                    kind,
                    version,
                    // An expected heartbeat must be permitted, and so must reading what is waited for.
                    syscalls: syscalls
                        | u32::from(schedule.heartbeat_ms != 0)
                        | if schedule.wake == Wake::Message { 0b1010 } else { 0 },
                    syscall_token,
                    limits,
                    schedule,
                    endpoints: endpoints.into_iter().map(|(id, (p, d, t))| (id, p, d, t)).collect(),
                    vendor_secu,
                    sizes,
                    data,
                    code,
                }
            },
        )
}
