//! What is kept of a SIP password: the two HA1 hashes of digest authentication.
//!
//! HA1 (RFC 7616 §3.4.2) is all that a registrar needs, so the password itself
//! is never stored. It binds the user name and the realm: both changing means
//! setting the password anew.

use crate::{Result, StoreError};
use md5::Md5;
use sha2::{Digest, Sha256};

/// Shorter ones fall to a scanner in minutes.
const MIN_PASSWORD: usize = 8;
/// Longer than any phone accepts.
const MAX_PASSWORD: usize = 128;

/// `H(user:realm:password)` in lower-case hexadecimal.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    /// With MD5 (RFC 2617 and most phones).
    pub md5: String,
    /// With SHA-256 (RFC 8760).
    pub sha256: String,
}

impl Ha1 {
    /// Computes both hashes.
    pub fn new(user: &str, realm: &str, password: &str) -> Self {
        let text = format!("{user}:{realm}:{password}");
        Self { md5: hex(&Md5::digest(&text)), sha256: hex(&Sha256::digest(&text)) }
    }
}

impl std::fmt::Debug for Ha1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ha1(hidden)")
    }
}

/// Refuses passwords that are guessed too fast or cannot be typed into a phone.
pub(crate) fn check_password(password: &str) -> Result<()> {
    if !(MIN_PASSWORD..=MAX_PASSWORD).contains(&password.len()) {
        return Err(StoreError::Invalid(format!(
            "a SIP password has {MIN_PASSWORD} to {MAX_PASSWORD} characters"
        )));
    }
    if password.chars().any(char::is_control) {
        return Err(StoreError::invalid("a SIP password must not contain control characters"));
    }
    Ok(())
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_agree_with_the_example_of_rfc_7616() {
        // §3.9.1 gives user, realm and password; the values were computed with openssl.
        let ha1 = Ha1::new("Mufasa", "http-auth@example.org", "Circle of Life");
        assert_eq!(ha1.md5, "3d78807defe7de2157e2b0b6573a855f");
        assert_eq!(ha1.sha256, "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232");
    }

    #[test]
    fn a_short_password_is_refused() {
        assert!(check_password("1234567").is_err());
        assert!(check_password("12345678").is_ok());
    }
}
