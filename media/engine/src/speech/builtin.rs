//! English by `flite-rs`, inside this process.

use super::{Audio, SpeechError, Tts, primary};
use std::sync::OnceLock;

/// Speaks English without anything installed. The voice is loaded with the
/// first text.
#[derive(Default)]
pub struct BuiltinEnglish {
    engine: OnceLock<flite_rs::Engine>,
}

impl std::fmt::Debug for BuiltinEnglish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BuiltinEnglish")
    }
}

impl Tts for BuiltinEnglish {
    fn speaks(&self, language: &str) -> bool {
        primary(language) == "en"
    }

    fn speak(&self, _language: &str, text: &str) -> Result<Audio, SpeechError> {
        let engine = self.engine.get_or_init(flite_rs::Engine::new);
        let audio = engine.synthesize(text);
        Ok(Audio { rate: audio.sample_rate, samples: audio.samples })
    }
}
