//! `GET /v1/recordings`

use super::Recording;
use crate::auth::InTenant;
use crate::extract::Query;
use crate::problem::Result;
use crate::v1::List;
use crate::v1::calls::{USUAL_PAGE, cursor};
use axum::Json;
use serde::Deserialize;
use strowger_model::CallId;
use utoipa::IntoParams;

/// Lists recordings, newest first.
#[utoipa::path(
    get,
    path = "/v1/recordings",
    tag = "recordings",
    params(RecordingQuery),
    responses((status = 200, body = List<Recording>))
)]
pub(crate) async fn list_recordings(
    InTenant { scope, .. }: InTenant,
    Query(wanted): Query<RecordingQuery>,
) -> Result<Json<List<Recording>>> {
    let after = cursor(wanted.after.as_deref())?;
    let limit = wanted.limit.unwrap_or(USUAL_PAGE);
    let page = scope.recordings().list(wanted.call, after, limit).await?;
    let items = page.items.into_iter().map(Recording::from).collect();
    Ok(Json(List { items, next: page.next.map(|next| next.to_string()) }))
}

/// Which recordings are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RecordingQuery {
    /// Only of this call.
    call: Option<CallId>,
    /// The `next` of the page before.
    after: Option<String>,
    /// Recordings in the page, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}
