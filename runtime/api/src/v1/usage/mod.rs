//! What a tenant's guests use.

mod latency;
mod memory;
mod read;

use crate::state::Api;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(read::read_usage))
        .routes(routes!(latency::decision_latency))
        .routes(routes!(memory::guest_memory))
}
