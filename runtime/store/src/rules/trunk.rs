//! What goes for one trunk.

use super::{invalid, limits, number};
use crate::{Result, row};
use std::collections::HashSet;
use strowger_model::rules::{
    CallerRule, CodecName, IdentityAssertion, PhoneRules, ReliableProvisional, SrtpRule, TrunkRules,
};
use strowger_sip::{
    Assertion, CallerPolicy, Codec, IdentityPolicy, LegPolicy, Reliability, Security, SessionTimer,
    TrunkPolicy,
};

/// Numbers of one tenant that may be shown.
const MAX_OWN: usize = 10_000;
/// Headers that pass; carriers ask for one or two.
const MAX_HEADERS: usize = 32;
/// RFC 4028 §5 and §9; a day is longer than any call.
const SESSION_S: std::ops::RangeInclusive<u32> = 90..=86_400;

/// What goes over the trunk and how numbers are written for it.
///
/// # Errors
/// The field that makes no sense, and what to do.
pub fn trunk_policy(rules: &TrunkRules) -> Result<TrunkPolicy> {
    let numbers = &rules.numbers;
    let plan = numbers.plan.as_ref();
    if let Some(plan) = plan {
        number::plan("numbers.plan", plan)?;
    }
    Ok(TrunkPolicy {
        limits: limits(&rules.limits)?,
        caller: caller(&rules.caller)?,
        called_out: number::translation("numbers.called_out", &numbers.called_out, plan)?,
        caller_out: number::translation("numbers.caller_out", &numbers.caller_out, plan)?,
        called_in: number::translation("numbers.called_in", &numbers.called_in, plan)?,
        caller_in: number::translation("numbers.caller_in", &numbers.caller_in, plan)?,
        ..TrunkPolicy::default()
    })
}

/// How SIP and media are spoken with the carrier.
///
/// # Errors
/// The field that makes no sense, and what to do.
pub fn leg_policy(rules: &TrunkRules) -> Result<LegPolicy> {
    let default = LegPolicy::default();
    let codecs = codecs("codecs", &rules.codecs)?;
    Ok(LegPolicy {
        session_timer: rules.session_timer.map(session_timer).transpose()?,
        reliable: match rules.reliable {
            ReliableProvisional::Never => Reliability::Never,
            ReliableProvisional::WhenRequired => Reliability::WhenRequired,
            ReliableProvisional::WhenSupported => Reliability::WhenSupported,
        },
        identity: IdentityPolicy {
            trusted: rules.identity.trusted,
            assertion: match rules.identity.assertion {
                IdentityAssertion::None => Assertion::None,
                IdentityAssertion::Asserted => Assertion::Asserted,
                IdentityAssertion::Preferred => Assertion::Preferred,
            },
        },
        pass_headers: headers(&rules.pass_headers)?,
        codecs: if codecs.is_empty() { default.codecs } else { codecs.clone() },
        preferred: codecs,
        security: security(rules.srtp),
    })
}

/// How SIP and media are spoken with a tenant's phones.
///
/// # Errors
/// The field that makes no sense, and what to do.
pub fn phone_policy(rules: &PhoneRules) -> Result<LegPolicy> {
    let preferred = codecs("phones.codecs", &rules.codecs)?;
    let spoken = match preferred.is_empty() {
        true => vec![Codec::Pcma, Codec::Pcmu, Codec::G722, Codec::Opus],
        false => preferred.clone(),
    };
    let security = security(rules.srtp);
    Ok(LegPolicy { codecs: spoken, preferred, security, ..LegPolicy::default() })
}

fn codecs(field: &str, names: &[CodecName]) -> Result<Vec<Codec>> {
    let codecs: Vec<Codec> = names.iter().map(|name| codec(*name)).collect();
    if codecs.iter().collect::<HashSet<_>>().len() < codecs.len() {
        return Err(invalid(field, "a codec is named twice; name each once"));
    }
    Ok(codecs)
}

fn security(rule: SrtpRule) -> Security {
    match rule {
        SrtpRule::Off => Security::Plain,
        SrtpRule::Offer => Security::Offered,
        SrtpRule::Require => Security::Required,
    }
}

fn caller(rule: &CallerRule) -> Result<CallerPolicy> {
    Ok(match rule {
        CallerRule::Pass => CallerPolicy::Pass,
        CallerRule::Anonymous => CallerPolicy::Anonymous,
        CallerRule::Fixed { number, name } => {
            if let Some(name) = name {
                row::check_text("caller.name", name, 64)?;
            }
            CallerPolicy::Fixed { number: number.to_string(), name: name.clone() }
        }
        CallerRule::Own { numbers, otherwise } => {
            if numbers.len() > MAX_OWN {
                return Err(invalid("caller.numbers", &format!("at most {MAX_OWN} numbers fit")));
            }
            CallerPolicy::Own {
                numbers: numbers.iter().map(ToString::to_string).collect(),
                otherwise: otherwise.to_string(),
            }
        }
    })
}

fn session_timer(rule: strowger_model::rules::SessionTimerRule) -> Result<SessionTimer> {
    let (first, last) = (SESSION_S.start(), SESSION_S.end());
    let advice = format!("write {first} to {last} seconds, min_s no longer than interval_s");
    for (field, value) in
        [("session_timer.min_s", rule.min_s), ("session_timer.interval_s", rule.interval_s)]
    {
        if !SESSION_S.contains(&value) {
            return Err(invalid(field, &advice));
        }
    }
    if rule.min_s > rule.interval_s {
        return Err(invalid("session_timer.min_s", &advice));
    }
    Ok(SessionTimer { interval_s: rule.interval_s, min_s: rule.min_s })
}

fn headers(names: &[String]) -> Result<Vec<String>> {
    if names.len() > MAX_HEADERS {
        return Err(invalid("pass_headers", &format!("at most {MAX_HEADERS} names fit")));
    }
    for name in names {
        // A token (RFC 3261 §25.1).
        let token = |b: u8| b.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&b);
        if name.is_empty() || name.len() > 64 || !name.bytes().all(token) {
            let advice = format!("{name:?} is no name of a header; write it like Diversion");
            return Err(invalid("pass_headers", &advice));
        }
    }
    Ok(names.to_vec())
}

/// What signalling calls it.
pub fn codec(name: CodecName) -> Codec {
    match name {
        CodecName::Opus => Codec::Opus,
        CodecName::G722 => Codec::G722,
        CodecName::Pcma => Codec::Pcma,
        CodecName::Pcmu => Codec::Pcmu,
        CodecName::G729 => Codec::G729,
    }
}
