//! What signalling found out about a leg's other side.

use std::net::SocketAddr;
use strowger_rtp::srtp::MasterKey;
use strowger_rtp::{Codec, FRAME_MS, SAMPLE_RATE};

/// Keys of a leg whose packets are protected (RFC 3711).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SrtpKeys {
    /// For what we send: the one we told the other side.
    pub send: MasterKey,
    /// For what we hear: the one the other side told us.
    pub receive: MasterKey,
}

/// Where a leg's other side is and what was negotiated with it. Made with
/// [`RemoteParams::new`]; the rest is set where it differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemoteParams {
    /// Where its SDP says it listens.
    pub address: SocketAddr,
    /// What we send, and what we mainly hear.
    pub codec: Codec,
    /// The codec's payload type, for what we send.
    pub payload_type: u8,
    /// The same for what we hear: an answer may name another one than its offer
    /// (RFC 3264 §6.1).
    pub payload_type_in: u8,
    /// Payload type of telephone events that we send; `None`: digits are sent as
    /// tones.
    pub dtmf_payload: Option<u8>,
    /// Payload type of telephone events that we hear; `None`: the same.
    pub dtmf_payload_in: Option<u8>,
    /// Clock in which telephone events are measured: 8,000, or Opus's 48,000.
    pub dtmf_clock_hz: u32,
    /// Payload type of comfort noise besides the static 13 (RFC 3389).
    pub comfort_noise_payload: Option<u8>,
    /// Audio in each packet that the other side wishes for (`a=ptime`). We send
    /// 20, 40 or 60 ms; more than 20 only of codecs whose frames can be joined.
    pub ptime_ms: u32,
    /// Keys, if the packets of both directions are protected.
    pub srtp: Option<SrtpKeys>,
    /// Whether we may send: false while it holds us with `sendonly` or `inactive`.
    pub send: bool,
    /// Whether we expect to hear something.
    pub receive: bool,
}

impl RemoteParams {
    /// Audio in both directions with the codec's usual payload type, without
    /// telephone events and unprotected.
    pub fn new(address: SocketAddr, codec: Codec) -> Self {
        Self {
            address,
            codec,
            payload_type: codec.payload_type(),
            payload_type_in: codec.payload_type(),
            dtmf_payload: None,
            dtmf_payload_in: None,
            dtmf_clock_hz: SAMPLE_RATE,
            comfort_noise_payload: None,
            ptime_ms: FRAME_MS,
            srtp: None,
            send: true,
            receive: true,
        }
    }
}
