//! `GET /v1/trunks/{trunk}/rules`

use crate::auth::InTenant;
use crate::extract::Path;
use crate::problem::Result;
use axum::Json;
use strowger_model::rules::TrunkRules;

/// Shows the rules of a trunk.
#[utoipa::path(
    get,
    path = "/v1/trunks/{trunk}/rules",
    tag = "trunks",
    params(("trunk" = String, Path, description = "Name or id of the trunk.")),
    responses((status = 200, body = TrunkRules))
)]
pub(crate) async fn trunk_rules(
    InTenant { scope, .. }: InTenant,
    Path(trunk): Path<String>,
) -> Result<Json<TrunkRules>> {
    Ok(Json(scope.trunks().find(&trunk).await?.rules))
}
