//! `DELETE /v1/numbers/{number}`

use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract::Path;
use crate::problem::Result;
use crate::state::Api;
use axum::extract::State;
use axum::http::StatusCode;

/// Deletes a number.
#[utoipa::path(
    delete,
    path = "/v1/numbers/{number}",
    tag = "numbers",
    params(("number" = String, Path, description = "The number, for example +441632960000.")),
    responses((status = 204, description = "Done."))
)]
pub(crate) async fn delete_number(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Path(number): Path<String>,
) -> Result<StatusCode> {
    scope.numbers().delete(&number).await?;
    api.changed(tenant, Changed::Numbers).await;
    Ok(StatusCode::NO_CONTENT)
}
