//! Queues, who serves them and how they are doing.

mod create;
mod delete;
mod get;
mod list;
mod status;
mod status_of_one;
mod update;

use super::distribution::{self, RouterChoice};
use crate::problem::Result;
use crate::state::Api;
use serde::{Deserialize, Serialize};
use strowger_model::{AgentId, QueueId, SkillNeed, Timestamp};
use strowger_store::{self as store, ProgramNames, TenantStore};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_queues))
        .routes(routes!(create::create_queue))
        .routes(routes!(get::get_queue))
        .routes(routes!(update::update_queue))
        .routes(routes!(delete::delete_queue))
        .routes(routes!(status::queues_status))
        .routes(routes!(status_of_one::queue_status))
}

/// What can be set on a queue.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueueBody {
    /// Unique within the tenant; what flows call it.
    name: String,
    /// Skills that every contact in this queue needs.
    #[serde(default)]
    needs: Vec<SkillNeed>,
    /// Priority gained per minute of waiting.
    #[serde(default)]
    ageing_per_minute: u32,
    /// Contacts waiting at the same time; more overflow. Default 1000.
    #[serde(default)]
    max_waiting: Option<u32>,
    /// Longest wait; 0: no limit.
    #[serde(default)]
    max_wait_ms: u64,
    /// How long an agent's phone rings before the next one is tried. Default 20000.
    #[serde(default)]
    ring_ms: Option<u64>,
    /// Time after a conversation before the next one. Default 10000.
    #[serde(default)]
    wrap_up_ms: Option<u64>,
    /// Agents who serve it, by id; absent: every agent with the skills.
    #[serde(default)]
    members: Option<Vec<AgentId>>,
    /// Which router decides about its contacts; absent: the tenant's.
    #[serde(default)]
    router: Option<RouterChoice>,
}

/// A queue.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Queue {
    pub id: QueueId,
    pub name: String,
    pub needs: Vec<SkillNeed>,
    pub ageing_per_minute: u32,
    pub max_waiting: u32,
    pub max_wait_ms: u64,
    pub ring_ms: u64,
    pub wrap_up_ms: u64,
    /// Agents who serve it; absent: every agent with the skills.
    pub members: Option<Vec<AgentId>>,
    /// Which router decides about its contacts; absent: the tenant's.
    pub router: Option<RouterChoice>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl QueueBody {
    async fn find(
        self,
        api: &Api,
        scope: &TenantStore,
    ) -> Result<(store::QueueSettings, store::Members)> {
        let router = match self.router {
            Some(choice) => Some(choice.find(api, scope).await?),
            None => None,
        };
        let usual = store::QueueSettings::default();
        let settings = store::QueueSettings {
            name: self.name,
            needs: self.needs,
            ageing_per_minute: self.ageing_per_minute,
            max_waiting: self.max_waiting.unwrap_or(usual.max_waiting),
            max_wait_ms: self.max_wait_ms,
            ring_ms: self.ring_ms.unwrap_or(usual.ring_ms),
            wrap_up_ms: self.wrap_up_ms.unwrap_or(usual.wrap_up_ms),
            router,
        };
        Ok((settings, self.members.map_or(store::Members::All, store::Members::Only)))
    }
}

impl Queue {
    async fn shown(scope: &TenantStore, queue: store::Queue) -> Result<Self> {
        let names = distribution::names(scope, queue.settings.router.iter()).await?;
        Ok(Self::with(&names, queue))
    }

    fn with(names: &ProgramNames, queue: store::Queue) -> Self {
        let settings = queue.settings;
        let router = settings.router.as_ref();
        Self {
            id: queue.id,
            name: settings.name,
            needs: settings.needs,
            ageing_per_minute: settings.ageing_per_minute,
            max_waiting: settings.max_waiting,
            max_wait_ms: settings.max_wait_ms,
            ring_ms: settings.ring_ms,
            wrap_up_ms: settings.wrap_up_ms,
            members: match queue.members {
                store::Members::All => None,
                store::Members::Only(agents) => Some(agents),
            },
            router: router.and_then(|choice| RouterChoice::shown(names, choice)),
            created_at: queue.created_at,
            updated_at: queue.updated_at,
        }
    }
}
