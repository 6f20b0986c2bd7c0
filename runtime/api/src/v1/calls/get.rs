//! `GET /v1/calls/{call}`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use axum::Json;
use strowger_model::{CallId, CallRecord};

/// Shows a call record.
#[utoipa::path(
    get,
    path = "/v1/calls/{call}",
    tag = "calls",
    params(("call" = CallId, Path, description = "Id of the call.")),
    responses((status = 200, body = CallRecord))
)]
pub(crate) async fn get_call(
    InTenant { scope, .. }: InTenant,
    Path(call): Path<CallId>,
) -> Result<Json<CallRecord>> {
    Ok(Json(scope.calls().get(call).await?))
}
