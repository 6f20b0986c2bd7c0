//! Skills: a contact goes to the agent who knows most about what it needs; an
//! agent takes the most urgent contact. Which agents will do at all, and how that
//! softens with the wait, the host knows from the needs and their relaxation.

use strowger_sdk::{AgentOrder, ContactOrder, Distribution, prelude::*};

/// See the crate.
#[derive(Debug, Default)]
pub struct Skills;

impl Router for Skills {
    fn decide(&mut self, queues: Distribution, trigger: RouterTrigger) -> Result<(), Error> {
        match trigger {
            RouterTrigger::ContactWaiting(contact) | RouterTrigger::Wake(contact) => {
                queues.offer_first(contact, AgentOrder::HighestLevel)?;
            }
            RouterTrigger::AgentReady(agent) => {
                queues.serve_first(agent, ContactOrder::Priority)?;
            }
            RouterTrigger::Signal(_) => {}
        }
        Ok(())
    }
}

strowger_sdk::export! { router: Skills }
