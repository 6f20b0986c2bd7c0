//! `POST /v1/tenants`

use super::{Tenant, TenantBody};
use crate::auth::Operator;
use crate::control::Changed;
use crate::extract;
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use strowger_store::RouterChoice;

/// Creates a tenant.
#[utoipa::path(
    post,
    path = "/v1/tenants",
    tag = "operator",
    request_body = TenantBody,
    responses((status = 201, body = Tenant))
)]
pub(crate) async fn create_tenant(
    State(api): State<Api>,
    _: Operator,
    extract::Json(body): extract::Json<TenantBody>,
) -> Result<(StatusCode, Json<Tenant>)> {
    let router = stock_router(&api);
    let tenant = api.store.tenants().create(&body.into_settings(router)).await?;
    api.changed(tenant.id, Changed::Tenant).await;
    Ok((StatusCode::CREATED, Json(tenant.into())))
}

/// What a new tenant distributes with until it chooses: the server's first stock router.
fn stock_router(api: &Api) -> RouterChoice {
    let name = api.control.stock_routers().into_iter().next();
    RouterChoice::Stock(name.unwrap_or_else(|| "longest-idle".to_owned()))
}
