//! The only way to a tenant's data: every repository is reached through one.

use crate::agent::Agents;
use crate::call::Calls;
use crate::decision::Decisions;
use crate::dialect::Connections;
use crate::journal::Journal;
use crate::key::Keys;
use crate::kv::Kv;
use crate::number::Numbers;
use crate::program::{ProgramKind, Programs};
use crate::prompt::Prompts;
use crate::queue::Queues;
use crate::recording::Recordings;
use crate::trunk::Trunks;
use crate::usage::Usages;
use crate::{Result, Tenant, Tenants};
use sqlx::AnyPool;
use strowger_model::TenantId;

/// A tenant's data. Every statement behind it names the tenant.
#[derive(Clone, Debug)]
pub struct TenantStore {
    pub(crate) db: Connections,
    tenant: TenantId,
    key: String,
}

impl TenantStore {
    pub(crate) fn new(db: Connections, tenant: TenantId) -> Self {
        Self { db, tenant, key: tenant.to_string() }
    }

    /// Whose data this is.
    pub fn id(&self) -> TenantId {
        self.tenant
    }

    /// The tenant itself.
    pub async fn settings(&self) -> Result<Tenant> {
        Tenants { db: self.db.clone() }.get(self.tenant).await
    }

    /// API keys.
    pub fn keys(&self) -> Keys {
        Keys { db: self.db.clone(), owner: Some(self.tenant) }
    }

    /// SIP trunks.
    pub fn trunks(&self) -> Trunks {
        Trunks(self.clone())
    }

    /// Public numbers.
    pub fn numbers(&self) -> Numbers {
        Numbers(self.clone())
    }

    /// Agents and their extensions.
    pub fn agents(&self) -> Agents {
        Agents(self.clone())
    }

    /// Queues.
    pub fn queues(&self) -> Queues {
        Queues(self.clone())
    }

    /// Programs of a kind.
    pub fn programs(&self, kind: ProgramKind) -> Programs {
        Programs { scope: self.clone(), kind }
    }

    /// Flows and their versions.
    pub fn flows(&self) -> Programs {
        self.programs(ProgramKind::Flow)
    }

    /// Routers and their versions.
    pub fn routers(&self) -> Programs {
        self.programs(ProgramKind::Router)
    }

    /// Prompts.
    pub fn prompts(&self) -> Prompts {
        Prompts(self.clone())
    }

    /// Call records.
    pub fn calls(&self) -> Calls {
        Calls(self.clone())
    }

    /// Recordings.
    pub fn recordings(&self) -> Recordings {
        Recordings(self.clone())
    }

    /// Journals of calls.
    pub fn journal(&self) -> Journal {
        Journal(self.clone())
    }

    /// Decisions of routers.
    pub fn decisions(&self) -> Decisions {
        Decisions(self.clone())
    }

    /// What guests have used.
    pub fn usage(&self) -> Usages {
        Usages { scope: self.clone() }
    }

    /// Values that flows keep.
    pub fn kv(&self) -> Kv {
        Kv(self.clone())
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn read(&self) -> &AnyPool {
        &self.db.read
    }

    pub(crate) fn write(&self) -> &AnyPool {
        &self.db.write
    }
}
