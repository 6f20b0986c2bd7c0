//! `PUT /v1/router`

use super::{RouterChoice, shown};
use crate::auth::InTenant;
use crate::control::Changed;
use crate::extract;
use crate::problem::{Problem, Result};
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use strowger_store as store;

/// Chooses which router distributes contacts.
#[utoipa::path(
    put,
    path = "/v1/router",
    tag = "distribution",
    request_body = RouterChoice,
    responses((status = 200, body = RouterChoice))
)]
pub(crate) async fn choose_router(
    State(api): State<Api>,
    InTenant { tenant, scope }: InTenant,
    extract::Json(body): extract::Json<RouterChoice>,
) -> Result<Json<RouterChoice>> {
    let choice = match body {
        RouterChoice::Stock { name } => {
            let stock = api.control.stock_routers();
            if !stock.contains(&name) {
                return Err(Problem::invalid(format!(
                    "there is no stock router {name:?}; there are {}",
                    stock.join(", ")
                )));
            }
            store::RouterChoice::Stock(name)
        }
        RouterChoice::Own { name, version: Some(number) } => {
            store::RouterChoice::Version(scope.routers().version(&name, number).await?.id)
        }
        RouterChoice::Own { name, version: None } => {
            let current = scope.routers().get(&name).await?.current;
            let current = current.ok_or_else(|| {
                Problem::conflict(format!("the router {name} has no current version; promote one"))
            })?;
            store::RouterChoice::Version(current.id)
        }
    };
    let mut settings = scope.settings().await?.settings;
    settings.router = choice;
    let updated = api.store.tenants().update(tenant, &settings).await?;
    api.changed(tenant, Changed::Routers).await;
    Ok(Json(shown(&scope, updated.settings.router).await?))
}
