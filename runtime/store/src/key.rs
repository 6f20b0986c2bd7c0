//! API keys: who may use the API, for which tenant, in which role.
//!
//! A key is `sk_PREFIX_SECRET`: the prefix finds the row, the secret is 256
//! random bits of which only the SHA-256 is kept. A slow hash such as argon2
//! protects secrets that people choose; nobody guesses 256 random bits, and a
//! slow hash on every request would only help an attacker to load the server.

use crate::credential::hex;
use crate::dialect::Connections;
use crate::{Result, StoreError, row};
use rand::RngCore as _;
use sha2::{Digest, Sha256};
use sqlx::any::AnyRow;
use std::fmt;
use std::str::FromStr;
use strowger_model::{ApiKeyId, TenantId, Timestamp};
use uuid::Uuid;

/// How exact `last_used_at` is: one write a minute and key, not one a request.
const LAST_USED_STEP_MS: u64 = 60_000;

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything, for every tenant.
    Operator,
    /// Everything within one tenant.
    Admin,
}

impl Role {
    /// Name as it stands in SQL and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "operator" => Ok(Self::Operator),
            "admin" => Ok(Self::Admin),
            other => Err(format!("unknown role {other:?}")),
        }
    }
}

/// A key as it is listed, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Whose; none: the operator's.
    pub tenant: Option<TenantId>,
    /// What it is for.
    pub name: String,
    /// The part of the key that may be shown.
    pub prefix: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// The whole key. Exists once, when the key is made.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(String);

impl KeyText {
    /// The text to hand to the key's owner.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyText(hidden)")
    }
}

/// The keys of one owner: the operator or one tenant.
#[derive(Clone, Debug)]
pub struct Keys {
    pub(crate) db: Connections,
    pub(crate) owner: Option<TenantId>,
}

impl Keys {
    /// Makes a key: the operator's own, or an admin key of the tenant.
    pub async fn create(&self, name: &str) -> Result<(ApiKey, KeyText)> {
        self.create_from(name, &random_key()).await
    }

    /// Stores a key that was made elsewhere, for example given in a configuration file.
    pub async fn create_from(&self, name: &str, text: &KeyText) -> Result<(ApiKey, KeyText)> {
        row::check_text("the name of a key", name, 100)?;
        let (prefix, secret) =
            split(text.expose()).ok_or_else(|| StoreError::invalid("a key is sk_PREFIX_SECRET"))?;
        let key = ApiKey {
            id: ApiKeyId(Uuid::now_v7()),
            tenant: self.owner,
            name: name.to_owned(),
            prefix: prefix.to_owned(),
            role: if self.owner.is_some() { Role::Admin } else { Role::Operator },
            created_at: row::now(),
            last_used_at: None,
            revoked_at: None,
        };
        sqlx::query(
            "INSERT INTO api_keys (id, tenant_id, name, prefix, hash, role, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(key.id.to_string())
        .bind(key.tenant.map(|tenant| tenant.to_string()))
        .bind(&key.name)
        .bind(&key.prefix)
        .bind(hash(secret))
        .bind(key.role.name())
        .bind(row::ms(key.created_at))
        .execute(&self.db.write)
        .await
        .map_err(|error| {
            StoreError::or_taken(error, || "a key with this prefix exists already".to_owned())
        })?;
        Ok((key, text.clone()))
    }

    /// Every key of this owner, revoked ones included, oldest first.
    pub async fn list(&self) -> Result<Vec<ApiKey>> {
        let rows = match self.owner {
            Some(tenant) => {
                sqlx::query("SELECT * FROM api_keys WHERE tenant_id = $1 ORDER BY created_at, id")
                    .bind(tenant.to_string())
                    .fetch_all(&self.db.read)
                    .await?
            }
            None => {
                sqlx::query(
                    "SELECT * FROM api_keys WHERE tenant_id IS NULL ORDER BY created_at, id",
                )
                .fetch_all(&self.db.read)
                .await?
            }
        };
        rows.iter().map(from_row).collect()
    }

    /// Revokes a key at once. It stays listed.
    pub async fn revoke(&self, id: ApiKeyId) -> Result<()> {
        let known = self.list().await?;
        if !known.iter().any(|key| key.id == id) {
            return Err(StoreError::not_found("API key", id));
        }
        sqlx::query("UPDATE api_keys SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL")
            .bind(id.to_string())
            .bind(row::ms(row::now()))
            .execute(&self.db.write)
            .await?;
        Ok(())
    }
}

/// Finds the key that a request showed. None: unknown, wrong or revoked; the
/// difference is nobody's business.
pub(crate) async fn authenticate(db: &Connections, shown: &str) -> Result<Option<ApiKey>> {
    let Some((prefix, secret)) = split(shown) else { return Ok(None) };
    let found = sqlx::query("SELECT * FROM api_keys WHERE prefix = $1 AND revoked_at IS NULL")
        .bind(prefix)
        .fetch_optional(&db.read)
        .await?;
    let Some(found) = found else { return Ok(None) };
    if !same(row::text(&found, "hash")?.as_bytes(), hash(secret).as_bytes()) {
        return Ok(None);
    }
    let key = from_row(&found)?;
    let now = row::now();
    let fresh = key.last_used_at.is_some_and(|used| now.ms_since(used) < LAST_USED_STEP_MS);
    if !fresh {
        sqlx::query("UPDATE api_keys SET last_used_at = $2 WHERE id = $1")
            .bind(key.id.to_string())
            .bind(row::ms(now))
            .execute(&db.write)
            .await?;
    }
    Ok(Some(key))
}

fn random_key() -> KeyText {
    let mut bytes = [0_u8; 40];
    rand::rng().fill_bytes(&mut bytes);
    KeyText(format!("sk_{}_{}", hex(&bytes[..8]), hex(&bytes[8..])))
}

fn split(text: &str) -> Option<(&str, &str)> {
    let (prefix, secret) = text.strip_prefix("sk_")?.split_once('_')?;
    (prefix.len() == 16 && secret.len() == 64).then_some((prefix, secret))
}

fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret))
}

/// Compares without stopping at the first difference.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |seen, (x, y)| seen | (x ^ y)) == 0
}

fn from_row(found: &AnyRow) -> Result<ApiKey> {
    Ok(ApiKey {
        id: row::parsed(found, "id")?,
        tenant: row::maybe_parsed(found, "tenant_id")?,
        name: row::text(found, "name")?,
        prefix: row::text(found, "prefix")?,
        role: row::parsed(found, "role")?,
        created_at: row::time(found, "created_at")?,
        last_used_at: row::maybe_time(found, "last_used_at")?,
        revoked_at: row::maybe_time(found, "revoked_at")?,
    })
}
