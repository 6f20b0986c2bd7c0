//! Chooses as any router does, and panics in the same decision. Proves that a trap
//! undoes the choice, and that the stock router then decides.

use strowger_sdk::{AgentOrder, ContactOrder, Distribution, prelude::*};

/// See the crate.
#[derive(Debug, Default)]
pub struct TrappingRouter;

impl Router for TrappingRouter {
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
        panic!("this router always breaks");
    }
}

strowger_sdk::export! { router: TrappingRouter }
