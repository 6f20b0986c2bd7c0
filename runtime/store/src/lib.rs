//! What outlives a process: tenants and their configuration, programs, prompts,
//! call records, journals and stored values, on SQLite.
//!
//! A tenant's data is reached only through [`Store::tenant`]; every statement
//! behind it names the tenant. Calls never wait for this crate: they write
//! through the [`Writer`], which batches, and read from a snapshot taken with
//! [`TenantStore::configuration`]. Nothing here decides anything about a call.

mod agent;
mod call;
mod compare;
mod compare_routers;
mod configuration;
mod credential;
mod decision;
mod dialect;
mod error;
mod fact;
mod journal;
mod key;
mod kv;
mod number;
mod program;
mod prompt;
mod queue;
mod recording;
mod recover;
mod rollout;
mod router_choice;
mod row;
pub mod rules;
mod scope;
mod signature;
mod tenant;
mod trunk;
mod usage;
mod writer;

pub use agent::{Agent, AgentSettings, Agents, PhonePassword};
pub use call::{CallFilter, Calls, Cursor, MAX_PAGE, Page};
pub use compare::{MAX_COMPARED_CALLS, MAX_COMPARED_VERSIONS, Spread, VersionReport};
pub use compare_routers::RouterReport;
pub use configuration::TenantConfiguration;
pub use credential::Ha1;
pub use decision::Decisions;
pub use dialect::Place;
pub use error::{Result, StoreError};
pub use fact::{DecidedBy, Fact};
pub use journal::{Journal, MAX_JOURNAL_PAGE, Packed, Removed, Salvaged, Upkeep};
pub use key::{ApiKey, KeyText, Keys, Role};
pub use kv::{KeyInfo, Kv, MAX_KEY, MAX_KEY_PAGE, MAX_VALUE};
pub use number::{BoundCanary, Number, NumberRoute, Numbers};
pub use program::{NewVersion, Program, ProgramKind, Programs, Sign, Version};
pub use prompt::{NewPrompt, Prompt, Prompts};
pub use queue::{Members, Queue, QueueSettings, Queues};
pub use recording::{Recording, RecordingState, Recordings};
pub use recover::{Unfinished, UnfinishedCall};
pub use rollout::{Canary, Order, Rollout};
pub use router_choice::{OwnCanary, OwnRouter, ProgramNames, RouterChoice, RouterRoute};
pub use scope::TenantStore;
pub use signature::StoredVersion;
pub use tenant::{CallFallback, Tenant, TenantLimits, TenantSettings, Tenants};
pub use trunk::{OutSecret, Trunk, TrunkPasswords, TrunkSettings, TrunkTransport, Trunks};
pub use usage::{MAX_USAGE_DAYS, Usage, UsageOfRun, UsageSums, Usages, day_of};
pub use writer::{
    OpenCall, Refused, Writer, WriterConfig, WriterCounts, WriterHealth, WriterStopped,
};

use dialect::Connections;
use strowger_model::{TenantId, Timestamp};

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    db: Connections,
}

impl Store {
    /// Opens the database and brings its schema up to date.
    pub async fn open(place: &Place) -> Result<Self> {
        Ok(Self { db: dialect::open(place).await? })
    }

    /// The operator's repository of tenants.
    pub fn tenants(&self) -> Tenants {
        Tenants { db: self.db.clone() }
    }

    /// A tenant's data. Does not check that the tenant exists: without it,
    /// everything is empty.
    pub fn tenant(&self, id: TenantId) -> TenantStore {
        TenantStore::new(self.db.clone(), id)
    }

    /// The operator's upkeep of journals.
    pub fn upkeep(&self) -> Upkeep {
        Upkeep { db: self.db.clone() }
    }

    /// The operator's own API keys.
    pub fn operator_keys(&self) -> Keys {
        Keys { db: self.db.clone(), owner: None }
    }

    /// Finds the key that a request showed; none if it is unknown, wrong or revoked.
    pub async fn authenticate(&self, shown: &str) -> Result<Option<ApiKey>> {
        key::authenticate(&self.db, shown).await
    }

    /// What a crash left open. To be called once at start, before calls are taken.
    pub async fn unfinished(&self) -> Result<Unfinished> {
        recover::unfinished(&self.db).await
    }

    /// Takes away stored values whose time was over before `now`; returns how many.
    pub async fn remove_expired(&self, now: Timestamp) -> Result<u64> {
        let gone = sqlx::query("DELETE FROM kv WHERE expires_at <= $1")
            .bind(row::ms(now))
            .execute(&self.db.write)
            .await?;
        Ok(gone.rows_affected())
    }

    /// Writes facts at once, for who cannot hand them to a [`Writer`].
    pub async fn keep(&self, facts: &[Fact]) -> Result<()> {
        fact::write_all(&self.db, facts).await
    }

    /// Starts the task that writes call records, journals and facts.
    pub fn start_writer(&self, config: WriterConfig) -> Writer {
        Writer::start(self.db.clone(), config)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&self.db.read).await?;
        Ok(())
    }

    /// Waits for running statements and closes the database.
    pub async fn close(&self) {
        self.db.read.close().await;
        self.db.write.close().await;
    }
}
