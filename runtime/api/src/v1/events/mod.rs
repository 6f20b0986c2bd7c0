//! What happens to a tenant, as it happens.

mod follow;

use crate::state::Api;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(follow::follow_events))
}
