//! `DELETE /v1/recordings/{recording}`

use super::remove_file;
use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::{Problem, Result};
use crate::state::Api;
use axum::extract::State;
use axum::http::StatusCode;
use strowger_model::RecordingId;
use strowger_store::RecordingState;

/// Deletes a recording and its audio.
#[utoipa::path(
    delete,
    path = "/v1/recordings/{recording}",
    tag = "recordings",
    params(("recording" = RecordingId, Path, description = "Id of the recording.")),
    responses((status = 204, description = "Done."))
)]
pub(crate) async fn delete_recording(
    State(api): State<Api>,
    InTenant { scope, .. }: InTenant,
    Path(recording): Path<RecordingId>,
) -> Result<StatusCode> {
    let found = scope.recordings().get(recording).await?;
    if found.state == RecordingState::Running {
        return Err(Problem::conflict(
            "the recording is still running; delete it when it has ended",
        ));
    }
    remove_file(&api, &found).await?;
    scope.recordings().delete(recording).await?;
    Ok(StatusCode::NO_CONTENT)
}
