//! Text to speech: one trait, an engine inside for English, a separate process
//! for other languages, a cache in front.
//!
//! Speech is never made on media threads or async workers.

mod builtin;
mod cache;
mod espeak;
mod router;

pub use builtin::BuiltinEnglish;
pub use espeak::EspeakProcess;
pub use router::Speech;

/// Longest text spoken at once, in characters: about two minutes.
pub const MAX_TEXT_CHARS: usize = 2_000;

/// Why a text was not spoken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpeechError {
    /// Nothing to say.
    #[error("there is nothing to say in the text; give at least one letter or digit")]
    Empty,
    /// Too much to say at once.
    #[error("the text has {0} characters, at most {MAX_TEXT_CHARS} are spoken at once; split it")]
    TooLong(usize),
    /// No engine speaks it.
    #[error("no speech engine speaks the language {0:?}")]
    Language(String),
    /// The separate process is not there.
    #[error(
        "the language {0:?} needs espeak-ng, which is not installed; install the package espeak-ng"
    )]
    NotInstalled(String),
    /// The engine did not finish in time.
    #[error("speaking took longer than {0} s; shorten the text or check the machine's load")]
    TimedOut(u64),
    /// Anything else.
    #[error("the speech engine failed: {0}")]
    Failed(String),
}

/// Speech as an engine makes it.
#[derive(Clone, Debug)]
pub struct Audio {
    /// Mono.
    pub samples: Vec<i16>,
    /// Samples per second.
    pub rate: u32,
}

/// A speech engine.
pub trait Tts: Send + Sync + std::fmt::Debug {
    /// Whether it speaks a language (BCP 47 tag, such as `zh-CN`).
    fn speaks(&self, language: &str) -> bool;

    /// Speaks. May take seconds; called on a thread that may be kept busy.
    fn speak(&self, language: &str, text: &str) -> Result<Audio, SpeechError>;
}

/// The language of a tag without region and script: `zh` of `zh-Hans-CN`.
fn primary(language: &str) -> String {
    language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}
