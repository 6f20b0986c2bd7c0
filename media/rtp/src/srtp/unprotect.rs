//! From protected packets to plain ones.

use super::cipher::{Cipher, Number, Use, rtcp_nonce, rtp_nonce};
use super::index::Sources;
use super::{MasterKey, SrtpError, rtcp_source, rtp_numbers, rtp_payload_start};
use std::fmt;

/// Unprotects what one leg hears.
pub struct Unprotect {
    pub(super) rtp: Cipher,
    pub(super) rtcp: Cipher,
    pub(super) sources: Sources,
}

impl Unprotect {
    /// With the key that the other side told us.
    pub fn new(master: &MasterKey) -> Self {
        Self {
            rtp: Cipher::new(master, Use::Rtp),
            rtcp: Cipher::new(master, Use::Rtcp),
            sources: Sources::default(),
        }
    }

    /// Verifies and decrypts an RTP packet; the plain one is in as many first
    /// bytes as it says.
    ///
    /// # Errors
    /// The packet must not be listened to. Nothing is remembered of it.
    pub fn unprotect_rtp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let len = packet.len().checked_sub(self.rtp.tag_len()).ok_or(SrtpError::Malformed)?;
        let (plain, tag) = packet.split_at_mut_checked(len).ok_or(SrtpError::Malformed)?;
        let start = rtp_payload_start(plain).ok_or(SrtpError::Malformed)?;
        let (sequence, ssrc) = rtp_numbers(plain).ok_or(SrtpError::Malformed)?;
        let index = self.sources.rtp_index(ssrc, sequence)?;
        let number = Number { ssrc, index };
        if self.rtp.is_aead() {
            let (header, payload) = plain.split_at_mut(start);
            let tag = (&*tag).try_into().map_err(|_| SrtpError::Malformed)?;
            self.rtp.open(rtp_nonce(number), header, payload, tag)?;
        } else {
            let roll_over = ((index >> 16) as u32).to_be_bytes();
            self.rtp.verify_hmac([plain, &roll_over], tag)?;
            self.rtp.add_stream(number, &mut plain[start..]);
        }
        self.sources.note_rtp(ssrc, index)?;
        Ok(len)
    }

    /// The same for a compound RTCP packet.
    ///
    /// # Errors
    /// The packet must not be listened to. Nothing is remembered of it.
    pub fn unprotect_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, SrtpError> {
        let tag_len = self.rtcp.tag_len();
        let len = packet.len().checked_sub(4 + tag_len).ok_or(SrtpError::Malformed)?;
        let ssrc = packet.get(..len).and_then(rtcp_source).ok_or(SrtpError::Malformed)?;
        let aead = self.rtcp.is_aead();
        let (word_at, tag_at) = if aead { (len + tag_len, len) } else { (len, len + 4) };
        let word = packet
            .get(word_at..)
            .and_then(|rest| rest.first_chunk::<4>())
            .copied()
            .ok_or(SrtpError::Malformed)?;
        let encrypted = word[0] & 0x80 != 0;
        let index = u32::from_be_bytes(word) & !(1 << 31);
        self.sources.check_rtcp(ssrc, index)?;
        let (signed, rest) = packet.split_at_mut_checked(tag_at).ok_or(SrtpError::Malformed)?;
        let tag = rest.get(..tag_len).ok_or(SrtpError::Malformed)?;
        if aead {
            // What is not encrypted would all be associated data; no phone sends it.
            if !encrypted {
                return Err(SrtpError::Malformed);
            }
            let mut associated = [0; 12];
            associated[..8].copy_from_slice(&signed[..8]);
            associated[8..].copy_from_slice(&word);
            let tag = tag.try_into().map_err(|_| SrtpError::Malformed)?;
            self.rtcp.open(rtcp_nonce(ssrc, index), &associated, &mut signed[8..], tag)?;
        } else {
            self.rtcp.verify_hmac([signed, &[]], tag)?;
            if encrypted {
                let number = Number { ssrc, index: u64::from(index) };
                self.rtcp.add_stream(number, &mut signed[8..len]);
            }
        }
        self.sources.note_rtcp(ssrc, index)?;
        Ok(len)
    }
}

impl fmt::Debug for Unprotect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unprotect").field("sources", &self.sources).finish_non_exhaustive()
    }
}
