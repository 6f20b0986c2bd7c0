//! `PUT /v1/flows/{name}/current`

use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::{Program, Promotion};
use axum::Json;
use axum::extract::State;

/// Makes a version of a flow the one in force.
///
/// New calls get it; calls under way keep theirs.
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
    Path(name): Path<String>,
    extract::Json(body): extract::Json<Promotion>,
) -> Result<Json<Program>> {
    let program = scope.flows().promote(&name, body.version).await?;
    api.changed(tenant, Changed::Flows).await;
    Ok(Json(program.into()))
}
