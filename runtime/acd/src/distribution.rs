//! What a router may see and do: the WIT interface `distribution`, in Rust.
//!
//! The guest host calls it on behalf of a router while that router decides;
//! [`Acd`](crate::Acd) implements it. Numbers are the ones a guest sees: a
//! guest may hand in any number at all, so nothing here may panic on one.

use serde::{Deserialize, Serialize};
use std::any::Any;

/// A tenant's queues and agents as a router sees them.
///
/// Ownership goes into the router's decision and comes back by
/// [`into_any`](Self::into_any); there is no lock.
pub trait Distribution: Send {
    /// Waiting contacts that this agent may serve, best first.
    ///
    /// # Errors
    /// An order, agent or depth that the host does not know or allow, in words
    /// for the router's author.
    fn contacts_for_agent(
        &mut self,
        agent: u64,
        order: &str,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<Contact>, String>;

    /// Ready agents who may serve this contact, best first.
    ///
    /// # Errors
    /// As [`contacts_for_agent`](Self::contacts_for_agent).
    fn agents_for_contact(
        &mut self,
        contact: u64,
        order: &str,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<Agent>, String>;

    /// `from`, `to`, `last-agent`, `attribute:NAME`, `need:SKILL`.
    fn contact_fact(&mut self, contact: u64, name: &str) -> Option<String>;

    /// `name`, `extension`, `state`, `skill:NAME`, `idle-ms`.
    fn agent_fact(&mut self, agent: u64, name: &str) -> Option<String>;

    /// Chooses the agent for the contact. The offer goes out when the router
    /// has returned without a fault; after a fault the choice is undone.
    ///
    /// # Errors
    /// Either is no longer free, or the agent may not serve the contact.
    fn assign(&mut self, contact: u64, agent: u64) -> Result<(), String>;

    /// Asks for a [`RouterTrigger::Wake`] about this contact. A later call for
    /// the same contact replaces the earlier one.
    ///
    /// # Errors
    /// The contact is not waiting.
    fn wake_in(&mut self, contact: u64, ms: u32) -> Result<(), String>;

    /// Gives the value behind the trait object back to its owner.
    fn into_any(self: Box<Self>) -> Box<dyn Any + Send>;
}

/// A waiting contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Its number, as triggers and `assign` name it.
    pub id: u64,
    /// Name of its queue.
    pub queue: String,
    /// Priority it came with.
    pub priority: i32,
    /// Time in the queue.
    pub waited_ms: u64,
    /// Offers that came to nothing.
    pub offers: u32,
}

/// An agent who may be given a contact now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// Its number, as triggers and `assign` name it.
    pub id: u64,
    /// Since the agent became ready.
    pub idle_ms: u64,
    /// Contacts served since signing in.
    pub served: u32,
    /// Sum of the agent's levels over the skills the contact needs now.
    pub level: u32,
}

/// Why a router is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RouterTrigger {
    /// A contact began to wait, came back, or one of its needs relaxed.
    ContactWaiting(u64),
    /// An agent can take a contact.
    AgentReady(u64),
    /// A time asked for by `wake_in` has come, for this contact.
    Wake(u64),
    /// Anything else.
    Signal {
        /// What it is about.
        name: String,
        /// Depends on the name.
        data: String,
    },
}
