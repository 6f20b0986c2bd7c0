//! The text of a stock call: what is true before it, and how whoever plays the
//! world answers what the flow does.
//!
//! ```text
//! # What the call is about, in a sentence.
//! each 1 2                                  one call for each word, {each} below
//! patience 10m                              the caller then hangs up
//! from anonymous                            a setting, as in `strowger flow simulate`
//! service any 200 {"ok":true}
//! on gather after the prompt: {each}        a rule
//! on first enqueue after 5s: agent 201 answers
//! on dial: party {target} is busy
//! ```
//!
//! A rule is `on [first|later] HAPPENING [after TIME|after the prompt]: COMMAND`
//! with a command of `strowger flow simulate`. `{target}` is whom the flow dials,
//! `{digits}` as many digits as its `gather` takes.

use crate::happening::{Happening, NAMES};
use crate::simulation::duration;
use std::time::Duration;

/// How long a caller stays if the text does not say.
const USUAL_PATIENCE: Duration = Duration::from_secs(10 * 60);
/// Digits typed for `{digits}`; no `gather` takes more.
const MOST_DIGITS: u32 = 64;

/// One text of the stock set.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) about: String,
    /// Words that stand for `{each}`; one empty word if the text has none.
    pub(crate) each: Vec<String>,
    pub(crate) patience: Duration,
    pub(crate) settings: Vec<String>,
    pub(crate) rules: Vec<Rule>,
}

/// How something that happens is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// The whole line.
    pub(crate) line: String,
    happening: &'static str,
    times: Times,
    pub(crate) delay: Duration,
    /// Not before nothing is heard any more.
    pub(crate) after_prompt: bool,
    command: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Times {
    Every,
    First,
    Later,
}

impl Scenario {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut scenario = Self {
            about: String::new(),
            each: vec![String::new()],
            patience: USUAL_PATIENCE,
            settings: Vec::new(),
            rules: Vec::new(),
        };
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if let Some(about) = line.strip_prefix("# ") {
                if scenario.about.is_empty() {
                    about.clone_into(&mut scenario.about);
                }
            } else if let Some(words) = line.strip_prefix("each ") {
                scenario.each = words.split_whitespace().map(str::to_owned).collect();
            } else if let Some(time) = line.strip_prefix("patience ") {
                scenario.patience = duration(time)?;
            } else if let Some(rule) = line.strip_prefix("on ") {
                scenario.rules.push(Rule::parse(line, rule)?);
            } else {
                scenario.settings.push(line.to_owned());
            }
        }
        Ok(scenario)
    }
}

impl Rule {
    fn parse(line: &str, rule: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{line}` is no rule: on [first|later] HAPPENING [after TIME]: COMMAND");
        let (when, command) = rule.split_once(": ").ok_or_else(wrong)?;
        let words: Vec<&str> = when.split_whitespace().collect();
        let (times, words) = match words.as_slice() {
            ["first", rest @ ..] => (Times::First, rest),
            ["later", rest @ ..] => (Times::Later, rest),
            all => (Times::Every, all),
        };
        let (name, delay, after_prompt) = match words {
            [name] => (name, Duration::ZERO, false),
            [name, "after", "the", "prompt"] => (name, Duration::ZERO, true),
            [name, "after", time] => (name, duration(time)?, false),
            _ => return Err(wrong()),
        };
        let happening = NAMES
            .into_iter()
            .find(|known| known == name)
            .ok_or_else(|| format!("`{line}`: `{name}` never happens; {} do", NAMES.join(", ")))?;
        let (line, command) = (line.to_owned(), command.trim().to_owned());
        Ok(Self { line, happening, times, delay, after_prompt, command })
    }

    /// Whether it answers the `count`th happening of this name.
    pub(crate) fn answers(&self, happening: &Happening, count: u32) -> bool {
        self.happening == happening.name
            && match self.times {
                Times::Every => true,
                Times::First => count == 1,
                Times::Later => count > 1,
            }
    }

    /// The command, with everything put in.
    pub(crate) fn command(&self, happening: &Happening, each: &str) -> String {
        let digits = "1".repeat(happening.digits.clamp(1, MOST_DIGITS) as usize);
        self.command
            .replace("{each}", each)
            .replace("{target}", &happening.target)
            .replace("{digits}", &digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_line_by_line() {
        let text = "# About it.\n\neach 1 2\npatience 2m\nfrom anonymous\n\
                    on later gather after the prompt: {each}";
        let read = Scenario::parse(text).unwrap();
        assert_eq!((read.about.as_str(), read.each.len()), ("About it.", 2));
        assert_eq!(read.patience, Duration::from_secs(120));
        assert_eq!(read.settings, ["from anonymous"]);
        let asked = Happening::new("gather");
        assert!(!read.rules[0].answers(&asked, 1) && read.rules[0].answers(&asked, 2));
        assert_eq!(read.rules[0].command(&asked, "7"), "7");
    }

    #[test]
    fn what_is_no_rule_says_what_one_is() {
        for (line, words) in [
            ("on gather", "is no rule"),
            ("on rain: hangup", "never happens"),
            ("on gather after soon: 1", "is no time"),
        ] {
            let error = Scenario::parse(line).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
