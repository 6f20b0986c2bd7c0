//! Audio that is played: uploads decoded and made ready for the wire, tones,
//! music on hold.
//!
//! Nothing here runs on a media thread: prompts are prepared before they are
//! played and then only read.

mod decode;
mod encoded;
mod encoding;
mod music;
mod resample;
mod tone;

pub use decode::{MAX_PROMPT_MS, MAX_UPLOAD_BYTES, PromptError, decode, decode_async};
pub use music::music_on_hold;
pub use tone::tone;

pub(crate) use encoded::{EncodedPrompt, Form};
pub(crate) use encoding::{Encoding, EncodingHandle};
pub(crate) use resample::to_telephone_rate;

use std::fmt;
use std::sync::Arc;
use strowger_rtp::{FRAME_MS, FRAME_SAMPLES, Law};

/// A prompt as 20 ms frames in both laws; other codecs' are made when they are
/// first played. The last frame is filled up with silence.
pub struct Prompt {
    pcmu: Box<[[u8; FRAME_SAMPLES]]>,
    pcma: Box<[[u8; FRAME_SAMPLES]]>,
    forms: encoded::Forms,
}

impl PartialEq for Prompt {
    /// The same audio.
    fn eq(&self, other: &Self) -> bool {
        self.pcmu == other.pcmu && self.pcma == other.pcma
    }
}

impl Eq for Prompt {}

impl Prompt {
    /// Encodes 8 kHz mono samples.
    pub fn from_samples(samples: &[i16]) -> Self {
        Self {
            pcmu: encode(Law::Pcmu, samples),
            pcma: encode(Law::Pcma, samples),
            forms: encoded::Forms::default(),
        }
    }

    /// The same, ready to be shared.
    pub fn shared(samples: &[i16]) -> Arc<Self> {
        Arc::new(Self::from_samples(samples))
    }

    /// For storing: all frames in one law, then all in the other.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.pcmu.iter().chain(&self.pcma).flatten().copied().collect()
    }

    /// What [`to_bytes`](Self::to_bytes) made; `None` if it is anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (frames, rest) = bytes.as_chunks::<FRAME_SAMPLES>();
        if !rest.is_empty() || frames.len() % 2 != 0 {
            return None;
        }
        let (pcmu, pcma) = frames.split_at(frames.len() / 2);
        Some(Self { pcmu: pcmu.into(), pcma: pcma.into(), forms: encoded::Forms::default() })
    }

    /// Length in frames of 20 ms.
    pub fn frames(&self) -> usize {
        self.pcmu.len()
    }

    /// Length in milliseconds.
    pub fn duration_ms(&self) -> u64 {
        self.frames() as u64 * u64::from(FRAME_MS)
    }

    /// Frame number `at`; `None` behind the end.
    pub fn frame(&self, law: Law, at: usize) -> Option<&[u8; FRAME_SAMPLES]> {
        match law {
            Law::Pcmu => self.pcmu.get(at),
            Law::Pcma => self.pcma.get(at),
        }
    }

    /// Bytes of memory the audio takes in G.711, for caches; other codecs' are
    /// bounded by the engine.
    pub fn memory_bytes(&self) -> usize {
        2 * self.frames() * FRAME_SAMPLES
    }
}

impl fmt::Debug for Prompt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Prompt({} ms)", self.duration_ms())
    }
}

fn encode(law: Law, samples: &[i16]) -> Box<[[u8; FRAME_SAMPLES]]> {
    let frame = |chunk: &[i16]| {
        let mut frame = [law.silence(); FRAME_SAMPLES];
        for (byte, sample) in frame.iter_mut().zip(chunk) {
            *byte = law.encode(*sample);
        }
        frame
    };
    samples.chunks(FRAME_SAMPLES).map(frame).collect()
}
