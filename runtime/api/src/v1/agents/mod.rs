//! Agents, their extensions and what they are doing.

mod create;
mod delete;
mod get;
mod list;
mod order;
mod state;
mod status;
mod update;

use crate::state::Api;
use serde::{Deserialize, Serialize};
use strowger_model::{Address, AgentId, Skill, Timestamp};
use strowger_store as store;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_agents))
        .routes(routes!(create::create_agent))
        .routes(routes!(get::get_agent))
        .routes(routes!(update::update_agent))
        .routes(routes!(delete::delete_agent))
        .routes(routes!(status::agents_status))
        .routes(routes!(state::agent_state))
        .routes(routes!(order::order_agent))
}

/// What can be set on an agent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgentBody {
    /// Name for people.
    name: String,
    /// What is dialled to reach the agent and the user name of the phone.
    extension: Address,
    /// Password of the phone; stored as a hash. May be absent in a change that
    /// keeps the extension.
    #[serde(default)]
    password: Option<String>,
    /// What the agent can do.
    #[serde(default)]
    skills: Vec<Skill>,
}

/// An agent. Passwords are never shown.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Agent {
    pub id: AgentId,
    pub name: String,
    pub extension: Address,
    pub skills: Vec<Skill>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl AgentBody {
    fn split(self) -> (store::AgentSettings, Option<store::PhonePassword>) {
        let settings = store::AgentSettings {
            name: self.name,
            extension: self.extension,
            skills: self.skills,
        };
        (settings, self.password.map(store::PhonePassword))
    }
}

impl From<store::Agent> for Agent {
    fn from(agent: store::Agent) -> Self {
        Self {
            id: agent.id,
            name: agent.settings.name,
            extension: agent.settings.extension,
            skills: agent.settings.skills,
            created_at: agent.created_at,
            updated_at: agent.updated_at,
        }
    }
}
