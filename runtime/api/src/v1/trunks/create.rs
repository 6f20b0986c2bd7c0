//! `POST /v1/trunks`

use super::{Trunk, TrunkBody};
use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract;
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;

/// Creates a trunk.
#[utoipa::path(
    post,
    path = "/v1/trunks",
    tag = "trunks",
    request_body = TrunkBody,
    responses((status = 201, body = Trunk))
)]
pub(crate) async fn create_trunk(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    extract::Json(body): extract::Json<TrunkBody>,
) -> Result<(StatusCode, Json<Trunk>)> {
    let (settings, passwords) = body.split();
    let created = scope.trunks().create(&settings, &passwords).await?;
    api.changed(tenant, Changed::Trunks).await;
    Ok((StatusCode::CREATED, Json(created.into())))
}
