//! How much and whereto may go over a trunk or out of a tenant.

use super::bucket::TokenBucket;
use strowger_model::Timestamp;

/// What a trunk or tenant may do. Nothing given, nothing limited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallLimits {
    /// New calls a second, both ways together; as many again at once.
    pub calls_per_s: Option<u32>,
    /// Calls in at a time.
    pub calls_in: Option<u32>,
    /// Calls out at a time.
    pub calls_out: Option<u32>,
    /// Beginnings of numbers that may be called; empty: all but the denied.
    pub allowed: Vec<String>,
    /// Beginnings of numbers that may not; of two that fit, the longer decides.
    pub denied: Vec<String>,
}

impl CallLimits {
    /// Whether a number may be called.
    pub fn permits(&self, number: &str) -> Result<(), Refusal> {
        let longest = |list: &[String]| {
            let fitting = list.iter().filter(|prefix| number.starts_with(prefix.as_str()));
            fitting.map(String::len).max()
        };
        match (longest(&self.allowed), longest(&self.denied)) {
            (allowed, Some(denied)) if allowed.is_none_or(|allowed| denied >= allowed) => {
                Err(Refusal::Denied)
            }
            (None, _) if !self.allowed.is_empty() => Err(Refusal::NotAllowed),
            _ => Ok(()),
        }
    }
}

/// Why a call does not go over a trunk or out of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Too many new calls a second.
    Rate,
    /// Too many calls in.
    CallsIn,
    /// Too many calls out.
    CallsOut,
    /// The number begins with nothing that is allowed.
    NotAllowed,
    /// The number begins with something that is denied.
    Denied,
    /// Nobody has said what the number costs.
    NoPrice,
    /// It costs more than is left.
    OverBudget,
    /// The trunk is down or held.
    Down,
    /// The trunk's name leads nowhere, or it only receives.
    NoAddress,
}

impl Refusal {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::Rate,
        Self::CallsIn,
        Self::CallsOut,
        Self::NotAllowed,
        Self::Denied,
        Self::NoPrice,
        Self::OverBudget,
        Self::Down,
        Self::NoAddress,
    ];

    /// Name as it stands in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::CallsIn => "calls_in",
            Self::CallsOut => "calls_out",
            Self::NotAllowed => "not_allowed",
            Self::Denied => "denied",
            Self::NoPrice => "no_price",
            Self::OverBudget => "over_budget",
            Self::Down => "down",
            Self::NoAddress => "no_address",
        }
    }
}

/// One trunk's or tenant's calls, against its limits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate {
    bucket: Option<(u32, TokenBucket)>,
    pub(crate) calls_in: u32,
    pub(crate) calls_out: u32,
    refused: [u64; Refusal::ALL.len()],
}

impl Gate {
    /// Whether one more call may come in or go out now. Nothing is taken:
    /// whoever asks may have to ask somebody else too.
    pub(crate) fn has_room(
        &mut self,
        now: Timestamp,
        limits: &CallLimits,
        out: bool,
    ) -> Result<(), Refusal> {
        let (limit, used, full) = if out {
            (limits.calls_out, self.calls_out, Refusal::CallsOut)
        } else {
            (limits.calls_in, self.calls_in, Refusal::CallsIn)
        };
        if limit.is_some_and(|limit| used >= limit) {
            return Err(full);
        }
        if self.bucket(now, limits).is_some_and(|bucket| !bucket.has(now)) {
            return Err(Refusal::Rate);
        }
        Ok(())
    }

    /// A call is begun.
    pub(crate) fn pass(&mut self, now: Timestamp, limits: &CallLimits) {
        if let Some(bucket) = self.bucket(now, limits) {
            bucket.take(now);
        }
    }

    fn bucket(&mut self, now: Timestamp, limits: &CallLimits) -> Option<&mut TokenBucket> {
        let Some(rate) = limits.calls_per_s else {
            self.bucket = None;
            return None;
        };
        let (known, bucket) =
            self.bucket.get_or_insert_with(|| (rate, TokenBucket::new(now, rate, rate)));
        if *known != rate {
            bucket.set(now, rate, rate);
            *known = rate;
        }
        Some(bucket)
    }

    pub(crate) fn enter(&mut self, out: bool) {
        *self.side(out) += 1;
    }

    pub(crate) fn leave(&mut self, out: bool) {
        let side = self.side(out);
        *side = side.saturating_sub(1);
    }

    fn side(&mut self, out: bool) -> &mut u32 {
        if out { &mut self.calls_out } else { &mut self.calls_in }
    }

    pub(crate) fn refuse(&mut self, why: Refusal) {
        self.refused[why as usize] += 1;
    }

    pub(crate) fn refused(&self) -> Vec<(Refusal, u64)> {
        Refusal::ALL.iter().map(|why| (*why, self.refused[*why as usize])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(allowed: &[&str], denied: &[&str]) -> CallLimits {
        let own = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
        CallLimits { allowed: own(allowed), denied: own(denied), ..CallLimits::default() }
    }

    #[test]
    fn the_longer_prefix_decides() {
        let limits = limits(&["+44", "+4479001"], &["+447", "+449"]);
        assert_eq!(limits.permits("+441632960000"), Ok(()));
        assert_eq!(limits.permits("+447700900000"), Err(Refusal::Denied));
        assert_eq!(limits.permits("+447900100000"), Ok(()));
        assert_eq!(limits.permits("+12125550000"), Err(Refusal::NotAllowed));
        assert_eq!(self::limits(&[], &["+44"]).permits("+44"), Err(Refusal::Denied));
        assert_eq!(self::limits(&["+44"], &["+44"]).permits("+44"), Err(Refusal::Denied));
        assert_eq!(CallLimits::default().permits("anything"), Ok(()));
    }

    #[test]
    fn places_and_rate_are_kept_apart_and_given_back() {
        let now = Timestamp(1_000);
        let limits = CallLimits {
            calls_per_s: Some(3),
            calls_in: Some(1),
            calls_out: Some(2),
            ..CallLimits::default()
        };
        let mut gate = Gate::default();
        let go = |gate: &mut Gate, now, out| {
            gate.has_room(now, &limits, out).map(|()| {
                gate.pass(now, &limits);
                gate.enter(out);
            })
        };
        assert_eq!(go(&mut gate, now, false), Ok(()));
        assert_eq!(go(&mut gate, now, false), Err(Refusal::CallsIn));
        assert_eq!(go(&mut gate, now, true), Ok(()));
        assert_eq!(go(&mut gate, now, true), Ok(()));
        assert_eq!(go(&mut gate, now, true), Err(Refusal::CallsOut));
        gate.leave(true);
        assert_eq!(go(&mut gate, now, true), Err(Refusal::Rate));
        assert_eq!(go(&mut gate, now.plus_ms(334), true), Ok(()));
    }
}
