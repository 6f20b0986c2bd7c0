//! What goes over trunks and routes, beyond who they are: limits, health, order
//! of tries, numbers; one immutable snapshot, swapped as a whole.
//!
//! How SIP is spoken with a trunk is not here but with that of phones
//! ([`crate::LegPolicy`]).

use super::gate::CallLimits;
use super::health::HealthRules;
use super::order::weighted;
use super::tariff::Tariff;
use super::translate::{CallerPolicy, NumberPlan, Translation};
use std::collections::HashMap;
use strowger_model::{TenantId, TrunkId};

/// Trunks in one route; past it they are left out.
pub(crate) const MAX_STEPS: usize = 32;

/// What goes over one trunk and how numbers are written for it. How SIP is spoken
/// with it, and whether callers' identity is asserted, says
/// [`crate::LegPolicy`].
#[derive(Clone, Debug)]
pub struct TrunkPolicy {
    /// How much and whereto.
    pub limits: CallLimits,
    /// When it counts as down, up and held.
    pub health: HealthRules,
    /// Let its domain choose the transport (RFC 3263 §4.1).
    pub choose_transport: bool,
    /// How long it may say nothing at all before the next address or trunk is
    /// tried, if there is one.
    pub first_word_ms: u32,
    /// What the called party is shown.
    pub caller: CallerPolicy,
    /// Called numbers as this trunk wants them.
    pub called_out: Translation,
    /// Callers' numbers as this trunk wants them.
    pub caller_out: Translation,
    /// Called numbers as they come from this trunk, to ours.
    pub called_in: Translation,
    /// Callers' numbers as they come from this trunk, to ours.
    pub caller_in: Translation,
}

impl Default for TrunkPolicy {
    fn default() -> Self {
        Self {
            limits: CallLimits::default(),
            health: HealthRules::default(),
            choose_transport: false,
            // Three sendings over UDP (0, 0.5, 1.5, 3.5 s) have been lost by then.
            first_word_ms: 4_000,
            caller: CallerPolicy::default(),
            called_out: Translation::default(),
            caller_out: Translation::default(),
            called_in: Translation::default(),
            caller_in: Translation::default(),
        }
    }
}

/// One trunk's place in a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteStep {
    /// Which.
    pub trunk: TrunkId,
    /// Lower is tried first.
    pub priority: u16,
    /// Share of the calls among equals.
    pub weight: u16,
}

/// Where a tenant's outgoing calls go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutboundRoute {
    /// The trunks.
    pub steps: Vec<RouteStep>,
    /// Refusals after which the next trunk is tried, besides 503, 408 and
    /// silence: `500` and `502`, say. Never one that a called party gives.
    pub fail_over_on: Vec<u16>,
}

impl OutboundRoute {
    pub(crate) fn order(&self, draw: impl FnMut(u64) -> u64) -> Vec<TrunkId> {
        let steps = self.steps.iter().take(MAX_STEPS);
        let items = steps.map(|step| (u32::from(step.priority), step.weight, step.trunk));
        weighted(items.collect(), draw)
    }
}

/// One tenant.
#[derive(Clone, Debug, Default)]
pub struct TenantPolicy {
    /// How much and whereto, over all its trunks.
    pub limits: CallLimits,
    /// New calls a second that its phones may begin, all together; as many again
    /// at once.
    pub phones_per_s: Option<u32>,
    /// Where its outgoing calls go.
    pub route: OutboundRoute,
    /// How its numbers are written; prefixes and prices are compared with the
    /// E.164 form, so that another way of writing does not lead around them.
    pub plan: Option<NumberPlan>,
    /// What calls cost; none, and calls cost nothing here.
    pub tariff: Option<Tariff>,
}

/// Everything configured.
#[derive(Clone, Debug, Default)]
pub struct Trunking {
    /// By trunk; one that is not here has the defaults.
    pub trunks: HashMap<TrunkId, TrunkPolicy>,
    /// By tenant; one that is not here has no limits and no route.
    pub tenants: HashMap<TenantId, TenantPolicy>,
}
