//! `POST /v1/flows/{name}/deployments`

use crate::auth::{Caller, InTenant};
use crate::deployment::{self, Deployment, Job, Order};
use crate::extract::{Path, Query, Upload};
use crate::problem::{Problem, Result};
use crate::state::Api;
use crate::v1::programs::UploadOptions;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use std::sync::Arc;

/// Deploys a version of a flow, which is made if new.
///
/// The body is what an upload takes. The answer comes as soon as it has arrived;
/// ask for the deployment, or follow the events `deployment.step` and
/// `deployment.ended`, to see how far it is. One deployment of a flow at a time.
///
/// In the step `dry_run` the flow's last recorded calls are replayed on the new
/// version. If there are fewer than 10, stock calls are made on it too: what callers
/// do, played by the server without calling anything outside. A version that fails
/// where the one in force does not is stored, but neither promoted nor tried as a
/// canary by this request; promote it by hand if that is meant. The first version
/// of a flow is in force whatever it does.
#[utoipa::path(
    post,
    path = "/v1/flows/{name}/deployments",
    tag = "flows",
    params(("name" = String, Path, description = "Name of the flow."), UploadOptions),
    request_body(content = Vec<u8>, content_type = "application/wasm"),
    responses((status = 202, body = Deployment))
)]
pub(crate) async fn deploy_flow(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    Caller(key): Caller,
    Path(name): Path<String>,
    Query(options): Query<UploadOptions>,
    request: Request,
) -> Result<(StatusCode, Json<Deployment>)> {
    let order = Order::new(scope.flows(), name, &options, &key.name)?;
    let upload = order.read(&api, request).await?;
    let listener = {
        let control = api.control.clone();
        Box::new(move |name: &str, data| control.tell(tenant, name, data))
    };
    let job = api.deployments.begin(tenant, &order.name, listener)?;
    let shown = job.show();
    tokio::spawn(see_through(api, job, order, upload));
    Ok((StatusCode::ACCEPTED, Json(shown)))
}

/// Runs a deployment to its end, whatever happens on the way.
async fn see_through(api: Api, job: Arc<Job>, order: Order, upload: Upload) {
    let ran = {
        let job = job.clone();
        // A task of its own: a panic of ours ends the deployment, not silently.
        tokio::spawn(async move { deployment::run(&api, &job, &order, upload.bytes.clone()).await })
    };
    match ran.await.unwrap_or_else(|panic| Err(Problem::internal(&panic))) {
        Ok(version) => job.succeed(version),
        Err(problem) => job.fail(&problem.detail),
    }
}
