//! `PUT /v1/numbers/{number}`

use super::{Number, NumberTarget, route};
use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;

/// Replaces a number.
#[utoipa::path(
    put,
    path = "/v1/numbers/{number}",
    tag = "numbers",
    params(("number" = String, Path, description = "The number, for example +441632960000.")),
    request_body = NumberTarget,
    responses((status = 200, body = Number))
)]
pub(crate) async fn update_number(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Path(number): Path<String>,
    extract::Json(body): extract::Json<NumberTarget>,
) -> Result<Json<Number>> {
    let route = route(body.flow.as_deref(), body.version, body.canary);
    let updated = scope.numbers().update(&number, route, &body.note).await?;
    api.changed(tenant, Changed::Numbers).await;
    Ok(Json(updated.into()))
}
