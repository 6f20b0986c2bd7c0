//! Public numbers and the flows they lead to.

mod create;
mod delete;
mod get;
mod list;
mod update;

use crate::state::Api;
use crate::v1::programs::BoundCanary;
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
    /// Flow that takes its calls; absent: the fallback does.
    #[serde(default)]
    flow: Option<String>,
    /// The version of it that takes them, whatever is promoted; absent: the
    /// stable one.
    #[serde(default)]
    version: Option<u32>,
    /// A version that some of them try, instead of the flow's own canary.
    #[serde(default)]
    canary: Option<BoundCanary>,
    /// What it is for.
    #[serde(default)]
    note: String,
}

/// Where a number leads.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NumberTarget {
    /// Flow that takes its calls; absent: the fallback does.
    #[serde(default)]
    flow: Option<String>,
    /// The version of it that takes them, whatever is promoted; absent: the
    /// stable one.
    #[serde(default)]
    version: Option<u32>,
    /// A version that some of them try, instead of the flow's own canary.
    #[serde(default)]
    canary: Option<BoundCanary>,
    /// What it is for.
    #[serde(default)]
    note: String,
}

fn route<'a>(
    flow: Option<&'a str>,
    version: Option<u32>,
    canary: Option<BoundCanary>,
) -> store::NumberRoute<'a> {
    store::NumberRoute { flow, version, canary: canary.map(store::BoundCanary::from) }
}

/// A public number.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Number {
    pub id: NumberId,
    pub number: Address,
    /// Flow that takes its calls.
    pub flow: Option<String>,
    /// The version of it that takes them; absent: the stable one.
    pub version: Option<u32>,
    /// A version that some of them try.
    pub canary: Option<BoundCanary>,
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
            version: number.version.map(|(_, number)| number),
            canary: number.canary.map(|(_, canary)| canary.into()),
            note: number.note,
            created_at: number.created_at,
            updated_at: number.updated_at,
        }
    }
}
