//! A whole image through `Loading`, in pieces of any size, two at once: a container is loaded only from exactly the bytes
//! that were signed, pieces make no difference, and what fails leaves nothing behind.

use crate::metadata::rich;
use crate::outcome::{Outcome, outcome};
use crate::platform::{Fuzzed, FuzzedEngine, SLOTS, sign, sizes};
use arbitrary::Unstructured;
use std::sync::OnceLock;
use tinycontainer::{ImageError, Loading, Sizes, State};
use tinycontainer_testkit::{IDLE, Image, Spec};

fn images() -> &'static [Image] {
    static IMAGES: OnceLock<Vec<Image>> = OnceLock::new();
    IMAGES.get_or_init(|| {
        let mut rich = rich();
        rich.syscall_token = None;
        rich.endpoints.iter_mut().for_each(|endpoint| endpoint.3 = None);
        let specs = [
            Spec::new("a.x", IDLE),
            Spec { data: vec![7; 300], ..Spec::new("data", IDLE) },
            rich,
            Spec { version: 2, ..Spec::new("a.x", IDLE) },
            Spec { kind: tinycontainer::metadata::Type::Bpf, ..Spec::new("bpf", IDLE) },
        ];
        specs.iter().map(sign).collect()
    })
}

/// A transfer: an image, with changes.
#[derive(Debug)]
struct Transfer {
    image: usize,
    sizes: Sizes,
    bytes: Vec<u8>,
    sent: usize,
}

impl Transfer {
    fn new(input: &mut Unstructured<'_>) -> Self {
        let image = input.int_in_range(0..=images().len() - 1).unwrap_or(0);
        let original = &images()[image];
        let mut bytes = [&original.metadata[..], &original.data, &original.code].concat();
        let mut sizes = sizes(original);
        let flags: u8 = input.arbitrary().unwrap_or(0);
        for _ in 0..flags & 3 {
            let at = input.int_in_range(0..=bytes.len() - 1).unwrap_or(0);
            bytes[at] ^= input.arbitrary::<u8>().unwrap_or(0);
        }
        let change = |size: &mut usize, input: &mut Unstructured<'_>| {
            *size = match input.arbitrary::<u8>().unwrap_or(0) {
                0 => 0,
                1 => *size + 1,
                2 => size.saturating_sub(1),
                3 => usize::MAX,
                4 => 4097,
                5 => 1 << 20,
                other => usize::from(other),
            }
        };
        if flags & 4 != 0 {
            change(&mut sizes.metadata, input);
        }
        if flags & 8 != 0 {
            change(&mut sizes.data, input);
        }
        if flags & 16 != 0 {
            change(&mut sizes.code, input);
        }
        if flags & 32 != 0 {
            bytes.truncate(input.int_in_range(0..=bytes.len()).unwrap_or(0));
        }
        if flags & 64 != 0 {
            bytes.push(0);
        }
        Self { image, sizes, bytes, sent: 0 }
    }

    fn is_as_signed(&self) -> bool {
        let original = &images()[self.image];
        self.bytes == [&original.metadata[..], &original.data, &original.code].concat()
            && self.sizes == sizes(original)
    }

    fn next(&mut self, len: usize) -> &[u8] {
        let end = (self.sent + len).min(self.bytes.len());
        let piece = &self.bytes[self.sent..end];
        self.sent = end;
        piece
    }
}

/// Checks the container that was loaded: its code is instantiated as it was signed.
fn check_loaded(engine: &FuzzedEngine, transfer: &Transfer) {
    let image = &images()[transfer.image];
    let status = engine.containers().next().unwrap();
    assert_eq!(status.state, State::Created);
    assert!(status.image_bytes as usize >= image.data.len() + image.code.len());
    let mut agent = engine.agent(status.slot).unwrap();
    engine.start(&status.uid).unwrap();
    agent.step(0);
    assert_eq!(engine.platform().runtime.0.borrow()[status.slot].code, image.code);
}

/// After everything is dropped and unloaded, nothing is allocated, and all slots are free.
fn check_empty(engine: &FuzzedEngine) {
    let uids: Vec<_> = engine.containers().map(|status| status.uid).collect();
    for uid in uids {
        engine.unload(&uid).unwrap();
    }
    assert_eq!(engine.platform().held.get(), 0, "memory is still allocated");
    assert_eq!(engine.containers().count(), 0);
    for _ in 0..SLOTS + 1 {
        // A slot that was lost would be missing here.
        drop(engine.begin(Sizes { metadata: 1, data: 0, code: 1 }).unwrap());
    }
}

fn in_pieces(
    engine: &FuzzedEngine,
    transfer: &Transfer,
    mut piece: impl FnMut() -> usize,
) -> Result<(), ImageError> {
    let mut loading = engine.begin(transfer.sizes)?;
    let mut rest = &transfer.bytes[..];
    while !rest.is_empty() {
        let (now, later) = rest.split_at(piece().clamp(1, rest.len()));
        if let Err(error) = loading.write(now) {
            // It has failed for good.
            assert!(later.is_empty() || loading.write(later).is_err());
            assert!(loading.finish().is_err());
            return Err(error);
        }
        rest = later;
    }
    loading.finish().map(drop)
}

fn one(input: &mut Unstructured<'_>) -> Outcome {
    let transfer = Transfer::new(input);
    let engines = [FuzzedEngine::new(Fuzzed::default()), FuzzedEngine::new(Fuzzed::default())];
    let whole = in_pieces(&engines[0], &transfer, || usize::MAX);
    let pieces = in_pieces(&engines[1], &transfer, || input.arbitrary::<u8>().map_or(1, usize::from));
    // Of several errors, the first that is noticed may depend on what has arrived.
    if whole != pieces {
        assert!(whole.is_err() && pieces.is_err(), "{whole:?} {pieces:?}");
        assert!([whole, pieces].contains(&Err(ImageError::TooLong)), "{whole:?} {pieces:?}");
    }
    let is_wasm = transfer.image != 4;
    assert_eq!(whole.is_ok(), transfer.is_as_signed() && is_wasm, "{whole:?}");
    for engine in &engines {
        if whole.is_ok() {
            check_loaded(engine, &transfer);
        }
        check_empty(engine);
    }
    outcome(&(whole, pieces))
}

fn two(input: &mut Unstructured<'_>) -> Outcome {
    let engine = FuzzedEngine::new(Fuzzed::default());
    let mut sessions: [Option<(Loading<'_, Fuzzed, SLOTS>, Transfer)>; 2] = [None, None];
    let mut results = Vec::new();
    for _ in 0..100 {
        if input.is_empty() {
            break;
        }
        let op: u8 = input.arbitrary().unwrap_or(0);
        let which = usize::from(op & 1);
        match op >> 1 & 7 {
            0 | 1 if sessions[which].is_none() => {
                let transfer = Transfer::new(input);
                match engine.begin(transfer.sizes) {
                    Ok(loading) => sessions[which] = Some((loading, transfer)),
                    Err(error) => results.push(Err(error)),
                }
            }
            0 | 1 => {
                // Two sessions are open at most.
                if sessions
                    .iter()
                    .all(|session| session.as_ref().is_some_and(|(loading, _)| !loading.is_stale()))
                {
                    let _either = engine.begin(Sizes { metadata: 1, data: 0, code: 1 }).map(drop);
                }
            }
            2..=4 => {
                let len = input.arbitrary::<u8>().map_or(1, |len| usize::from(len) * 4);
                if let Some((loading, transfer)) = &mut sessions[which] {
                    let written = loading.write(transfer.next(len));
                    results.extend(written.err().map(Err));
                }
            }
            5 => {
                if let Some((mut loading, transfer)) = sessions[which].take() {
                    let finished = loading.finish().map(drop);
                    if finished.is_ok() {
                        assert!(transfer.is_as_signed() && transfer.sent == transfer.bytes.len());
                    }
                    results.push(finished);
                }
            }
            6 => sessions[which] = None,
            _ => {
                let seconds: u8 = input.arbitrary().unwrap_or(0);
                let now = &engine.platform().now_ms;
                now.set(now.get() + u64::from(seconds) * 200);
            }
        }
    }
    drop(sessions);
    check_empty(&engine);
    results.dedup();
    outcome(&results.first().zip(results.last()))
}

pub(crate) fn run(input: &[u8]) -> Outcome {
    let mut input = Unstructured::new(input);
    if input.arbitrary::<u8>().unwrap_or(0) & 1 == 0 { one(&mut input) } else { two(&mut input) }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = (0..5).map(|image| vec![0, image, 0, 7, 100, 3]).collect();
    // One changed byte in metadata, data and code; other sizes; too few and too many bytes.
    seeds.extend([0, 100, 250, 255].map(|at| vec![0, 1, 1, 1, at, 1]));
    seeds.extend([4, 8, 16].map(|flag| vec![0, 1, flag, 1, 9]));
    seeds.extend([vec![0, 1, 32, 0, 9], vec![0, 1, 64, 9]]);
    // Two at once.
    let begin = |which: u8, image: u8| vec![which, image, 0];
    let write = |which: u8, len: u8| vec![4 | which, len];
    let finish = |which: u8| vec![10 | which];
    seeds.push(
        [
            vec![1],
            begin(0, 0),
            begin(1, 1),
            write(0, 30),
            write(1, 40),
            write(0, 255),
            write(1, 255),
            finish(0),
            finish(1),
            vec![0],
        ]
        .concat(),
    );
    seeds.push(
        [vec![1], begin(0, 0), begin(1, 3), write(0, 255), write(1, 255), finish(1), finish(0), vec![0]]
            .concat(),
    );
    seeds.push(
        [vec![1], begin(0, 0), write(0, 3), vec![14, 255], write(0, 255), begin(1, 2), vec![12], vec![0]]
            .concat(),
    );
    seeds
}
