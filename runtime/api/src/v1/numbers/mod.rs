//! Public numbers and the flows they lead to.

mod create;
mod delete;
mod get;
mod list;
mod update;

use crate::state::Api;
use serde::{Deserialize, Serialize};
use strowger_model::{Address, NumberId, Timestamp};
use strowger_store as store;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_numbers))
        .routes(routes!(create::create_number))
        .routes(routes!(get::get_number))
        .routes(routes!(update::update_number))
        .routes(routes!(delete::delete_number))
}

/// A number to bind.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NumberBody {
    /// In E.164 form: `+441632960000`.
    number: Address,
    /// Flow whose current version takes its calls; absent: the fallback does.
    #[serde(default)]
    flow: Option<String>,
    /// What it is for.
    #[serde(default)]
    note: String,
}

/// Where a number leads.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NumberTarget {
    /// Flow whose current version takes its calls; absent: the fallback does.
    #[serde(default)]
    flow: Option<String>,
    /// What it is for.
    #[serde(default)]
    note: String,
}

/// A public number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Number {
    pub id: NumberId,
    pub number: Address,
    /// Flow whose current version takes its calls.
    pub flow: Option<String>,
    pub note: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl From<store::Number> for Number {
    fn from(number: store::Number) -> Self {
        Self {
            id: number.id,
            number: number.number,
            flow: number.flow_name,
            note: number.note,
            created_at: number.created_at,
            updated_at: number.updated_at,
        }
    }
}
