//! What the guests of one tenant may use. Past a limit the guest is at fault, and
//! the tenant's fallback takes the call, unless the field says otherwise.

use serde::{Deserialize, Serialize};

/// Memory for each of a tenant's calls, unless it is said how much there is for all:
/// nearly twice what an ordinary flow holds.
const USUAL_MEMORY_OF_CALL: u64 = 2 << 20;
/// The least that this comes to: a few guests as large as any may be.
const LEAST_USUAL_MEMORY: u64 = 64 << 20;
/// Bounds of what may be said.
const MIN_MEMORY: u64 = 1 << 20;
const MAX_MEMORY: u64 = 1 << 40;

/// Budgets of a tenant's guests, besides fuel and memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct GuestLimits {
    /// Wall time of one event in milliseconds, 10 to 5,000: a backstop for what
    /// fuel does not count. A guest that waits for the processor because its
    /// tenant has used more than its share gets ten times as long.
    pub event_ms: u32,
    /// Actions in one event, 1 to 256.
    pub actions_per_event: u32,
    /// Memory that all guests of the tenant may hold together in bytes, 1 MiB to
    /// 1 TiB; none: 2 MiB for each of its calls at the same time, and at least
    /// 64 MiB. A guest that needs more is refused it and fails, and a guest that
    /// stands in for a failed one may use an eighth more. An ordinary flow holds
    /// some 1.2 MiB.
    pub memory_bytes: Option<u64>,
    /// Log of one event in bytes, up to 64 KiB; what is more is cut and counted.
    pub log_bytes_per_event: u32,
    /// Log of one call in bytes, up to 16 MiB; what is more is cut and counted.
    pub log_bytes_per_call: u32,
    /// Journal of one call in bytes, 64 KiB to 256 MiB. Past it the call goes on
    /// without a journal: nobody is hung up on, but the call can neither be
    /// replayed to its end nor go on after a crash.
    pub journal_bytes_per_call: u64,
    /// Size of an uploaded program in bytes, up to 32 MiB.
    pub upload_bytes: u32,
    /// Size of a compiled program in bytes, up to 512 MiB.
    pub compiled_bytes: u32,
    /// Uploads at the same time, 1 to 8; a further one is answered 503.
    pub uploads_at_once: u32,
    /// Programs uploaded in a minute, 1 to 600, and as many at once after a pause;
    /// a further one is answered 429. Each is compiled and tried, which takes a
    /// processor for a while.
    pub uploads_per_minute: u32,
    /// When a version is disabled.
    pub breaker: BreakerRules,
}

/// When a version that fails again and again is disabled: new calls go to the
/// tenant's fallback at once, and after a pause one call tries the version again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct BreakerRules {
    /// Faults within the window that disable a version, up to 10,000; 0: never.
    pub faults: u32,
    /// These must also be so many percent of the calls that began within the
    /// window, 1 to 100: a busy version is not disabled for a rare fault.
    pub percent: u32,
    /// The window in seconds, 10 to 3,600.
    pub window_s: u32,
    /// The first pause in seconds, 1 to 3,600; each further one is twice as long.
    pub pause_s: u32,
    /// The longest pause in seconds, up to a day.
    pub longest_pause_s: u32,
}

impl Default for GuestLimits {
    fn default() -> Self {
        Self {
            event_ms: 500,
            actions_per_event: 32,
            memory_bytes: None,
            log_bytes_per_event: 16 << 10,
            log_bytes_per_call: 256 << 10,
            journal_bytes_per_call: 8 << 20,
            upload_bytes: 16 << 20,
            compiled_bytes: 256 << 20,
            uploads_at_once: 2,
            uploads_per_minute: 30,
            breaker: BreakerRules::default(),
        }
    }
}

impl Default for BreakerRules {
    fn default() -> Self {
        Self { faults: 5, percent: 10, window_s: 60, pause_s: 30, longest_pause_s: 3_600 }
    }
}

impl GuestLimits {
    /// Memory that all guests of a tenant with so many calls may hold together.
    pub fn memory_for(&self, max_live_calls: u32) -> u64 {
        let usual = u64::from(max_live_calls).saturating_mul(USUAL_MEMORY_OF_CALL);
        self.memory_bytes.unwrap_or(usual.max(LEAST_USUAL_MEMORY))
    }

    /// Refuses what is beyond what any tenant may have.
    ///
    /// # Errors
    /// The field, and what fits.
    pub fn check(&self) -> Result<(), String> {
        let breaker = &self.breaker;
        for (field, value, least, most) in [
            ("event_ms", u64::from(self.event_ms), 10, 5_000),
            ("actions_per_event", self.actions_per_event.into(), 1, 256),
            ("memory_bytes", self.memory_bytes.unwrap_or(MIN_MEMORY), MIN_MEMORY, MAX_MEMORY),
            ("log_bytes_per_event", self.log_bytes_per_event.into(), 0, 64 << 10),
            ("log_bytes_per_call", self.log_bytes_per_call.into(), 0, 16 << 20),
            ("journal_bytes_per_call", self.journal_bytes_per_call, 64 << 10, 256 << 20),
            ("upload_bytes", self.upload_bytes.into(), 1_024, 32 << 20),
            ("compiled_bytes", self.compiled_bytes.into(), 1_024, 512 << 20),
            ("uploads_at_once", self.uploads_at_once.into(), 1, 8),
            ("uploads_per_minute", self.uploads_per_minute.into(), 1, 600),
            ("breaker.faults", breaker.faults.into(), 0, 10_000),
            ("breaker.percent", breaker.percent.into(), 1, 100),
            ("breaker.window_s", breaker.window_s.into(), 10, 3_600),
            ("breaker.pause_s", breaker.pause_s.into(), 1, 3_600),
            ("breaker.longest_pause_s", breaker.longest_pause_s.into(), 1, 86_400),
        ] {
            check_range(&format!("limits.guest.{field}"), value, least, most)?;
        }
        Ok(())
    }
}

/// Whether a value is within what any tenant may have.
///
/// # Errors
/// The field, and what fits.
pub fn check_range(field: &str, value: u64, least: u64, most: u64) -> Result<(), String> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(format!("{field} is {value}; write {least} to {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_fit_and_what_does_not_is_named() {
        GuestLimits::default().check().unwrap();
        let wild = GuestLimits { event_ms: 60_000, ..GuestLimits::default() };
        let error = wild.check().unwrap_err();
        assert_eq!(error, "limits.guest.event_ms is 60000; write 10 to 5000");
    }

    #[test]
    fn memory_of_all_guests_follows_from_the_calls_unless_it_is_said() {
        let mut limits = GuestLimits::default();
        assert_eq!((limits.memory_for(1_000), limits.memory_for(0)), (2_000 << 20, 64 << 20));
        limits.memory_bytes = Some(8 << 20);
        assert_eq!(limits.memory_for(1_000), 8 << 20);
        limits.memory_bytes = Some(7);
        assert!(limits.check().unwrap_err().contains("limits.guest.memory_bytes is 7"));
    }

    #[test]
    fn what_is_not_written_has_its_default() {
        let read: GuestLimits = serde_json::from_str(r#"{"breaker": {"faults": 0}}"#).unwrap();
        assert_eq!(read.breaker.faults, 0);
        assert_eq!(read.breaker.window_s, BreakerRules::default().window_s);
        assert_eq!(read.event_ms, GuestLimits::default().event_ms);
    }
}
