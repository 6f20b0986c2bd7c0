//! How one trunk is doing: probes and calls in, a state with its reason out.

use strowger_model::Timestamp;

/// Whether calls are given to a trunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrunkState {
    /// Yes.
    Up,
    /// No: it does not answer.
    Down,
    /// Not for a while, unless there is no other.
    Held,
}

/// Why a trunk is in its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrunkReason {
    /// Nothing is known against it yet.
    Untried,
    /// It answers probes again.
    ProbesAnswered,
    /// It did not answer so many probes in a row.
    ProbesFailed,
    /// So many calls in a row could not be delivered.
    CallsFailed,
    /// It asked to be left alone for a while (Retry-After).
    AskedToWait,
    /// It takes no registration of ours.
    NotRegistered,
    /// It took our registration again.
    RegisteredAgain,
    /// The time for which it was held is over.
    HoldOver,
}

impl TrunkReason {
    /// Name as it stands in metrics and events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Untried => "untried",
            Self::ProbesAnswered => "probes_answered",
            Self::ProbesFailed => "probes_failed",
            Self::CallsFailed => "calls_failed",
            Self::AskedToWait => "asked_to_wait",
            Self::NotRegistered => "not_registered",
            Self::RegisteredAgain => "registered_again",
            Self::HoldOver => "hold_over",
        }
    }
}

/// When a trunk counts as down, up and held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthRules {
    /// How often it is asked with OPTIONS; `None`: never.
    pub probe_every_s: Option<u32>,
    /// Probes in a row that must fail before it is down.
    pub fall: u32,
    /// Probes in a row that must be answered before it is up again.
    pub rise: u32,
    /// Calls in a row that must fail before it is held.
    pub hold_after: u32,
    /// For how long it is held.
    pub hold_s: u32,
}

impl Default for HealthRules {
    fn default() -> Self {
        Self { probe_every_s: None, fall: 3, rise: 2, hold_after: 3, hold_s: 30 }
    }
}

/// Longest time a carrier may ask to be left alone; longer is an outage that
/// probes notice.
const MAX_RETRY_AFTER_S: u32 = 300;

#[derive(Clone, Debug)]
pub(crate) struct Health {
    pub(crate) state: TrunkState,
    pub(crate) reason: TrunkReason,
    pub(crate) since: Timestamp,
    pub(crate) held_until: Timestamp,
    misses: u32,
    hits: u32,
    calls_failed: u32,
    unregistered: bool,
}

/// What changed.
pub(crate) type Change = Option<(TrunkState, TrunkReason)>;

impl Health {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            state: TrunkState::Up,
            reason: TrunkReason::Untried,
            since: now,
            held_until: now,
            misses: 0,
            hits: 0,
            calls_failed: 0,
            unregistered: false,
        }
    }

    fn set(&mut self, now: Timestamp, state: TrunkState, reason: TrunkReason) -> Change {
        if self.state == state {
            return None;
        }
        (self.state, self.reason, self.since) = (state, reason, now);
        Some((state, reason))
    }

    pub(crate) fn probed(&mut self, now: Timestamp, rules: &HealthRules, ok: bool) -> Change {
        if ok {
            self.misses = 0;
            self.hits = self.hits.saturating_add(1);
            let back = self.state == TrunkState::Down && !self.unregistered;
            if back && self.hits >= rules.rise.max(1) {
                return self.set(now, TrunkState::Up, TrunkReason::ProbesAnswered);
            }
            return None;
        }
        self.hits = 0;
        self.misses = self.misses.saturating_add(1);
        if self.misses < rules.fall.max(1) {
            return None;
        }
        self.set(now, TrunkState::Down, TrunkReason::ProbesFailed)
    }

    /// A call could not be delivered; `retry_after_s` if the carrier said so.
    pub(crate) fn call_failed(
        &mut self,
        now: Timestamp,
        rules: &HealthRules,
        retry_after_s: Option<u32>,
    ) -> Change {
        self.calls_failed = self.calls_failed.saturating_add(1);
        let (hold_s, reason) = match retry_after_s.filter(|s| *s > 0) {
            Some(asked) => (asked.min(MAX_RETRY_AFTER_S), TrunkReason::AskedToWait),
            None if self.calls_failed >= rules.hold_after.max(1) => {
                (rules.hold_s, TrunkReason::CallsFailed)
            }
            None => return None,
        };
        self.held_until = self.held_until.max(now.plus_ms(u64::from(hold_s) * 1_000));
        match self.state {
            TrunkState::Up => self.set(now, TrunkState::Held, reason),
            TrunkState::Down | TrunkState::Held => None,
        }
    }

    /// A call got through to somebody who answered anything of substance.
    pub(crate) fn call_passed(&mut self) {
        self.calls_failed = 0;
    }

    pub(crate) fn registered(&mut self, now: Timestamp, ok: bool) -> Change {
        self.unregistered = !ok;
        match (ok, self.state, self.reason) {
            (false, ..) => self.set(now, TrunkState::Down, TrunkReason::NotRegistered),
            (true, TrunkState::Down, TrunkReason::NotRegistered) => {
                self.set(now, TrunkState::Up, TrunkReason::RegisteredAgain)
            }
            (true, ..) => None,
        }
    }

    /// Ends a hold whose time is over. One more failure then holds it again.
    pub(crate) fn hold_over(&mut self, now: Timestamp, rules: &HealthRules) -> Change {
        if self.state != TrunkState::Held || self.held_until > now {
            return None;
        }
        self.calls_failed = rules.hold_after.max(1) - 1;
        self.set(now, TrunkState::Up, TrunkReason::HoldOver)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);
    const RULES: HealthRules =
        HealthRules { probe_every_s: Some(10), fall: 3, rise: 2, hold_after: 2, hold_s: 30 };

    #[test]
    fn it_falls_and_rises_by_probes_in_a_row() {
        let mut health = Health::new(NOW);
        let probes = [false, false, true, false, false, false, false, true, false, true, true];
        let changes: Vec<_> =
            probes.iter().map(|ok| health.probed(NOW, &RULES, *ok).map(|c| c.0)).collect();
        assert_eq!(changes.iter().flatten().count(), 2, "{changes:?}");
        assert_eq!(changes[5], Some(TrunkState::Down));
        assert_eq!(changes[10], Some(TrunkState::Up));
    }

    #[test]
    fn it_is_held_after_failures_and_on_probation_after_it() {
        let mut health = Health::new(NOW);
        assert_eq!(health.call_failed(NOW, &RULES, None), None);
        health.call_passed();
        assert_eq!(health.call_failed(NOW, &RULES, None), None);
        let held = health.call_failed(NOW, &RULES, None);
        assert_eq!(held, Some((TrunkState::Held, TrunkReason::CallsFailed)));
        assert_eq!(health.hold_over(NOW.plus_ms(29_999), &RULES), None);
        let over = NOW.plus_ms(30_000);
        assert_eq!(health.hold_over(over, &RULES), Some((TrunkState::Up, TrunkReason::HoldOver)));
        let again = health.call_failed(over, &RULES, None);
        assert_eq!(again, Some((TrunkState::Held, TrunkReason::CallsFailed)));
    }

    #[test]
    fn a_carrier_may_ask_to_wait_but_not_for_ever() {
        let mut health = Health::new(NOW);
        let held = health.call_failed(NOW, &RULES, Some(86_400));
        assert_eq!(held, Some((TrunkState::Held, TrunkReason::AskedToWait)));
        assert_eq!(health.held_until, NOW.plus_ms(300_000));
    }

    #[test]
    fn without_registration_probes_do_not_bring_it_back() {
        let mut health = Health::new(NOW);
        assert!(health.registered(NOW, true).is_none());
        assert!(health.registered(NOW, false).is_some());
        for _ in 0..5 {
            assert_eq!(health.probed(NOW, &RULES, true), None);
        }
        assert!(health.registered(NOW, true).is_some());
        assert_eq!(health.state, TrunkState::Up);
    }
}
