//! Recordings of calls.

mod audio;
mod delete;
mod get;
mod list;

use crate::problem::{Problem, Result};
use crate::state::Api;
use serde::Serialize;
use std::path::{Component, Path, PathBuf};
use strowger_model::{CallId, RecordingId, Timestamp};
use strowger_store as store;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_recordings))
        .routes(routes!(get::get_recording))
        .routes(routes!(audio::download_recording))
        .routes(routes!(delete::delete_recording))
}

/// A recording.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recording {
    pub id: RecordingId,
    pub call: CallId,
    /// `running`, `finished`, or `failed` (what was written is kept).
    pub state: String,
    pub started_at: Timestamp,
    pub duration_ms: u64,
    pub size_bytes: u64,
}

impl From<store::Recording> for Recording {
    fn from(recording: store::Recording) -> Self {
        Self {
            id: recording.id,
            call: recording.call,
            state: recording.state.name().to_owned(),
            started_at: recording.started_at,
            duration_ms: recording.duration_ms,
            size_bytes: recording.size_bytes,
        }
    }
}

/// Where a recording's file is. Only names below the recordings folder count,
/// whatever the database says.
fn path_of(api: &Api, recording: &store::Recording) -> Result<PathBuf> {
    let relative = Path::new(&recording.file);
    let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    if !plain || recording.file.is_empty() {
        return Err(Problem::internal(&format!("recording {} has a bad path", recording.id)));
    }
    Ok(api.recordings.join(relative))
}

/// Deletes a recording's file; one that is gone already is no error.
pub(crate) async fn remove_file(api: &Api, recording: &store::Recording) -> Result<()> {
    match tokio::fs::remove_file(path_of(api, recording)?).await {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Problem::internal(&error)),
    }
}
