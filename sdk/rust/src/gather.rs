//! Digits from the caller.

use crate::command::{Command, Kind, starts};
use crate::host::{self, GatherOptions};
use crate::source::Sources;
use crate::time::to_ms;
use std::ops::Deref;
use std::time::Duration;

static GATHER: Kind = Kind::new("gather").stopped_by_drop().with_details(&["terminator"]);

/// Digits to collect; made by [`crate::Call::gather`]. Without options: one
/// digit, no prompt, five seconds for the first, three for each further one.
#[derive(Clone, Debug)]
#[must_use = "no digit is collected until it is awaited or started"]
pub struct Gather {
    prompt: Vec<String>,
    options: GatherOptions,
}

/// What the caller pressed; reads like a `str`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digits {
    digits: String,
    ended_by: EndedBy,
}

/// What ended the collecting of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// As many digits as there may be.
    Full,
    /// One of the terminators; it is not among the digits.
    Terminator(char),
    /// The caller pressed nothing more for too long.
    Timeout,
}

impl Gather {
    pub(crate) fn new() -> Self {
        Self {
            prompt: Vec::new(),
            options: GatherOptions {
                max_digits: 1,
                terminators: String::new(),
                first_digit_ms: 5_000,
                inter_digit_ms: 3_000,
                barge_in: false,
                secret: false,
            },
        }
    }

    /// What the caller hears first.
    pub fn prompt(mut self, prompt: impl Sources) -> Self {
        self.prompt = prompt.into_list();
        self
    }

    pub(crate) fn prompt_list(mut self, prompt: Vec<String>) -> Self {
        self.prompt = prompt;
        self
    }

    /// Most digits, 1 to 64.
    pub fn max(mut self, digits: u32) -> Self {
        self.options.max_digits = digits;
        self
    }

    /// A digit that says "that was all".
    pub fn terminator(mut self, digit: char) -> Self {
        self.options.terminators.push(digit);
        self
    }

    /// Longest wait for the first digit, from the end of the prompt on.
    pub fn first_digit_within(mut self, time: Duration) -> Self {
        self.options.first_digit_ms = to_ms(time);
        self
    }

    /// Longest wait for each further digit.
    pub fn next_digit_within(mut self, time: Duration) -> Self {
        self.options.inter_digit_ms = to_ms(time);
        self
    }

    /// A digit silences the prompt and counts; without this, digits pressed
    /// during the prompt are thrown away.
    pub fn barge_in(mut self) -> Self {
        self.options.barge_in = true;
        self
    }

    /// Keeps the digits out of journals, logs and the call record.
    pub fn secret(mut self) -> Self {
        self.options.secret = true;
        self
    }

    /// Begins without waiting for the end.
    pub fn start(self) -> Command<Digits> {
        let begun = host::gather(&self.prompt, &self.options);
        Command::begin(&GATHER, begun, |ended| match ended.outcome.as_str() {
            "digits" => {
                let terminator = ended.detail("terminator").and_then(|text| text.chars().next());
                let ended_by = terminator.map_or(EndedBy::Full, EndedBy::Terminator);
                Ok(Digits { digits: ended.value, ended_by })
            }
            "timeout" => Ok(Digits { digits: ended.value, ended_by: EndedBy::Timeout }),
            _ => Err(GATHER.failed(ended)),
        })
    }
}

starts!(Gather => Digits);

impl Digits {
    /// What ended it.
    pub fn ended_by(&self) -> EndedBy {
        self.ended_by
    }

    /// The digits as text.
    pub fn as_str(&self) -> &str {
        &self.digits
    }

    /// The first digit.
    pub fn first(&self) -> Option<char> {
        self.digits.chars().next()
    }
}

impl Deref for Digits {
    type Target = str;

    fn deref(&self) -> &str {
        &self.digits
    }
}

impl PartialEq<&str> for Digits {
    fn eq(&self, other: &&str) -> bool {
        self.digits == *other
    }
}
