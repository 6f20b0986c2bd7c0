//! `POST /v1/flows/{name}/rollback`

use crate::auth::{Caller, InTenant};
use crate::control::Changed;
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::rollout::{Rollout, WayBack, show};
use axum::Json;
use axum::extract::State;
use strowger_store::Order;

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
    InTenant { tenant, scope }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    extract::Json(body): extract::Json<WayBack>,
) -> Result<Json<Rollout>> {
    let order = Order { by: &key.name, seen: body.expected_revision };
    scope.flows().roll_back(&name, body.to, order).await?;
    api.changed(tenant, Changed::Flows).await;
    Ok(Json(show(&scope.flows(), &name).await?))
}
