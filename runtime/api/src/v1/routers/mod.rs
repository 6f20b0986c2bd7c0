//! Routers and their versions.

mod canary;
mod compare;
mod delete;
mod delete_version;
mod download;
mod end_canary;
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
        .routes(routes!(list::list_routers))
        .routes(routes!(get::get_router))
        .routes(routes!(delete::delete_router))
        .routes(routes!(versions::router_versions))
        .routes(routes!(version::router_version))
        .routes(routes!(download::download_router))
        .routes(routes!(promote::promote_router))
        .routes(routes!(rollout::router_rollout))
        .routes(routes!(canary::try_router_canary))
        .routes(routes!(end_canary::end_router_canary))
        .routes(routes!(compare::compare_router))
        .routes(routes!(rollback::roll_back_router))
        .routes(routes!(delete_version::delete_router_version))
}

pub(crate) fn uploads() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(upload::upload_router))
}
