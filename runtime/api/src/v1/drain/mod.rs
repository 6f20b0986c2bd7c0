//! Letting a server run empty before it is taken away.

mod begin;
mod cancel;
mod get;

use crate::state::Api;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(get::drain_status, begin::drain, cancel::cancel_drain))
}
