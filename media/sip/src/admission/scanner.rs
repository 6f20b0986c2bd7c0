//! Programs that nobody places a call with.

/// Beginnings and parts of User-Agent names that only scanners bear.
const SCANNERS: [&[u8]; 10] = [
    b"friendly-scanner",
    b"friendly-request",
    b"sipvicious",
    b"sundayddr",
    b"sip-scan",
    b"sipcli",
    b"svcrack",
    b"svwar",
    b"vaxsipuseragent",
    b"pplsip",
];

/// Whether a User-Agent is a known scanner's.
pub(crate) fn is_scanner(agent: &[u8]) -> bool {
    let lower = agent.to_ascii_lowercase();
    SCANNERS.iter().any(|name| lower.windows(name.len()).any(|part| part == *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scanners_are_known_and_phones_are_not_scanners() {
        assert!(is_scanner(b"Friendly-Scanner") && is_scanner(b"x sipcli/v1.8"));
        for phone in [&b"Yealink SIP-T46S 66.85"[..], b"Asterisk PBX 18", b"sipp", b""] {
            assert!(!is_scanner(phone));
        }
    }
}
