//! `POST /v1/numbers`

use super::{Number, NumberBody};
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
    let flow = body.flow.as_deref();
    let created = scope.numbers().create(&body.number, flow, &body.note).await?;
    api.changed(tenant, Changed::Numbers).await;
    Ok((StatusCode::CREATED, Json(created.into())))
}
