//! `PUT /v1/trunks/{trunk}/rules`

use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract::{self, Path};
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use strowger_model::rules::TrunkRules;

/// Replaces the rules of a trunk; what is not given is as if never set. Calls
/// that are up go on as they began.
#[utoipa::path(
    put,
    path = "/v1/trunks/{trunk}/rules",
    tag = "trunks",
    params(("trunk" = String, Path, description = "Name or id of the trunk.")),
    request_body = TrunkRules,
    responses((status = 200, body = TrunkRules))
)]
pub(crate) async fn set_trunk_rules(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Path(trunk): Path<String>,
    extract::Json(rules): extract::Json<TrunkRules>,
) -> Result<Json<TrunkRules>> {
    let id = scope.trunks().find(&trunk).await?.id;
    let updated = scope.trunks().set_rules(id, &rules).await?;
    api.changed(tenant, Changed::Trunks).await;
    Ok(Json(updated.rules))
}
