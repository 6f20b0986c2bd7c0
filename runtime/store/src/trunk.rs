//! SIP trunks of a tenant.

use crate::credential::{Ha1, check_password};
use crate::rules::{leg_policy, trunk_policy};
use crate::{Result, StoreError, TenantStore, row};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use strowger_model::rules::TrunkRules;
use strowger_model::{Timestamp, TrunkId};
use uuid::Uuid;

/// Addresses of one trunk; a carrier names a few.
const MAX_ADDRESSES: usize = 64;

/// A trunk as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trunk {
    /// Its id.
    pub id: TrunkId,
    /// What can be set.
    pub settings: TrunkSettings,
    /// Number translation, limits and the like.
    pub rules: TrunkRules,
    /// What the carrier's requests are checked against: user `settings.in_user`
    /// in the tenant's SIP domain.
    pub in_ha1: Option<Ha1>,
    /// What we answer the carrier's challenges with.
    pub out_secret: Option<OutSecret>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// The password for the carrier. The carrier's realm is known only when it
/// challenges, so no hash of it would do (RFC 7616 §3.4.2); it never leaves
/// the server again.
#[derive(Clone, PartialEq, Eq)]
pub struct OutSecret(String);

impl OutSecret {
    /// The password, for the SIP client only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OutSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OutSecret(hidden)")
    }
}

/// What can be set on a trunk besides passwords.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrunkSettings {
    /// Unique within the tenant.
    pub name: String,
    /// Addresses, with a port or not, or networks (`192.0.2.0/28`) whose calls are taken without a password.
    pub addresses: Vec<String>,
    /// User the carrier authenticates as; its password is given beside.
    pub in_user: Option<String>,
    /// Where calls go out: `sip.carrier.example:5060`; none: inbound only.
    pub proxy: Option<String>,
    /// `udp`, `tcp` or `tls`.
    pub transport: TrunkTransport,
    /// Whether we register at the proxy.
    pub register: bool,
    /// User we authenticate as; its password is given beside.
    pub out_user: Option<String>,
    /// Domain in From and in the registration; none: the proxy's host.
    pub from_domain: Option<String>,
    /// Calls at the same time; 0: no limit.
    pub max_calls: u32,
    /// Lower is tried first for outgoing calls.
    pub preference: u32,
}

/// What carries SIP to the carrier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrunkTransport {
    /// UDP.
    #[default]
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP; the carrier's certificate is checked.
    Tls,
}

/// Passwords given with a change; `None` keeps what is stored.
#[derive(Clone, Default)]
pub struct TrunkPasswords {
    /// For `in_user`.
    pub inbound: Option<String>,
    /// For `out_user`.
    pub outbound: Option<String>,
}

impl fmt::Debug for TrunkPasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrunkPasswords(hidden)")
    }
}

/// A tenant's trunks.
#[derive(Clone, Debug)]
pub struct Trunks(pub(crate) TenantStore);

impl Trunks {
    /// Creates a trunk.
    pub async fn create(
        &self,
        settings: &TrunkSettings,
        passwords: &TrunkPasswords,
    ) -> Result<Trunk> {
        check(settings)?;
        let (md5, sha256) = self.inbound(settings, passwords, None).await?;
        let secret = outbound(settings, passwords, None)?;
        let id = TrunkId(Uuid::now_v7());
        sqlx::query(
            "INSERT INTO trunks (id, tenant_id, name, settings, ha1_md5, ha1_sha256, out_secret, \
             created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        )
        .bind(id.to_string())
        .bind(self.0.key())
        .bind(&settings.name)
        .bind(row::to_json(settings)?)
        .bind(md5)
        .bind(sha256)
        .bind(secret)
        .bind(row::ms(row::now()))
        .execute(self.0.write())
        .await
        .map_err(|error| taken(error, settings))?;
        self.get(id).await
    }

    /// Every trunk, by name.
    pub async fn list(&self) -> Result<Vec<Trunk>> {
        let rows = sqlx::query("SELECT * FROM trunks WHERE tenant_id = $1 ORDER BY name")
            .bind(self.0.key())
            .fetch_all(self.0.read())
            .await?;
        rows.iter().map(from_row).collect()
    }

    /// One trunk.
    pub async fn get(&self, id: TrunkId) -> Result<Trunk> {
        self.find(&id.to_string()).await
    }

    /// One trunk by its id or name.
    pub async fn find(&self, id_or_name: &str) -> Result<Trunk> {
        let found =
            sqlx::query("SELECT * FROM trunks WHERE tenant_id = $1 AND (id = $2 OR name = $2)")
                .bind(self.0.key())
                .bind(id_or_name)
                .fetch_optional(self.0.read())
                .await?;
        from_row(&found.ok_or_else(|| StoreError::not_found("trunk", id_or_name))?)
    }

    /// Replaces a trunk's settings; passwords that are not given stay.
    pub async fn update(
        &self,
        id: TrunkId,
        settings: &TrunkSettings,
        passwords: &TrunkPasswords,
    ) -> Result<Trunk> {
        check(settings)?;
        let old = self.get(id).await?;
        let (md5, sha256) = self.inbound(settings, passwords, Some(&old)).await?;
        let secret = outbound(settings, passwords, Some(&old))?;
        sqlx::query(
            "UPDATE trunks SET name = $3, settings = $4, ha1_md5 = $5, ha1_sha256 = $6, \
             out_secret = $7, updated_at = $8 WHERE tenant_id = $1 AND id = $2",
        )
        .bind(self.0.key())
        .bind(id.to_string())
        .bind(&settings.name)
        .bind(row::to_json(settings)?)
        .bind(md5)
        .bind(sha256)
        .bind(secret)
        .bind(row::ms(row::now()))
        .execute(self.0.write())
        .await
        .map_err(|error| taken(error, settings))?;
        self.get(id).await
    }

    /// Replaces a trunk's rules.
    pub async fn set_rules(&self, id: TrunkId, rules: &TrunkRules) -> Result<Trunk> {
        trunk_policy(rules)?;
        leg_policy(rules)?;
        sqlx::query(
            "UPDATE trunks SET rules = $3, updated_at = $4 WHERE tenant_id = $1 AND id = $2",
        )
        .bind(self.0.key())
        .bind(id.to_string())
        .bind(row::to_json(rules)?)
        .bind(row::ms(row::now()))
        .execute(self.0.write())
        .await?;
        self.get(id).await
    }

    /// Deletes a trunk.
    pub async fn delete(&self, id: TrunkId) -> Result<()> {
        let gone = sqlx::query("DELETE FROM trunks WHERE tenant_id = $1 AND id = $2")
            .bind(self.0.key())
            .bind(id.to_string())
            .execute(self.0.write())
            .await?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::not_found("trunk", id));
        }
        Ok(())
    }

    /// The hashes to store for the carrier's user.
    async fn inbound(
        &self,
        settings: &TrunkSettings,
        passwords: &TrunkPasswords,
        old: Option<&Trunk>,
    ) -> Result<(Option<String>, Option<String>)> {
        let Some(user) = &settings.in_user else { return Ok((None, None)) };
        if let Some(password) = &passwords.inbound {
            check_password(password)?;
            let domain = self.0.settings().await?.settings.sip_domain;
            let ha1 = Ha1::new(user, &domain, password);
            return Ok((Some(ha1.md5), Some(ha1.sha256)));
        }
        match old {
            Some(Trunk { settings, in_ha1: Some(ha1), .. })
                if settings.in_user.as_ref() == Some(user) =>
            {
                Ok((Some(ha1.md5.clone()), Some(ha1.sha256.clone())))
            }
            _ => Err(StoreError::invalid(
                "an inbound user needs its password: it is stored only as a hash over user, \
                 domain and password",
            )),
        }
    }
}

fn outbound(
    settings: &TrunkSettings,
    passwords: &TrunkPasswords,
    old: Option<&Trunk>,
) -> Result<Option<String>> {
    if settings.out_user.is_none() {
        return Ok(None);
    }
    let kept = old.and_then(|trunk| trunk.out_secret.as_ref()).map(|secret| secret.0.clone());
    passwords
        .outbound
        .clone()
        .or(kept)
        .map(Some)
        .ok_or_else(|| StoreError::invalid("an outbound user needs its password"))
}

fn check(settings: &TrunkSettings) -> Result<()> {
    row::check_name("trunk", &settings.name)?;
    if settings.addresses.len() > MAX_ADDRESSES {
        return Err(StoreError::invalid(format!("a trunk has at most {MAX_ADDRESSES} addresses")));
    }
    for address in &settings.addresses {
        // One source port of one machine, for peers that share an address.
        if address.parse::<SocketAddr>().is_ok() {
            continue;
        }
        let (ip, bits) = address.split_once('/').unwrap_or((address, ""));
        let ip: Option<IpAddr> = ip.parse().ok();
        let longest = match ip {
            Some(IpAddr::V4(_)) => 32,
            Some(IpAddr::V6(_)) => 128,
            None => {
                return Err(StoreError::invalid(format!(
                    "{address:?} is no IP address or network; write 192.0.2.7, 192.0.2.7:5060 or 192.0.2.0/28"
                )));
            }
        };
        if !bits.is_empty() && !bits.parse::<u8>().is_ok_and(|bits| (1..=longest).contains(&bits)) {
            return Err(StoreError::invalid(format!(
                "{address:?}: a network has 1 to {longest} bits after the slash"
            )));
        }
    }
    if settings.register && (settings.proxy.is_none() || settings.out_user.is_none()) {
        return Err(StoreError::invalid("to register, a trunk needs a proxy and an outbound user"));
    }
    for (what, value) in [
        ("the proxy", &settings.proxy),
        ("the inbound user", &settings.in_user),
        ("the outbound user", &settings.out_user),
        ("the From domain", &settings.from_domain),
    ] {
        let Some(value) = value else { continue };
        row::check_text(what, value, 255)?;
        if value.is_empty() || value.contains(char::is_whitespace) {
            return Err(StoreError::invalid(format!("{what} must not be empty or contain spaces")));
        }
    }
    Ok(())
}

fn taken(error: sqlx::Error, settings: &TrunkSettings) -> StoreError {
    StoreError::or_taken(error, || {
        format!(
            "there is a trunk {:?} already; change that one or choose another name",
            settings.name
        )
    })
}

fn from_row(found: &AnyRow) -> Result<Trunk> {
    let md5: Option<String> = row::maybe_parsed(found, "ha1_md5")?;
    let sha256: Option<String> = row::maybe_parsed(found, "ha1_sha256")?;
    Ok(Trunk {
        id: row::parsed(found, "id")?,
        settings: row::json(found, "settings")?,
        rules: row::json(found, "rules")?,
        in_ha1: md5.zip(sha256).map(|(md5, sha256)| Ha1 { md5, sha256 }),
        out_secret: row::maybe_parsed(found, "out_secret")?.map(OutSecret),
        created_at: row::time(found, "created_at")?,
        updated_at: row::time(found, "updated_at")?,
    })
}
