//! `POST /v1/numbers`

use super::{Number, NumberBody, route};
use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract;
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

/// Creates a number.
#[utoipa::path(
    post,
    path = "/v1/numbers",
    tag = "numbers",
    request_body = NumberBody,
    responses((status = 201, body = Number))
)]
pub(crate) async fn create_number(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    extract::Json(body): extract::Json<NumberBody>,
) -> Result<(StatusCode, Json<Number>)> {
    let route = route(body.flow.as_deref(), body.version, body.canary);
    let created = scope.numbers().create(&body.number, route, &body.note).await?;
    api.changed(tenant, Changed::Numbers).await;
    Ok((StatusCode::CREATED, Json(created.into())))
}
