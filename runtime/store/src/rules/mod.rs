//! Rules of trunks and tenants: checked before they are stored, and turned into
//! what signalling follows. One function does both, so that what was accepted
//! also works.

mod number;
mod tenant;
mod trunk;

pub use tenant::tenant_policy;
pub use trunk::{codec, leg_policy, phone_policy, trunk_policy};

use crate::{Result, StoreError};
use strowger_model::rules::CallLimits;

/// Beginnings of numbers in one list; a carrier's whole price list has a few thousand.
const MAX_PREFIXES: usize = 10_000;
/// Longest beginning of a number; E.164 numbers have 15 digits and a `+`.
const MAX_PREFIX: usize = 20;
/// Most calls a second and at a time that can be written; far beyond one server.
const MAX_COUNT: u32 = 1_000_000;

fn limits(rules: &CallLimits) -> Result<strowger_sip::CallLimits> {
    for (field, value) in [
        ("limits.calls_per_s", rules.calls_per_s),
        ("limits.calls_in", rules.calls_in),
        ("limits.calls_out", rules.calls_out),
    ] {
        // None at all is written as such: a bucket without tokens helps nobody.
        let allowed = if field == "limits.calls_per_s" { 1..=MAX_COUNT } else { 0..=MAX_COUNT };
        if value.is_some_and(|value| !allowed.contains(&value)) {
            return Err(invalid(
                field,
                &format!("write {} to {MAX_COUNT}, or null for no limit", allowed.start()),
            ));
        }
    }
    for (field, list) in [("limits.allowed", &rules.allowed), ("limits.denied", &rules.denied)] {
        if list.len() > MAX_PREFIXES {
            return Err(invalid(field, &format!("at most {MAX_PREFIXES} prefixes fit")));
        }
        for text in list {
            prefix(field, text, false)?;
        }
    }
    Ok(strowger_sip::CallLimits {
        calls_per_s: rules.calls_per_s,
        calls_in: rules.calls_in,
        calls_out: rules.calls_out,
        allowed: rules.allowed.clone(),
        denied: rules.denied.clone(),
    })
}

/// A beginning of numbers: `+44`, `118`.
fn prefix(field: &str, text: &str, empty: bool) -> Result<()> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let good = text.len() <= MAX_PREFIX
        && digits.bytes().all(|b| b.is_ascii_digit() || b"*#".contains(&b))
        && (empty || !text.is_empty());
    if good {
        return Ok(());
    }
    Err(invalid(
        field,
        &format!("{text:?} is no beginning of a number; write it like +44, or 118 for short codes"),
    ))
}

/// `field: what to do`.
fn invalid(field: &str, advice: &str) -> StoreError {
    StoreError::invalid(format!("{field}: {advice}"))
}
