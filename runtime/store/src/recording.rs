//! What is known of recordings; the audio itself is a file beside the database.

use crate::call::{Conditions, MAX_PAGE, page};
use crate::{Cursor, Page, Result, StoreError, TenantStore, row};
use sqlx::any::AnyRow;
use std::str::FromStr;
use strowger_model::{CallId, RecordingId, Timestamp};

/// How far a recording is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordingState {
    /// Being written.
    Running,
    /// Complete.
    Finished,
    /// Ended by an error, a full disk for example; what was written is kept.
    Failed,
}

impl RecordingState {
    /// Name as it stands in SQL and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for RecordingState {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "running" => Ok(Self::Running),
            "finished" => Ok(Self::Finished),
            "failed" => Ok(Self::Failed),
            other => Err(format!("unknown recording state {other:?}")),
        }
    }
}

/// A recording of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Its id.
    pub id: RecordingId,
    /// Of which call.
    pub call: CallId,
    /// Path of the file below the recordings folder.
    pub file: String,
    /// How far it is.
    pub state: RecordingState,
    /// When it began.
    pub started_at: Timestamp,
    /// Its length.
    pub duration_ms: u64,
    /// Size of the file.
    pub size_bytes: u64,
}

/// A tenant's recordings.
#[derive(Clone, Debug)]
pub struct Recordings(pub(crate) TenantStore);

impl Recordings {
    /// One page of recordings, newest first, of one call or of all.
    pub async fn list(
        &self,
        call: Option<CallId>,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<Recording>> {
        let limit = limit.clamp(1, MAX_PAGE);
        let mut conditions = Conditions::new(self.0.key());
        conditions.text("call_id =", call.map(|call| call.to_string()));
        conditions.after(after);
        let rows = conditions.fetch(&self.0, "SELECT * FROM recordings", limit + 1).await?;
        page(rows, limit, from_row)
    }

    /// One recording.
    pub async fn get(&self, id: RecordingId) -> Result<Recording> {
        let found = sqlx::query("SELECT * FROM recordings WHERE tenant_id = $1 AND id = $2")
            .bind(self.0.key())
            .bind(id.to_string())
            .fetch_optional(self.0.read())
            .await?;
        from_row(&found.ok_or_else(|| StoreError::not_found("recording", id))?)
    }

    /// Forgets a recording; its file is the caller's to delete.
    pub async fn delete(&self, id: RecordingId) -> Result<()> {
        let gone = sqlx::query("DELETE FROM recordings WHERE tenant_id = $1 AND id = $2")
            .bind(self.0.key())
            .bind(id.to_string())
            .execute(self.0.write())
            .await?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::not_found("recording", id));
        }
        Ok(())
    }
}

pub(crate) fn from_row(found: &AnyRow) -> Result<Recording> {
    Ok(Recording {
        id: row::parsed(found, "id")?,
        call: row::parsed(found, "call_id")?,
        file: row::text(found, "file")?,
        state: row::parsed(found, "state")?,
        started_at: row::time(found, "started_at")?,
        duration_ms: row::number(found, "duration_ms")?,
        size_bytes: row::number(found, "size_bytes")?,
    })
}
