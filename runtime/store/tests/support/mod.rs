//! A database for one test.

#![allow(dead_code, reason = "each test file uses its own part of this")]

use strowger_model::{
    CallId, CallRecord, Direction, JournalEntry, JournalKind, TenantId, Timestamp,
};
use strowger_store::{
    CallFallback, Place, RouterChoice, Store, Tenant, TenantLimits, TenantSettings,
};
use tempfile::TempDir;
use uuid::Uuid;

pub struct Database {
    pub store: Store,
    pub folder: TempDir,
}

impl Database {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::Sqlite(folder.path().join("strowger.db"));
        Self { store: Store::open(&place).await.expect("a database"), folder }
    }

    pub fn place(&self) -> Place {
        Place::Sqlite(self.folder.path().join("strowger.db"))
    }

    pub async fn tenant(&self, name: &str) -> Tenant {
        self.store.tenants().create(&settings(name)).await.expect("a tenant")
    }
}

pub fn settings(name: &str) -> TenantSettings {
    TenantSettings {
        name: name.to_owned(),
        sip_domain: format!("{name}.example"),
        timezone: "Europe/London".to_owned(),
        language: "en".to_owned(),
        fallback: CallFallback::HangUp,
        http_allow: vec!["api.example.com".to_owned()],
        limits: TenantLimits::default(),
        router: RouterChoice::Stock("longest-idle".to_owned()),
    }
}

pub fn call_id() -> CallId {
    CallId(Uuid::now_v7())
}

pub fn record(tenant: TenantId, call: CallId, started_at: u64) -> CallRecord {
    CallRecord::begun(
        call,
        tenant,
        Direction::Inbound,
        "+441632960001".parse().expect("an address"),
        "+441632960000".parse().expect("an address"),
        Timestamp(started_at),
    )
}

pub fn entry(tenant: TenantId, call: CallId, seq: u32) -> JournalEntry {
    JournalEntry {
        tenant,
        call,
        seq,
        at: Timestamp(1_000 + u64::from(seq)),
        kind: JournalKind::Event,
        body: format!("{{\"seq\":{seq}}}"),
    }
}
