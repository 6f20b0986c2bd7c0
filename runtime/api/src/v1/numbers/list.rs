//! `GET /v1/numbers`

use super::Number;
use crate::auth::InTenant;
use crate::problem::Result;
use crate::v1::List;
use axum::Json;

/// Lists the numbers.
#[utoipa::path(
    get,
    path = "/v1/numbers",
    tag = "numbers",
    responses((status = 200, body = List<Number>))
)]
pub(crate) async fn list_numbers(InTenant { scope, .. }: InTenant) -> Result<Json<List<Number>>> {
    Ok(Json(List::whole(scope.numbers().list().await?)))
}
