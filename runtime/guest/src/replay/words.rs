//! Events and actions in words, for whoever reads a comparison.

use crate::limits::{MAX_MESSAGE_BYTES, cut};
use std::fmt::Write as _;
use strowger_call::{Action, DialOptions, DialStrategy, Fault, GatherOptions, GuestEvent};
use strowger_model::SkillNeed;

/// What a guest was told: `completed 3: digits "42"`.
pub fn event_in_words(event: &GuestEvent) -> String {
    let words = match event {
        GuestEvent::Started => "started".to_owned(),
        GuestEvent::Completed { command, outcome, value } if value.is_empty() => {
            format!("completed {command}: {outcome}")
        }
        GuestEvent::Completed { command, outcome, value } => {
            format!("completed {command}: {outcome} {value:?}")
        }
        GuestEvent::Input { digit, held_ms: 0 } => format!("digit {digit}"),
        GuestEvent::Input { digit, held_ms } => format!("digit {digit}, held {held_ms} ms"),
        GuestEvent::Ended { cause } => format!("ended: {}", cause.name()),
        GuestEvent::Signal { name, data } if data.is_empty() => format!("signal {name}"),
        GuestEvent::Signal { name, data } => format!("signal {name} {data:?}"),
    };
    cut(words, MAX_MESSAGE_BYTES)
}

/// What a guest asked for: `sleep 1.5 s`.
pub fn action_in_words(action: &Action) -> String {
    let words = match action {
        Action::Ring => "ring".to_owned(),
        Action::EarlyMedia => "open early media".to_owned(),
        Action::Answer => "answer".to_owned(),
        Action::Reject { status, reason } => format!("reject with {status} {reason}"),
        Action::HangUp => "hang up".to_owned(),
        Action::Play { sources, times } => format!("play {}{}", list(sources), repeats(*times)),
        Action::Stop { command } => format!("stop {command}"),
        Action::Gather { prompt, options } => gather(prompt, options),
        Action::WatchDigits { on: true } => "watch digits".to_owned(),
        Action::WatchDigits { on: false } => "watch digits no more".to_owned(),
        Action::RecordStart { max_ms, silence_ms } => {
            let mut text = "record".to_owned();
            limit(&mut text, "for at most", *max_ms);
            limit(&mut text, "until silence of", *silence_ms);
            text
        }
        Action::RecordStop => "stop recording".to_owned(),
        Action::RecordPause => "pause the recording".to_owned(),
        Action::RecordResume => "go on recording".to_owned(),
        Action::Enqueue(options) => {
            let mut text = format!("wait in queue {}", options.queue);
            for need in &options.skills {
                let _ = write!(text, ", skill {}", skill(need));
            }
            if options.priority != 0 {
                let _ = write!(text, ", priority {}", options.priority);
            }
            for (name, value) in &options.attributes {
                let _ = write!(text, ", {name}={value:?}");
            }
            if !options.treatment.is_empty() {
                let _ = write!(text, ", hearing {}", list(&options.treatment));
            }
            limit(&mut text, "for at most", options.max_wait_ms);
            text
        }
        Action::LeaveQueue => "leave the queue".to_owned(),
        Action::Dial(options) => dial("dial", options),
        Action::Bridge { leg } => format!("connect with leg {leg}"),
        Action::Transfer(options) => dial("transfer to", options),
        Action::Detect(options) => {
            let mut text = "listen for".to_owned();
            limit(&mut text, "pauses of", options.speech_pause_ms);
            limit(&mut text, "silence of", options.silence_ms);
            text.push_str(if options.tones { " tones" } else { "" });
            if text == "listen for" { "listen for nothing".to_owned() } else { text }
        }
        Action::ConferenceJoin { conference, muted } => {
            format!("join conference {conference}{}", if *muted { ", muted" } else { "" })
        }
        Action::Mute { on: true } => "mute".to_owned(),
        Action::Mute { on: false } => "unmute".to_owned(),
        Action::Park(options) => {
            let mut text = format!("park at {}", options.slot);
            if !options.treatment.is_empty() {
                let _ = write!(text, ", hearing {}", list(&options.treatment));
            }
            limit(&mut text, "for at most", options.max_wait_ms);
            text
        }
        Action::PickUp { from } => format!("pick up {from}"),
        Action::KvGet { key } => format!("read key {key}"),
        Action::KvSet { key, value, ttl_s: 0 } => format!("store key {key} = {value:?}"),
        Action::KvSet { key, value, ttl_s } => {
            format!("store key {key} = {value:?} for {ttl_s} s")
        }
        Action::HttpRequest(request) => {
            let mut text = format!("HTTP {} {}", request.method, request.url);
            for (name, value) in &request.headers {
                let _ = write!(text, ", {name}: {value}");
            }
            if !request.body.is_empty() {
                let _ = write!(text, ", body {:?}", request.body);
            }
            limit(&mut text, "waiting at most", request.timeout_ms);
            text
        }
        Action::Sleep { ms } => format!("sleep {}", length_in_words(*ms)),
    };
    cut(words, MAX_MESSAGE_BYTES)
}

/// How a guest failed: `fail (trap: …)`.
pub fn fault_in_words(fault: &Fault) -> String {
    cut(format!("fail ({fault})"), MAX_MESSAGE_BYTES)
}

/// A length of time: `800 ms`, `1.5 s`.
pub fn length_in_words(ms: u32) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        _ if ms.is_multiple_of(1_000) => format!("{} s", ms / 1_000),
        _ => {
            let text = format!("{}.{:03}", ms / 1_000, ms % 1_000);
            format!("{} s", text.trim_end_matches('0'))
        }
    }
}

fn gather(prompt: &[String], options: &GatherOptions) -> String {
    let mut text = format!("gather up to {} digits", options.max_digits);
    if options.max_digits == 1 {
        text = "gather 1 digit".to_owned();
    }
    if !options.terminators.is_empty() {
        let _ = write!(text, " until {}", options.terminators);
    }
    if !prompt.is_empty() {
        let _ = write!(text, " after {}", list(prompt));
    }
    limit(&mut text, "first within", options.first_digit_ms);
    limit(&mut text, "next within", options.inter_digit_ms);
    if !options.barge_in {
        text.push_str(", prompt to its end");
    }
    if options.secret {
        text.push_str(", secret");
    }
    text
}

fn dial(verb: &str, options: &DialOptions) -> String {
    let mut text = format!("{verb} {}", options.targets.join(", "));
    if options.targets.len() > 1 {
        text.push_str(match options.strategy {
            DialStrategy::All => " all at once",
            DialStrategy::InTurn => " in turn",
        });
    }
    limit(&mut text, "for at most", options.timeout_ms);
    if !options.caller_id.is_empty() {
        let _ = write!(text, ", showing {}", options.caller_id);
    }
    text
}

fn list(sources: &[String]) -> String {
    sources.join(" + ")
}

fn repeats(times: u32) -> String {
    match times {
        0 => " until stopped".to_owned(),
        1 => String::new(),
        more => format!(" {more} times"),
    }
}

fn limit(text: &mut String, words: &str, ms: u32) {
    if ms > 0 {
        // Writing to a String cannot fail.
        let _ = write!(text, ", {words} {}", length_in_words(ms));
    }
}

fn skill(need: &SkillNeed) -> String {
    let mut text = format!("{}>={}", need.name, need.min_level);
    for step in &need.relax {
        let _ = write!(text, ", {} after {} s", step.min_level, step.after_s);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_call::CommandId;

    #[test]
    fn words_say_what_differs() {
        for (action, words) in [
            (Action::Sleep { ms: 1_500 }, "sleep 1.5 s"),
            (Action::Sleep { ms: 1_050 }, "sleep 1.05 s"),
            (Action::Stop { command: CommandId(3) }, "stop 3"),
            (
                Action::Play { sources: vec!["file:a".into(), "file:b".into()], times: 0 },
                "play file:a + file:b until stopped",
            ),
            (Action::RecordStart { max_ms: 0, silence_ms: 2_000 }, "record, until silence of 2 s"),
        ] {
            assert_eq!(action_in_words(&action), words);
        }
        let digits = GuestEvent::Completed {
            command: CommandId(2),
            outcome: "digits".into(),
            value: "42".into(),
        };
        assert_eq!(event_in_words(&digits), "completed 2: digits \"42\"");
    }

    #[test]
    fn long_words_are_cut() {
        let action = Action::Play { sources: vec!["x".repeat(10_000)], times: 1 };
        assert_eq!(action_in_words(&action).len(), MAX_MESSAGE_BYTES);
    }
}
