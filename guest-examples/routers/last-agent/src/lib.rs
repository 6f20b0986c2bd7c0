//! Last agent: a caller who talked to somebody before is offered to the same
//! agent. If that agent is busy, the contact is held back for a while; after
//! that, or if there is no such agent, anyone will do.

use strowger_sdk::{AgentOrder, ContactOrder, Distribution, prelude::*};

/// How long a contact waits for the agent it knows.
const HOLD_BACK_MS: u64 = 20_000;

/// Contacts an agent's turn looks at: the longest wait for someone else that an
/// agent who becomes ready may skip over, in contacts.
const LOOK_AT: usize = 16;

/// See the crate.
#[derive(Debug, Default)]
pub struct LastAgent;

impl LastAgent {
    /// Whether the contact still waits for an agent other than `agent`.
    fn waits_for_another(queues: Distribution, contact: u64, waited_ms: u64, agent: u64) -> bool {
        waited_ms < HOLD_BACK_MS && queues.last_agent(contact).is_some_and(|last| last != agent)
    }

    fn contact(queues: Distribution, contact: u64, first_time: bool) -> Result<(), Error> {
        if let Some(last) = queues.last_agent(contact) {
            let ready = queues
                .agents_for(contact, AgentOrder::LongestIdle)
                .take(LOOK_AT)
                .any(|agent| agent.id == last);
            if ready && queues.assign(contact, last).is_ok() {
                return Ok(());
            }
            if first_time {
                return queues.wake_in(contact, millis(HOLD_BACK_MS));
            }
        }
        queues.offer_first(contact, AgentOrder::LongestIdle)?;
        Ok(())
    }
}

impl Router for LastAgent {
    fn decide(&mut self, queues: Distribution, trigger: RouterTrigger) -> Result<(), Error> {
        match trigger {
            RouterTrigger::ContactWaiting(contact) => Self::contact(queues, contact, true),
            RouterTrigger::Wake(contact) => Self::contact(queues, contact, false),
            RouterTrigger::AgentReady(agent) => {
                let free = queues
                    .contacts_for(agent, ContactOrder::Arrival)
                    .take(LOOK_AT)
                    .find(|c| !Self::waits_for_another(queues, c.id, c.waited_ms, agent));
                match free {
                    Some(contact) => queues.assign(contact.id, agent),
                    None => Ok(()),
                }
            }
            RouterTrigger::Signal(_) => Ok(()),
        }
    }
}

strowger_sdk::export! { router: LastAgent }
