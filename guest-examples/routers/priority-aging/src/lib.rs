//! Priority with ageing: the contact with the highest priority is served first,
//! and every minute of waiting adds to it what the queue says, so that nobody
//! waits for ever behind more important callers.

use strowger_sdk::{AgentOrder, ContactOrder, Distribution, prelude::*};

/// See the crate.
#[derive(Debug, Default)]
pub struct PriorityAging;

impl Router for PriorityAging {
    fn decide(&mut self, queues: Distribution, trigger: RouterTrigger) -> Result<(), Error> {
        match trigger {
            RouterTrigger::ContactWaiting(contact) | RouterTrigger::Wake(contact) => {
                queues.offer_first(contact, AgentOrder::LongestIdle)?;
            }
            RouterTrigger::AgentReady(agent) => {
                queues.serve_first(agent, ContactOrder::AgedPriority)?;
            }
            RouterTrigger::Signal(_) => {}
        }
        Ok(())
    }
}

strowger_sdk::export! { router: PriorityAging }
