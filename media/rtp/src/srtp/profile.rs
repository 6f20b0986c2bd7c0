//! Which cipher and how long its keys are.

use std::fmt;

/// A crypto suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Profile {
    /// AES in counter mode, HMAC-SHA1 cut to 80 bits (RFC 3711, RFC 4568 §6.2.1).
    AesCm128HmacSha1_80,
    /// The same with 32 bits for RTP, still 80 for RTCP (RFC 4568 §6.2.2).
    AesCm128HmacSha1_32,
    /// AES-128 in Galois counter mode (RFC 7714).
    AeadAes128Gcm,
    /// AES-256 in Galois counter mode (RFC 7714).
    AeadAes256Gcm,
}

impl Profile {
    /// In the order in which we offer them.
    pub const ALL: [Self; 4] = [
        Self::AeadAes256Gcm,
        Self::AeadAes128Gcm,
        Self::AesCm128HmacSha1_80,
        Self::AesCm128HmacSha1_32,
    ];

    /// The name in `a=crypto` (RFC 4568 §6.2, RFC 7714 §14.2).
    pub const fn sdp_name(self) -> &'static str {
        match self {
            Self::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
        }
    }

    /// The suite with this name.
    pub fn from_sdp(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.sdp_name() == name)
    }

    /// Bytes of a master key.
    pub const fn key_len(self) -> usize {
        match self {
            Self::AeadAes256Gcm => 32,
            _ => 16,
        }
    }

    /// Bytes of a master salt.
    pub const fn salt_len(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 => 14,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
        }
    }

    /// Bytes of the tag behind an RTP packet.
    pub const fn rtp_tag_len(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 => 10,
            Self::AesCm128HmacSha1_32 => 4,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
        }
    }
}

/// Key and salt from which a direction's session keys are derived. It is never
/// printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MasterKey {
    profile: Profile,
    bytes: [u8; Self::MAX_LEN],
}

impl MasterKey {
    /// Bytes of the longest key with its salt.
    pub const MAX_LEN: usize = 44;

    /// A new key from random bytes that the caller drew; as many as the profile
    /// needs are used.
    pub fn from_random(profile: Profile, random: [u8; Self::MAX_LEN]) -> Self {
        let mut bytes = random;
        bytes[profile.key_len() + profile.salt_len()..].fill(0);
        Self { profile, bytes }
    }

    /// A key as it stands behind `inline:` in SDP. `None`: no base 64 of the
    /// profile's length.
    pub fn from_sdp(profile: Profile, text: &str) -> Option<Self> {
        let (bytes, len) = super::base64::decode(text)?;
        Self::from_bytes(profile, &bytes[..len])
    }

    /// The text for SDP. For nothing else: it is the key.
    pub fn to_sdp(&self) -> String {
        super::base64::encode(self.key_and_salt())
    }

    /// A key with its salt behind it, such as SDES and DTLS (RFC 5764 §4.2) give.
    /// `None`: not the profile's length.
    pub fn from_bytes(profile: Profile, key_and_salt: &[u8]) -> Option<Self> {
        if key_and_salt.len() != profile.key_len() + profile.salt_len() {
            return None;
        }
        let mut bytes = [0; Self::MAX_LEN];
        bytes[..key_and_salt.len()].copy_from_slice(key_and_salt);
        Some(Self { profile, bytes })
    }

    /// The suite it is for.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// The key alone.
    pub(super) fn key(&self) -> &[u8] {
        &self.bytes[..self.profile.key_len()]
    }

    /// The salt alone.
    pub(super) fn salt(&self) -> &[u8] {
        &self.bytes[self.profile.key_len()..][..self.profile.salt_len()]
    }

    /// The key with its salt behind it.
    pub(super) fn key_and_salt(&self) -> &[u8] {
        &self.bytes[..self.profile.key_len() + self.profile.salt_len()]
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey").field("profile", &self.profile).finish_non_exhaustive()
    }
}
