//! Queues and who serves them.

use crate::router_choice::{self, RouterChoice};
use crate::{Result, StoreError, TenantStore, row};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use strowger_model::{AgentId, QueueId, SkillNeed, Timestamp};
use uuid::Uuid;

/// Skills a queue may ask for.
const MAX_NEEDS: usize = 16;
/// A day: longer waits are mistakes.
const MAX_MS: u64 = 24 * 3_600_000;

/// A queue as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Its id.
    pub id: QueueId,
    /// What can be set.
    pub settings: QueueSettings,
    /// Who serves it.
    pub members: Members,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What can be set on a queue besides its members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueSettings {
    /// Unique within the tenant; what flows call it.
    pub name: String,
    /// Skills that every contact in this queue needs.
    pub needs: Vec<SkillNeed>,
    /// Priority gained per minute of waiting.
    pub ageing_per_minute: u32,
    /// Contacts waiting at the same time; more overflow.
    pub max_waiting: u32,
    /// Longest wait; 0: no limit.
    pub max_wait_ms: u64,
    /// How long an agent's phone rings before the next one is tried.
    pub ring_ms: u64,
    /// Time after a conversation before the next one.
    pub wrap_up_ms: u64,
    /// Which router decides about its contacts; none: the tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub router: Option<RouterChoice>,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            needs: Vec::new(),
            ageing_per_minute: 0,
            max_waiting: 1_000,
            max_wait_ms: 0,
            ring_ms: 20_000,
            wrap_up_ms: 10_000,
            router: None,
        }
    }
}

/// Who serves a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Members {
    /// Every agent of the tenant who has the skills.
    All,
    /// These agents, if they have the skills.
    Only(Vec<AgentId>),
}

/// A tenant's queues.
#[derive(Clone, Debug)]
pub struct Queues(pub(crate) TenantStore);

impl Queues {
    /// Creates a queue; its name must be free within the tenant.
    pub async fn create(&self, settings: &QueueSettings, members: &Members) -> Result<Queue> {
        check(settings)?;
        let limit = self.0.settings().await?.settings.limits.max_queues;
        let id = QueueId(Uuid::now_v7());
        let mut tx = self.0.write().begin().await?;
        // Counting and inserting in one statement: two requests cannot both take the last place.
        let made = sqlx::query(
            "INSERT INTO queues (id, tenant_id, name, settings, all_agents, created_at, updated_at) \
             SELECT $1, $2, $3, $4, $5, $6, $6 \
             WHERE (SELECT COUNT(*) FROM queues WHERE tenant_id = $2) < $7",
        )
        .bind(id.to_string())
        .bind(self.0.key())
        .bind(&settings.name)
        .bind(row::to_json(settings)?)
        .bind(i64::from(*members == Members::All))
        .bind(row::ms(row::now()))
        .bind(i64::from(limit))
        .execute(&mut *tx)
        .await
        .map_err(|error| taken(error, settings))?;
        if made.rows_affected() == 0 {
            return Err(StoreError::conflict(format!(
                "the tenant has its {limit} queues already; delete one or have the limit raised"
            )));
        }
        self.write_members(&mut tx, id, members).await?;
        self.check_router(&mut tx, settings).await?;
        tx.commit().await?;
        self.get(id).await
    }

    /// Every queue, by name.
    pub async fn list(&self) -> Result<Vec<Queue>> {
        let rows = sqlx::query("SELECT * FROM queues WHERE tenant_id = $1 ORDER BY name")
            .bind(self.0.key())
            .fetch_all(self.0.read())
            .await?;
        let members = sqlx::query(
            "SELECT m.queue_id, m.agent_id FROM queue_members m \
             JOIN queues q ON q.id = m.queue_id WHERE q.tenant_id = $1 ORDER BY m.agent_id",
        )
        .bind(self.0.key())
        .fetch_all(self.0.read())
        .await?;
        let mut of_queue: std::collections::HashMap<QueueId, Vec<AgentId>> = Default::default();
        for member in &members {
            let queue = row::parsed(member, "queue_id")?;
            of_queue.entry(queue).or_default().push(row::parsed(member, "agent_id")?);
        }
        rows.iter()
            .map(|found| {
                let id = row::parsed(found, "id")?;
                from_row(found, of_queue.remove(&id).unwrap_or_default())
            })
            .collect()
    }

    /// One queue.
    pub async fn get(&self, id: QueueId) -> Result<Queue> {
        self.find(&id.to_string()).await
    }

    /// One queue by id or name.
    pub async fn find(&self, id_or_name: &str) -> Result<Queue> {
        let found =
            sqlx::query("SELECT * FROM queues WHERE tenant_id = $1 AND (id = $2 OR name = $2)")
                .bind(self.0.key())
                .bind(id_or_name)
                .fetch_optional(self.0.read())
                .await?
                .ok_or_else(|| StoreError::not_found("queue", id_or_name))?;
        let rows =
            sqlx::query("SELECT agent_id FROM queue_members WHERE queue_id = $1 ORDER BY agent_id")
                .bind(row::text(&found, "id")?)
                .fetch_all(self.0.read())
                .await?;
        let members =
            rows.iter().map(|member| row::parsed(member, "agent_id")).collect::<Result<_>>()?;
        from_row(&found, members)
    }

    /// Replaces a queue's settings and members.
    pub async fn update(
        &self,
        id: QueueId,
        settings: &QueueSettings,
        members: &Members,
    ) -> Result<Queue> {
        check(settings)?;
        let mut tx = self.0.write().begin().await?;
        let changed = sqlx::query(
            "UPDATE queues SET name = $3, settings = $4, all_agents = $5, updated_at = $6 \
             WHERE tenant_id = $1 AND id = $2",
        )
        .bind(self.0.key())
        .bind(id.to_string())
        .bind(&settings.name)
        .bind(row::to_json(settings)?)
        .bind(i64::from(*members == Members::All))
        .bind(row::ms(row::now()))
        .execute(&mut *tx)
        .await
        .map_err(|error| taken(error, settings))?;
        if changed.rows_affected() == 0 {
            return Err(StoreError::not_found("queue", id));
        }
        sqlx::query("DELETE FROM queue_members WHERE queue_id = $1")
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        self.write_members(&mut tx, id, members).await?;
        self.check_router(&mut tx, settings).await?;
        tx.commit().await?;
        self.get(id).await
    }

    /// Deletes a queue.
    pub async fn delete(&self, id: QueueId) -> Result<()> {
        let gone = sqlx::query("DELETE FROM queues WHERE tenant_id = $1 AND id = $2")
            .bind(self.0.key())
            .bind(id.to_string())
            .execute(self.0.write())
            .await?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::not_found("queue", id));
        }
        Ok(())
    }

    async fn check_router(
        &self,
        tx: &mut sqlx::Transaction<'_, sqlx::Any>,
        settings: &QueueSettings,
    ) -> Result<()> {
        match &settings.router {
            Some(choice) => router_choice::check(tx, self.0.key(), choice).await,
            None => Ok(()),
        }
    }

    /// Inserts members, each only if it is an agent of this very tenant.
    async fn write_members(
        &self,
        tx: &mut sqlx::Transaction<'_, sqlx::Any>,
        id: QueueId,
        members: &Members,
    ) -> Result<()> {
        let Members::Only(agents) = members else { return Ok(()) };
        for agent in agents {
            let done = sqlx::query(
                "INSERT INTO queue_members (queue_id, agent_id) \
                 SELECT $1, id FROM agents WHERE tenant_id = $2 AND id = $3 \
                 ON CONFLICT (queue_id, agent_id) DO UPDATE SET agent_id = excluded.agent_id",
            )
            .bind(id.to_string())
            .bind(self.0.key())
            .bind(agent.to_string())
            .execute(&mut **tx)
            .await?;
            if done.rows_affected() == 0 {
                return Err(StoreError::not_found("agent", agent));
            }
        }
        Ok(())
    }
}

fn check(settings: &QueueSettings) -> Result<()> {
    row::check_name("queue", &settings.name)?;
    if settings.needs.len() > MAX_NEEDS {
        return Err(StoreError::invalid(format!("a queue asks for at most {MAX_NEEDS} skills")));
    }
    for need in &settings.needs {
        row::check_name("skill", &need.name)?;
        need.validate().map_err(|why| StoreError::invalid(format!("{}: {why}", need.name)))?;
    }
    for (what, ms) in [
        ("max_wait_ms", settings.max_wait_ms),
        ("ring_ms", settings.ring_ms),
        ("wrap_up_ms", settings.wrap_up_ms),
    ] {
        if ms > MAX_MS {
            return Err(StoreError::invalid(format!("{what} is at most {MAX_MS} (a day)")));
        }
    }
    if settings.ring_ms < 1_000 {
        return Err(StoreError::invalid("ring_ms is at least 1000: nobody answers faster"));
    }
    Ok(())
}

fn taken(error: sqlx::Error, settings: &QueueSettings) -> StoreError {
    StoreError::or_taken(error, || {
        format!(
            "there is a queue {:?} already; change that one or choose another name",
            settings.name
        )
    })
}

fn from_row(found: &AnyRow, members: Vec<AgentId>) -> Result<Queue> {
    Ok(Queue {
        id: row::parsed(found, "id")?,
        settings: row::json(found, "settings")?,
        members: if row::number(found, "all_agents")? == 1 {
            Members::All
        } else {
            Members::Only(members)
        },
        created_at: row::time(found, "created_at")?,
        updated_at: row::time(found, "updated_at")?,
    })
}
