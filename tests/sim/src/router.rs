//! Routers: what a simulation asks of one, and a plain one.

use crate::random::Random;
use strowger_acd::{Distribution, RouterTrigger};

/// Serves whom waits best first, with the agent idle for longest.
pub const CONTACT_ORDER: &str = "aged-priority";

/// A tenant's router. A Wasm instance can stand behind it as well.
pub trait Router {
    /// Makes its assignments. An error makes the stock router decide.
    fn decide(
        &mut self,
        stock: bool,
        trigger: &RouterTrigger,
        seed: u64,
        host: &mut dyn Distribution,
    ) -> Result<(), String>;
}

/// The usual router, failing now and then.
#[derive(Debug)]
pub struct PlainRouter {
    faults: u32,
}

impl PlainRouter {
    /// A router of which so many decisions in a thousand fail; never the stock one's.
    pub fn new(faults: u32) -> Self {
        Self { faults }
    }
}

impl Router for PlainRouter {
    fn decide(
        &mut self,
        stock: bool,
        trigger: &RouterTrigger,
        seed: u64,
        host: &mut dyn Distribution,
    ) -> Result<(), String> {
        let agent = match *trigger {
            RouterTrigger::AgentReady(agent) => Some(agent),
            RouterTrigger::ContactWaiting(contact) | RouterTrigger::Wake(contact) => {
                host.agents_for_contact(contact, "longest-idle", 0, 1)?.first().map(|a| a.id)
            }
            RouterTrigger::Signal { .. } => None,
        };
        if let Some(agent) = agent
            && let Some(best) = host.contacts_for_agent(agent, CONTACT_ORDER, 0, 1)?.first()
        {
            host.assign(best.id, agent)?;
        }
        if !stock && Random::new(seed).per_mille(self.faults) {
            return Err("made up".into());
        }
        Ok(())
    }
}
