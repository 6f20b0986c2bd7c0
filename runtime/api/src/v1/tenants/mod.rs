//! Tenants, for the operator.

mod create;
mod delete;
mod get;
mod list;
mod rules;
mod set_rules;
mod update;

use crate::state::Api;
use serde::{Deserialize, Serialize};
use strowger_model::guest_limits::GuestLimits;
use strowger_model::{Address, TenantId, Timestamp};
use strowger_store as store;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_tenants))
        .routes(routes!(create::create_tenant))
        .routes(routes!(get::get_tenant))
        .routes(routes!(update::update_tenant))
        .routes(routes!(delete::delete_tenant))
        .routes(routes!(rules::tenant_rules))
        .routes(routes!(set_rules::set_tenant_rules))
}

/// What can be set on a tenant.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantBody {
    /// Short name, unique over all tenants.
    pub name: String,
    /// SIP domain of its phones, unique over all tenants.
    pub sip_domain: String,
    /// IANA time zone.
    #[serde(default = "utc")]
    #[schema(default = "UTC")]
    pub timezone: String,
    /// Language of announcements.
    #[serde(default = "english")]
    #[schema(default = "en")]
    pub language: String,
    /// What takes a call whose flow failed.
    #[serde(default)]
    pub fallback: Fallback,
    /// Hosts that flows may send HTTP requests to: `api.example.com`, `*.example.com`.
    #[serde(default)]
    pub http_allow: Vec<String>,
    /// Quotas.
    #[serde(default)]
    pub limits: Limits,
}

/// What takes a call whose flow failed.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub(crate) enum Fallback {
    /// The current version of this flow.
    Flow(String),
    /// This number or extension is dialled.
    Number(Address),
    /// The caller is hung up on.
    #[default]
    HangUp,
}

/// What a tenant may use.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    /// Calls at the same time.
    pub max_live_calls: u32,
    /// New calls a second.
    pub max_calls_per_second: u32,
    /// Longest call.
    pub max_call_s: u32,
    /// Agents.
    pub max_agents: u32,
    /// Queues.
    pub max_queues: u32,
    /// Fuel for one event of a guest, 10,000 to 2,000,000,000; absent: the server's default.
    pub guest_fuel: Option<u64>,
    /// Memory of one guest instance in KiB, 64 to 65,536; absent: the server's default.
    pub guest_memory_kib: Option<u32>,
    /// Prompts, and programs, kept.
    pub max_stored_bytes: u64,
    /// Stored keys.
    pub max_keys: u32,
    /// Whether phones may dial numbers outside the tenant.
    pub phones_dial_out: bool,
    /// Whether trunks may transfer or pick up calls.
    #[serde(default)]
    pub trunks_transfer: bool,
    /// Further budgets of its guests, and when a failing version is disabled.
    pub guest: GuestLimits,
    /// Days that journals of calls are kept after their end, if fewer than the
    /// server keeps them; absent: as long as the server does.
    pub max_journal_days: Option<u32>,
}

/// A tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Tenant {
    /// Its id.
    pub id: TenantId,
    #[serde(flatten)]
    pub settings: TenantBody,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl TenantBody {
    pub(crate) fn into_settings(self, router: store::RouterChoice) -> store::TenantSettings {
        let limits = self.limits;
        store::TenantSettings {
            name: self.name,
            sip_domain: self.sip_domain,
            timezone: self.timezone,
            language: self.language,
            fallback: self.fallback.into(),
            http_allow: self.http_allow,
            limits: store::TenantLimits {
                max_live_calls: limits.max_live_calls,
                max_calls_per_second: limits.max_calls_per_second,
                max_call_s: limits.max_call_s,
                max_agents: limits.max_agents,
                max_queues: limits.max_queues,
                guest_fuel: limits.guest_fuel,
                guest_memory_kib: limits.guest_memory_kib,
                max_stored_bytes: limits.max_stored_bytes,
                max_keys: limits.max_keys,
                phones_dial_out: limits.phones_dial_out,
                trunks_transfer: limits.trunks_transfer,
                guest: limits.guest,
                max_journal_days: limits.max_journal_days,
            },
            router,
        }
    }
}

impl From<store::Tenant> for Tenant {
    fn from(tenant: store::Tenant) -> Self {
        let settings = tenant.settings;
        Self {
            id: tenant.id,
            settings: TenantBody {
                name: settings.name,
                sip_domain: settings.sip_domain,
                timezone: settings.timezone,
                language: settings.language,
                fallback: settings.fallback.into(),
                http_allow: settings.http_allow,
                limits: settings.limits.into(),
            },
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
        }
    }
}

impl From<Fallback> for store::CallFallback {
    fn from(fallback: Fallback) -> Self {
        match fallback {
            Fallback::Flow(flow) => Self::Flow(flow),
            Fallback::Number(number) => Self::Number(number),
            Fallback::HangUp => Self::HangUp,
        }
    }
}

impl From<store::CallFallback> for Fallback {
    fn from(fallback: store::CallFallback) -> Self {
        match fallback {
            store::CallFallback::Flow(flow) => Self::Flow(flow),
            store::CallFallback::Number(number) => Self::Number(number),
            store::CallFallback::HangUp => Self::HangUp,
        }
    }
}

impl From<store::TenantLimits> for Limits {
    fn from(limits: store::TenantLimits) -> Self {
        Self {
            max_live_calls: limits.max_live_calls,
            max_calls_per_second: limits.max_calls_per_second,
            max_call_s: limits.max_call_s,
            max_agents: limits.max_agents,
            max_queues: limits.max_queues,
            guest_fuel: limits.guest_fuel,
            guest_memory_kib: limits.guest_memory_kib,
            max_stored_bytes: limits.max_stored_bytes,
            max_keys: limits.max_keys,
            phones_dial_out: limits.phones_dial_out,
            trunks_transfer: limits.trunks_transfer,
            guest: limits.guest,
            max_journal_days: limits.max_journal_days,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        store::TenantLimits::default().into()
    }
}

fn utc() -> String {
    "UTC".to_owned()
}

fn english() -> String {
    "en".to_owned()
}
