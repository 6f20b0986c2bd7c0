//! Flows and their versions.

mod delete;
mod download;
mod find;
mod get;
mod list;
mod promote;
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
}

pub(crate) fn uploads() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(upload::upload_flow))
}
