//! Everything of a tenant that calls need, read at once, so that a call never
//! waits for the database.

use crate::{Agent, Number, Program, Prompt, Queue, Result, Tenant, TenantStore, Trunk};
use strowger_model::{AgentId, AgentState, Timestamp};

/// A tenant's configuration at one moment.
#[derive(Clone, Debug)]
pub struct TenantConfiguration {
    /// The tenant.
    pub tenant: Tenant,
    /// Its trunks.
    pub trunks: Vec<Trunk>,
    /// Its numbers.
    pub numbers: Vec<Number>,
    /// Its agents.
    pub agents: Vec<Agent>,
    /// What the agents were doing when last heard of.
    pub last_states: Vec<(AgentId, AgentState, Timestamp)>,
    /// Its queues.
    pub queues: Vec<Queue>,
    /// Its flows with their current versions.
    pub flows: Vec<Program>,
    /// Its routers with their current versions.
    pub routers: Vec<Program>,
    /// Its prompts, without audio.
    pub prompts: Vec<Prompt>,
}

impl TenantStore {
    /// Reads the tenant's whole configuration.
    pub async fn configuration(&self) -> Result<TenantConfiguration> {
        Ok(TenantConfiguration {
            tenant: self.settings().await?,
            trunks: self.trunks().list().await?,
            numbers: self.numbers().list().await?,
            agents: self.agents().list().await?,
            last_states: self.agents().last_states().await?,
            queues: self.queues().list().await?,
            flows: self.flows().list().await?,
            routers: self.routers().list().await?,
            prompts: self.prompts().list().await?,
        })
    }
}
