//! Tenants: the operator's view of all of them and a tenant's own settings.

use crate::dialect::Connections;
use crate::router_choice::{self, RouterChoice};
use crate::rules::tenant_policy;
use crate::{Result, StoreError, row};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use strowger_model::guest_limits::{GuestLimits, check_range};
use strowger_model::rules::TenantRules;
use strowger_model::{Address, TenantId, Timestamp};
use uuid::Uuid;

/// Hosts on an allow-list: enough for a tenant's services, bounded for look-ups per request.
const MAX_ALLOWED_HOSTS: usize = 64;

/// Fuel that the smallest event needs.
const MIN_FUEL: u64 = 10_000;
/// About two seconds of one processor.
const MAX_FUEL: u64 = 2_000_000_000;
/// What the engine of a server has room for in one instance.
const MAX_MEMORY_KIB: u64 = 64 << 10;

/// An enterprise hosted by the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Everything that can be set.
    pub settings: TenantSettings,
    /// What goes for all its calls over trunks.
    pub rules: TenantRules,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its settings were last changed.
    pub updated_at: Timestamp,
}

/// What can be set on a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantSettings {
    /// Short name, unique over all tenants.
    pub name: String,
    /// SIP domain of its phones and realm of their passwords, unique over all tenants.
    pub sip_domain: String,
    /// IANA name (`Europe/London`).
    pub timezone: String,
    /// Language of announcements unless a flow says otherwise (`en`, `zh`).
    pub language: String,
    /// What takes a call whose flow failed.
    pub fallback: CallFallback,
    /// Hosts that flows may send HTTP requests to (`api.example.com`, `*.example.com`).
    pub http_allow: Vec<String>,
    /// Quotas set by the operator.
    pub limits: TenantLimits,
    /// Which router distributes the contacts of queues without a choice of their own.
    pub router: RouterChoice,
}

/// What takes a call whose flow failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum CallFallback {
    /// The current version of the tenant's flow of this name.
    Flow(String),
    /// This number or extension is dialled.
    Number(Address),
    /// The caller is hung up on.
    HangUp,
}

/// What one tenant may use. The server refuses more and says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TenantLimits {
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
    /// Fuel for one event of a guest, 10,000 to 2,000,000,000 Wasm operators; none:
    /// the server's default.
    pub guest_fuel: Option<u64>,
    /// Memory of one guest instance, 64 to 65,536 KiB; none: the server's default.
    pub guest_memory_kib: Option<u32>,
    /// Prompts and programs kept, in bytes.
    pub max_stored_bytes: u64,
    /// Stored keys.
    pub max_keys: u32,
    /// Whether phones may dial numbers outside the tenant. Off: a guessed
    /// password must not become somebody else's telephone bill.
    pub phones_dial_out: bool,
    /// Whether a trunk may transfer (REFER) or pick up (Replaces) calls. Off: a
    /// carrier that could would call whom it likes on the tenant's account.
    #[serde(default)]
    pub trunks_transfer: bool,
    /// Further budgets of its guests.
    pub guest: GuestLimits,
    /// Days that journals of calls are kept, if fewer than the server keeps them.
    pub max_journal_days: Option<u32>,
}

impl Default for TenantLimits {
    fn default() -> Self {
        Self {
            max_live_calls: 1_000,
            max_calls_per_second: 50,
            max_call_s: 4 * 3_600,
            max_agents: 5_000,
            max_queues: 500,
            guest_fuel: None,
            guest_memory_kib: None,
            max_stored_bytes: 2 << 30,
            max_keys: 100_000,
            phones_dial_out: false,
            trunks_transfer: false,
            guest: GuestLimits::default(),
            max_journal_days: None,
        }
    }
}

/// The operator's repository of tenants.
#[derive(Clone, Debug)]
pub struct Tenants {
    pub(crate) db: Connections,
}

impl Tenants {
    /// Creates a tenant. Name and SIP domain must be free.
    pub async fn create(&self, settings: &TenantSettings) -> Result<Tenant> {
        check(settings)?;
        let now = row::now();
        let id = TenantId(Uuid::now_v7());
        sqlx::query(
            "INSERT INTO tenants (id, name, sip_domain, timezone, language, fallback, http_allow, \
             limits, router, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        )
        .bind(id.to_string())
        .bind(&settings.name)
        .bind(settings.sip_domain.to_ascii_lowercase())
        .bind(&settings.timezone)
        .bind(&settings.language)
        .bind(row::to_json(&settings.fallback)?)
        .bind(row::to_json(&settings.http_allow)?)
        .bind(row::to_json(&settings.limits)?)
        .bind(row::to_json(&settings.router)?)
        .bind(row::ms(now))
        .execute(&self.db.write)
        .await
        .map_err(|error| taken(error, settings))?;
        self.get(id).await
    }

    /// Every tenant, by name.
    pub async fn list(&self) -> Result<Vec<Tenant>> {
        let rows =
            sqlx::query("SELECT * FROM tenants ORDER BY name").fetch_all(&self.db.read).await?;
        rows.iter().map(from_row).collect()
    }

    /// One tenant.
    pub async fn get(&self, id: TenantId) -> Result<Tenant> {
        let found = sqlx::query("SELECT * FROM tenants WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.db.read)
            .await?;
        from_row(&found.ok_or_else(|| StoreError::not_found("tenant", id))?)
    }

    /// One tenant by its id or name.
    pub async fn find(&self, id_or_name: &str) -> Result<Tenant> {
        let found = sqlx::query("SELECT * FROM tenants WHERE id = $1 OR name = $1")
            .bind(id_or_name)
            .fetch_optional(&self.db.read)
            .await?;
        from_row(&found.ok_or_else(|| StoreError::not_found("tenant", id_or_name))?)
    }

    /// Replaces a tenant's settings. The SIP domain stays while phones or trunks
    /// have passwords for it, since these are stored as hashes over the domain.
    pub async fn update(&self, id: TenantId, settings: &TenantSettings) -> Result<Tenant> {
        check(settings)?;
        let mut tx = self.db.write.begin().await?;
        let found = sqlx::query("SELECT * FROM tenants WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&mut *tx)
            .await?;
        let old = from_row(&found.ok_or_else(|| StoreError::not_found("tenant", id))?)?;
        if !old.settings.sip_domain.eq_ignore_ascii_case(&settings.sip_domain) {
            let bound: i64 = sqlx::query_scalar(
                "SELECT (SELECT COUNT(*) FROM agents WHERE tenant_id = $1) + \
                 (SELECT COUNT(*) FROM trunks WHERE tenant_id = $1 AND ha1_md5 IS NOT NULL)",
            )
            .bind(id.to_string())
            .fetch_one(&mut *tx)
            .await?;
            if bound > 0 {
                return Err(StoreError::conflict(format!(
                    "the SIP domain cannot change while {bound} agents or trunks have passwords \
                     for {:?}; delete them first and create them anew",
                    old.settings.sip_domain
                )));
            }
        }
        if old.settings.router != settings.router {
            router_choice::check(&mut tx, &id.to_string(), &settings.router).await?;
        }
        sqlx::query(
            "UPDATE tenants SET name = $2, sip_domain = $3, timezone = $4, language = $5, \
             fallback = $6, http_allow = $7, limits = $8, router = $9, updated_at = $10 WHERE id = $1",
        )
        .bind(id.to_string())
        .bind(&settings.name)
        .bind(settings.sip_domain.to_ascii_lowercase())
        .bind(&settings.timezone)
        .bind(&settings.language)
        .bind(row::to_json(&settings.fallback)?)
        .bind(row::to_json(&settings.http_allow)?)
        .bind(row::to_json(&settings.limits)?)
        .bind(row::to_json(&settings.router)?)
        .bind(row::ms(row::now()))
        .execute(&mut *tx)
        .await
        .map_err(|error| taken(error, settings))?;
        tx.commit().await?;
        self.get(id).await
    }

    /// Replaces what goes for all calls of a tenant.
    pub async fn set_rules(&self, id: TenantId, rules: &TenantRules) -> Result<Tenant> {
        tenant_policy(rules)?;
        sqlx::query("UPDATE tenants SET rules = $2, updated_at = $3 WHERE id = $1")
            .bind(id.to_string())
            .bind(row::to_json(rules)?)
            .bind(row::ms(row::now()))
            .execute(&self.db.write)
            .await?;
        self.get(id).await
    }

    /// Deletes a tenant with everything it has, its calls and journals included.
    /// Files of recordings are the caller's to delete, see `recordings().list`.
    pub async fn delete(&self, id: TenantId) -> Result<()> {
        let mut tx = self.db.write.begin().await?;
        for statement in [
            "DELETE FROM journal WHERE call_id IN (SELECT id FROM calls WHERE tenant_id = $1)",
            "DELETE FROM recordings WHERE tenant_id = $1",
            "DELETE FROM calls WHERE tenant_id = $1",
            "DELETE FROM numbers WHERE tenant_id = $1",
        ] {
            sqlx::query(statement).bind(id.to_string()).execute(&mut *tx).await?;
        }
        let gone = sqlx::query("DELETE FROM tenants WHERE id = $1")
            .bind(id.to_string())
            .execute(&mut *tx)
            .await?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::not_found("tenant", id));
        }
        sqlx::query("DELETE FROM blobs WHERE digest NOT IN (SELECT digest FROM versions)")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

pub(crate) fn from_row(found: &AnyRow) -> Result<Tenant> {
    Ok(Tenant {
        id: row::parsed(found, "id")?,
        settings: TenantSettings {
            name: row::text(found, "name")?,
            sip_domain: row::text(found, "sip_domain")?,
            timezone: row::text(found, "timezone")?,
            language: row::text(found, "language")?,
            fallback: row::json(found, "fallback")?,
            http_allow: row::json(found, "http_allow")?,
            limits: row::json(found, "limits")?,
            router: row::json(found, "router")?,
        },
        rules: row::json(found, "rules")?,
        created_at: row::time(found, "created_at")?,
        updated_at: row::time(found, "updated_at")?,
    })
}

fn taken(error: sqlx::Error, settings: &TenantSettings) -> StoreError {
    StoreError::or_taken(error, || {
        format!(
            "the name {:?} or the SIP domain {:?} belongs to another tenant; choose another one",
            settings.name, settings.sip_domain
        )
    })
}

/// Refuses quotas beyond what any tenant may have: what one server can do at all,
/// so that a slip of the finger is not found out by everybody's callers.
fn check_limits(limits: &TenantLimits) -> Result<(), String> {
    for (field, value, least, most) in [
        ("max_live_calls", u64::from(limits.max_live_calls), 0, 100_000),
        ("max_calls_per_second", limits.max_calls_per_second.into(), 0, 10_000),
        ("max_call_s", limits.max_call_s.into(), 1, 7 * 86_400),
        ("guest_fuel", limits.guest_fuel.unwrap_or(MIN_FUEL), MIN_FUEL, MAX_FUEL),
        ("guest_memory_kib", limits.guest_memory_kib.unwrap_or(64).into(), 64, MAX_MEMORY_KIB),
    ] {
        check_range(&format!("limits.{field}"), value, least, most)?;
    }
    limits.guest.check()
}

fn check(settings: &TenantSettings) -> Result<()> {
    check_limits(&settings.limits).map_err(StoreError::Invalid)?;
    row::check_name("tenant", &settings.name)?;
    check_host("the SIP domain", &settings.sip_domain)?;
    let zone_ok = !settings.timezone.is_empty()
        && settings.timezone.len() <= 64
        && settings.timezone.bytes().all(|b| b.is_ascii_alphanumeric() || b"/_+-".contains(&b));
    if !zone_ok {
        return Err(StoreError::invalid("the time zone is an IANA name such as Europe/London"));
    }
    row::check_name("language", &settings.language)?;
    if let CallFallback::Flow(flow) = &settings.fallback {
        row::check_name("flow", flow)?;
    }
    if settings.http_allow.len() > MAX_ALLOWED_HOSTS {
        return Err(StoreError::invalid(format!(
            "the HTTP allow-list has at most {MAX_ALLOWED_HOSTS} hosts"
        )));
    }
    for host in &settings.http_allow {
        let (name, port) = match host.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (host.as_str(), None),
        };
        if port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err(StoreError::invalid(format!("{host:?} has no valid port")));
        }
        check_host("a host on the HTTP allow-list", name.strip_prefix("*.").unwrap_or(name))?;
    }
    Ok(())
}

/// A host name or IPv4 address (RFC 1123 §2.1).
fn check_host(what: &str, host: &str) -> Result<()> {
    let label_ok = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if host.len() <= 253 && host.split('.').all(label_ok) {
        return Ok(());
    }
    Err(StoreError::Invalid(format!("{what} must be a host name; {host:?} is not")))
}
