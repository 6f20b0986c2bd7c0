//! Rollout of versions: which calls try a canary, when it is taken out again,
//! and what became of it.

use crate::{CallId, FlowId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A split that gives the canary every call.
pub const WHOLE_PERCENT: u32 = 100;

/// Whether a call is among the `share_percent` of calls that try the canary.
///
/// The answer depends on the id alone, so it is the same on every node and after
/// every restart. The two halves of the id go through the finalizer of
/// `splitmix64` (Steele, Lea, Flood 2014), and of the 64 bits that come out the
/// upper part of `bits × 100` is the call's place from 0 to 99; places below the
/// share are the canary's.
pub fn tries_canary(call: CallId, share_percent: u32) -> bool {
    let (high, low) = call.0.as_u64_pair();
    let bits = mix(mix(high) ^ low);
    let place = (u128::from(bits) * u128::from(WHOLE_PERCENT)) >> 64;
    place < u128::from(share_percent)
}

fn mix(mut bits: u64) -> u64 {
    bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// When a version that is being tried is taken out by itself. A rate that is not
/// named does not matter; without any, nothing happens by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RollbackRules {
    /// Calls that ended within so many seconds count.
    pub window_s: u32,
    /// A rate of fewer calls than this says nothing yet.
    pub min_calls: u32,
    /// For so many seconds a promoted version is watched; after that it stays.
    pub watch_promoted_s: u32,
    /// Calls whose flow trapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trap: Option<RateLimit>,
    /// Calls whose flow used up its fuel, time, memory, actions or log lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget_overrun: Option<RateLimit>,
    /// Calls whose flow failed in whatever way of its own, so that the tenant's
    /// fallback took over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<RateLimit>,
    /// Of the calls that waited in a queue, those whose caller hung up waiting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abandon: Option<RateLimit>,
}

/// How high a rate may be. Passing either limit is too high.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RateLimit {
    /// At most so many percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_percent: Option<f64>,
    /// At most so many percentage points more than the stable version's in the
    /// same window; looked at only while that has calls enough too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_over_stable_percent: Option<f64>,
}

impl Default for RollbackRules {
    fn default() -> Self {
        Self {
            window_s: 600,
            min_calls: 20,
            watch_promoted_s: 3_600,
            trap: None,
            budget_overrun: None,
            fallback: None,
            abandon: None,
        }
    }
}

impl RollbackRules {
    /// The rates that matter, by name.
    pub fn limits(&self) -> impl Iterator<Item = (&'static str, RateLimit)> {
        let all = [
            ("trap", self.trap),
            ("budget_overrun", self.budget_overrun),
            ("fallback", self.fallback),
            ("abandon", self.abandon),
        ];
        all.into_iter().filter_map(|(name, limit)| Some((name, limit?)))
    }

    /// Whether there is anything to watch.
    pub fn is_empty(&self) -> bool {
        self.limits().next().is_none()
    }

    /// What is wrong with the rules, in words that say what to write.
    pub fn check(&self) -> Result<(), String> {
        if !(10..=86_400).contains(&self.window_s) {
            return Err("window_s is 10 to 86400 seconds".to_owned());
        }
        if !(1..=100_000).contains(&self.min_calls) {
            return Err("min_calls is 1 to 100000".to_owned());
        }
        if self.watch_promoted_s > 30 * 86_400 {
            return Err("watch_promoted_s is at most 2592000 seconds, 30 days".to_owned());
        }
        for (name, limit) in self.limits() {
            let given = [limit.max_percent, limit.max_over_stable_percent];
            if given == [None, None] {
                return Err(format!("{name} needs max_percent or max_over_stable_percent"));
            }
            if given.into_iter().flatten().any(|percent| !(0.0..=100.0).contains(&percent)) {
                return Err(format!("{name}: a percentage is 0 to 100"));
            }
        }
        Ok(())
    }
}

/// What became of the calls of one version within a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionFigures {
    /// Calls that ended.
    pub calls: u64,
    /// Of these, whose flow trapped.
    pub traps: u64,
    /// Of these, whose flow used up a budget.
    pub budget_overruns: u64,
    /// Of these, that the fallback took over.
    pub fallbacks: u64,
    /// Of these, that waited in a queue.
    pub queued: u64,
    /// Of those queued, whose caller hung up waiting.
    pub abandons: u64,
}

/// What an automatic rollback was decided on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RollbackFigures {
    /// The version that was taken out.
    pub tried: VersionFigures,
    /// The stable version in the same window; none: there was none beside it.
    pub stable: Option<VersionFigures>,
}

/// What was done to a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RolloutStep {
    /// A version was made the stable one.
    Promote,
    /// A canary was begun, or its share or rules were changed.
    Canary,
    /// The canary was taken out.
    CanaryOff,
    /// Back to an earlier version, or the canary taken out because it is bad.
    Rollback,
    /// The same, by the rules.
    AutomaticRollback,
}

/// One change of a rollout, with the state it led to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RolloutChange {
    /// Counts from 1 within the flow.
    pub revision: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub step: RolloutStep,
    /// Name of the key that asked for it; `rules` for what happened by itself.
    pub by: String,
    /// Number of the stable version from then on.
    pub stable: Option<u32>,
    /// Number of the canary from then on.
    pub canary: Option<u32>,
    /// Percent of calls that try the canary from then on.
    pub share_percent: Option<u32>,
    /// Number of the version that new calls no longer get.
    pub left: Option<u32>,
    /// Why, where it was not an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What that was decided on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<RollbackFigures>,
}

/// What the operator's signature of a version says: whose program, under which
/// number, consists of these bytes.
///
/// The signed text begins with a line that nothing else of ours begins with, so
/// that a signature made for something else is none of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionStatement<'a> {
    /// Whose.
    pub tenant: TenantId,
    /// `flow` or `router`.
    pub kind: &'a str,
    /// Which program.
    pub program: FlowId,
    /// Its name.
    pub name: &'a str,
    /// Number of the version.
    pub number: u32,
    /// SHA-256 of the bytes, in hexadecimal.
    pub digest: &'a str,
}

impl fmt::Display for VersionStatement<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tenant, kind, program, name, number, digest } = self;
        write!(
            f,
            "strowger version statement 1\ntenant {tenant}\n{kind} {program}\nname {name}\n\
             version {number}\nsha256 {digest}\n"
        )
    }
}

/// A signature (Ed25519, RFC 8032) by the operator's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionSignature {
    /// Id of the key: the first 16 hexadecimal digits of its SHA-256.
    pub key: String,
    /// The signature's 64 bytes in hexadecimal.
    pub signature: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    /// Ids as the server makes them: a time, then noise.
    fn calls() -> impl Iterator<Item = CallId> {
        (0..20_000_u64).map(|n| {
            let noise = n.wrapping_mul(0xd6e8_feb8_6659_fd93);
            let high = (0x0199_0000_0000 + n / 7) << 16 | 0x7000 | (noise >> 52);
            CallId(Uuid::from_u64_pair(high, noise | 1 << 63))
        })
    }

    #[test]
    fn nobody_and_everybody() {
        assert!(calls().all(|call| !tries_canary(call, 0)));
        assert!(calls().all(|call| tries_canary(call, 100)));
    }

    #[test]
    fn shares_are_even() {
        for share in [1, 5, 10, 50, 90] {
            let tried = calls().filter(|call| tries_canary(*call, share)).count() as f64;
            let percent = tried / 200.0;
            assert!((percent - f64::from(share)).abs() < 1.2, "{share}: {percent}");
        }
    }

    #[test]
    fn whoever_tries_a_small_share_tries_a_larger_one() {
        for call in calls().filter(|call| tries_canary(*call, 10)) {
            assert!(tries_canary(call, 11) && tries_canary(call, 80));
        }
    }

    #[test]
    fn the_choice_never_changes_between_releases() {
        let call = |text: &str| CallId(text.parse().unwrap());
        let place = |call| (0..=100).find(|share| tries_canary(call, *share)).unwrap();
        let places = [
            call("00000000-0000-0000-0000-000000000000"),
            call("01997a3c-5d1e-7c44-9a57-2f6e1c0b8d33"),
            call("01997a3c-5d1e-7c44-9a57-2f6e1c0b8d34"),
        ]
        .map(place);
        assert_eq!(places, [66, 97, 28]);
    }

    #[test]
    fn rules_that_make_no_sense_say_so() {
        let good = RollbackRules {
            trap: Some(RateLimit { max_percent: Some(2.5), ..RateLimit::default() }),
            ..RollbackRules::default()
        };
        good.check().unwrap();
        let empty = RollbackRules { trap: Some(RateLimit::default()), ..good.clone() };
        let high = RateLimit { max_percent: Some(101.0), ..RateLimit::default() };
        for bad in [
            RollbackRules { window_s: 1, ..good.clone() },
            RollbackRules { min_calls: 0, ..good.clone() },
            empty,
            RollbackRules { abandon: Some(high), ..good },
        ] {
            bad.check().unwrap_err();
        }
    }
}
