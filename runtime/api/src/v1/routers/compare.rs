//! `GET /v1/routers/{name}/compare`

use crate::auth::InTenant;
use crate::extract::{Path, Query};
use crate::problem::Result;
use crate::v1::programs::compare::{CompareQuery, ComparedSpread};
use axum::Json;
use serde::Serialize;
use std::collections::BTreeMap;
use strowger_store::{MAX_COMPARED_CALLS, RouterReport};
use utoipa::ToSchema;

/// How versions of a router fare.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RouterComparison {
    router: String,
    /// Newest first, or in the order asked for.
    versions: Vec<ComparedRouterVersion>,
    /// How many decisions, and how many contacts, of one version are looked at,
    /// the newest.
    max_decisions: u32,
}

/// How one version fared: its decisions, and the contacts that were its to decide
/// about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComparedRouterVersion {
    version: u32,
    /// Decisions, faulty ones included.
    decisions: u64,
    /// Of these, undone by a fault: the stock router decided instead.
    faults: u64,
    /// The same by kind of fault.
    faults_by_kind: BTreeMap<String, u64>,
    /// Fuel used for a decision.
    fuel: ComparedSpread,
    /// Microseconds taken for a decision.
    decision_us: ComparedSpread,
    /// Contacts whose wait is over.
    contacts: u64,
    /// Of these, given to an agent who answered.
    served: u64,
    /// Of these, whose caller hung up waiting.
    abandons: u64,
    /// Of the contacts; absent: there was none.
    abandoned_percent: Option<u64>,
    /// Whether there was more than `max_decisions`: the oldest are left out.
    cut: bool,
}

/// Compares versions of a router by what they decided and what became of it.
#[utoipa::path(
    get,
    path = "/v1/routers/{name}/compare",
    tag = "routers",
    params(("name" = String, Path, description = "Name of the router."), CompareQuery),
    responses((status = 200, body = RouterComparison))
)]
pub(crate) async fn compare_router(
    InTenant { scope, .. }: InTenant,
    Path(name): Path<String>,
    Query(query): Query<CompareQuery>,
) -> Result<Json<RouterComparison>> {
    let (since, until) = query.period();
    let reports = scope.routers().compare_routers(&name, &query.numbers()?, since, until).await?;
    let versions = reports.into_iter().map(ComparedRouterVersion::from).collect();
    Ok(Json(RouterComparison { router: name, versions, max_decisions: MAX_COMPARED_CALLS }))
}

impl From<RouterReport> for ComparedRouterVersion {
    fn from(report: RouterReport) -> Self {
        Self {
            version: report.number,
            decisions: report.decisions,
            faults: report.faults.values().sum(),
            faults_by_kind: report.faults,
            fuel: report.fuel.into(),
            decision_us: report.decision_us.into(),
            contacts: report.contacts,
            served: report.served,
            abandons: report.abandons,
            abandoned_percent: (report.abandons * 100).checked_div(report.contacts),
            cut: report.cut,
        }
    }
}
