//! Small facts about calls and agents: each one row or a few, written as they
//! become known and never read by a call.
//!
//! Every statement may be repeated, and one about a tenant or an agent that was
//! deleted meanwhile writes nothing: a batch never fails for what it says.

use crate::dialect::Connections;
use crate::usage::{self, UsageOfRun};
use crate::{Recording, Result, row};
use strowger_model::{AgentId, AgentState, CallId, ContactOutcome, TenantId, Timestamp, VersionId};

type Transaction<'a> = sqlx::Transaction<'a, sqlx::Any>;

/// Something to be kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// What an agent is doing, for after a restart.
    AgentState {
        /// Whose agent.
        tenant: TenantId,
        /// Which.
        agent: AgentId,
        /// Doing what.
        state: AgentState,
        /// Since when.
        since: Timestamp,
    },
    /// Where an agent's phones are, for after a restart.
    Contacts {
        /// Whose agent.
        tenant: TenantId,
        /// Which.
        agent: AgentId,
        /// As signalling keeps it; none: no phone can be reached.
        contacts: Option<String>,
    },
    /// A recording, or what has become of it.
    Recording {
        /// Whose.
        tenant: TenantId,
        /// The recording.
        recording: Recording,
    },
    /// What a router saw and chose.
    Decision {
        /// Whose router.
        tenant: TenantId,
        /// Number of the decision within the distribution's life.
        ask: u64,
        /// When.
        at: Timestamp,
        /// The calls it gave to agents.
        calls: Vec<CallId>,
        /// The version that decided and how that went; none: it was no version of
        /// the tenant's own.
        by: Option<DecidedBy>,
        /// The decision, as JSON.
        body: String,
    },
    /// What became of a contact that a version of a router was to decide about.
    RoutedContact {
        /// Whose.
        tenant: TenantId,
        /// Which version.
        version: VersionId,
        /// When its wait was over.
        at: Timestamp,
        /// Which call waited.
        call: CallId,
        /// How the wait ended.
        outcome: ContactOutcome,
    },
    /// What guests have used, as this run of the server has added it up.
    Usage(UsageOfRun),
}

/// A version of a router that has decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidedBy {
    /// Which.
    pub version: VersionId,
    /// What kind of fault it had.
    pub fault_kind: Option<String>,
    /// Fuel used.
    pub fuel: u64,
    /// Microseconds inside the guest.
    pub busy_us: u64,
}

/// Writes facts in one transaction.
pub(crate) async fn write_all(db: &Connections, facts: &[Fact]) -> Result<()> {
    let mut tx = db.write.begin().await?;
    for fact in facts {
        write(&mut tx, fact).await?;
    }
    tx.commit().await?;
    Ok(())
}

pub(crate) async fn write(tx: &mut Transaction<'_>, fact: &Fact) -> Result<()> {
    match fact {
        Fact::AgentState { tenant, agent, state, since } => {
            sqlx::query(
                "INSERT INTO agent_states (agent_id, tenant_id, state, since) \
                 SELECT id, tenant_id, $3, $4 FROM agents WHERE tenant_id = $1 AND id = $2 \
                 ON CONFLICT (agent_id) DO UPDATE \
                 SET state = excluded.state, since = excluded.since",
            )
            .bind(tenant.to_string())
            .bind(agent.to_string())
            .bind(row::to_json(state)?)
            .bind(row::ms(*since))
            .execute(&mut **tx)
            .await?;
        }
        Fact::Contacts { tenant, agent, contacts: Some(contacts) } => {
            sqlx::query(
                "INSERT INTO phone_contacts (agent_id, tenant_id, contacts) \
                 SELECT id, tenant_id, $3 FROM agents WHERE tenant_id = $1 AND id = $2 \
                 ON CONFLICT (agent_id) DO UPDATE SET contacts = excluded.contacts",
            )
            .bind(tenant.to_string())
            .bind(agent.to_string())
            .bind(contacts)
            .execute(&mut **tx)
            .await?;
        }
        Fact::Contacts { tenant, agent, contacts: None } => {
            sqlx::query("DELETE FROM phone_contacts WHERE tenant_id = $1 AND agent_id = $2")
                .bind(tenant.to_string())
                .bind(agent.to_string())
                .execute(&mut **tx)
                .await?;
        }
        Fact::Usage(of_run) => usage::write(tx, of_run).await?,
        Fact::Recording { tenant, recording } => write_recording(tx, *tenant, recording).await?,
        Fact::RoutedContact { tenant, version, at, call, outcome } => {
            sqlx::query(
                "INSERT INTO routed_contacts (tenant_id, version_id, at, call_id, outcome) \
                 SELECT tenant_id, id, $3, $4, $5 FROM versions WHERE tenant_id = $1 AND id = $2 \
                 ON CONFLICT (tenant_id, version_id, at, call_id) DO NOTHING",
            )
            .bind(tenant.to_string())
            .bind(version.to_string())
            .bind(row::ms(*at))
            .bind(call.to_string())
            .bind(outcome.name())
            .execute(&mut **tx)
            .await?;
        }
        Fact::Decision { tenant, ask, at, calls, by, body } => {
            let (tenant, at) = (tenant.to_string(), row::ms(*at));
            // A counter of ours; it does not reach the sign bit.
            let ask = i64::try_from(*ask).unwrap_or(i64::MAX);
            sqlx::query(
                "INSERT INTO decisions (tenant_id, at, ask, body, version_id, fault_kind, fuel, \
                 busy_us) SELECT id, $2, $3, $4, $5, $6, $7, $8 FROM tenants WHERE id = $1 \
                 ON CONFLICT (tenant_id, at, ask) DO NOTHING",
            )
            .bind(&tenant)
            .bind(at)
            .bind(ask)
            .bind(body)
            .bind(by.as_ref().map(|by| by.version.to_string()))
            .bind(by.as_ref().and_then(|by| by.fault_kind.clone()))
            .bind(by.as_ref().map(|by| row::big(by.fuel)))
            .bind(by.as_ref().map(|by| row::big(by.busy_us)))
            .execute(&mut **tx)
            .await?;
            for call in calls {
                sqlx::query(
                    "INSERT INTO decision_calls (call_id, tenant_id, at, ask) \
                     SELECT $1, id, $3, $4 FROM tenants WHERE id = $2 \
                     ON CONFLICT (call_id, at, ask) DO NOTHING",
                )
                .bind(call.to_string())
                .bind(&tenant)
                .bind(at)
                .bind(ask)
                .execute(&mut **tx)
                .await?;
            }
        }
    }
    Ok(())
}

async fn write_recording(
    tx: &mut Transaction<'_>,
    tenant: TenantId,
    recording: &Recording,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO recordings (id, tenant_id, call_id, file, state, started_at, duration_ms, \
         size_bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (id) DO UPDATE SET state = excluded.state, \
         duration_ms = excluded.duration_ms, size_bytes = excluded.size_bytes \
         WHERE recordings.tenant_id = excluded.tenant_id",
    )
    .bind(recording.id.to_string())
    .bind(tenant.to_string())
    .bind(recording.call.to_string())
    .bind(&recording.file)
    .bind(recording.state.name())
    .bind(row::ms(recording.started_at))
    .bind(row::big(recording.duration_ms))
    .bind(row::big(recording.size_bytes))
    .execute(&mut **tx)
    .await?;
    Ok(())
}
