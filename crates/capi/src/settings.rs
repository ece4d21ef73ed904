//! The configuration that the application sets: trust anchors, the device's names, the time.

use crate::cell::OnceCell;
use crate::link::calls;
use crate::result::TinycontainerResult as Code;
use core::cell::Cell;
use critical_section::Mutex;
use tinycontainer::policy::{Ceilings, Device, LegacyFormat, Trust};
#[cfg(feature = "accept-2024")]
use tinycontainer::{metadata::Limits, policy::Year2024};

/// A clock of the application's: returns seconds since 1970, or 0 if it does not know the time.
pub type Clock = extern "C" fn() -> u64;

static TRUST: Mutex<Cell<Option<Trust<'static>>>> = Mutex::new(Cell::new(None));
static NAMES: OnceCell<Names> = OnceCell::new();
#[cfg(feature = "accept-2024")]
static YEAR_2024: OnceCell<Year2024<'static>> = OnceCell::new();
/// The value of `YEAR_2024`, once that is set, as a trait object: only [`set_2024`] refers to the code for that format, so
/// a linker drops it from a program that does not call it.
#[cfg(feature = "accept-2024")]
static LEGACY: Mutex<Cell<Option<&'static dyn LegacyFormat>>> = Mutex::new(Cell::new(None));
static CLOCK: Mutex<Cell<Time>> = Mutex::new(Cell::new(Time::Unknown));
/// The latest time that was returned or set: the clock of a device does not go back.
static LATEST: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

struct Names {
    list: [&'static str; 2],
    count: usize,
}

#[derive(Clone, Copy)]
enum Time {
    Unknown,
    /// The time (in seconds) at an uptime (in milliseconds).
    Set {
        time: u64,
        at_ms: u64,
    },
    Asked(Clock),
}

/// The device as the application has configured it: what `Platform::device` returns. It accepts images of the 2024 format
/// only after `tinycontainer_accept_2024`.
pub fn device(ceilings: Ceilings) -> Device<'static> {
    let trust = critical_section::with(|cs| TRUST.borrow(cs).get()).unwrap_or(Trust::NONE);
    let audiences = NAMES.value().and_then(|names| names.list.get(..names.count)).unwrap_or_default();
    Device { audiences, trust, now: now(), ceilings, accept_2024: legacy() }
}

#[cfg(feature = "accept-2024")]
fn legacy() -> Option<&'static dyn LegacyFormat> {
    critical_section::with(|cs| LEGACY.borrow(cs).get())
}

#[cfg(not(feature = "accept-2024"))]
fn legacy() -> Option<&'static dyn LegacyFormat> {
    None
}

/// Now, in seconds since 1970; `None` if it is not known. It does not go back: if a clock returns an earlier time than before,
/// the later one counts.
pub fn now() -> Option<u64> {
    let now = match critical_section::with(|cs| CLOCK.borrow(cs).get()) {
        Time::Unknown => None,
        Time::Set { time, at_ms } => {
            Some(time.saturating_add(calls::uptime_ms().saturating_sub(at_ms) / 1000))
        }
        Time::Asked(clock) => Some(clock()).filter(|now| *now != 0),
    };
    now.map(|now| {
        critical_section::with(|cs| {
            let latest = LATEST.borrow(cs);
            latest.set(latest.get().max(now));
            latest.get()
        })
    })
}

/// Sets the trust anchors, unless the application has: for a platform that has its own (in the firmware, in the
/// environment). To be called from its `init`.
///
/// # Errors
/// [`Code::BadTrust`].
pub fn default_trust(store: &'static [u8]) -> Result<(), Code> {
    let trust = Trust::decode(store).map_err(|_| Code::BadTrust)?;
    critical_section::with(|cs| {
        let place = TRUST.borrow(cs);
        place.set(place.get().or(Some(trust)));
    });
    Ok(())
}

/// Sets the device's name and class, unless the application has. To be called from the platform's `init`.
pub fn default_names(name: Option<&'static str>, class: Option<&'static str>) {
    // Fails if the application has set them.
    let _ = set_names(name, class);
}

pub(crate) fn set_trust(store: &'static [u8]) -> Result<(), Code> {
    let trust = Trust::decode(store).map_err(|_| Code::BadTrust)?;
    critical_section::with(|cs| TRUST.borrow(cs).set(Some(trust)));
    Ok(())
}

pub(crate) fn set_names(name: Option<&'static str>, class: Option<&'static str>) -> Result<(), Code> {
    let mut names = Names { list: [""; 2], count: 0 };
    for (place, name) in names.list.iter_mut().zip([name, class].into_iter().flatten()) {
        *place = name;
        names.count += 1;
    }
    NAMES.set(names).map_err(|_| Code::AlreadySet)
}

/// Accepts images of the 2024 format that are signed with the key of the store's one anchor, within the scope of that
/// anchor; each container gets `limits`.
#[cfg(feature = "accept-2024")]
pub(crate) fn set_2024(store: &'static [u8], limits: Limits) -> Result<(), Code> {
    let trust = Trust::decode(store).map_err(|_| Code::BadTrust)?;
    let mut anchors = trust.anchors();
    let (Some(anchor), None) = (anchors.next(), anchors.next()) else { return Err(Code::BadArgument) };
    let tinycontainer_token::Key::Ed25519(key) = anchor.key else { return Err(Code::BadArgument) };
    YEAR_2024.set(Year2024::new(key, anchor.scope, limits)).map_err(|_| Code::AlreadySet)?;
    // The compiler must not know the only value that is ever stored: it would let `device` refer to it directly.
    let policy = core::hint::black_box(YEAR_2024.value().map(|policy| -> &dyn LegacyFormat { policy }));
    critical_section::with(|cs| LEGACY.borrow(cs).set(policy));
    Ok(())
}

/// Sets the time, unless it is earlier than the device's present one.
pub(crate) fn set_time(time: u64) -> Result<(), Code> {
    // Updates `LATEST`.
    let _ = now();
    let at_ms = calls::uptime_ms();
    critical_section::with(|cs| {
        let latest = LATEST.borrow(cs);
        if time < latest.get() {
            return Err(Code::TimeGoesBack);
        }
        latest.set(time);
        CLOCK.borrow(cs).set(Time::Set { time, at_ms });
        Ok(())
    })
}

pub(crate) fn set_clock(clock: Option<Clock>) {
    let time = clock.map_or(Time::Unknown, Time::Asked);
    critical_section::with(|cs| CLOCK.borrow(cs).set(time));
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::sync::atomic::{AtomicU64, Ordering};

    static SHOWN: AtomicU64 = AtomicU64::new(0);

    extern "C" fn shown() -> u64 {
        SHOWN.load(Ordering::Relaxed)
    }

    #[test]
    fn item_07_the_time_does_not_go_back() {
        assert_eq!(now(), None);
        assert_eq!(set_time(1000), Ok(()));
        assert_eq!(set_time(999), Err(Code::TimeGoesBack));
        assert_eq!(now(), Some(1000), "nothing has changed");
        assert_eq!(set_time(1000), Ok(()));
        set_clock(Some(shown));
        assert_eq!(now(), None, "an application's clock that does not know");
        SHOWN.store(2000, Ordering::Relaxed);
        assert_eq!(now(), Some(2000));
        SHOWN.store(1500, Ordering::Relaxed);
        assert_eq!(now(), Some(2000));
        assert_eq!(set_time(1999), Err(Code::TimeGoesBack));
        set_clock(None);
        assert_eq!(now(), None);
        assert_eq!(set_time(1999), Err(Code::TimeGoesBack), "not by way of forgetting the clock either");
        assert_eq!(set_time(2001), Ok(()));
        assert_eq!(now(), Some(2001));
    }
}
