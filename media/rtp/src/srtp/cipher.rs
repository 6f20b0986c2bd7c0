//! One direction's session keys and what they do to bytes: RFC 3711 §4 and
//! RFC 7714 §8, §9.

use super::{MasterKey, Profile, SrtpError};
use aes::cipher::{Block, BlockCipherEncrypt, KeyInit};
use aes::{Aes128Enc, Aes256Enc};
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::{AeadInOut, Aes128Gcm, Aes256Gcm, Nonce, Tag};
use hmac::{Hmac, Mac};
use sha1::Sha1;

/// Blocks encrypted at once, so that the processor's pipeline is full.
const BATCH: usize = 8;
/// Tag of RTCP with AES-CM, whatever RTP's is (RFC 4568 §6.2.2).
const RTCP_HMAC_TAG: usize = 10;
const GCM_TAG: usize = 16;
const AUTH_KEY: usize = 20;

/// Which stream keys are for: the first of its three labels (RFC 3711 §4.3.2).
#[derive(Clone, Copy)]
pub(super) enum Use {
    Rtp = 0,
    Rtcp = 3,
}

/// Session keys of RTP or of RTCP.
pub(super) enum Cipher {
    Counter { aes: Aes128Enc, salt: [u8; 14], hmac: Hmac<Sha1>, tag_len: usize },
    Gcm128 { aes: Aes128Gcm, salt: [u8; 12] },
    Gcm256 { aes: Aes256Gcm, salt: [u8; 12] },
}

/// A packet's number: what makes its key stream its own.
#[derive(Clone, Copy)]
pub(super) struct Number {
    pub(super) ssrc: u32,
    pub(super) index: u64,
}

/// AES-CM as key stream (RFC 3711 §4.1.1): the counter fills the last two bytes.
fn add_key_stream<C>(aes: &C, first: [u8; 16], data: &mut [u8])
where
    C: BlockCipherEncrypt<BlockSize = aes::cipher::consts::U16>,
{
    let mut counter = 0_u16;
    for batch in data.chunks_mut(16 * BATCH) {
        let mut blocks = [Block::<C>::default(); BATCH];
        let needed = batch.len().div_ceil(16);
        for block in &mut blocks[..needed] {
            block.copy_from_slice(&first);
            block[14..].copy_from_slice(&counter.to_be_bytes());
            counter = counter.wrapping_add(1);
        }
        aes.encrypt_blocks(&mut blocks[..needed]);
        for (bytes, block) in batch.chunks_mut(16).zip(&blocks) {
            for (byte, key) in bytes.iter_mut().zip(block) {
                *byte ^= key;
            }
        }
    }
}

/// Derives a session key (RFC 3711 §4.3.1, with a derivation rate of 0).
fn derive(master: &MasterKey, label: u8, out: &mut [u8]) {
    let mut first = [0; 16];
    first[..master.salt().len()].copy_from_slice(master.salt());
    first[7] ^= label;
    out.fill(0);
    // RFC 6188: keys of 256 bits are derived with AES-256. The lengths are the
    // profile's, so the keys are never refused.
    match Aes256Enc::new_from_slice(master.key()) {
        Ok(aes) => add_key_stream(&aes, first, out),
        Err(_) => {
            if let Ok(aes) = Aes128Enc::new_from_slice(master.key()) {
                add_key_stream(&aes, first, out);
            }
        }
    }
}

impl Cipher {
    pub(super) fn new(master: &MasterKey, purpose: Use) -> Self {
        let label = purpose as u8;
        let mut key = [0; 32];
        let key = &mut key[..master.profile().key_len()];
        derive(master, label, key);
        let (mut auth, mut salt) = ([0; AUTH_KEY], [0; 14]);
        derive(master, label + 1, &mut auth);
        derive(master, label + 2, &mut salt[..master.profile().salt_len()]);
        Self::with_session_keys(master.profile(), purpose, key, &salt, &auth)
    }

    /// `key` has the profile's length; shorter ones cannot come here.
    fn with_session_keys(
        profile: Profile,
        purpose: Use,
        key: &[u8],
        salt: &[u8; 14],
        auth: &[u8; AUTH_KEY],
    ) -> Self {
        let mut short = [0; 12];
        short.copy_from_slice(&salt[..12]);
        let (mut key128, mut key256) = ([0; 16], [0; 32]);
        for (to, from) in key128.iter_mut().zip(key) {
            *to = *from;
        }
        for (to, from) in key256.iter_mut().zip(key) {
            *to = *from;
        }
        match profile {
            Profile::AeadAes128Gcm => {
                Self::Gcm128 { aes: Aes128Gcm::new(&key128.into()), salt: short }
            }
            Profile::AeadAes256Gcm => {
                Self::Gcm256 { aes: Aes256Gcm::new(&key256.into()), salt: short }
            }
            Profile::AesCm128HmacSha1_80 | Profile::AesCm128HmacSha1_32 => Self::Counter {
                aes: Aes128Enc::new(&key128.into()),
                salt: *salt,
                hmac: keyed(auth),
                tag_len: match purpose {
                    Use::Rtp => profile.rtp_tag_len(),
                    Use::Rtcp => RTCP_HMAC_TAG,
                },
            },
        }
    }

    pub(super) fn tag_len(&self) -> usize {
        match self {
            Self::Counter { tag_len, .. } => *tag_len,
            Self::Gcm128 { .. } | Self::Gcm256 { .. } => GCM_TAG,
        }
    }

    /// Whether RTCP's index is behind the tag (RFC 7714 §9.2) or before it.
    pub(super) fn is_aead(&self) -> bool {
        !matches!(self, Self::Counter { .. })
    }

    /// Adds the key stream of AES-CM; does nothing for GCM.
    pub(super) fn add_stream(&self, number: Number, data: &mut [u8]) {
        if let Self::Counter { aes, salt, .. } = self {
            let mut first = [0; 16];
            first[..14].copy_from_slice(salt);
            for (byte, ssrc) in first[4..8].iter_mut().zip(number.ssrc.to_be_bytes()) {
                *byte ^= ssrc;
            }
            for (byte, index) in first[8..14].iter_mut().zip(&number.index.to_be_bytes()[2..]) {
                *byte ^= index;
            }
            add_key_stream(aes, first, data);
        }
    }

    /// HMAC over `parts`; `None` for GCM.
    pub(super) fn hmac(&self, parts: [&[u8]; 2]) -> Option<[u8; 20]> {
        let Self::Counter { hmac, .. } = self else { return None };
        let mut mac = hmac.clone();
        mac.update(parts[0]);
        mac.update(parts[1]);
        Some(mac.finalize().into_bytes().into())
    }

    /// Whether `tag` is the beginning of the HMAC over `parts`, in constant time.
    pub(super) fn verify_hmac(&self, parts: [&[u8]; 2], tag: &[u8]) -> Result<(), SrtpError> {
        let Self::Counter { hmac, .. } = self else { return Err(SrtpError::Unauthentic) };
        let mut mac = hmac.clone();
        mac.update(parts[0]);
        mac.update(parts[1]);
        mac.verify_truncated_left(tag).map_err(|_| SrtpError::Unauthentic)
    }

    /// Encrypts with GCM and gives the tag.
    pub(super) fn seal(
        &self,
        nonce: [u8; 12],
        header: &[u8],
        data: &mut [u8],
    ) -> Result<[u8; GCM_TAG], SrtpError> {
        let data = InOutBuf::from(data);
        let tag = match self {
            Self::Gcm128 { aes, salt } => {
                aes.encrypt_inout_detached(&salted(nonce, *salt), header, data)
            }
            Self::Gcm256 { aes, salt } => {
                aes.encrypt_inout_detached(&salted(nonce, *salt), header, data)
            }
            Self::Counter { .. } => return Err(SrtpError::Malformed),
        };
        tag.map(Into::into).map_err(|_| SrtpError::Malformed)
    }

    /// Verifies and decrypts with GCM.
    pub(super) fn open(
        &self,
        nonce: [u8; 12],
        header: &[u8],
        data: &mut [u8],
        tag: [u8; GCM_TAG],
    ) -> Result<(), SrtpError> {
        let (data, tag) = (InOutBuf::from(data), Tag::from(tag));
        match self {
            Self::Gcm128 { aes, salt } => {
                aes.decrypt_inout_detached(&salted(nonce, *salt), header, data, &tag)
            }
            Self::Gcm256 { aes, salt } => {
                aes.decrypt_inout_detached(&salted(nonce, *salt), header, data, &tag)
            }
            Self::Counter { .. } => return Err(SrtpError::Unauthentic),
        }
        .map_err(|_| SrtpError::Unauthentic)
    }
}

/// HMAC takes keys of any length, so this one is never refused.
fn keyed(auth: &[u8; AUTH_KEY]) -> Hmac<Sha1> {
    let mut block = [0; 64];
    block[..AUTH_KEY].copy_from_slice(auth);
    // A key is filled with zeroes to a block anyway (RFC 2104 §2).
    Hmac::new(&block.into())
}

fn salted(mut nonce: [u8; 12], salt: [u8; 12]) -> Nonce<aes::cipher::consts::U12> {
    for (byte, salt) in nonce.iter_mut().zip(salt) {
        *byte ^= salt;
    }
    nonce.into()
}

/// The nonce of an RTP packet without its salt (RFC 7714 §8.1).
pub(super) fn rtp_nonce(number: Number) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[2..6].copy_from_slice(&number.ssrc.to_be_bytes());
    nonce[6..].copy_from_slice(&number.index.to_be_bytes()[2..]);
    nonce
}

/// The nonce of an RTCP packet without its salt (RFC 7714 §9.1).
pub(super) fn rtcp_nonce(ssrc: u32, index: u32) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[2..6].copy_from_slice(&ssrc.to_be_bytes());
    nonce[8..].copy_from_slice(&index.to_be_bytes());
    nonce
}

#[cfg(test)]
#[path = "cipher_tests.rs"]
mod tests;
