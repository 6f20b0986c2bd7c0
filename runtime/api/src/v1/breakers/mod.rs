//! Versions that failed so often that they are disabled.

mod list;
mod reset;

use crate::state::Api;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(list::disabled_versions)).routes(routes!(reset::reset_flow))
}
