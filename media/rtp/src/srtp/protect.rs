//! From plain packets to protected ones.

use super::cipher::{Cipher, Number, Use, rtcp_nonce, rtp_nonce};
use super::index::Sources;
use super::{MAX_PACKET, MasterKey, SrtpError, rtcp_source, rtp_numbers, rtp_payload_start};
use std::fmt;

/// Marks an RTCP packet as encrypted (RFC 3711 §3.4).
const ENCRYPTED: u32 = 1 << 31;

/// Protects what one leg sends.
pub struct Protect {
    pub(super) rtp: Cipher,
    pub(super) rtcp: Cipher,
    pub(super) sources: Sources,
}

impl Protect {
    /// With the key that we told the other side.
    pub fn new(master: &MasterKey) -> Self {
        Self {
            rtp: Cipher::new(master, Use::Rtp),
            rtcp: Cipher::new(master, Use::Rtcp),
            sources: Sources::default(),
        }
    }

    /// Protects the RTP packet in the first `len` bytes of `buffer` and says how
    /// long it has become. The buffer must have [`super::MAX_TRAILER`] bytes more.
    ///
    /// A stream's first sequence number should be below 32,768: a receiver that
    /// misses packets across the first wrap could not know of it (RFC 3711 §3.3.1).
    ///
    /// # Errors
    /// [`SrtpError::Replayed`] if this sequence number was sent before: two
    /// packets must not share a key stream. The buffer is as it was.
    pub fn protect_rtp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, SrtpError> {
        let packet = buffer.get(..len).ok_or(SrtpError::Buffer)?;
        let start = rtp_payload_start(packet).ok_or(SrtpError::Malformed)?;
        let (sequence, ssrc) = rtp_numbers(packet).ok_or(SrtpError::Malformed)?;
        let end = len + self.rtp.tag_len();
        let out = buffer.get_mut(..end).ok_or(SrtpError::Buffer)?;
        let index = self.sources.rtp_index(ssrc, sequence)?;
        self.sources.note_rtp(ssrc, index)?;
        let number = Number { ssrc, index };
        let (packet, trailer) = out.split_at_mut(len);
        if self.rtp.is_aead() {
            let (header, payload) = packet.split_at_mut(start);
            trailer.copy_from_slice(&self.rtp.seal(rtp_nonce(number), header, payload)?);
        } else {
            self.rtp.add_stream(number, &mut packet[start..]);
            let roll_over = ((index >> 16) as u32).to_be_bytes();
            let tag = self.rtp.hmac([packet, &roll_over]).ok_or(SrtpError::Malformed)?;
            let len = trailer.len();
            trailer.copy_from_slice(&tag[..len]);
        }
        Ok(end)
    }

    /// The same for a compound RTCP packet.
    ///
    /// # Errors
    /// No RTCP, no room, or the key is worn out.
    pub fn protect_rtcp(&mut self, buffer: &mut [u8], len: usize) -> Result<usize, SrtpError> {
        let packet = buffer.get(..len).ok_or(SrtpError::Buffer)?;
        let ssrc = rtcp_source(packet).ok_or(SrtpError::Malformed)?;
        if len > MAX_PACKET {
            return Err(SrtpError::Malformed);
        }
        let end = len + 4 + self.rtcp.tag_len();
        let out = buffer.get_mut(..end).ok_or(SrtpError::Buffer)?;
        let index = self.sources.next_rtcp(ssrc)?;
        let word = (ENCRYPTED | index).to_be_bytes();
        if self.rtcp.is_aead() {
            let mut associated = [0; 12];
            associated[..8].copy_from_slice(&out[..8]);
            associated[8..].copy_from_slice(&word);
            let tag = self.rtcp.seal(rtcp_nonce(ssrc, index), &associated, &mut out[8..len])?;
            out[len..end - 4].copy_from_slice(&tag);
            out[end - 4..].copy_from_slice(&word);
        } else {
            let number = Number { ssrc, index: u64::from(index) };
            self.rtcp.add_stream(number, &mut out[8..len]);
            out[len..len + 4].copy_from_slice(&word);
            let (signed, trailer) = out.split_at_mut(len + 4);
            let tag = self.rtcp.hmac([signed, &[]]).ok_or(SrtpError::Malformed)?;
            let len = trailer.len();
            trailer.copy_from_slice(&tag[..len]);
        }
        Ok(end)
    }
}

impl fmt::Debug for Protect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protect").field("sources", &self.sources).finish_non_exhaustive()
    }
}
