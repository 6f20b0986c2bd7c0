//! What can be typed, word by word.

use crate::script::HttpResult;
use std::time::Duration;
use strowger_model::{Cause, Timestamp};

/// The extension of an agent who is given none.
const USUAL_AGENT: &str = "201";
/// How long somebody talks who does not say how long.
const USUAL_SPEECH: Duration = Duration::from_secs(2);

/// What there is to type, for `help`.
pub(super) const HELP: &str = "\
1  #  12#                        press digits
wait 10s | wait                  let time pass | until something happens
say 3s | silence 3s              the caller talks | is silent while being recorded
hangup                           the caller hangs up
answer as agent [201]            the waiting caller is offered to an agent, who answers
agent 201 does not answer        … who lets it ring
agent 201 is busy                … who is busy
media stops                      nothing is heard from the caller's phone
agent hangs up|holds|resumes     whoever the caller talks to
party TARGET answers|is busy|does not answer|is not reachable
                                 somebody whom the flow dials, extension:100 for example
position 3 60s                   the place in the queue and the expected wait
queue overflows                  the queue takes the caller no longer
sound busy                       a tone from the caller's side
pick up from TARGET              somebody picks the parked caller up
service \"GET https://…\" 200 BODY what a service answers from now on
service \"GET https://…\" fails    | times out; `any` stands for what is not named
expect hears|begins WORDS        the next thing heard | as soon as it begins
expect silence|answered|recorded|ended
expect queue|dials|asked|logged|fails|conference|parked WHAT
expect rejected 486 | expect needs SKILL LEVEL | expect priority N
expect attribute|stored NAME VALUE
before the call: from, to, at, language, timezone, fact, seed, stored, prompts fail; then: call";

/// What is true before the call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Setting {
    From(String),
    To(String),
    At(Timestamp),
    Language(String),
    Fact(String, String),
    Seed(u64),
    Stored(String, String),
    PromptsFail,
}

/// What happens in the call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Command {
    Help,
    /// Begins the call, if nothing else did.
    Call,
    Set(Setting),
    Service {
        request: String,
        result: HttpResult,
    },
    Press(String),
    Wait(Option<Duration>),
    Say(Duration),
    Silence(Duration),
    HangUp,
    AgentAnswers(String),
    AgentDoesNot(String),
    AgentIsBusy(String),
    MediaStops,
    OtherHangsUp,
    OtherHolds,
    OtherResumes,
    PartyAnswers(String),
    PartyDoesNot(String),
    PartyFails(String, Cause),
    Position(u32, Duration),
    Overflows,
    Sound(String),
    PickedUpBy(String),
    Expect(Expectation),
}

/// What is to be true.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expectation {
    Hears(String),
    Begins(String),
    Silence,
    Answered,
    Recorded,
    Ended,
    Queue(String),
    Dials(String),
    Asked(String),
    Logged(String),
    Fails(String),
    Conference(String),
    Parked(String),
    Rejected(u16),
    Needs(String, u8),
    Priority(i32),
    Attribute(String, String),
    Stored(String, String),
}

/// One line; none: a blank one or a `# comment`.
pub(super) fn parse(line: &str) -> Result<Option<Command>, String> {
    let line = line.trim();
    // A lone `#` is a digit.
    if line.is_empty() || line.starts_with("# ") || line.starts_with("##") {
        return Ok(None);
    }
    let words = words(line)?;
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let not_known = || format!("`{line}` is not known; `help` says what is");
    let command = match words.as_slice() {
        ["help"] => Command::Help,
        ["call"] => Command::Call,
        [digits] if is_digits(digits) => Command::Press((*digits).to_owned()),
        ["press", digits] if is_digits(digits) => Command::Press((*digits).to_owned()),
        ["wait"] => Command::Wait(None),
        ["wait", time] => Command::Wait(Some(duration(time)?)),
        ["say" | "speak", time] if duration(time).is_ok() => Command::Say(duration(time)?),
        ["say" | "speak", ..] => Command::Say(USUAL_SPEECH),
        ["silence", time] => Command::Silence(duration(time)?),
        ["hangup"] | ["hang", "up"] => Command::HangUp,
        ["answer", "as", "agent"] => Command::AgentAnswers(USUAL_AGENT.to_owned()),
        ["answer", "as", "agent", agent] | ["agent", agent, "answers"] => {
            Command::AgentAnswers((*agent).to_owned())
        }
        ["agent", agent, "does", "not", "answer"] => Command::AgentDoesNot((*agent).to_owned()),
        ["agent", agent, "is", "busy"] => Command::AgentIsBusy((*agent).to_owned()),
        ["media", "stops"] => Command::MediaStops,
        ["agent" | "party", "hangs", "up"] => Command::OtherHangsUp,
        ["agent" | "party", "holds"] => Command::OtherHolds,
        ["agent" | "party", "resumes"] => Command::OtherResumes,
        ["party", target, "answers"] => Command::PartyAnswers((*target).to_owned()),
        ["party", target, "does", "not", "answer"] => Command::PartyDoesNot((*target).to_owned()),
        ["party", target, "is", "busy"] => Command::PartyFails((*target).to_owned(), Cause::Busy),
        ["party", target, "is", "not", "reachable"] => {
            Command::PartyFails((*target).to_owned(), Cause::NotFound)
        }
        ["position", place, wait] => Command::Position(number(place)?, duration(wait)?),
        ["queue", "overflows"] => Command::Overflows,
        ["sound", tone] => Command::Sound((*tone).to_owned()),
        ["pick", "up", "from", who] => Command::PickedUpBy((*who).to_owned()),
        ["service", request, "fails"] => {
            Command::Service { request: (*request).to_owned(), result: HttpResult::Failed }
        }
        ["service", request, "times", "out"] => {
            Command::Service { request: (*request).to_owned(), result: HttpResult::Timeout }
        }
        ["service", request, status, body @ ..] => Command::Service {
            request: (*request).to_owned(),
            result: HttpResult::Response {
                status: number(status)?,
                body: body.join(" "),
                headers: Vec::new(),
            },
        },
        ["expect", expected @ ..] => Command::Expect(expectation(expected).ok_or_else(not_known)??),
        other => Command::Set(setting(other).ok_or_else(not_known)??),
    };
    Ok(Some(command))
}

fn expectation(words: &[&str]) -> Option<Result<Expectation, String>> {
    use Expectation as E;
    Some(Ok(match words {
        ["silence"] => E::Silence,
        ["answered"] => E::Answered,
        ["recorded"] => E::Recorded,
        ["ended"] => E::Ended,
        ["hears", what @ ..] if !what.is_empty() => E::Hears(what.join(" ")),
        ["begins", what @ ..] if !what.is_empty() => E::Begins(what.join(" ")),
        ["queue", name] => E::Queue((*name).to_owned()),
        ["dials", target] => E::Dials((*target).to_owned()),
        ["asked", what @ ..] if !what.is_empty() => E::Asked(what.join(" ")),
        ["logged", what @ ..] if !what.is_empty() => E::Logged(what.join(" ")),
        ["fails", what @ ..] => E::Fails(what.join(" ")),
        ["conference", name] => E::Conference((*name).to_owned()),
        ["parked", slot] => E::Parked((*slot).to_owned()),
        ["rejected", status] => return Some(number(status).map(E::Rejected)),
        ["needs", skill, level] => {
            return Some(number(level).map(|level| E::Needs((*skill).to_owned(), level)));
        }
        ["priority", priority] => return Some(number(priority).map(E::Priority)),
        ["attribute", name, value] => E::Attribute((*name).to_owned(), (*value).to_owned()),
        ["stored", key, value] => E::Stored((*key).to_owned(), (*value).to_owned()),
        _ => return None,
    }))
}

fn setting(words: &[&str]) -> Option<Result<Setting, String>> {
    Some(Ok(match words {
        ["from", who] => Setting::From((*who).to_owned()),
        ["to", whom] => Setting::To((*whom).to_owned()),
        ["at", time] => return Some(crate::script::utc(time).map(Setting::At)),
        ["language", language] => Setting::Language((*language).to_owned()),
        ["timezone", name] => Setting::Fact("timezone".to_owned(), (*name).to_owned()),
        ["fact", name, value] => Setting::Fact((*name).to_owned(), (*value).to_owned()),
        ["seed", seed] => return Some(number(seed).map(Setting::Seed)),
        ["stored", key, value] => Setting::Stored((*key).to_owned(), (*value).to_owned()),
        ["prompts", "fail"] => Setting::PromptsFail,
        _ => return None,
    }))
}

fn is_digits(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_digit() || "*#ABCD".contains(c))
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("`{word}` is no number that fits here"))
}

/// `500ms`, `10s`, `2m`, or seconds.
pub(crate) fn duration(word: &str) -> Result<Duration, String> {
    let at = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
    let (count, unit) = word.split_at(at);
    let unit_ms = match unit {
        "ms" => 1,
        "s" | "" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return Err(format!("`{word}` is no time; write 500ms, 10s or 2m")),
    };
    let count: u32 =
        count.parse().map_err(|_| format!("`{word}` is no time; write 500ms, 10s or 2m"))?;
    Ok(Duration::from_millis(u64::from(count) * unit_ms))
}

/// Splits at blanks; `"two words"` are one.
fn words(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(words);
        }
        let (word, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted
                .split_once('"')
                .ok_or_else(|| "a quotation mark is missing at the end".to_owned())?,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_comments_and_blank_lines_are_told_apart() {
        assert_eq!(parse("#").unwrap(), Some(Command::Press("#".into())));
        assert_eq!(parse("12#").unwrap(), Some(Command::Press("12#".into())));
        assert_eq!(parse("# the menu").unwrap(), None);
        assert_eq!(parse("   ").unwrap(), None);
    }

    #[test]
    fn quoted_words_stay_together() {
        let expected = Command::Expect(Expectation::Hears("press 1".into()));
        assert_eq!(parse("expect hears \"press 1\"").unwrap(), Some(expected.clone()));
        assert_eq!(parse("expect hears press 1").unwrap(), Some(expected));
        assert!(parse("expect hears \"press 1").unwrap_err().contains("quotation mark"));
    }

    #[test]
    fn what_is_not_known_says_where_help_is() {
        for line in ["dance", "expect rain", "expect", "wait soon", "press x", "seed much"] {
            let error = parse(line).unwrap_err();
            assert!(error.contains("help") || error.contains("is no"), "{line}: {error}");
        }
    }

    #[test]
    fn times_have_units() {
        for (word, ms) in [("500ms", 500), ("10s", 10_000), ("7", 7_000), ("2m", 120_000)] {
            assert_eq!(duration(word).unwrap(), Duration::from_millis(ms), "{word}");
        }
    }
}
