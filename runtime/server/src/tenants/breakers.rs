//! The breakers of a tenant's versions on this node.

use super::breaker::{Breaker, Standing, Turned, Verdict};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use strowger_model::guest_limits::BreakerRules;
use strowger_model::{CallId, Timestamp, VersionId};

/// Versions remembered. A tenant has a few in force; of more, the ones in service
/// are forgotten first, which costs them what was counted.
const MOST: usize = 256;

/// One breaker for each version that has been called.
#[derive(Debug, Default)]
pub struct Breakers {
    known: Mutex<HashMap<VersionId, Known>>,
}

#[derive(Debug)]
struct Known {
    flow: String,
    breaker: Breaker,
}

/// A version that is disabled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisabledVersion {
    /// Which.
    pub version: VersionId,
    /// Its flow.
    pub flow: String,
    /// How its breaker stands.
    pub standing: Standing,
}

impl Breakers {
    /// A call to a version begins.
    pub fn admit(
        &self,
        now: Timestamp,
        (flow, version): (&str, VersionId),
        call: CallId,
        rules: &BreakerRules,
    ) -> (Verdict, Option<Turned>) {
        let mut known = self.lock();
        if known.len() >= MOST && !known.contains_key(&version) {
            known.retain(|_, known| known.breaker.standing().is_some());
            if known.len() >= MOST {
                // All of them are out of service: this one is not judged.
                return (Verdict::Run, None);
            }
        }
        let entry = known
            .entry(version)
            .or_insert_with(|| Known { flow: flow.to_owned(), breaker: Breaker::default() });
        entry.breaker.admit(now, call, rules)
    }

    /// A version has failed in a call.
    pub fn fault(
        &self,
        now: Timestamp,
        version: VersionId,
        call: CallId,
        reason: &str,
        rules: &BreakerRules,
    ) -> Option<Turned> {
        self.lock().get_mut(&version)?.breaker.fault(now, call, reason, rules)
    }

    /// A call that began with this version is over.
    pub fn call_over(&self, version: VersionId, call: CallId) -> Option<Turned> {
        self.lock().get_mut(&version)?.breaker.call_over(call)
    }

    /// Puts all disabled versions of a flow back into service; which they were.
    pub fn reset(&self, flow: &str) -> Vec<VersionId> {
        let mut back = Vec::new();
        for (version, known) in self.lock().iter_mut().filter(|(_, known)| known.flow == flow) {
            if known.breaker.reset().is_some() {
                back.push(*version);
            }
        }
        back
    }

    /// The versions that are out of service, by flow.
    pub fn disabled(&self) -> Vec<DisabledVersion> {
        let known = self.lock();
        let off = known.iter().filter_map(|(version, known)| {
            let standing = known.breaker.standing()?;
            Some(DisabledVersion { version: *version, flow: known.flow.clone(), standing })
        });
        let mut off: Vec<_> = off.collect();
        off.sort_by(|a, b| (&a.flow, a.version.0).cmp(&(&b.flow, b.version.0)));
        off
    }

    // Whole between any two statements: a panic elsewhere leaves it so.
    fn lock(&self) -> MutexGuard<'_, HashMap<VersionId, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn versions_are_bounded_and_the_disabled_ones_are_kept() {
        let rules = BreakerRules { faults: 1, percent: 1, ..BreakerRules::default() };
        let (breakers, now) = (Breakers::default(), Timestamp(1_000_000));
        let version = |number| VersionId(Uuid::from_u128(number));
        let call = CallId(Uuid::from_u128(1));
        breakers.admit(now, ("bad", version(0)), call, &rules);
        breakers.fault(now, version(0), call, "trap", &rules).unwrap();
        for number in 1..2_000 {
            breakers.admit(now, ("good", version(number)), call, &rules);
        }
        assert!(breakers.lock().len() <= MOST);
        let off = breakers.disabled();
        assert_eq!((off.len(), off[0].version, off[0].flow.as_str()), (1, version(0), "bad"));
        assert_eq!(breakers.reset("bad"), [version(0)]);
        assert!(breakers.disabled().is_empty());
    }
}
