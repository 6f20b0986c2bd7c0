//! Time as a program knows it: that of the event being handled.

use crate::state;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z, at the event being handled.
pub fn now() -> u64 {
    state::with(|state| state.now_ms)
}

/// So many seconds.
pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// So many milliseconds.
pub const fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) fn to_ms(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    const ALL: [Weekday; 7] = [
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
        Self::Sunday,
    ];
}

/// Day and time at the tenant's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// Year.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// Day of the week.
    pub weekday: Weekday,
}

impl LocalTime {
    /// From the facts `local-time` and `weekday`; a host always tells both.
    pub(crate) fn from_facts(time: Option<String>, weekday: Option<String>) -> Self {
        let text = time.unwrap_or_default();
        let number = |range: std::ops::Range<usize>| -> u16 {
            text.get(range).and_then(|digits| digits.parse().ok()).unwrap_or(0)
        };
        let small = |start: usize| u8::try_from(number(start..start + 2)).unwrap_or(0);
        let day = weekday.and_then(|number| number.parse::<usize>().ok()).unwrap_or(1);
        Self {
            year: number(0..4),
            month: small(5),
            day: small(8),
            hour: small(11),
            minute: small(14),
            second: small(17),
            weekday: *Weekday::ALL.get(day.wrapping_sub(1)).unwrap_or(&Weekday::Monday),
        }
    }

    fn minute_of_day(&self) -> u16 {
        u16::from(self.hour) * 60 + u16::from(self.minute)
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second, .. } = self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

/// When somebody is there.
///
/// ```
/// use strowger_sdk::{OpeningHours, Weekday::*};
/// let hours = OpeningHours::new()
///     .open(Monday..=Friday, (9, 0), (17, 30))
///     .open(Saturday..=Saturday, (10, 0), (13, 0))
///     .closed_on(12, 25);
/// ```
#[derive(Clone, Debug, Default)]
pub struct OpeningHours {
    open: Vec<(RangeInclusive<Weekday>, u16, u16)>,
    closed: Vec<(u8, u8)>,
}

impl OpeningHours {
    /// Never open, so far.
    pub const fn new() -> Self {
        Self { open: Vec::new(), closed: Vec::new() }
    }

    /// Open on these days between two times of day, given as (hour, minute); the
    /// second is no longer within.
    pub fn open(mut self, days: RangeInclusive<Weekday>, from: (u8, u8), to: (u8, u8)) -> Self {
        let minutes = |(hour, minute): (u8, u8)| u16::from(hour) * 60 + u16::from(minute);
        self.open.push((days, minutes(from), minutes(to)));
        self
    }

    /// Closed on this day of every year.
    pub fn closed_on(mut self, month: u8, day: u8) -> Self {
        self.closed.push((month, day));
        self
    }

    /// Whether it is open at that time.
    pub fn contain(&self, time: &LocalTime) -> bool {
        if self.closed.contains(&(time.month, time.day)) {
            return false;
        }
        let minute = time.minute_of_day();
        self.open
            .iter()
            .any(|(days, from, to)| days.contains(&time.weekday) && (*from..*to).contains(&minute))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str, weekday: &str) -> LocalTime {
        LocalTime::from_facts(Some(time.to_owned()), Some(weekday.to_owned()))
    }

    #[test]
    fn facts_become_a_local_time() {
        let time = at("2026-11-21T09:30:05", "6");
        assert_eq!((time.year, time.month, time.day), (2026, 11, 21));
        assert_eq!((time.hour, time.minute, time.second), (9, 30, 5));
        assert_eq!(time.weekday, Weekday::Saturday);
        assert_eq!(time.to_string(), "2026-11-21T09:30:05");
    }

    #[test]
    fn opening_hours_end_on_the_minute_and_know_holidays() {
        let hours = OpeningHours::new()
            .open(Weekday::Monday..=Weekday::Friday, (9, 0), (17, 30))
            .closed_on(12, 25);
        assert!(hours.contain(&at("2026-11-20T09:00:00", "5")));
        assert!(hours.contain(&at("2026-11-20T17:29:59", "5")));
        assert!(!hours.contain(&at("2026-11-20T17:30:00", "5")));
        assert!(!hours.contain(&at("2026-11-21T12:00:00", "6")));
        assert!(!hours.contain(&at("2026-12-25T12:00:00", "5")));
    }
}
