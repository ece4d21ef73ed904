//! Each limit admits its own value and nothing beyond it.

use super::*;
use tinycontainer_metadata::{Limits, PartSizes};
use tinycontainer_policy::MAX_ENDPOINTS;

/// What refuses `spec` on a device with these ceilings.
fn under(spec: &Spec, change: impl Fn(&mut Ceilings)) -> Option<ImageRejected> {
    on(&store(&[PROVIDER_A], |_, _| {}), |device| {
        let mut ceilings = device.ceilings;
        change(&mut ceilings);
        refused(&spec.sign(PROVIDER_A), &Device { ceilings, ..*device })
    })
}

#[test]
fn each_kind_of_memory_has_its_own_limit() {
    let mut spec = Spec::new("a.x", IDLE);
    spec.limits = Limits { linear_memory: 3000, stack: 2000, heap: 1000 };
    let with = |linear_memory, stack, heap| {
        under(&spec, |ceilings| *ceilings = Ceilings { linear_memory, stack, heap, ..*ceilings })
    };
    assert_eq!(with(3000, 2000, 1000), None);
    // More of the other two does not make up for one byte too little.
    assert_eq!(with(2999, 9000, 9000), Some(ImageRejected::Limits));
    assert_eq!(with(9000, 1999, 9000), Some(ImageRejected::Limits));
    assert_eq!(with(9000, 9000, 999), Some(ImageRejected::Limits));
}

#[test]
fn the_image_as_a_whole_has_a_limit() {
    let mut spec = Spec::new("a.x", IDLE);
    let metadata = spec.sign(PROVIDER_A).metadata.len() as u64;
    let all = metadata + spec.data.len() as u64 + spec.code.len() as u64;
    assert_eq!(under(&spec, |ceilings| ceilings.image = all as u32), None);
    let less = all as u32 - 1;
    let why = ImageRejected::Size(all, less);
    assert_eq!(under(&spec, |ceilings| ceilings.image = less), Some(why));
    // Sizes whose sum does not fit in 32 bits are not small.
    let most = u32::MAX;
    spec.sizes = Some(PartSizes { data: most, code: most });
    let metadata = spec.sign(PROVIDER_A).metadata.len() as u64;
    let why = ImageRejected::Size(metadata + 2 * u64::from(most), most);
    assert_eq!(under(&spec, |ceilings| ceilings.image = most), Some(why));
}

#[test]
fn a_device_takes_so_many_endpoints_and_not_one_more() {
    let mut spec = Spec::new("a.x", IDLE);
    for id in 0..MAX_ENDPOINTS as u32 {
        spec = spec.endpoint(id, BUS, Direction::In);
    }
    assert_eq!(under(&spec, |_| {}), None);
    spec = spec.endpoint(MAX_ENDPOINTS as u32, BUS, Direction::In);
    assert_eq!(under(&spec, |_| {}), Some(ImageRejected::TooManyEndpoints));
}

#[test]
fn the_signer_bounds_the_priority() {
    for allowed in Priority::ALL {
        for priority in Priority::ALL {
            let mut spec = Spec::new("a.x", IDLE);
            spec.schedule.priority = priority;
            let store = store(&[PROVIDER_A], |_, anchor| anchor.priority = allowed);
            let why = (priority as u8 > allowed as u8).then_some(ImageRejected::Priority(priority));
            on(&store, |device| assert_eq!(refused(&spec.sign(PROVIDER_A), device), why));
        }
    }
}

#[test]
fn what_is_cleared_is_what_was_signed() {
    let mut spec = Spec::new("a.x", IDLE);
    spec.limits = Limits { linear_memory: 3000, stack: 2000, heap: 1000 };
    spec.schedule = Schedule {
        start_ms: 1,
        period_ms: 2,
        loop_ms: 3,
        stop_ms: 4,
        priority: Priority::High,
        ..Schedule::default()
    };
    spec.data = b"data".to_vec();
    let image = spec.sign(PROVIDER_A);
    on(&store(&[PROVIDER_A], |_, _| {}), |device| {
        let mut workspace = Workspace::default();
        let in_place = clear_into(&image.metadata, device, &mut workspace).unwrap();
        for cleared in [&clear(&image.metadata, device).unwrap(), in_place] {
            assert_eq!((cleared.limits(), cleared.schedule()), (spec.limits, spec.schedule));
            let sizes = PartSizes { data: 4, code: spec.code.len() as u32 };
            assert_eq!(cleared.sizes(), Some(sizes));
            assert_eq!(cleared.data_digest(), &sha256(b"data"));
            assert_eq!(cleared.code_digest(), &sha256(&spec.code));
            assert_eq!(cleared.signer().to_be_bytes(), thumbprint_of(PROVIDER_A)[..8]);
            assert_eq!(cleared.metadata(), &Metadata::decode(&image.metadata).unwrap());
        }
        // A refusal in the same memory leaves nothing of the image before it to be used.
        let other = spec.sign(PROVIDER_B);
        assert!(clear_into(&other.metadata, device, &mut workspace).is_err());
    });
}
