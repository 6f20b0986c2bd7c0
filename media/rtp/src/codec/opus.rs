//! Opus through libopus, which encodes and decodes at 8 and 16 kHz directly:
//! audio for a telephone leg is never brought to 48 kHz.

use super::{Codec, CodecError, MAX_FRAME_BYTES, MAX_PACKET_MS, Rate};
use ::opus::{Application, Bitrate, Channels, packet};

/// How Opus is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpusSettings {
    /// 0 to 10. Each step up costs time and, for speech at these rates, buys
    /// little: 3 costs half of 5.
    pub complexity: u8,
    /// Bits per second.
    pub bitrate: u32,
    /// Carries a coarse copy of each frame in the next one (RFC 6716 §2.1.7),
    /// if this share of packets in percent is expected to be lost; 0: does not.
    pub expected_loss_percent: u8,
}

impl OpusSettings {
    /// For speech at `rate`: where RFC 6716 §2.1.1 puts the sweet spot, 8–12 and
    /// 16–20 kbit/s, plus a third for in-band forward error correction at the
    /// loss of an ordinary wireless network.
    pub const fn telephony(rate: Rate) -> Self {
        let bitrate = match rate {
            Rate::Narrow => 16_000,
            Rate::Wide => 24_000,
        };
        Self { complexity: 3, bitrate, expected_loss_percent: 3 }
    }
}

/// One stream's encoder.
#[derive(Debug)]
pub(super) struct OpusEncoder {
    inner: ::opus::Encoder,
    rate: Rate,
}

impl OpusEncoder {
    pub(super) fn new(rate: Rate, settings: OpusSettings) -> Result<Self, CodecError> {
        let set_up = || -> ::opus::Result<::opus::Encoder> {
            let mut inner = ::opus::Encoder::new(rate.hz(), Channels::Mono, Application::Voip)?;
            inner.set_complexity(i32::from(settings.complexity.min(10)))?;
            inner
                .set_bitrate(Bitrate::Bits(i32::try_from(settings.bitrate).unwrap_or(i32::MAX)))?;
            inner.set_inband_fec(settings.expected_loss_percent > 0)?;
            inner.set_packet_loss_perc(i32::from(settings.expected_loss_percent.min(100)))?;
            Ok(inner)
        };
        let inner = set_up().map_err(|_| CodecError::SetUp(Codec::Opus))?;
        Ok(Self { inner, rate })
    }

    pub(super) fn encode(&mut self, audio: &[i16], out: &mut [u8]) -> Result<usize, CodecError> {
        // libopus reads as many samples as it is told, so it is told only of
        // whole frames.
        let is_frame = [10, 20, 40, 60].iter().any(|ms| self.rate.samples(*ms) == audio.len());
        if !is_frame || out.is_empty() {
            return Err(CodecError::Buffer(Codec::Opus));
        }
        let room = out.len().min(MAX_FRAME_BYTES);
        self.inner.encode(audio, &mut out[..room]).map_err(|_| CodecError::Buffer(Codec::Opus))
    }
}

/// One stream's decoder.
#[derive(Debug)]
pub(super) struct OpusDecoder {
    inner: ::opus::Decoder,
    rate: Rate,
}

impl OpusDecoder {
    pub(super) fn new(rate: Rate) -> Result<Self, CodecError> {
        let inner = ::opus::Decoder::new(rate.hz(), Channels::Mono)
            .map_err(|_| CodecError::SetUp(Codec::Opus))?;
        Ok(Self { inner, rate })
    }

    pub(super) fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        let us = payload_us(payload).ok_or(CodecError::Payload(Codec::Opus))?;
        let samples = (us / 125) as usize * (self.rate.hz() / 8_000) as usize;
        let room = out.get_mut(..samples).ok_or(CodecError::Buffer(Codec::Opus))?;
        self.inner.decode(payload, room, false).map_err(|_| CodecError::Payload(Codec::Opus))
    }

    /// Fills `out` with what the lost packet before `next` may have said, from
    /// the copy in `next` if there is one.
    pub(super) fn recover(&mut self, next: Option<&[u8]>, out: &mut [i16]) -> bool {
        // libopus conceals in steps of 2.5 ms.
        let step = self.rate.hz() as usize / 400;
        if out.is_empty() || !out.len().is_multiple_of(step) {
            return false;
        }
        let next = next.filter(|payload| payload_us(payload).is_some());
        self.inner
            .decode(next.unwrap_or(&[]), out, next.is_some())
            .is_ok_and(|filled| filled == out.len())
    }
}

/// How much audio a packet says it holds (RFC 6716 §3.1).
pub(super) fn payload_us(payload: &[u8]) -> Option<u32> {
    if payload.is_empty() {
        return None;
    }
    let samples = u32::try_from(packet::get_nb_samples(payload, 48_000).ok()?).ok()?;
    let us = samples * 125 / 6;
    (us > 0 && us <= MAX_PACKET_MS * 1_000).then_some(us)
}
