//! Keys in SDP: `a=crypto` (RFC 4568).

use super::{MasterKey, Profile, base64};
use std::fmt;

/// Longest attribute looked at: a key of 60 characters, a lifetime and
/// parameters are far below.
const MAX_LINE: usize = 512;
/// A key serves at most 2^48 packets (RFC 3711 §9.2).
const MAX_LIFETIME: u64 = 1 << 48;
/// Shorter lifetimes would have to be watched and the key changed meanwhile;
/// 2^20 packets are almost six hours of audio, longer than calls last here.
const MIN_LIFETIME: u64 = 1 << 20;

/// One `a=crypto` attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CryptoLine {
    /// Names the line in the answer (RFC 4568 §4.1).
    pub tag: u32,
    /// The key for packets of the side that wrote the line.
    pub key: MasterKey,
}

/// Why a line cannot be used. Another line of the offer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SdesError {
    /// Not `tag suite inline:key`.
    #[error("the crypto attribute is malformed; it must read `tag suite inline:key`")]
    Malformed,
    /// A suite that is not spoken here.
    #[error("the crypto suite is unknown; offer AES_CM_128_HMAC_SHA1_80 or AEAD_AES_128_GCM")]
    Suite,
    /// Not base 64, or not as long as the suite's key and salt.
    #[error("the key is not base 64 of the suite's length")]
    Key,
    /// Longer than a key may live, or shorter than a call.
    #[error("the key's lifetime must lie between 2^20 and 2^48 packets")]
    Lifetime,
    /// A master key identifier, or several keys, which need one.
    #[error("master key identifiers are not supported; offer a single key without one")]
    KeyIdentifier,
    /// A session parameter that changes what packets look like.
    #[error("the session parameter is not supported")]
    Parameter,
}

impl CryptoLine {
    /// Reads the attribute's value, what stands behind `a=crypto:`.
    ///
    /// # Errors
    /// The line must be passed over.
    pub fn parse(value: &str) -> Result<Self, SdesError> {
        if value.len() > MAX_LINE {
            return Err(SdesError::Malformed);
        }
        let mut words = value.split_ascii_whitespace();
        let tag = words.next().filter(|tag| is_number(tag, 9)).ok_or(SdesError::Malformed)?;
        let tag = tag.parse().map_err(|_| SdesError::Malformed)?;
        let suite = words.next().ok_or(SdesError::Malformed)?;
        let profile = Profile::from_sdp(suite).ok_or(SdesError::Suite)?;
        let key = parse_key(profile, words.next().ok_or(SdesError::Malformed)?)?;
        for parameter in words {
            // A hint about the replay window, and what the sender marks as
            // negligible (RFC 4568 §6.3.5, §6.3.7). Everything else changes packets.
            if !parameter.starts_with("WSH=") && !parameter.starts_with('-') {
                return Err(SdesError::Parameter);
            }
        }
        Ok(Self { tag, key })
    }
}

fn parse_key(profile: Profile, text: &str) -> Result<MasterKey, SdesError> {
    let method = text.get(..7).filter(|method| method.eq_ignore_ascii_case("inline:"));
    let info = &text[method.ok_or(SdesError::Malformed)?.len()..];
    if info.contains(';') {
        return Err(SdesError::KeyIdentifier);
    }
    let mut parts = info.split('|');
    let key = parts.next().unwrap_or_default();
    for part in parts {
        if part.contains(':') {
            return Err(SdesError::KeyIdentifier);
        }
        let lifetime = parse_lifetime(part).ok_or(SdesError::Lifetime)?;
        if !(MIN_LIFETIME..=MAX_LIFETIME).contains(&lifetime) {
            return Err(SdesError::Lifetime);
        }
    }
    let (bytes, len) = base64::decode(key).ok_or(SdesError::Key)?;
    MasterKey::from_bytes(profile, &bytes[..len]).ok_or(SdesError::Key)
}

/// A number of packets, also as a power of two (RFC 4568 §6.1).
fn parse_lifetime(text: &str) -> Option<u64> {
    match text.strip_prefix("2^") {
        Some(power) if is_number(power, 2) => 1_u64.checked_shl(power.parse().ok()?),
        None if is_number(text, 15) => text.parse().ok(),
        _ => None,
    }
}

fn is_number(text: &str, most_digits: usize) -> bool {
    (1..=most_digits).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for CryptoLine {
    /// The attribute's value. It holds the key: for SDP only, never for a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = base64::encode(self.key.key_and_salt());
        write!(f, "{} {} inline:{key}", self.tag, self.key.profile().sdp_name())
    }
}
