//! From payloads to linear audio.

use super::g722::G722Decoder;
use super::opus::OpusDecoder;
use super::resample::Upsampler;
use super::{Codec, CodecError, MAX_PACKET_MS, Rate};
use crate::Law;

#[derive(Debug)]
enum Inner {
    Narrow(Law),
    /// G.711 for those who mix in wide band.
    Widened(Law, Box<Upsampler>),
    G722(Box<G722Decoder>),
    Opus(OpusDecoder),
}

/// Decodes one incoming stream. Everything it needs is allocated by
/// [`Self::new`].
#[derive(Debug)]
pub struct Decoder {
    codec: Codec,
    rate: Rate,
    inner: Inner,
}

impl Decoder {
    /// A decoder that gives audio at `rate`.
    ///
    /// # Errors
    /// [`CodecError::PassThroughOnly`] for G.729.
    pub fn new(codec: Codec, rate: Rate) -> Result<Self, CodecError> {
        let inner = match (codec, codec.law(), rate) {
            (_, Some(law), Rate::Narrow) => Inner::Narrow(law),
            (_, Some(law), Rate::Wide) => Inner::Widened(law, Box::default()),
            (Codec::G722, ..) => Inner::G722(Box::new(G722Decoder::new(rate))),
            (Codec::Opus, ..) => Inner::Opus(OpusDecoder::new(rate)?),
            _ => return Err(CodecError::PassThroughOnly(codec)),
        };
        Ok(Self { codec, rate, inner })
    }

    /// What it decodes.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// The rate of what it gives.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Decodes a whole payload into the beginning of `out` and says how many
    /// samples it was. [`super::MAX_PACKET_SAMPLES`] hold any payload.
    ///
    /// # Errors
    /// The payload is not this codec's, or does not fit; nothing is decoded then.
    pub fn decode(&mut self, payload: &[u8], out: &mut [i16]) -> Result<usize, CodecError> {
        let codec = self.codec;
        if let Inner::Opus(inner) = &mut self.inner {
            return inner.decode(payload, out);
        }
        let us = codec.payload_us(payload).ok_or(CodecError::Payload(codec))?;
        let samples = (us / 125) as usize * (self.rate.hz() / 8_000) as usize;
        let out = out.get_mut(..samples).ok_or(CodecError::Buffer(codec))?;
        Ok(match &mut self.inner {
            Inner::Narrow(law) => decode_law(*law, payload, out),
            Inner::Widened(law, upsampler) => {
                let mut narrow = [0; Rate::Narrow.samples(MAX_PACKET_MS)];
                let count = decode_law(*law, payload, &mut narrow);
                upsampler.process(&narrow[..count], out)
            }
            Inner::G722(inner) => inner.decode(payload, out),
            Inner::Opus(_) => 0,
        })
    }

    /// Fills `out` in place of a lost packet if the codec has a way of its own,
    /// from `next`, the packet after it, if that has come. `false`: the codec
    /// has none, and `out` is as it was.
    pub fn recover(&mut self, next: Option<&[u8]>, out: &mut [i16]) -> bool {
        match &mut self.inner {
            Inner::Opus(inner) => inner.recover(next, out),
            _ => false,
        }
    }
}

fn decode_law(law: Law, payload: &[u8], out: &mut [i16]) -> usize {
    let table = law.decode_table();
    for (sample, byte) in out.iter_mut().zip(payload) {
        *sample = table[usize::from(*byte)];
    }
    out.len().min(payload.len())
}
