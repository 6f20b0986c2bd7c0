//! Calls: live ones, records and journals.

mod decisions;
mod get;
mod hang_up;
mod journal;
mod list;
mod live;
mod trace;

use crate::state::Api;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) use list::{USUAL_PAGE, cursor};

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_calls))
        .routes(routes!(get::get_call))
        .routes(routes!(journal::call_journal))
        .routes(routes!(decisions::call_decisions))
        .routes(routes!(trace::call_trace))
        .routes(routes!(live::live_calls))
        .routes(routes!(hang_up::hang_up_call))
}
