//! The facts of a call: what stays the same, and the tenant's local time.

use crate::limits::CallLimits;
use chrono::{DateTime, Datelike, Offset, TimeZone, Utc};
use chrono_tz::Tz;
use std::collections::BTreeMap;
use strowger_model::Timestamp;

/// What every view of a call shares; made once per call and flow version.
#[derive(Debug)]
pub(crate) struct CallFacts {
    /// `call-id`, `tenant`, `from`, `to`, `direction`, `flow`, `version`,
    /// `language`, `timezone` and whatever the server adds.
    pub values: BTreeMap<String, String>,
    pub limits: CallLimits,
    zone: Tz,
}

impl CallFacts {
    /// An unknown or missing `timezone` counts as UTC: a call must not fail on it.
    pub fn new(mut values: BTreeMap<String, String>, limits: CallLimits) -> Self {
        let zone = values.get("timezone").and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC);
        values.insert("timezone".to_owned(), zone.name().to_owned());
        Self { values, limits, zone }
    }

    /// `2026-11-21T09:30:00` in the tenant's time zone.
    pub fn local_time(&self, now: Timestamp) -> String {
        let t = self.local(now);
        let (date, time) = (t.date(), t.time());
        use chrono::Timelike;
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            date.year(),
            date.month(),
            date.day(),
            time.hour(),
            time.minute(),
            time.second()
        )
    }

    /// `1` Monday to `7` Sunday in the tenant's time zone.
    pub fn weekday(&self, now: Timestamp) -> String {
        self.local(now).weekday().number_from_monday().to_string()
    }

    fn local(&self, now: Timestamp) -> chrono::NaiveDateTime {
        let ms = i64::try_from(now.0).unwrap_or(0);
        let utc = DateTime::<Utc>::from_timestamp_millis(ms).unwrap_or_default().naive_utc();
        let offset = self.zone.offset_from_utc_datetime(&utc).fix();
        utc + chrono::Duration::seconds(i64::from(offset.local_minus_utc()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(zone: &str) -> CallFacts {
        let values = BTreeMap::from([("timezone".to_owned(), zone.to_owned())]);
        CallFacts::new(values, CallLimits::default())
    }

    #[test]
    fn local_time_follows_daylight_saving() {
        // 2026-07-01T12:00:00Z and 2026-12-01T12:00:00Z.
        let london = facts("Europe/London");
        assert_eq!(london.local_time(Timestamp(1_782_907_200_000)), "2026-07-01T13:00:00");
        assert_eq!(london.local_time(Timestamp(1_796_126_400_000)), "2026-12-01T12:00:00");
        assert_eq!(london.weekday(Timestamp(1_782_907_200_000)), "3");
    }

    #[test]
    fn an_unknown_zone_is_utc() {
        let nowhere = facts("Mars/Olympus");
        assert_eq!(nowhere.local_time(Timestamp(0)), "1970-01-01T00:00:00");
        assert_eq!(nowhere.values["timezone"], "UTC");
    }
}
