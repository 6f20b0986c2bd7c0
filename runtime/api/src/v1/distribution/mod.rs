//! Which router distributes the contacts of the tenant.

mod choose;
mod get;
mod stock;

use crate::problem::{Problem, Result};
use crate::state::Api;
use serde::{Deserialize, Serialize};
use strowger_store::{self as store, TenantStore};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(get::get_router_choice))
        .routes(routes!(choose::choose_router))
        .routes(routes!(stock::stock_routers))
}

/// Which router distributes contacts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum RouterChoice {
    /// One that comes with the server.
    Stock {
        /// Its name.
        name: String,
    },
    /// One the tenant uploaded.
    Own {
        /// Name of the router.
        name: String,
        /// Number of the version; absent: the current one, as it is now.
        version: Option<u32>,
    },
}

/// Finds the tenant's own router that a version belongs to.
async fn shown(scope: &TenantStore, choice: store::RouterChoice) -> Result<RouterChoice> {
    let version = match choice {
        store::RouterChoice::Stock(name) => return Ok(RouterChoice::Stock { name }),
        store::RouterChoice::Version(version) => version,
    };
    for router in scope.routers().list().await? {
        let versions = scope.routers().versions(&router.name).await?;
        if let Some(found) = versions.iter().find(|candidate| candidate.id == version) {
            return Ok(RouterChoice::Own { name: router.name, version: Some(found.number) });
        }
    }
    Err(Problem::not_found("the router in force was deleted; choose another one"))
}
