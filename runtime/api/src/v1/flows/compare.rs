//! `GET /v1/flows/{name}/compare`

use crate::auth::InTenant;
use crate::extract::{Path, Query};
use crate::problem::Result;
use crate::v1::programs::compare::{CompareQuery, ComparedSpread};
use axum::Json;
use serde::Serialize;
use std::collections::BTreeMap;
use strowger_store::{MAX_COMPARED_CALLS, VersionReport};
use utoipa::ToSchema;

/// How versions of a flow fare.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Comparison {
    flow: String,
    /// Newest first, or in the order asked for.
    versions: Vec<ComparedVersion>,
    /// How many calls of one version are looked at, the newest.
    max_calls: u32,
}

/// How one version fared in the calls that began with it and are over.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComparedVersion {
    version: u32,
    calls: u64,
    answered: u64,
    /// Calls in which the version failed.
    faults: u64,
    /// The same by kind of fault.
    faults_by_kind: BTreeMap<String, u64>,
    /// Fuel used in a call.
    fuel: ComparedSpread,
    /// Microseconds taken for a turn, as the mean of a call.
    decision_us: ComparedSpread,
    /// Answered calls that ended without a fault, an agent, a transfer or an
    /// abandoned wait.
    contained: u64,
    /// Of the answered calls; absent: there was none.
    contained_percent: Option<u64>,
    /// Calls that an agent talked to.
    agents: u64,
    /// Calls that were handed to somebody who is no agent.
    transfers: u64,
    /// Calls that waited in a queue.
    queued: u64,
    /// Of these, whose caller hung up waiting.
    abandons: u64,
    /// Whether there were more than `max_calls`: the oldest are left out.
    cut: bool,
}

/// Compares versions of a flow by the records of their calls.
#[utoipa::path(
    get,
    path = "/v1/flows/{name}/compare",
    tag = "flows",
    params(("name" = String, Path, description = "Name of the flow."), CompareQuery),
    responses((status = 200, body = Comparison))
)]
pub(crate) async fn compare_flow(
    InTenant { scope, .. }: InTenant,
    Path(name): Path<String>,
    Query(query): Query<CompareQuery>,
) -> Result<Json<Comparison>> {
    let (since, until) = query.period();
    let reports = scope.flows().compare(&name, &query.numbers()?, since, until).await?;
    let versions = reports.into_iter().map(ComparedVersion::from).collect();
    Ok(Json(Comparison { flow: name, versions, max_calls: MAX_COMPARED_CALLS }))
}

impl From<VersionReport> for ComparedVersion {
    fn from(report: VersionReport) -> Self {
        Self {
            version: report.number,
            calls: report.calls,
            answered: report.answered,
            faults: report.faults.values().sum(),
            faults_by_kind: report.faults,
            fuel: report.fuel.into(),
            decision_us: report.decision_us.into(),
            contained: report.contained,
            contained_percent: (report.contained * 100).checked_div(report.answered),
            agents: report.agents,
            transfers: report.transfers,
            queued: report.queued,
            abandons: report.abandons,
            cut: report.cut,
        }
    }
}
