//! Small values that flows keep beyond a call.

use crate::{Result, StoreError, TenantStore, row};
use strowger_model::Timestamp;

/// Longest key, in bytes.
pub const MAX_KEY: usize = 256;
/// Longest value, in bytes: a note, not a file.
pub const MAX_VALUE: usize = 64 * 1024;
/// Keys in one page.
pub const MAX_KEY_PAGE: u32 = 1_000;

/// A key and when it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// The key.
    pub key: String,
    /// When it ends; none: never.
    pub expires_at: Option<Timestamp>,
}

/// A tenant's keys and values. A value is gone from the moment its time is over,
/// whether or not [`crate::Store::remove_expired`] has taken it away yet.
#[derive(Clone, Debug)]
pub struct Kv(pub(crate) TenantStore);

impl Kv {
    /// The value of a key, unless it has ended before `now`.
    pub async fn get(&self, key: &str, now: Timestamp) -> Result<Option<String>> {
        Ok(sqlx::query_scalar(
            "SELECT value FROM kv WHERE tenant_id = $1 AND key = $2 \
             AND (expires_at IS NULL OR expires_at > $3)",
        )
        .bind(self.0.key())
        .bind(key)
        .bind(row::ms(now))
        .fetch_optional(self.0.read())
        .await?)
    }

    /// Sets a value for `ttl_s` seconds from `now`, or for ever if that is 0.
    pub async fn set(&self, key: &str, value: &str, ttl_s: u64, now: Timestamp) -> Result<()> {
        if key.is_empty() || key.len() > MAX_KEY {
            return Err(StoreError::invalid(format!("a key has 1 to {MAX_KEY} bytes")));
        }
        if value.len() > MAX_VALUE {
            return Err(StoreError::invalid(format!("a value has at most {MAX_VALUE} bytes")));
        }
        let limit = self.0.settings().await?.settings.limits.max_keys;
        let expires = (ttl_s > 0).then(|| row::ms(now.plus_ms(ttl_s.saturating_mul(1_000))));
        let done = sqlx::query(
            "INSERT INTO kv (tenant_id, key, value, expires_at) SELECT $1, $2, $3, $4 \
             WHERE EXISTS (SELECT 1 FROM kv WHERE tenant_id = $1 AND key = $2) \
             OR (SELECT COUNT(*) FROM kv WHERE tenant_id = $1) < $5 \
             ON CONFLICT (tenant_id, key) DO UPDATE SET value = excluded.value, \
             expires_at = excluded.expires_at",
        )
        .bind(self.0.key())
        .bind(key)
        .bind(value)
        .bind(expires)
        .bind(i64::from(limit))
        .execute(self.0.write())
        .await?;
        if done.rows_affected() == 0 {
            return Err(StoreError::conflict(format!(
                "the tenant has its {limit} keys already; delete some, give them a time to live, \
                 or have the limit raised"
            )));
        }
        Ok(())
    }

    /// Removes a key; tells whether it was there.
    pub async fn delete(&self, key: &str) -> Result<bool> {
        let gone = sqlx::query("DELETE FROM kv WHERE tenant_id = $1 AND key = $2")
            .bind(self.0.key())
            .bind(key)
            .execute(self.0.write())
            .await?;
        Ok(gone.rows_affected() > 0)
    }

    /// Keys that begin with `prefix` and come after `after`, in order.
    pub async fn keys(
        &self,
        prefix: &str,
        after: &str,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<KeyInfo>> {
        let rows = sqlx::query(
            "SELECT key, expires_at FROM kv WHERE tenant_id = $1 AND key > $2 \
             AND SUBSTR(key, 1, $3) = $4 AND (expires_at IS NULL OR expires_at > $5) \
             ORDER BY key LIMIT $6",
        )
        .bind(self.0.key())
        .bind(after)
        .bind(row::big(prefix.chars().count() as u64))
        .bind(prefix)
        .bind(row::ms(now))
        .bind(i64::from(limit.clamp(1, MAX_KEY_PAGE)))
        .fetch_all(self.0.read())
        .await?;
        rows.iter()
            .map(|found| {
                Ok(KeyInfo {
                    key: row::text(found, "key")?,
                    expires_at: row::maybe_time(found, "expires_at")?,
                })
            })
            .collect()
    }
}
