//! The host inside Wasm: the imported functions.

use crate::bindings::flow::strowger::platform as flow;
use crate::bindings::pacer::strowger::platform as pacer;
use crate::bindings::router::strowger::platform as router;
use crate::log::Level;
use crate::router::{Agent, Contact};

pub use flow::conferencing::{ConferenceOptions, conference_join, mute};
pub use flow::dialing::{DialOptions, bridge, dial, transfer};
pub use flow::digits::{GatherOptions, gather, watch_digits};
pub use flow::facts::{attribute, detail, fact, set_attribute};
pub use flow::http::{HttpRequestOptions, http_request};
pub use flow::listening::{DetectOptions, detect};
pub use flow::parking::{ParkOptions, park, pick_up};
pub use flow::playback::{play, stop};
pub use flow::queueing::{EnqueueOptions, Relaxation, SkillNeed, enqueue, leave_queue};
pub use flow::recording::{record_pause, record_resume, record_start, record_stop};
pub use flow::signalling::{answer, early_media, hang_up, reject, ring};
pub use flow::storage::{kv_get, kv_set};
pub use flow::timing::sleep;
pub use pacer::campaign::{cap, metric};
pub use router::distribution::{agent_fact, assign, contact_fact, wake_in};

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
