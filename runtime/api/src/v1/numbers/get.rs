//! `GET /v1/numbers/{number}`

use super::Number;
use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use axum::Json;

/// Shows a number.
#[utoipa::path(
    get,
    path = "/v1/numbers/{number}",
    tag = "numbers",
    params(("number" = String, Path, description = "The number, for example +441632960000.")),
    responses((status = 200, body = Number))
)]
pub(crate) async fn get_number(
    InTenant { scope, .. }: InTenant,
    Path(number): Path<String>,
) -> Result<Json<Number>> {
    Ok(Json(scope.numbers().get(&number).await?.into()))
}
