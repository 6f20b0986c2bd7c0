//! `GET /v1/recordings/{recording}/audio`

use super::path_of;
use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::{Problem, Result};
use crate::state::Api;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::Response;
use std::io::ErrorKind;
use strowger_model::RecordingId;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

/// Downloads a recording.
///
/// A WAV file, the caller left, everybody else right.
#[utoipa::path(
    get,
    path = "/v1/recordings/{recording}/audio",
    tag = "recordings",
    params(("recording" = RecordingId, Path, description = "Id of the recording.")),
    responses((status = 200, body = Vec<u8>, content_type = "audio/wav"))
)]
pub(crate) async fn download_recording(
    State(api): State<Api>,
    InTenant { scope, .. }: InTenant,
    Path(recording): Path<RecordingId>,
) -> Result<Response> {
    let found = scope.recordings().get(recording).await?;
    let file = File::open(path_of(&api, &found)?).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Problem::not_found(format!(
            "the audio of recording {recording} is gone from the recordings folder"
        )),
        _ => Problem::internal(&error),
    })?;
    let length = file.metadata().await.map_err(|error| Problem::internal(&error))?.len();
    // A recording that still grows is sent as far as it was when asked for.
    let body = Body::from_stream(ReaderStream::new(file.take(length)));
    Response::builder()
        .header(CONTENT_TYPE, "audio/wav")
        .header(CONTENT_LENGTH, length)
        .body(body)
        .map_err(|error| Problem::internal(&error))
}
