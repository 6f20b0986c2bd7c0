//! `PUT /v1/flows/{name}/canary`

use crate::auth::{Caller, InTenant};
use crate::control::Changed;
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::programs::rollout::{Rollout, show};
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use strowger_model::RollbackRules;
use strowger_store::Order;
use utoipa::ToSchema;

/// A version to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CanaryBody {
    /// Its number.
    version: u32,
    /// Percent of new calls that try it, 0 to 100.
    share_percent: u32,
    /// When it is taken out by itself; absent: the rules in force stay.
    #[serde(default)]
    rules: Option<RollbackRules>,
    /// Revision of the rollout that was seen; another one is refused with 409.
    #[serde(default)]
    expected_revision: Option<u64>,
}

/// Lets a share of new calls try a version of a flow.
///
/// Which calls follows from their ids alone, so a larger share keeps those of a
/// smaller one.
#[utoipa::path(
    put,
    path = "/v1/flows/{name}/canary",
    tag = "flows",
    params(("name" = String, Path, description = "Name of the flow.")),
    request_body = CanaryBody,
    responses((status = 200, body = Rollout))
)]
pub(crate) async fn try_canary(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    extract::Json(body): extract::Json<CanaryBody>,
) -> Result<Json<Rollout>> {
    let flows = scope.flows();
    let order = Order { by: &key.name, seen: body.expected_revision };
    let rules = body.rules.as_ref();
    flows.try_canary(&name, body.version, body.share_percent, rules, order).await?;
    api.changed(tenant, Changed::Flows).await;
    Ok(Json(show(&flows, &name).await?))
}
