//! Addresses that signalling does not answer, for the operator.

mod create;
mod lift;
mod list;

use crate::state::Api;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_bans))
        .routes(routes!(create::create_ban))
        .routes(routes!(lift::lift_ban))
}
