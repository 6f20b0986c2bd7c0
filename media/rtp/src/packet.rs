//! The RTP fixed header (RFC 3550 §5.1), read and written without copying.

/// Bytes of a header without contributing sources and extension.
pub const HEADER_LEN: usize = 12;

/// Static payload type of µ-law (RFC 3551 table 4).
pub const PT_PCMU: u8 = 0;
/// Static payload type of A-law (RFC 3551 table 4).
pub const PT_PCMA: u8 = 8;
/// Static payload type of comfort noise (RFC 3389).
pub const PT_COMFORT_NOISE: u8 = 13;

/// What a packet says about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// First packet after a silence or a switch of source.
    pub marker: bool,
    /// 0 to 127.
    pub payload_type: u8,
    /// Counts packets, wraps.
    pub sequence: u16,
    /// Counts samples, wraps.
    pub timestamp: u32,
    /// The stream's source.
    pub ssrc: u32,
}

/// A packet in the buffer it was received into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The fixed header.
    pub header: Header,
    /// Without header, contributing sources, extension and padding.
    pub payload: &'a [u8],
}

/// Why bytes are no RTP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PacketError {
    /// Shorter than what its header promises.
    #[error("the datagram is shorter than its RTP header says")]
    Short,
    /// Not version 2: STUN, junk, an ancient sender.
    #[error("the datagram is not RTP version 2")]
    Version,
    /// The padding count is 0 or larger than the payload.
    #[error("the RTP padding count is impossible")]
    Padding,
    /// An RTCP packet on the RTP port (RFC 5761 §4).
    #[error("the datagram is RTCP, not RTP")]
    Rtcp,
}

impl<'a> Packet<'a> {
    /// Reads a datagram.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, PacketError> {
        let fixed = bytes.first_chunk::<HEADER_LEN>().ok_or(PacketError::Short)?;
        if fixed[0] >> 6 != 2 {
            return Err(PacketError::Version);
        }
        // RFC 5761 §4: RTCP packet types 192 to 223 look like these payload types.
        if (192..=223).contains(&fixed[1]) {
            return Err(PacketError::Rtcp);
        }
        let mut start = HEADER_LEN + 4 * usize::from(fixed[0] & 0x0f);
        if fixed[0] & 0x10 != 0 {
            let extension = bytes.get(start..start + 4).ok_or(PacketError::Short)?;
            start += 4 + 4 * usize::from(u16::from_be_bytes([extension[2], extension[3]]));
        }
        let mut payload = bytes.get(start..).ok_or(PacketError::Short)?;
        if fixed[0] & 0x20 != 0 {
            let padding = usize::from(*payload.last().ok_or(PacketError::Padding)?);
            if padding == 0 || padding > payload.len() {
                return Err(PacketError::Padding);
            }
            payload = &payload[..payload.len() - padding];
        }
        let header = Header {
            marker: fixed[1] & 0x80 != 0,
            payload_type: fixed[1] & 0x7f,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
        };
        Ok(Self { header, payload })
    }
}

impl Header {
    /// The header as it goes onto the wire.
    pub fn to_bytes(self) -> [u8; HEADER_LEN] {
        let mut out = [0; HEADER_LEN];
        out[0] = 0x80;
        out[1] = (u8::from(self.marker) << 7) | (self.payload_type & 0x7f);
        out[2..4].copy_from_slice(&self.sequence.to_be_bytes());
        out[4..8].copy_from_slice(&self.timestamp.to_be_bytes());
        out[8..12].copy_from_slice(&self.ssrc.to_be_bytes());
        out
    }
}
