//! Flows and their versions.

mod canary;
mod compare;
mod delete;
mod delete_version;
mod deploy;
mod deployment;
mod download;
mod end_canary;
mod find;
mod get;
mod list;
mod promote;
mod rollback;
mod rollout;
mod upload;
mod version;
mod versions;

use crate::state::Api;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_flows))
        .routes(routes!(get::get_flow))
        .routes(routes!(delete::delete_flow))
        .routes(routes!(versions::flow_versions))
        .routes(routes!(version::flow_version))
        .routes(routes!(find::find_flow_version))
        .routes(routes!(download::download_flow))
        .routes(routes!(promote::promote_flow))
        .routes(routes!(rollout::flow_rollout))
        .routes(routes!(canary::try_canary))
        .routes(routes!(end_canary::end_canary))
        .routes(routes!(compare::compare_flow))
        .routes(routes!(rollback::roll_back_flow))
        .routes(routes!(delete_version::delete_flow_version))
        .routes(routes!(deployment::flow_deployment))
}

pub(crate) fn uploads() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(upload::upload_flow)).routes(routes!(deploy::deploy_flow))
}
