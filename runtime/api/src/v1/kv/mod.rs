//! Values that flows keep.

mod delete;
mod get;
mod list;
mod set;

use crate::state::Api;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_stored_keys))
        .routes(routes!(get::get_stored_value))
        .routes(routes!(set::set_stored_value))
        .routes(routes!(delete::delete_stored_value))
}

/// A value.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Value {
    /// The value, at most 64 KiB.
    pub value: String,
    /// Seconds it stays when it is set; 0 or absent: for ever.
    #[serde(default)]
    pub ttl_s: u64,
}
