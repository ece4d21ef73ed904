//! Dates and durations as people write them. Inside, times are seconds since 1970.

use crate::text::error::with_help;
use anyhow::Result;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A point in time, or what is to be added to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    At(u64),
    After(Duration),
}

impl When {
    /// The point in time, counted from `now` if it is a duration.
    pub(crate) fn from(self, now: u64) -> u64 {
        match self {
            Self::At(time) => time,
            Self::After(duration) => now.saturating_add(duration.as_secs()),
        }
    }
}

/// Now.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A date (`2027-01-31`, `2027-01-31T12:00:00Z`), or seconds since 1970 (`@1800000000`), or a duration
/// (`30days`).
pub(crate) fn when(text: &str) -> Result<When, String> {
    if let Some(at) = instant(text) {
        return Ok(When::At(at));
    }
    humantime::parse_duration(text).map(When::After).map_err(|_| {
        format!(
            "`{text}` is neither a date (2027-01-31, 2027-01-31T12:00:00Z, @SECONDS) nor a duration (30days, 12h)"
        )
    })
}

/// A duration.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| format!("`{text}` is not a duration, such as 20s or 1m 30s"))
}

/// The time on the device's clock: a date, seconds since 1970, or `none` for a device without one.
pub(crate) fn clock(text: &str) -> Result<Option<u64>> {
    match text {
        "none" => Ok(None),
        text => instant(text).map(Some).ok_or_else(|| {
            with_help(
                format!("--now {text}: not a time"),
                "write 2027-01-31, 2027-01-31T12:00:00Z, @SECONDS (since 1970), or none for a device without \
                 a clock",
            )
        }),
    }
}

fn instant(text: &str) -> Option<u64> {
    if let Some(seconds) = text.strip_prefix('@') {
        return seconds.parse().ok();
    }
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let time = humantime::parse_rfc3339_weak(&whole).ok()?;
    time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

/// A point in time for people.
pub(crate) fn date(seconds: u64) -> String {
    // humantime's formatter panics from the year 10000 on.
    const YEAR_10000: u64 = 253_402_300_800;
    match UNIX_EPOCH.checked_add(Duration::from_secs(seconds)) {
        Some(time) if seconds < YEAR_10000 => humantime::format_rfc3339_seconds(time).to_string(),
        _ => format!("@{seconds} (after the year 9999)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_durations() {
        assert_eq!(when("1970-01-02"), Ok(When::At(86400)));
        assert_eq!(when("1970-01-02T00:00:01Z"), Ok(When::At(86401)));
        assert_eq!(when("@7"), Ok(When::At(7)));
        assert_eq!(when("2days").unwrap().from(10), 172_810);
        assert!(when("tomorrow").is_err() && when("").is_err() && when("1969-12-31").is_err());
        assert_eq!(clock("none").unwrap(), None);
        assert!(clock("20s").is_err());
    }

    #[test]
    fn every_time_can_be_shown() {
        assert_eq!(date(86400), "1970-01-02T00:00:00Z");
        assert_eq!(date(253_402_300_799), "9999-12-31T23:59:59Z");
        assert!(date(253_402_300_800).starts_with('@') && date(u64::MAX).starts_with('@'));
    }
}
