//! `PUT /v1/flows/{name}/current`

use crate::auth::{Caller, InTenant};
use crate::control::Changed;
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::{Program, Promotion};
use axum::Json;
use axum::extract::State;
use strowger_store::Order;

/// Makes a version of a flow the one in force.
///
/// New calls get it; calls under way keep theirs. A canary ends.
#[utoipa::path(
    put,
    path = "/v1/flows/{name}/current",
    tag = "flows",
    params(("name" = String, Path, description = "Name of the flow.")),
    request_body = Promotion,
    responses((status = 200, body = Program))
)]
pub(crate) async fn promote_flow(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    extract::Json(body): extract::Json<Promotion>,
) -> Result<Json<Program>> {
    let order = Order { by: &key.name, seen: body.expected_revision };
    scope.flows().promote(&name, body.version, body.rules.as_ref(), order).await?;
    api.changed(tenant, Changed::Flows).await;
    Ok(Json(scope.flows().get(&name).await?.into()))
}
