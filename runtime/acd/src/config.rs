//! What a tenant has configured: queues and agents.

use crate::routers::RouterPlan;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use strowger_model::{AgentId, QueueId, Skill, SkillNeed, TenantId};

/// What a distribution starts from; queues and agents follow as inputs.
#[derive(Clone, Copy, Debug)]
pub struct AcdSetup {
    /// Whose distribution it is.
    pub tenant: TenantId,
    /// Start of the sequence of seeds that routers are given.
    pub seed: u64,
}

/// A queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueConfig {
    /// Which queue; a second configuration with the same id replaces the first.
    pub id: QueueId,
    /// Name by which flows enqueue, unique in the tenant.
    pub name: String,
    /// Skills that every contact of this queue needs.
    #[serde(default)]
    pub needs: Vec<SkillNeed>,
    /// Points of priority that a contact gains per minute of waiting.
    #[serde(default)]
    pub ageing_per_minute: u32,
    /// Most contacts in the queue, those being offered included; 0: no limit.
    #[serde(default)]
    pub max_waiting: u32,
    /// Longest wait; 0: no limit. A contact may ask for less, never for more.
    #[serde(default)]
    pub max_wait_ms: u64,
    /// How long an agent's phone rings for a contact of this queue.
    #[serde(default = "default_ring_ms")]
    pub ring_ms: u64,
    /// Time after a conversation in which the agent is given nothing; 0: none.
    #[serde(default)]
    pub wrap_up_ms: u64,
    /// Who serves it.
    #[serde(default)]
    pub members: Members,
    /// What becomes of an agent who did not answer.
    #[serde(default)]
    pub after_no_answer: AfterNoAnswer,
    /// Who decides about contacts that begin to wait from now on.
    #[serde(default)]
    pub router: RouterPlan,
}

impl QueueConfig {
    /// A queue that everybody serves, without needs or limits.
    pub fn new(id: QueueId, name: impl Into<String>) -> Self {
        Self {
            id,
            name: name.into(),
            needs: Vec::new(),
            ageing_per_minute: 0,
            max_waiting: 0,
            max_wait_ms: 0,
            ring_ms: default_ring_ms(),
            wrap_up_ms: 0,
            members: Members::All,
            after_no_answer: AfterNoAnswer::NotReady,
            router: RouterPlan::default(),
        }
    }
}

/// Three or four rings, the usual patience with an agent.
fn default_ring_ms() -> u64 {
    20_000
}

/// Who serves a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Members {
    /// Every agent of the tenant.
    #[default]
    All,
    /// These.
    Only(BTreeSet<AgentId>),
}

/// What becomes of an agent whose phone rang and who did not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AfterNoAnswer {
    /// Not ready, for the reason `no_answer`, until the agent says otherwise.
    #[default]
    NotReady,
    /// Ready again, as the one who has been idle for the shortest time.
    Ready,
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentConfig {
    /// Which agent; a second configuration with the same id replaces the first.
    pub id: AgentId,
    /// Shown to routers and screens.
    pub name: String,
    /// What to dial to reach the agent.
    pub extension: String,
    /// What the agent can do.
    #[serde(default)]
    pub skills: Vec<Skill>,
}
