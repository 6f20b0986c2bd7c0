//! Prompts: what was uploaded and what is played.

use crate::credential::hex;
use crate::{Result, StoreError, TenantStore, row};
use sha2::{Digest, Sha256};
use sqlx::any::AnyRow;
use strowger_model::{PromptId, Timestamp};
use uuid::Uuid;

/// A prompt without its audio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Its id.
    pub id: PromptId,
    /// Unique within the tenant; flows say `file:NAME`.
    pub name: String,
    /// Media type of the upload.
    pub content_type: String,
    /// SHA-256 of the upload, in hexadecimal.
    pub digest: String,
    /// How long it plays.
    pub duration_ms: u64,
    /// When it was uploaded.
    pub created_at: Timestamp,
}

/// A prompt to be stored.
#[derive(Clone, Debug)]
pub struct NewPrompt<'a> {
    /// Unique within the tenant.
    pub name: &'a str,
    /// Media type of `original`.
    pub content_type: &'a str,
    /// As uploaded.
    pub original: &'a [u8],
    /// As the media engine wants it.
    pub converted: &'a [u8],
    /// How long it plays.
    pub duration_ms: u64,
}

/// A tenant's prompts.
#[derive(Clone, Debug)]
pub struct Prompts(pub(crate) TenantStore);

const COLUMNS: &str = "SELECT id, name, content_type, digest, duration_ms, created_at FROM prompts \
     WHERE tenant_id = $1";

impl Prompts {
    /// Stores a prompt, replacing one of the same name.
    pub async fn put(&self, new: &NewPrompt<'_>) -> Result<Prompt> {
        row::check_name("prompt", new.name)?;
        row::check_text("a content type", new.content_type, 100)?;
        let limit = self.0.settings().await?.settings.limits.max_stored_bytes;
        let mut tx = self.0.write().begin().await?;
        let used: i64 = sqlx::query_scalar(
            "SELECT COALESCE(SUM(LENGTH(original) + LENGTH(converted)), 0) FROM prompts \
             WHERE tenant_id = $1 AND name <> $2",
        )
        .bind(self.0.key())
        .bind(new.name)
        .fetch_one(&mut *tx)
        .await?;
        let more = new.original.len() as u64 + new.converted.len() as u64;
        if used.unsigned_abs().saturating_add(more) > limit {
            return Err(StoreError::conflict(format!(
                "the tenant's prompts would take more than {limit} bytes; delete some or have the \
                 limit raised"
            )));
        }
        sqlx::query(
            "INSERT INTO prompts (id, tenant_id, name, content_type, digest, duration_ms, original, \
             converted, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (tenant_id, name) DO UPDATE SET id = excluded.id, \
             content_type = excluded.content_type, digest = excluded.digest, \
             duration_ms = excluded.duration_ms, original = excluded.original, \
             converted = excluded.converted, created_at = excluded.created_at",
        )
        .bind(PromptId(Uuid::now_v7()).to_string())
        .bind(self.0.key())
        .bind(new.name)
        .bind(new.content_type)
        .bind(hex(&Sha256::digest(new.original)))
        .bind(row::big(new.duration_ms))
        .bind(new.original)
        .bind(new.converted)
        .bind(row::ms(row::now()))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.get(new.name).await
    }

    /// Every prompt, by name.
    pub async fn list(&self) -> Result<Vec<Prompt>> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} ORDER BY name"));
        let rows = sqlx::query(sql).bind(self.0.key()).fetch_all(self.0.read()).await?;
        rows.iter().map(from_row).collect()
    }

    /// One prompt.
    pub async fn get(&self, name: &str) -> Result<Prompt> {
        let sql = sqlx::AssertSqlSafe(format!("{COLUMNS} AND name = $2"));
        let found =
            sqlx::query(sql).bind(self.0.key()).bind(name).fetch_optional(self.0.read()).await?;
        from_row(&found.ok_or_else(|| StoreError::not_found("prompt", name))?)
    }

    /// The bytes as uploaded.
    pub async fn original(&self, name: &str) -> Result<Vec<u8>> {
        self.audio("SELECT original FROM prompts WHERE tenant_id = $1 AND name = $2", name).await
    }

    /// The bytes as the media engine wants them.
    pub async fn converted(&self, name: &str) -> Result<Vec<u8>> {
        self.audio("SELECT converted FROM prompts WHERE tenant_id = $1 AND name = $2", name).await
    }

    /// Deletes a prompt.
    pub async fn delete(&self, name: &str) -> Result<()> {
        let gone = sqlx::query("DELETE FROM prompts WHERE tenant_id = $1 AND name = $2")
            .bind(self.0.key())
            .bind(name)
            .execute(self.0.write())
            .await?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::not_found("prompt", name));
        }
        Ok(())
    }

    async fn audio(&self, sql: &'static str, name: &str) -> Result<Vec<u8>> {
        let found: Option<Vec<u8>> = sqlx::query_scalar(sql)
            .bind(self.0.key())
            .bind(name)
            .fetch_optional(self.0.read())
            .await?;
        found.ok_or_else(|| StoreError::not_found("prompt", name))
    }
}

fn from_row(found: &AnyRow) -> Result<Prompt> {
    Ok(Prompt {
        id: row::parsed(found, "id")?,
        name: row::text(found, "name")?,
        content_type: row::text(found, "content_type")?,
        digest: row::text(found, "digest")?,
        duration_ms: row::number(found, "duration_ms")?,
        created_at: row::time(found, "created_at")?,
    })
}
