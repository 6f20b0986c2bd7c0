//! Routers: which agent gets which contact.

use crate::error::Error;
use crate::host;
use crate::signal::Signal;
use crate::time::to_ms;
use std::time::Duration;

/// Candidates asked for at a time: most decisions are made with the first few.
const PAGE: u32 = 8;

/// A waiting contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its id.
    pub id: u64,
    /// Name of its queue.
    pub queue: String,
    /// Higher is served first.
    pub priority: i32,
    /// How long it has waited.
    pub waited_ms: u64,
    /// Offers that came to nothing.
    pub offers: u32,
}

/// An agent who may be given a contact now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Their id.
    pub id: u64,
    /// Since they became ready.
    pub idle_ms: u64,
    /// Contacts served since signing in.
    pub served: u32,
    /// Sum of their levels over the skills the contact needs.
    pub level: u32,
}

/// Which contact comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContactOrder {
    /// The one that came first.
    Arrival,
    /// The one with the highest priority, then the one that came first.
    Priority,
    /// Priority plus what the queue adds per minute of waiting, then arrival.
    AgedPriority,
}

/// Which agent comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgentOrder {
    /// The one idle for longest.
    LongestIdle,
    /// The one who served fewest.
    LeastServed,
    /// The one with the highest levels in the skills needed.
    HighestLevel,
}

impl ContactOrder {
    fn name(self) -> &'static str {
        match self {
            Self::Arrival => "arrival",
            Self::Priority => "priority",
            Self::AgedPriority => "aged-priority",
        }
    }
}

impl AgentOrder {
    fn name(self) -> &'static str {
        match self {
            Self::LongestIdle => "longest-idle",
            Self::LeastServed => "least-served",
            Self::HighestLevel => "highest-level",
        }
    }
}

/// Why a router is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouterTrigger {
    /// A contact began to wait, came back, or one of its needs relaxed.
    ContactWaiting(u64),
    /// An agent can take a contact.
    AgentReady(u64),
    /// A time asked for with [`Distribution::wake_in`] has come.
    Wake(u64),
    /// Anything else; to be ignored if unknown.
    Signal(Signal),
}

/// An agent-selection strategy. One value serves a tenant; it may be made anew
/// before any trigger and must not depend on what it remembers.
///
/// ```
/// use strowger_sdk::{AgentOrder, ContactOrder, Distribution, prelude::*};
///
/// #[derive(Default)]
/// struct LongestIdle;
///
/// impl Router for LongestIdle {
///     fn decide(&mut self, queues: Distribution, trigger: RouterTrigger) -> Result<(), Error> {
///         match trigger {
///             RouterTrigger::ContactWaiting(contact) | RouterTrigger::Wake(contact) => {
///                 queues.offer_first(contact, AgentOrder::LongestIdle)?;
///             }
///             RouterTrigger::AgentReady(agent) => {
///                 queues.serve_first(agent, ContactOrder::Arrival)?;
///             }
///             RouterTrigger::Signal(_) => {}
///         }
///         Ok(())
///     }
/// }
/// strowger_sdk::export! { router: LongestIdle }
/// ```
pub trait Router {
    /// Makes as many assignments as it wants. An error makes the stock router
    /// decide instead.
    fn decide(&mut self, queues: Distribution, trigger: RouterTrigger) -> Result<(), Error>;
}

/// The tenant's queues and agents, sorted by the host. A name for them rather
/// than a thing: it can be copied at will.
#[derive(Clone, Copy, Debug)]
pub struct Distribution {
    _private: (),
}

impl Distribution {
    pub(crate) fn current() -> Self {
        Self { _private: () }
    }

    /// Waiting contacts that this agent may serve, best first. They are fetched
    /// a few at a time, as far as the iterator is read.
    pub fn contacts_for(
        self,
        agent: u64,
        order: ContactOrder,
    ) -> impl Iterator<Item = Contact> + use<> {
        let page = move |skip| host::contacts_for_agent(agent, order.name(), skip, PAGE);
        Paged::new(page)
    }

    /// Ready agents who may serve this contact, best first; fetched like contacts.
    pub fn agents_for(
        self,
        contact: u64,
        order: AgentOrder,
    ) -> impl Iterator<Item = Agent> + use<> {
        let page = move |skip| host::agents_for_contact(contact, order.name(), skip, PAGE);
        Paged::new(page)
    }

    /// Offers the contact to the agent.
    pub fn assign(self, contact: u64, agent: u64) -> Result<(), Error> {
        host::assign(contact, agent).map_err(|reason| Error::Refused { action: "assign", reason })
    }

    /// Offers the contact to the first agent who will do; whether there was one.
    /// There is none for a contact that waits no more.
    pub fn offer_first(self, contact: u64, order: AgentOrder) -> Result<bool, Error> {
        let agents = host::agents_for_contact(contact, order.name(), 0, 1).unwrap_or_default();
        match agents.first() {
            Some(agent) => self.assign(contact, agent.id).map(|()| true),
            None => Ok(false),
        }
    }

    /// Gives the agent the first contact they may serve; whether there was one.
    /// There is none for an agent who is no longer ready.
    pub fn serve_first(self, agent: u64, order: ContactOrder) -> Result<bool, Error> {
        let contacts = host::contacts_for_agent(agent, order.name(), 0, 1).unwrap_or_default();
        match contacts.first() {
            Some(contact) => self.assign(contact.id, agent).map(|()| true),
            None => Ok(false),
        }
    }

    /// Asks to be woken about this contact later.
    pub fn wake_in(self, contact: u64, time: Duration) -> Result<(), Error> {
        host::wake_in(contact, to_ms(time))
            .map_err(|reason| Error::Refused { action: "wake-in", reason })
    }

    /// The agent who last talked to this contact's caller, if signed in.
    pub fn last_agent(self, contact: u64) -> Option<u64> {
        self.contact_fact(contact, "last-agent")?.parse().ok()
    }

    /// Something known of a contact; names are listed in `wit/router.wit`.
    pub fn contact_fact(self, contact: u64, name: &str) -> Option<String> {
        host::contact_fact(contact, name)
    }

    /// Something known of an agent; names are listed in `wit/router.wit`.
    pub fn agent_fact(self, agent: u64, name: &str) -> Option<String> {
        host::agent_fact(agent, name)
    }
}

/// Pages of a list of the host, one after the other. A list that the host
/// refuses is an empty one: the contact or the agent is gone.
struct Paged<T, F> {
    fetch: F,
    page: std::vec::IntoIter<T>,
    read: u32,
    last: bool,
}

impl<T, F: FnMut(u32) -> Result<Vec<T>, String>> Paged<T, F> {
    fn new(fetch: F) -> Self {
        Self { fetch, page: Vec::new().into_iter(), read: 0, last: false }
    }
}

impl<T, F: FnMut(u32) -> Result<Vec<T>, String>> Iterator for Paged<T, F> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        if self.page.len() == 0 && !self.last {
            let page = (self.fetch)(self.read).unwrap_or_default();
            self.last = page.len() < PAGE as usize;
            self.page = page.into_iter();
        }
        let item = self.page.next()?;
        self.read += 1;
        Some(item)
    }
}
