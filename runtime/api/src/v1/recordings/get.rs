//! `GET /v1/recordings/{recording}`

use super::Recording;
use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use axum::Json;
use strowger_model::RecordingId;

/// Shows a recording.
#[utoipa::path(
    get,
    path = "/v1/recordings/{recording}",
    tag = "recordings",
    params(("recording" = RecordingId, Path, description = "Id of the recording.")),
    responses((status = 200, body = Recording))
)]
pub(crate) async fn get_recording(
    InTenant { scope, .. }: InTenant,
    Path(recording): Path<RecordingId>,
) -> Result<Json<Recording>> {
    Ok(Json(scope.recordings().get(recording).await?.into()))
}
