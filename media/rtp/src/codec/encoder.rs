//! From linear audio to payloads.

use super::g722::G722Encoder;
use super::opus::OpusEncoder;
use super::resample::Downsampler;
use super::{Codec, CodecError, MAX_PACKET_MS, OpusSettings, Rate};
use crate::Law;

#[derive(Debug)]
enum Inner {
    Narrow(Law),
    /// G.711 for those who mix in wide band.
    Narrowed(Law, Box<Downsampler>),
    G722(Box<G722Encoder>),
    Opus(OpusEncoder),
}

/// Encodes one outgoing stream. Everything it needs is allocated by
/// [`Self::new`].
#[derive(Debug)]
pub struct Encoder {
    codec: Codec,
    rate: Rate,
    inner: Inner,
}

impl Encoder {
    /// An encoder that takes audio at `rate`, Opus with
    /// [`OpusSettings::telephony`].
    ///
    /// # Errors
    /// [`CodecError::PassThroughOnly`] for G.729.
    pub fn new(codec: Codec, rate: Rate) -> Result<Self, CodecError> {
        Self::with_opus(codec, rate, OpusSettings::telephony(rate))
    }

    /// The same with other settings for Opus.
    ///
    /// # Errors
    /// [`CodecError::PassThroughOnly`] for G.729.
    pub fn with_opus(codec: Codec, rate: Rate, opus: OpusSettings) -> Result<Self, CodecError> {
        let inner = match (codec, codec.law(), rate) {
            (_, Some(law), Rate::Narrow) => Inner::Narrow(law),
            (_, Some(law), Rate::Wide) => Inner::Narrowed(law, Box::default()),
            (Codec::G722, ..) => Inner::G722(Box::new(G722Encoder::new(rate))),
            (Codec::Opus, ..) => Inner::Opus(OpusEncoder::new(rate, opus)?),
            _ => return Err(CodecError::PassThroughOnly(codec)),
        };
        Ok(Self { codec, rate, inner })
    }

    /// What it encodes to.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// The rate of what it takes.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Encodes `audio` into the beginning of `out` and says how many bytes it
    /// became. Opus takes frames of 10, 20, 40 or 60 ms, the others any whole
    /// milliseconds up to [`MAX_PACKET_MS`]. [`super::MAX_FRAME_BYTES`] hold a
    /// frame of 20 ms.
    ///
    /// # Errors
    /// Audio or buffer are of another length; nothing is encoded then.
    pub fn encode(&mut self, audio: &[i16], out: &mut [u8]) -> Result<usize, CodecError> {
        if let Inner::Opus(inner) = &mut self.inner {
            return inner.encode(audio, out);
        }
        let ms = self.rate.samples(1);
        let bytes = audio.len() / ms * 8;
        let fits =
            audio.len().is_multiple_of(ms) && audio.len() <= self.rate.samples(MAX_PACKET_MS);
        let out = out.get_mut(..bytes).filter(|_| fits).ok_or(CodecError::Buffer(self.codec))?;
        Ok(match &mut self.inner {
            Inner::Narrow(law) => encode_law(*law, audio, out),
            Inner::Narrowed(law, downsampler) => {
                let mut narrow = [0; Rate::Narrow.samples(MAX_PACKET_MS)];
                let count = downsampler.process(audio, &mut narrow);
                encode_law(*law, &narrow[..count], out)
            }
            Inner::G722(inner) => inner.encode(audio, out),
            Inner::Opus(_) => 0,
        })
    }
}

fn encode_law(law: Law, audio: &[i16], out: &mut [u8]) -> usize {
    for (byte, sample) in out.iter_mut().zip(audio) {
        *byte = law.encode(*sample);
    }
    out.len().min(audio.len())
}
