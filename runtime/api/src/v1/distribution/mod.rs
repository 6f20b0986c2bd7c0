//! Which router distributes the contacts of the tenant, and those of a queue.

mod choose;
mod get;
mod stock;

use crate::problem::{Problem, Result};
use crate::state::Api;
use crate::v1::programs::BoundCanary;
use serde::{Deserialize, Serialize};
use strowger_store::{self as store, ProgramNames, RouterRoute, TenantStore};
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
        /// Number of the version that decides, whatever is promoted; absent: the
        /// stable one.
        version: Option<u32>,
        /// A version that some contacts try, instead of the router's own canary.
        canary: Option<BoundCanary>,
    },
}

impl RouterChoice {
    /// What is stored of it, if there is such a router.
    pub(crate) async fn find(self, api: &Api, scope: &TenantStore) -> Result<store::RouterChoice> {
        match self {
            Self::Stock { name } => {
                let stock = api.control.stock_routers();
                if stock.contains(&name) {
                    return Ok(store::RouterChoice::Stock(name));
                }
                Err(Problem::invalid(format!(
                    "there is no stock router {name:?}; there are {}",
                    stock.join(", ")
                )))
            }
            Self::Own { name, version, canary } => {
                let canary = canary.map(store::BoundCanary::from);
                let route = RouterRoute { router: name.as_str(), version, canary };
                Ok(scope.routers().choice(&route).await?)
            }
        }
    }

    /// A stored one; none: what was chosen is gone.
    pub(crate) fn shown(names: &ProgramNames, choice: &store::RouterChoice) -> Option<Self> {
        if let store::RouterChoice::Stock(name) = choice {
            return Some(Self::Stock { name: name.clone() });
        }
        let RouterRoute { router, version, canary } = names.route(choice)?;
        Some(Self::Own { name: router, version, canary: canary.map(BoundCanary::from) })
    }
}

/// What choices are called, read only if one of them is not a stock router.
pub(crate) async fn names<'a>(
    scope: &TenantStore,
    mut choices: impl Iterator<Item = &'a store::RouterChoice>,
) -> Result<ProgramNames> {
    match choices.all(|choice| matches!(choice, store::RouterChoice::Stock(_))) {
        true => Ok(ProgramNames::default()),
        false => Ok(scope.routers().names().await?),
    }
}

/// The tenant's choice.
async fn shown(scope: &TenantStore, choice: &store::RouterChoice) -> Result<RouterChoice> {
    let names = names(scope, std::iter::once(choice)).await?;
    RouterChoice::shown(&names, choice)
        .ok_or_else(|| Problem::not_found("the router in force was deleted; choose another one"))
}
