//! Chooses the engine for a language, keeps what was spoken, and keeps speech
//! off the async workers.

use super::cache::Cache;
use super::{BuiltinEnglish, EspeakProcess, MAX_TEXT_CHARS, SpeechError, Tts};
use crate::prompt::Prompt;
use crate::prompt::to_telephone_rate;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// Texts spoken at the same time. Each keeps a core busy, and most texts come
/// from the cache.
const MAX_AT_ONCE: usize = 2;

/// Text to speech for the whole server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Speech {
    engines: Arc<[Box<dyn Tts>]>,
    cache: Arc<Mutex<Cache>>,
    places: Arc<Semaphore>,
}

impl Default for Speech {
    /// English inside, other languages by espeak-ng.
    fn default() -> Self {
        Self::new(vec![Box::new(BuiltinEnglish::default()), Box::new(EspeakProcess::default())])
    }
}

impl Speech {
    /// The first engine that speaks a language is used for it.
    pub fn new(engines: Vec<Box<dyn Tts>>) -> Self {
        Self {
            engines: engines.into(),
            cache: Arc::default(),
            places: Arc::new(Semaphore::new(MAX_AT_ONCE)),
        }
    }

    /// Speaks a text in a language (BCP 47 tag) and gives it ready to be played.
    pub async fn speak(&self, language: &str, text: &str) -> Result<Arc<Prompt>, SpeechError> {
        let text = text.trim();
        if !text.chars().any(char::is_alphanumeric) {
            return Err(SpeechError::Empty);
        }
        let chars = text.chars().count();
        if chars > MAX_TEXT_CHARS {
            return Err(SpeechError::TooLong(chars));
        }
        let engine = self
            .engines
            .iter()
            .position(|engine| engine.speaks(language))
            .ok_or_else(|| SpeechError::Language(language.to_owned()))?;
        let key = (language.to_ascii_lowercase(), text.to_owned());
        if let Some(known) = self.cached(&key) {
            return Ok(known);
        }
        let gone = |_| SpeechError::Failed("it was stopped".to_owned());
        let _place = self.places.acquire().await.map_err(gone)?;
        // Another call may have spoken it while we waited.
        if let Some(known) = self.cached(&key) {
            return Ok(known);
        }
        let engines = Arc::clone(&self.engines);
        let (language, text) = key.clone();
        let spoken = tokio::task::spawn_blocking(move || {
            let audio = engines[engine].speak(&language, &text)?;
            if audio.samples.is_empty() {
                return Err(SpeechError::Failed("it made no sound of this text".to_owned()));
            }
            let mono: Vec<f32> =
                audio.samples.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
            let samples = to_telephone_rate(&mono, audio.rate)
                .map_err(|_| SpeechError::Failed("its sample rate is not supported".to_owned()))?;
            Ok(Prompt::shared(&samples))
        });
        let prompt = spoken
            .await
            .map_err(|_| SpeechError::Failed("it crashed on this text".to_owned()))??;
        self.lock().insert(key, Arc::clone(&prompt));
        Ok(prompt)
    }

    fn cached(&self, key: &(String, String)) -> Option<Arc<Prompt>> {
        self.lock().get(key)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
