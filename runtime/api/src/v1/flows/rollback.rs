//! `POST /v1/flows/{name}/rollback`

use crate::auth::{Caller, InTenant};
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::orders;
use crate::v1::programs::rollout::{Rollout, WayBack};
use axum::Json;
use axum::extract::State;

/// Takes a flow back to where it was before.
///
/// A canary is taken out. Without one, or with a number, an earlier version
/// becomes the stable one. Calls under way keep their version.
#[utoipa::path(
    post,
    path = "/v1/flows/{name}/rollback",
    tag = "flows",
    params(("name" = String, Path, description = "Name of the flow.")),
    request_body = WayBack,
    responses((status = 200, body = Rollout))
)]
pub(crate) async fn roll_back_flow(
    State(api): State<Api>,
    InTenant { scope, .. }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    extract::Json(body): extract::Json<WayBack>,
) -> Result<Json<Rollout>> {
    orders::roll_back(&api, scope.flows(), &key.name, &name, &body).await
}
