//! Whether an action is well formed: sizes, ranges, spelling. Knows nothing of
//! the call it is for.

use crate::action::{Action, DialOptions, EnqueueOptions, GatherOptions, HttpRequest};
use crate::limits::CallLimits;
use crate::pick_up::PickUpFrom;
use crate::target::Target;
use crate::view::at_most;

/// What a digit can be (RFC 4733 §3.2 without flash).
pub(crate) fn is_digit(c: char) -> bool {
    matches!(c, '0'..='9' | '*' | '#' | 'A'..='D')
}

/// Range of `enqueue` priorities.
const PRIORITY: std::ops::RangeInclusive<i32> = -100..=100;
/// A terminator of every kind there is.
const TERMINATORS: u32 = 16;
/// Longest SIP reason phrase passed on.
const REASON_BYTES: u32 = 128;
/// Longest name of a queue.
const QUEUE_NAME_BYTES: u32 = 128;
/// Longest caller id, as long as an address.
const CALLER_ID_BYTES: u32 = 64;
/// Methods a service may be asked with.
const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];

/// Checks the shape of an action.
pub(crate) fn shape(action: &Action, limits: &CallLimits) -> Result<(), String> {
    match action {
        Action::Reject { status, reason } => {
            if !(400..=699).contains(status) {
                return Err(format!("a call is refused with a status of 400 to 699, not {status}"));
            }
            one_line("a reason", reason)?;
            at_most("a reason", reason.len(), REASON_BYTES)
        }
        Action::Play { sources: list, times } => {
            if list.is_empty() {
                return Err("there is nothing to play: give at least one source".into());
            }
            if *times > limits.play_times {
                return Err(format!(
                    "a list is played at most {} times, or 0 for until stopped",
                    limits.play_times
                ));
            }
            sources(list, limits)
        }
        Action::Gather { prompt, options } => {
            sources(prompt, limits)?;
            gather(options, limits)
        }
        Action::RecordStart { max_ms, silence_ms } => {
            timer("max-ms", *max_ms, limits)?;
            timer("silence-ms", *silence_ms, limits)
        }
        Action::Enqueue(options) => enqueue(options, limits),
        Action::Dial(options) | Action::Transfer(options) => dial(options, limits),
        Action::Detect(options) => {
            timer("speech-pause-ms", options.speech_pause_ms, limits)?;
            timer("silence-ms", options.silence_ms, limits)
        }
        Action::ConferenceJoin { conference, .. } => name("a conference", conference),
        Action::Park(options) => {
            name("a slot", &options.slot)?;
            sources(&options.treatment, limits)?;
            timer("max-wait-ms", options.max_wait_ms, limits)
        }
        Action::PickUp { from } => from.parse::<PickUpFrom>().map(drop),
        Action::KvGet { key } => kv_key(key, limits),
        Action::KvSet { key, value, .. } => {
            kv_key(key, limits)?;
            at_most("a stored value", value.len(), limits.kv_value_bytes)
        }
        Action::HttpRequest(request) => http(request, limits),
        Action::Sleep { ms } => timer("ms", *ms, limits),
        Action::Ring
        | Action::EarlyMedia
        | Action::Answer
        | Action::HangUp
        | Action::Stop { .. }
        | Action::WatchDigits { .. }
        | Action::RecordStop
        | Action::RecordPause
        | Action::RecordResume
        | Action::LeaveQueue
        | Action::Mute { .. }
        | Action::Bridge { .. } => Ok(()),
    }
}

/// Names of slots and conferences: they stand in logs and are dialled.
pub(crate) fn name(what: &str, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err(format!("{what} needs a name"));
    }
    at_most("a name", text.len(), QUEUE_NAME_BYTES)?;
    one_line("a name", text)
}

fn sources(list: &[String], limits: &CallLimits) -> Result<(), String> {
    if list.len() > limits.sources_per_play as usize {
        return Err(format!("at most {} sources at once", limits.sources_per_play));
    }
    for source in list {
        at_most("a source", source.len(), limits.source_bytes)?;
        let (kind, rest) = source.split_once(':').unwrap_or((source, ""));
        let known = match kind {
            "file" | "music" | "tone" => !rest.is_empty(),
            "text" => rest
                .split_once(':')
                .is_some_and(|(lang, words)| !lang.is_empty() && !words.is_empty()),
            "silence" => rest.parse::<u32>().is_ok_and(|ms| ms <= limits.timer_ms),
            "queue" => rest.split_once(':').is_some_and(|(what, lang)| {
                matches!(what, "position" | "wait") && !lang.is_empty()
            }),
            _ => false,
        };
        if !known {
            return Err(format!(
                "`{}` is no source: write file:NAME, text:LANG:WORDS, tone:NAME, \
                 silence:MILLISECONDS, music:NAME, queue:position:LANG or queue:wait:LANG",
                excerpt(source)
            ));
        }
    }
    Ok(())
}

fn gather(options: &GatherOptions, limits: &CallLimits) -> Result<(), String> {
    if !(1..=limits.gather_digits).contains(&options.max_digits) {
        return Err(format!(
            "max-digits is 1 to {}, not {}",
            limits.gather_digits, options.max_digits
        ));
    }
    at_most("the list of terminators", options.terminators.len(), TERMINATORS)?;
    if let Some(bad) = options.terminators.chars().find(|c| !is_digit(*c)) {
        return Err(format!("a terminator is one of 0-9 * # A-D, not `{bad}`"));
    }
    timer("first-digit-ms", options.first_digit_ms, limits)?;
    timer("inter-digit-ms", options.inter_digit_ms, limits)
}

fn enqueue(options: &EnqueueOptions, limits: &CallLimits) -> Result<(), String> {
    if options.queue.is_empty() {
        return Err("name the queue to wait in".into());
    }
    at_most("a queue's name", options.queue.len(), QUEUE_NAME_BYTES)?;
    if options.skills.len() > limits.skills as usize {
        return Err(format!("at most {} skills can be asked for", limits.skills));
    }
    for need in &options.skills {
        at_most("a skill's name", need.name.len(), limits.attribute_name_bytes)?;
        need.validate().map_err(|e| e.to_string())?;
    }
    if !PRIORITY.contains(&options.priority) {
        return Err(format!("a priority is -100 to 100, not {}", options.priority));
    }
    if options.attributes.len() > limits.attributes as usize {
        return Err(format!("a contact has at most {} attributes", limits.attributes));
    }
    for (name, value) in &options.attributes {
        at_most("an attribute's name", name.len(), limits.attribute_name_bytes)?;
        at_most("an attribute's value", value.len(), limits.attribute_value_bytes)?;
    }
    timer("max-wait-ms", options.max_wait_ms, limits)?;
    sources(&options.treatment, limits)
}

fn dial(options: &DialOptions, limits: &CallLimits) -> Result<(), String> {
    if options.targets.is_empty() {
        return Err("there is nobody to dial: give at least one target".into());
    }
    if options.targets.len() > limits.dial_targets as usize {
        return Err(format!("at most {} targets at once", limits.dial_targets));
    }
    for target in &options.targets {
        target.parse::<Target>()?;
    }
    if !(1..=limits.dial_ms).contains(&options.timeout_ms) {
        return Err(format!(
            "a target rings for 1 to {} ms, not {}",
            limits.dial_ms, options.timeout_ms
        ));
    }
    at_most("a caller id", options.caller_id.len(), CALLER_ID_BYTES)?;
    if !options.caller_id.is_empty() {
        options
            .caller_id
            .parse::<strowger_model::Address>()
            .map_err(|e| format!("the caller id cannot be shown: {e}"))?;
    }
    Ok(())
}

fn kv_key(key: &str, limits: &CallLimits) -> Result<(), String> {
    if key.is_empty() {
        return Err("a stored value needs a key".into());
    }
    at_most("a key", key.len(), limits.kv_key_bytes)
}

fn http(request: &HttpRequest, limits: &CallLimits) -> Result<(), String> {
    if !METHODS.contains(&request.method.as_str()) {
        return Err(format!("a method is one of {}", METHODS.join(", ")));
    }
    at_most("an address", request.url.len(), limits.http_url_bytes)?;
    if !(request.url.starts_with("http://") || request.url.starts_with("https://")) {
        return Err("an address begins with http:// or https://".into());
    }
    if request.headers.len() > limits.http_headers as usize {
        return Err(format!("a request has at most {} headers", limits.http_headers));
    }
    for (name, value) in &request.headers {
        at_most("a header", name.len() + value.len(), limits.http_header_bytes)?;
        one_line("a header", name)?;
        one_line("a header", value)?;
    }
    at_most("a body", request.body.len(), limits.http_body_bytes)?;
    if request.timeout_ms > limits.http_ms {
        return Err(format!("a response is awaited for at most {} ms", limits.http_ms));
    }
    Ok(())
}

fn timer(what: &str, ms: u32, limits: &CallLimits) -> Result<(), String> {
    if ms > limits.timer_ms {
        return Err(format!("{what} is at most {}, not {ms}", limits.timer_ms));
    }
    Ok(())
}

/// Line breaks would let a flow write headers of its own into SIP or HTTP.
fn one_line(what: &str, text: &str) -> Result<(), String> {
    if text.chars().any(char::is_control) {
        return Err(format!("{what} cannot hold control characters"));
    }
    Ok(())
}

fn excerpt(text: &str) -> &str {
    let end = text.char_indices().nth(40).map_or(text.len(), |(at, _)| at);
    &text[..end]
}
