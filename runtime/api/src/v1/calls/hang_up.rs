//! `POST /v1/calls/{call}/hangup`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use crate::state::Api;
use axum::extract::State;
use axum::http::StatusCode;
use strowger_model::CallId;

/// Ends a live call.
#[utoipa::path(
    post,
    path = "/v1/calls/{call}/hangup",
    tag = "calls",
    params(("call" = CallId, Path, description = "Id of the call.")),
    responses((status = 202, description = "Done."))
)]
pub(crate) async fn hang_up_call(
    State(api): State<Api>,
    InTenant { tenant, .. }: InTenant,
    Path(call): Path<CallId>,
) -> Result<StatusCode> {
    api.control.hang_up(tenant, call).await?;
    Ok(StatusCode::ACCEPTED)
}
