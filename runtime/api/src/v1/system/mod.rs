//! The server itself: its health, metrics and document.

mod alarms;
mod document;
mod health;
mod metrics;
mod signing_keys;

use crate::state::Api;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn open() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(health::health))
        .routes(routes!(document::openapi))
        .routes(routes!(signing_keys::list_signing_keys))
}

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(metrics::metrics)).routes(routes!(alarms::list_alarms))
}
