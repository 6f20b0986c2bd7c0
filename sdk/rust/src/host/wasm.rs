//! The host inside Wasm: the imported functions.

use super::{Action, DialOptions};
use crate::bindings::flow::strowger::platform as flow;
use crate::bindings::pacer::strowger::platform as pacer;
use crate::bindings::router::strowger::platform as router;
use crate::log::Level;
use crate::router::{Agent, Contact};

/// Always inlined: the action is known where it is asked for, and a program
/// then imports only what it uses.
#[inline(always)]
pub fn act(action: Action) -> Result<u64, String> {
    match action {
        Action::Ring => flow::signalling::ring(),
        Action::EarlyMedia => flow::signalling::early_media(),
        Action::Answer => flow::signalling::answer(),
        Action::Reject { status, reason } => flow::signalling::reject(status, &reason),
        Action::HangUp => flow::signalling::hang_up(),
        Action::Play { sources, times } => flow::playback::play(&sources, times),
        Action::Stop { command } => flow::playback::stop(command).map(|()| 0),
        Action::Gather { prompt, options } => flow::digits::gather(
            &prompt,
            &flow::digits::GatherOptions {
                max_digits: options.max_digits,
                terminators: options.terminators,
                first_digit_ms: options.first_digit_ms,
                inter_digit_ms: options.inter_digit_ms,
                barge_in: options.barge_in,
                secret: options.secret,
            },
        ),
        Action::WatchDigits { on } => flow::digits::watch_digits(on).map(|()| 0),
        Action::RecordStart { max_ms, silence_ms } => {
            flow::recording::record_start(max_ms, silence_ms)
        }
        Action::RecordStop => flow::recording::record_stop().map(|()| 0),
        Action::RecordPause => flow::recording::record_pause().map(|()| 0),
        Action::RecordResume => flow::recording::record_resume().map(|()| 0),
        Action::Enqueue(options) => {
            let skills = options.skills.into_iter().map(|need| flow::queueing::SkillNeed {
                name: need.name,
                min_level: need.min_level,
                relax: need
                    .relax
                    .into_iter()
                    .map(|(after_s, min_level)| flow::queueing::Relaxation { after_s, min_level })
                    .collect(),
            });
            flow::queueing::enqueue(&flow::queueing::EnqueueOptions {
                queue: options.queue,
                skills: skills.collect(),
                priority: options.priority,
                attributes: options.attributes,
                treatment: options.treatment,
                max_wait_ms: options.max_wait_ms,
            })
        }
        Action::LeaveQueue => flow::queueing::leave_queue().map(|()| 0),
        Action::Dial(options) => flow::dialing::dial(&dial_options(options)),
        Action::Bridge { leg } => flow::dialing::bridge(leg),
        Action::Transfer(options) => flow::dialing::transfer(&dial_options(options)),
        Action::KvGet { key } => flow::storage::kv_get(&key),
        Action::KvSet { key, value, ttl_s } => flow::storage::kv_set(&key, &value, ttl_s),
        Action::HttpRequest(options) => flow::http::http_request(&flow::http::HttpRequestOptions {
            method: options.method,
            url: options.url,
            headers: options.headers,
            body: options.body,
            timeout_ms: options.timeout_ms,
        }),
        Action::Sleep { ms } => flow::timing::sleep(ms),
    }
}

fn dial_options(options: DialOptions) -> flow::dialing::DialOptions {
    flow::dialing::DialOptions {
        targets: options.targets,
        strategy: options.strategy.to_owned(),
        timeout_ms: options.timeout_ms,
        caller_id: options.caller_id,
    }
}

pub use flow::facts::{attribute, detail, fact, set_attribute};

pub fn log(level: Level, message: &str) {
    flow::logging::log(level.name(), message);
}

pub fn contacts_for_agent(
    agent: u64,
    order: &str,
    skip: u32,
    limit: u32,
) -> Result<Vec<Contact>, String> {
    let contacts = router::distribution::contacts_for_agent(agent, order, skip, limit)?;
    let contact = |found: router::distribution::Contact| Contact {
        id: found.id,
        queue: found.queue,
        priority: found.priority,
        waited_ms: found.waited_ms,
        offers: found.offers,
    };
    Ok(contacts.into_iter().map(contact).collect())
}

pub fn agents_for_contact(
    contact: u64,
    order: &str,
    skip: u32,
    limit: u32,
) -> Result<Vec<Agent>, String> {
    let agents = router::distribution::agents_for_contact(contact, order, skip, limit)?;
    let agent = |found: router::distribution::Agent| Agent {
        id: found.id,
        idle_ms: found.idle_ms,
        served: found.served,
        level: found.level,
    };
    Ok(agents.into_iter().map(agent).collect())
}

pub use pacer::campaign::{cap, metric};
pub use router::distribution::{agent_fact, assign, contact_fact, wake_in};
