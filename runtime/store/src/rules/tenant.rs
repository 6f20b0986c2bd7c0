//! What goes for all calls of a tenant.

use super::{MAX_PREFIXES, invalid, limits, number, phone_policy, prefix};
use crate::Result;
use std::collections::HashSet;
use strowger_model::rules::{Tariff, TenantRules};
use strowger_sip::{OutboundRoute, TenantPolicy};

/// Statuses in one list; SIP has some seventy.
const MAX_STATUSES: usize = 32;
/// A million of any currency a minute or a day is a slip of the finger.
const MAX_MICROS: u64 = 1_000_000_000_000;

/// Rules as signalling follows them; the steps of the route are the trunks', not
/// the rules'.
///
/// # Errors
/// The field that makes no sense, and what to do.
pub fn tenant_policy(rules: &TenantRules) -> Result<TenantPolicy> {
    if rules.fail_over_on.len() > MAX_STATUSES {
        return Err(invalid("fail_over_on", &format!("at most {MAX_STATUSES} statuses fit")));
    }
    // 6xx is said of the called party everywhere (RFC 3261 §21.6), 401 and 407
    // ask for credentials, 487 answers our own CANCEL.
    for status in &rules.fail_over_on {
        if !(400..600).contains(status) || [401, 407, 486, 487].contains(status) {
            return Err(invalid(
                "fail_over_on",
                &format!(
                    "{status} does not say that the carrier is out of order; write statuses \
                     such as 500, 502 or 504"
                ),
            ));
        }
    }
    phone_policy(&rules.phones)?;
    let plan = rules.plan.as_ref().map(|plan| number::plan("plan", plan)).transpose()?;
    Ok(TenantPolicy {
        limits: limits(&rules.limits)?,
        phones_per_s: None,
        route: OutboundRoute { steps: Vec::new(), fail_over_on: rules.fail_over_on.clone() },
        plan,
        tariff: rules.tariff.as_ref().map(tariff).transpose()?,
    })
}

fn tariff(rules: &Tariff) -> Result<strowger_sip::Tariff> {
    let field = "tariff.prices";
    if rules.prices.is_empty() {
        return Err(invalid(
            field,
            "a tariff without prices forbids every call; add a price with an empty prefix for \
             the rest, or take the tariff away",
        ));
    }
    if rules.prices.len() > MAX_PREFIXES {
        return Err(invalid(field, &format!("at most {MAX_PREFIXES} prices fit")));
    }
    let mut known = HashSet::new();
    for price in &rules.prices {
        prefix(field, &price.prefix, true)?;
        if !known.insert(&price.prefix) {
            let advice = format!("prefix {:?} has two prices; keep one", price.prefix);
            return Err(invalid(field, &advice));
        }
        if price.per_minute_micros > MAX_MICROS {
            return Err(invalid(field, &format!("a price is at most {MAX_MICROS} millionths")));
        }
    }
    let budget = rules.daily_budget_micros;
    if budget.is_some_and(|budget| budget > MAX_MICROS) {
        return Err(invalid(
            "tariff.daily_budget_micros",
            &format!("write at most {MAX_MICROS} millionths, or null for no end"),
        ));
    }
    let prices = rules.prices.iter();
    Ok(strowger_sip::Tariff::new(
        prices.map(|price| (price.prefix.clone(), price.per_minute_micros)),
    ))
}
