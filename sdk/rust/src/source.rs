//! What the caller can hear.

use std::time::Duration;

/// Something to play: a prompt, words, a tone, music, silence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source(pub(crate) String);

impl Source {
    /// As it stands in the contract, for example `text:en:Welcome`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A source by its name in the contract, for kinds newer than this SDK.
    pub fn raw(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

/// Words spoken by the text-to-speech engine.
#[derive(Debug)]
pub struct Say;

impl Say {
    /// `Say::text("en", "Welcome")`.
    pub fn text(language: &str, words: &str) -> Source {
        Source(["text:", language, ":", words].concat())
    }
}

/// A prompt that was uploaded.
#[derive(Debug)]
pub struct Prompt;

impl Prompt {
    /// By the name it was uploaded under.
    pub fn file(name: &str) -> Source {
        Source(["file:", name].concat())
    }
}

/// A tone of the telephone network.
#[derive(Debug)]
pub struct Tone;

impl Tone {
    /// The far end rings.
    pub fn ringback() -> Source {
        Source("tone:ringback".into())
    }
    /// The far end is busy.
    pub fn busy() -> Source {
        Source("tone:busy".into())
    }
    /// The network is busy.
    pub fn congestion() -> Source {
        Source("tone:congestion".into())
    }
    /// A short beep, as before a recording.
    pub fn beep() -> Source {
        Source("tone:beep".into())
    }
    /// Dial tone.
    pub fn dial() -> Source {
        Source("tone:dial".into())
    }
}

/// Music on hold.
#[derive(Debug)]
pub struct Music;

impl Music {
    /// By name; `default` is always there.
    pub fn named(name: &str) -> Source {
        Source(["music:", name].concat())
    }
}

/// Nothing, for a while.
#[derive(Debug)]
pub struct Silence;

impl Silence {
    /// So long.
    pub fn lasting(time: Duration) -> Source {
        Source(format!("silence:{}", time.as_millis()))
    }
}

/// What a waiting caller is told about the queue, true at the moment it is heard.
#[derive(Debug)]
pub struct Queue;

impl Queue {
    /// The caller's place.
    pub fn position(language: &str) -> Source {
        Source(["queue:position:", language].concat())
    }
    /// The expected wait.
    pub fn wait(language: &str) -> Source {
        Source(["queue:wait:", language].concat())
    }
}

/// One source or several, heard one after the other.
pub trait Sources {
    /// As a list.
    fn into_list(self) -> Vec<String>;
}

impl Sources for Source {
    fn into_list(self) -> Vec<String> {
        vec![self.0]
    }
}

impl<const N: usize> Sources for [Source; N] {
    fn into_list(self) -> Vec<String> {
        self.into_iter().map(|source| source.0).collect()
    }
}

impl Sources for Vec<Source> {
    fn into_list(self) -> Vec<String> {
        self.into_iter().map(|source| source.0).collect()
    }
}

impl Sources for &[Source] {
    fn into_list(self) -> Vec<String> {
        self.iter().map(|source| source.0.clone()).collect()
    }
}
