//! `distribution`: a router's questions to its tenant's queues and agents.

use super::GuestState;
use super::bindings::router::strowger::platform::distribution;
use crate::fault::Stopped;
use crate::limits::{MAX_CANDIDATES, MAX_NAME_BYTES, MAX_ROUTER_ACTIONS, MAX_TURN_CANDIDATES};
use strowger_call::FaultKind;

impl distribution::Host for GuestState {
    fn contacts_for_agent(
        &mut self,
        agent: u64,
        order: String,
        skip: u32,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<distribution::Contact>, String>> {
        self.count(order.len())?;
        let router = self.role.router()?;
        let found =
            router.host.contacts_for_agent(agent, bounded(&order), skip, limit.min(MAX_CANDIDATES));
        router.handed_out(found.as_ref().map_or(0, Vec::len))?;
        Ok(found.map(|contacts| {
            contacts
                .into_iter()
                .map(|contact| distribution::Contact {
                    id: contact.id,
                    queue: contact.queue,
                    priority: contact.priority,
                    waited_ms: contact.waited_ms,
                    offers: contact.offers,
                })
                .collect()
        }))
    }

    fn agents_for_contact(
        &mut self,
        contact: u64,
        order: String,
        skip: u32,
        limit: u32,
    ) -> wasmtime::Result<Result<Vec<distribution::Agent>, String>> {
        self.count(order.len())?;
        let router = self.role.router()?;
        let found = router.host.agents_for_contact(
            contact,
            bounded(&order),
            skip,
            limit.min(MAX_CANDIDATES),
        );
        router.handed_out(found.as_ref().map_or(0, Vec::len))?;
        Ok(found.map(|agents| {
            agents
                .into_iter()
                .map(|agent| distribution::Agent {
                    id: agent.id,
                    idle_ms: agent.idle_ms,
                    served: agent.served,
                    level: agent.level,
                })
                .collect()
        }))
    }

    fn contact_fact(&mut self, contact: u64, name: String) -> wasmtime::Result<Option<String>> {
        self.count(name.len())?;
        Ok(self.role.router()?.host.contact_fact(contact, bounded(&name)))
    }

    fn agent_fact(&mut self, agent: u64, name: String) -> wasmtime::Result<Option<String>> {
        self.count(name.len())?;
        Ok(self.role.router()?.host.agent_fact(agent, bounded(&name)))
    }

    fn assign(&mut self, contact: u64, agent: u64) -> wasmtime::Result<Result<(), String>> {
        self.count(0)?;
        let router = self.role.router()?;
        router.acted()?;
        Ok(router.host.assign(contact, agent))
    }

    fn wake_in(&mut self, contact: u64, ms: u32) -> wasmtime::Result<Result<(), String>> {
        self.count(0)?;
        let router = self.role.router()?;
        router.acted()?;
        Ok(router.host.wake_in(contact, ms))
    }
}

impl super::RouterHost {
    fn handed_out(&mut self, candidates: usize) -> wasmtime::Result<()> {
        self.candidates =
            self.candidates.saturating_add(u32::try_from(candidates).unwrap_or(u32::MAX));
        if self.candidates > MAX_TURN_CANDIDATES {
            return Err(Stopped::error(
                FaultKind::Actions,
                format!("looked at more than {MAX_TURN_CANDIDATES} candidates in one decision"),
            ));
        }
        Ok(())
    }

    fn acted(&mut self) -> wasmtime::Result<()> {
        self.actions += 1;
        if self.actions > MAX_ROUTER_ACTIONS {
            return Err(Stopped::error(
                FaultKind::Actions,
                format!("asked for more than {MAX_ROUTER_ACTIONS} assignments in one decision"),
            ));
        }
        Ok(())
    }
}

/// No order and no fact has a longer name; an empty one is unknown everywhere.
fn bounded(name: &str) -> &str {
    if name.len() <= MAX_NAME_BYTES { name } else { "" }
}
