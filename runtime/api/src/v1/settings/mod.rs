//! The settings of the tenant that a key belongs to.

mod get;
mod rules;
mod update;

use crate::state::Api;
use crate::v1::tenants::Fallback;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(get::get_settings))
        .routes(routes!(update::update_settings))
        .routes(routes!(rules::own_rules))
}

/// What a tenant may set itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettingsBody {
    /// IANA time zone.
    pub timezone: String,
    /// Language of announcements.
    pub language: String,
    /// What takes a call whose flow failed.
    pub fallback: Fallback,
    /// Hosts that flows may send HTTP requests to.
    pub http_allow: Vec<String>,
}
