//! From one codec's payloads to another's, one direction of a call.

use super::{Codec, CodecError, Decoder, Encoder, MAX_PACKET_SAMPLES, OpusSettings, Rate};

/// What waits to be encoded: less than a frame, and a packet behind it.
const PENDING_SAMPLES: usize = Rate::Wide.frame_samples() + MAX_PACKET_SAMPLES;

/// Takes payloads of any length and gives frames of 20 ms. Everything it needs
/// is allocated by [`Self::new`].
///
/// It works at 16 kHz only if both codecs do: a call between G.722 or Opus and
/// G.711 has nothing above the telephone band to keep, and costs half.
#[derive(Debug)]
pub struct Transcoder {
    decoder: Decoder,
    encoder: Encoder,
    pending: Box<[i16; PENDING_SAMPLES]>,
    filled: usize,
    frame: usize,
}

impl Transcoder {
    /// From one codec to another.
    ///
    /// # Errors
    /// [`CodecError::PassThroughOnly`] if either is G.729.
    pub fn new(from: Codec, to: Codec) -> Result<Self, CodecError> {
        let rate = from.rate().min(to.rate());
        Self::with_opus(from, to, OpusSettings::telephony(rate))
    }

    /// The same with other settings for Opus.
    ///
    /// # Errors
    /// [`CodecError::PassThroughOnly`] if either is G.729.
    pub fn with_opus(from: Codec, to: Codec, opus: OpusSettings) -> Result<Self, CodecError> {
        let rate = from.rate().min(to.rate());
        Ok(Self {
            decoder: Decoder::new(from, rate)?,
            encoder: Encoder::with_opus(to, rate, opus)?,
            pending: Box::new([0; PENDING_SAMPLES]),
            filled: 0,
            frame: rate.frame_samples(),
        })
    }

    /// Takes a payload. Frames must be pulled until there is none before the
    /// next one is pushed; what was not is forgotten.
    ///
    /// # Errors
    /// The payload is not the codec's; it is as if it had been lost.
    pub fn push(&mut self, payload: &[u8]) -> Result<(), CodecError> {
        self.filled %= self.frame;
        let room = &mut self.pending[self.filled..];
        self.filled += self.decoder.decode(payload, room)?;
        Ok(())
    }

    /// Encodes the next frame of 20 ms and says how many bytes it became.
    /// `None`: not enough audio yet.
    pub fn pull(&mut self, out: &mut [u8]) -> Option<usize> {
        let audio = self.pending[..self.filled].get(..self.frame)?;
        let encoded = self.encoder.encode(audio, out);
        self.pending.copy_within(self.frame..self.filled, 0);
        self.filled -= self.frame;
        encoded.ok()
    }

    /// Forgets an unfinished frame: what follows is not its continuation.
    pub fn restart(&mut self) {
        self.filled = 0;
    }

    /// The codecs at both ends.
    pub fn codecs(&self) -> (Codec, Codec) {
        (self.decoder.codec(), self.encoder.codec())
    }
}
