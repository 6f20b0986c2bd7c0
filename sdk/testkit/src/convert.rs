//! From the SDK's words to those of the call core, as the bindings do in Wasm.

use strowger_call::{
    Action, CommandId, DetectOptions, DialOptions, EnqueueOptions, GatherOptions, GuestEvent,
    HttpRequest, ParkOptions,
};
use strowger_model::{LegId, Relaxation, SkillNeed};
use strowger_sdk::host;
use strowger_sdk::{Completion, DigitPress, Event, Signal};

pub(crate) fn action(action: host::Action) -> Result<Action, String> {
    use host::Action as Asked;
    Ok(match action {
        Asked::Ring => Action::Ring,
        Asked::EarlyMedia => Action::EarlyMedia,
        Asked::Answer => Action::Answer,
        Asked::Reject { status, reason } => Action::Reject { status, reason },
        Asked::HangUp => Action::HangUp,
        Asked::Play { sources, times } => Action::Play { sources, times },
        Asked::Stop { command } => Action::Stop { command: CommandId(command) },
        Asked::Gather { prompt, options } => Action::Gather {
            prompt,
            options: GatherOptions {
                max_digits: options.max_digits,
                terminators: options.terminators,
                first_digit_ms: options.first_digit_ms,
                inter_digit_ms: options.inter_digit_ms,
                barge_in: options.barge_in,
                secret: options.secret,
            },
        },
        Asked::WatchDigits { on } => Action::WatchDigits { on },
        Asked::RecordStart { max_ms, silence_ms } => Action::RecordStart { max_ms, silence_ms },
        Asked::RecordStop => Action::RecordStop,
        Asked::RecordPause => Action::RecordPause,
        Asked::RecordResume => Action::RecordResume,
        Asked::Enqueue(options) => Action::Enqueue(EnqueueOptions {
            queue: options.queue,
            skills: options.skills.into_iter().map(need).collect(),
            priority: options.priority,
            attributes: options.attributes,
            treatment: options.treatment,
            max_wait_ms: options.max_wait_ms,
        }),
        Asked::LeaveQueue => Action::LeaveQueue,
        Asked::Dial(options) => Action::Dial(dial(options)?),
        Asked::Bridge { leg } => Action::Bridge { leg: LegId(leg) },
        Asked::Transfer(options) => Action::Transfer(dial(options)?),
        Asked::Detect(options) => Action::Detect(DetectOptions {
            speech_pause_ms: options.speech_pause_ms,
            silence_ms: options.silence_ms,
            tones: options.tones,
        }),
        Asked::ConferenceJoin(options) => {
            Action::ConferenceJoin { conference: options.conference, muted: options.muted }
        }
        Asked::Mute { on } => Action::Mute { on },
        Asked::Park(options) => Action::Park(ParkOptions {
            slot: options.slot,
            treatment: options.treatment,
            max_wait_ms: options.max_wait_ms,
        }),
        Asked::PickUp { from } => Action::PickUp { from },
        Asked::KvGet { key } => Action::KvGet { key },
        Asked::KvSet { key, value, ttl_s } => Action::KvSet { key, value, ttl_s },
        Asked::HttpRequest(options) => Action::HttpRequest(HttpRequest {
            method: options.method,
            url: options.url,
            headers: options.headers,
            body: options.body,
            timeout_ms: options.timeout_ms,
        }),
        Asked::Sleep { ms } => Action::Sleep { ms },
    })
}

fn need(need: host::SkillNeed) -> SkillNeed {
    let relax = need.relax.into_iter();
    SkillNeed {
        name: need.name,
        min_level: need.min_level,
        relax: relax
            .map(|step| Relaxation { after_s: step.after_s, min_level: step.min_level })
            .collect(),
    }
}

fn dial(options: host::DialOptions) -> Result<DialOptions, String> {
    Ok(DialOptions {
        targets: options.targets,
        strategy: options.strategy.parse()?,
        timeout_ms: options.timeout_ms,
        caller_id: options.caller_id,
    })
}

pub(crate) fn event(event: GuestEvent) -> Event {
    match event {
        GuestEvent::Started => Event::Started,
        GuestEvent::Completed { command, outcome, value } => {
            Event::Completed(Completion { command: command.0, outcome, value })
        }
        GuestEvent::Input { digit, held_ms } => Event::Digit(DigitPress { digit, held_ms }),
        GuestEvent::Ended { cause } => Event::Ended(cause.name().to_owned()),
        GuestEvent::Signal { name, data } => Event::Signal(Signal { name, data }),
    }
}
