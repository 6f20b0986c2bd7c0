//! What goes for all calls of a tenant.

use super::number::NumberPlan;
use super::trunk::{CodecName, SrtpRule};
use serde::{Deserialize, Serialize};

/// How much and whereto. What is not given is not limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallLimits {
    /// New calls a second, both ways together; as many again at once.
    pub calls_per_s: Option<u32>,
    /// Calls in at the same time.
    pub calls_in: Option<u32>,
    /// Calls out at the same time.
    pub calls_out: Option<u32>,
    /// Beginnings of numbers that may be called; empty: all but the denied.
    pub allowed: Vec<String>,
    /// Beginnings of numbers that may not; of two that fit, the longer decides.
    pub denied: Vec<String>,
}

/// The price of numbers that begin alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Price {
    /// `+44`; empty: everything else. The longest that fits decides.
    pub prefix: String,
    /// Per begun minute, in millionths of the tenant's currency.
    pub per_minute_micros: u64,
}

/// What outgoing calls cost.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tariff {
    /// Numbers without a price are not called.
    pub prices: Vec<Price>,
    /// What a day's calls may cost together, in millionths of the tenant's
    /// currency; days are those of UTC. None: no end.
    pub daily_budget_micros: Option<u64>,
}

/// How media is spoken with the tenant's phones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PhoneRules {
    /// Only these, in this order; empty: all but G.729, in the order of whoever
    /// offers.
    pub codecs: Vec<CodecName>,
    /// Whether media is encrypted.
    pub srtp: SrtpRule,
}

/// What goes for all calls of a tenant, over whichever trunk. Prefixes are
/// compared with the E.164 form of numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantRules {
    /// How the tenant's people and flows write numbers. Without it only numbers
    /// with their `+` are known to be international.
    pub plan: Option<NumberPlan>,
    /// How much and whereto.
    pub limits: CallLimits,
    /// What calls cost; none: nothing is counted.
    pub tariff: Option<Tariff>,
    /// Refusals after which the next trunk is tried, besides 503, 408 and
    /// silence: the carrier's own trouble, never the called party's.
    pub fail_over_on: Vec<u16>,
    /// How media is spoken with phones.
    pub phones: PhoneRules,
}

impl Default for TenantRules {
    fn default() -> Self {
        // Satellites, international networks and international premium rate
        // (ITU-T E.164 list of assigned country codes): what fraud dials first
        // and a contact center hardly ever.
        let denied = ["+881", "+882", "+883", "+979"].map(str::to_owned).to_vec();
        Self {
            plan: None,
            limits: CallLimits { denied, ..CallLimits::default() },
            tariff: None,
            // RFC 3261 §21.5.
            fail_over_on: vec![500, 502, 504],
            phones: PhoneRules::default(),
        }
    }
}
