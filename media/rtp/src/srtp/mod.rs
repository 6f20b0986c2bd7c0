//! Secure RTP and RTCP (RFC 3711, RFC 7714) with keys from SDP (RFC 4568),
//! protected and unprotected in the caller's buffer.
//!
//! Built on RustCrypto's primitives: the ready-made crates copy every packet
//! into a new allocation and remember sources without bound. Nothing here draws
//! random numbers, and no key is ever printed.

mod base64;
mod cipher;
mod index;
mod profile;
mod protect;
mod sdes;
mod unprotect;

pub use profile::{MasterKey, Profile};
pub use protect::Protect;
pub use sdes::{CryptoLine, SdesError};
pub use unprotect::Unprotect;

/// Room that a protected packet needs behind the plain one: GCM's tag and the
/// index of RTCP.
pub const MAX_TRAILER: usize = 20;
/// Longest plain packet: counters of AES-CM have 16 bits of blocks, and no
/// datagram is longer.
const MAX_PACKET: usize = 65_535;

/// Why a packet is neither sent nor heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SrtpError {
    /// Not the kind of packet it should be, or cut short.
    #[error("the packet is too short or malformed")]
    Malformed,
    /// The caller's buffer lacks [`MAX_TRAILER`].
    #[error("the buffer has no room for the authentication tag")]
    Buffer,
    /// Not made with our peer's key, or changed on the way.
    #[error("the packet's authentication tag is wrong")]
    Unauthentic,
    /// Seen before, or too old to know.
    #[error("the packet is a repetition or too late")]
    Replayed,
    /// The key has protected as many packets as it may (RFC 3711 §9.2).
    #[error("the key is worn out; negotiate a new one")]
    Exhausted,
    /// More sources with one key than are remembered.
    #[error("too many sources share the key")]
    TooManySources,
}

/// Where the payload of an RTP packet begins.
fn rtp_payload_start(packet: &[u8]) -> Option<usize> {
    let fixed = packet.first_chunk::<12>()?;
    if fixed[0] >> 6 != 2 {
        return None;
    }
    let mut start = 12 + 4 * usize::from(fixed[0] & 0x0f);
    if fixed[0] & 0x10 != 0 {
        let extension = packet.get(start..start + 4)?;
        start += 4 + 4 * usize::from(u16::from_be_bytes([extension[2], extension[3]]));
    }
    (start <= packet.len() && packet.len() <= MAX_PACKET).then_some(start)
}

/// The sequence number and source of an RTP packet.
fn rtp_numbers(packet: &[u8]) -> Option<(u16, u32)> {
    let fixed = packet.first_chunk::<12>()?;
    Some((
        u16::from_be_bytes([fixed[2], fixed[3]]),
        u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
    ))
}

/// The source of an RTCP packet.
fn rtcp_source(packet: &[u8]) -> Option<u32> {
    let fixed = packet.first_chunk::<8>()?;
    (fixed[0] >> 6 == 2).then(|| u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]))
}
