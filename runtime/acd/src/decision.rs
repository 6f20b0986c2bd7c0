//! The journal of routing: why did this caller reach that agent?

use crate::distribution::{Agent, Contact, RouterTrigger};
use crate::routers::RouterChoice;
use serde::{Deserialize, Serialize};
use strowger_model::{AgentId, CallId, TenantId, Timestamp};

/// One run of a router: what it was told, what it looked at, what it chose.
/// With the answers kept, another router can be tried on the same traffic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Whose.
    pub tenant: TenantId,
    /// Number of the run.
    pub ask: u64,
    /// When.
    pub at: Timestamp,
    /// The seed the router was given.
    pub seed: u64,
    /// Which router.
    pub router: RouterChoice,
    /// Why it was asked.
    pub trigger: RouterTrigger,
    /// What it asked and was answered, in order.
    pub looks: Vec<Look>,
    /// Looks beyond the most that are kept.
    pub looks_dropped: u32,
    /// What it chose; empty after a fault.
    pub assignments: Vec<Assignment>,
    /// Why the run did not count.
    pub fault: Option<String>,
    /// What kind the fault is of.
    #[serde(default)]
    pub fault_kind: Option<String>,
    /// Fuel used.
    pub fuel: u64,
    /// Time inside the guest.
    pub busy_us: u64,
}

/// One question of a router with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Look {
    /// `contacts-for-agent`.
    Contacts {
        /// The agent asked about.
        agent: u64,
        /// The order asked for.
        order: String,
        /// How many were passed over.
        skip: u32,
        /// The answer.
        found: Vec<Contact>,
    },
    /// `agents-for-contact`.
    Agents {
        /// The contact asked about.
        contact: u64,
        /// The order asked for.
        order: String,
        /// How many were passed over.
        skip: u32,
        /// The answer.
        found: Vec<Agent>,
    },
    /// `contact-fact`.
    ContactFact {
        /// The contact asked about.
        contact: u64,
        /// The fact's name.
        name: String,
        /// The answer.
        value: Option<String>,
    },
    /// `agent-fact`.
    AgentFact {
        /// The agent asked about.
        agent: u64,
        /// The fact's name.
        name: String,
        /// The answer.
        value: Option<String>,
    },
    /// `wake-in`.
    Wake {
        /// The contact asked about.
        contact: u64,
        /// After how long.
        ms: u32,
    },
    /// Anything that was refused.
    Refused {
        /// Why, as the router was told.
        reason: String,
    },
}

/// A contact given to an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The contact's number.
    pub contact: u64,
    /// Its call.
    pub call: CallId,
    /// The agent's number.
    pub agent_number: u64,
    /// The agent.
    pub agent: AgentId,
}
