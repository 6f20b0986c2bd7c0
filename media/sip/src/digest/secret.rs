//! What an account proves itself with.

use md5::{Digest, Md5};
use sha2::Sha256;
use std::fmt::Write;

/// A hash that digest authentication may use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RFC 2617's; what most phones speak.
    Md5,
    /// RFC 8760's minimum.
    Sha256,
}

impl Algorithm {
    /// How it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("MD5") {
            Some(Self::Md5)
        } else if text.eq_ignore_ascii_case("SHA-256") {
            Some(Self::Sha256)
        } else {
            None
        }
    }

    /// Lower-case hexadecimal hash of `parts` joined by colons.
    pub(crate) fn hash(self, parts: &[&str]) -> String {
        match self {
            Self::Md5 => hash_parts::<Md5>(parts),
            Self::Sha256 => hash_parts::<Sha256>(parts),
        }
    }
}

fn hash_parts<D: Digest>(parts: &[&str]) -> String {
    let mut hasher = D::new();
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            hasher.update(b":");
        }
        hasher.update(part.as_bytes());
    }
    to_hex(&hasher.finalize())
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A protection space: a tenant's first domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm(String);

impl Realm {
    /// The realm of a domain; case does not matter.
    pub fn new(domain: &str) -> Self {
        Self(domain.to_ascii_lowercase())
    }

    /// As it stands in a challenge.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Only the hashes of user name, realm and password are kept, so a leaked
/// database does not give away passwords used elsewhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    md5: Option<String>,
    sha256: Option<String>,
}

impl Secret {
    /// The hashes of a password.
    pub fn from_password(username: &str, realm: &Realm, password: &str) -> Self {
        let parts = [username, realm.as_str(), password];
        Self {
            md5: Some(Algorithm::Md5.hash(&parts)),
            sha256: Some(Algorithm::Sha256.hash(&parts)),
        }
    }

    /// Stored hashes (`H(username:realm:password)`, lower-case hexadecimal);
    /// an account without the MD5 one can only be proven with SHA-256.
    pub fn from_hashes(md5: Option<String>, sha256: Option<String>) -> Self {
        Self { md5, sha256 }
    }

    /// The stored hash of one algorithm.
    pub fn hash(&self, algorithm: Algorithm) -> Option<&str> {
        match algorithm {
            Algorithm::Md5 => self.md5.as_deref(),
            Algorithm::Sha256 => self.sha256.as_deref(),
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}
