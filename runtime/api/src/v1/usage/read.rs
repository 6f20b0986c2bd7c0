//! `GET /v1/usage`

use crate::auth::InTenant;
use crate::extract::Query;
use crate::problem::Result;
use crate::state;
use crate::v1::List;
use axum::Json;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use strowger_model::{Timestamp, VersionId};
use utoipa::{IntoParams, ToSchema};

/// Days shown unless the client says otherwise.
const USUAL_DAYS_MS: u64 = 31 * 86_400_000;

/// Shows what guests have used, by day (UTC), module and version.
///
/// Sums of today are at most some seconds old; a call is counted as it goes on.
#[utoipa::path(
    get,
    path = "/v1/usage",
    tag = "usage",
    params(UsageQuery),
    responses((status = 200, body = List<Usage>))
)]
pub(crate) async fn read_usage(
    InTenant { scope, .. }: InTenant,
    Query(wanted): Query<UsageQuery>,
) -> Result<Json<List<Usage>>> {
    let until = wanted.until.map_or_else(state::now, Timestamp);
    let since = Timestamp(wanted.since.unwrap_or(until.0.saturating_sub(USUAL_DAYS_MS)));
    Ok(Json(List::whole(scope.usage().read(since, until).await?)))
}

/// Which days are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsageQuery {
    /// From the day that this is in, in milliseconds since 1970; absent: 31 days
    /// before `until`.
    since: Option<u64>,
    /// Days that begin before this; absent: now. At most 367 days after `since`.
    until: Option<u64>,
}

/// What one version used on one day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Usage {
    /// The day's beginning in UTC.
    pub day: Timestamp,
    /// `flow/NAME` or `router/NAME`, as in metrics; stock routers are
    /// `router/chosen`, and `router/stock` where one stood in.
    pub module: String,
    /// Which version; absent: one that comes with the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionId>,
    /// Calls that it began to serve.
    pub calls: u64,
    /// Events it handled.
    pub turns: u64,
    /// Fuel: Wasm operators.
    pub fuel: u64,
    /// Time inside the guest in microseconds.
    pub busy_us: u64,
    /// Faults by kind.
    pub faults: BTreeMap<String, u64>,
}

impl From<strowger_store::Usage> for Usage {
    fn from(usage: strowger_store::Usage) -> Self {
        let sums = usage.sums;
        Self {
            day: usage.day,
            module: usage.module,
            version: usage.version,
            calls: sums.calls,
            turns: sums.turns,
            fuel: sums.fuel,
            busy_us: sums.busy_us,
            faults: sums.faults,
        }
    }
}
