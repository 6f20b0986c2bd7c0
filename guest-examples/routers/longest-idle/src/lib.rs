//! Longest idle: the agent who has waited longest gets the contact that came
//! first. This is the router a tenant starts with, and the one that decides
//! when a tenant's own router fails.

use strowger_sdk::{AgentOrder, ContactOrder, Distribution, prelude::*};

/// See the crate.
#[derive(Debug, Default)]
pub struct LongestIdle;

impl Router for LongestIdle {
    fn decide(&mut self, queues: Distribution, trigger: RouterTrigger) -> Result<(), Error> {
        match trigger {
            RouterTrigger::ContactWaiting(contact) | RouterTrigger::Wake(contact) => {
                queues.offer_first(contact, AgentOrder::LongestIdle)?;
            }
            RouterTrigger::AgentReady(agent) => {
                queues.serve_first(agent, ContactOrder::Arrival)?;
            }
            RouterTrigger::Signal(_) => {}
        }
        Ok(())
    }
}

strowger_sdk::export! { router: LongestIdle }
