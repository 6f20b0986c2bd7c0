//! A menu: a prompt, a digit, and another try.

use crate::call::Call;
use crate::error::Error;
use crate::source::Sources;
use crate::time::secs;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

/// A choice by one digit; made by [`crate::Call::menu`]. Awaiting it gives the
/// choice, or `None` if the caller chose nothing in all tries. A digit may be
/// pressed while the prompt is heard.
#[must_use = "nothing is asked until it is awaited"]
pub struct Menu<T> {
    call: Call,
    prompt: Vec<String>,
    wrong: Vec<String>,
    choices: Vec<(char, T)>,
    tries: u32,
    wait: Duration,
}

impl<T: Clone> Menu<T> {
    pub(crate) fn new(call: Call, prompt: Vec<String>) -> Self {
        Self { call, prompt, wrong: Vec::new(), choices: Vec::new(), tries: 1, wait: secs(5) }
    }

    /// What a digit means.
    pub fn choice(mut self, digit: char, choice: T) -> Self {
        self.choices.push((digit, choice));
        self
    }

    /// How often the prompt is repeated after a wrong digit or none.
    pub fn retries(self, retries: u32) -> Self {
        Self { tries: retries.saturating_add(1), ..self }
    }

    /// Heard before the prompt is repeated.
    pub fn when_wrong(mut self, sources: impl Sources) -> Self {
        self.wrong = sources.into_list();
        self
    }

    /// How long the caller may think after the prompt.
    pub fn wait(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    async fn ask(self) -> Result<Option<T>, Error> {
        for attempt in 0..self.tries {
            let mut prompt = if attempt == 0 { Vec::new() } else { self.wrong.clone() };
            prompt.extend_from_slice(&self.prompt);
            let gather = self.call.gather().prompt_list(prompt).barge_in();
            let digits = gather.first_digit_within(self.wait).await?;
            let chosen = self.choices.iter().find(|(digit, _)| digits.first() == Some(*digit));
            if let Some((_, choice)) = chosen {
                return Ok(Some(choice.clone()));
            }
        }
        Ok(None)
    }
}

impl<T: Clone + 'static> IntoFuture for Menu<T> {
    type Output = Result<Option<T>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.ask())
    }
}

impl<T> fmt::Debug for Menu<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Menu").field("prompt", &self.prompt).finish_non_exhaustive()
    }
}
