//! Who is asking: keys, roles and tenants. The only place that decides it.

use crate::problem::Problem;
use crate::state::Api;
use axum::extract::{ConnectInfo, FromRequestParts, OptionalFromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;
use strowger_model::TenantId;
use strowger_store::{ApiKey, Role, TenantStore};

/// Names the tenant that an operator's key acts for, by name or id.
pub const TENANT_HEADER: &str = "strowger-tenant";

/// A request's key, known to be valid.
#[derive(Clone, Debug)]
pub(crate) struct Caller(pub ApiKey);

/// The request comes from the operator.
#[derive(Debug)]
pub(crate) struct Operator;

/// The tenant a request acts in, and the only way to its data.
#[derive(Debug)]
pub(crate) struct InTenant {
    pub tenant: TenantId,
    pub scope: TenantStore,
}

/// Lets a request pass if it shows a valid key and its key has not asked too often.
pub(crate) async fn authenticate(
    State(api): State<Api>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let now = Instant::now();
    let address = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
    api.failure_rate.peek(&address, now).map_err(Problem::too_many_requests)?;
    let key = match bearer(&request) {
        Some(shown) => api.store.authenticate(shown).await?,
        None => None,
    };
    let Some(key) = key else {
        api.failure_rate.take(address, now).map_err(Problem::too_many_requests)?;
        return Err(Problem::unauthorized());
    };
    api.key_rate.take(key.id, now).map_err(Problem::too_many_requests)?;
    request.extensions_mut().insert(Caller(key));
    Ok(next.run(request).await)
}

fn bearer(request: &Request) -> Option<&str> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Problem> {
        parts.extensions.get::<Caller>().cloned().ok_or_else(Problem::unauthorized)
    }
}

impl FromRequestParts<Api> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let Caller(key) = <Caller as FromRequestParts<Api>>::from_request_parts(parts, api).await?;
        match key.role {
            Role::Operator => Ok(Self),
            Role::Admin => Err(Problem::forbidden("only the operator may do this")),
        }
    }
}

impl FromRequestParts<Api> for InTenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        named_tenant(parts, api).await?.ok_or_else(|| {
            Problem::bad_request(
                "an operator's key acts in a tenant that the header Strowger-Tenant names",
            )
        })
    }
}

/// None: the operator, who named no tenant.
impl OptionalFromRequestParts<Api> for InTenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Option<Self>, Problem> {
        named_tenant(parts, api).await
    }
}

async fn named_tenant(parts: &mut Parts, api: &Api) -> Result<Option<InTenant>, Problem> {
    let Caller(key) = <Caller as FromRequestParts<Api>>::from_request_parts(parts, api).await?;
    let named = match parts.headers.get(TENANT_HEADER) {
        Some(value) => Some(value.to_str().map_err(|_| {
            Problem::bad_request("the header Strowger-Tenant is the name or id of a tenant")
        })?),
        None => None,
    };
    let tenant = match (key.tenant, named) {
        (Some(own), None) => own,
        (Some(own), Some(named)) => {
            let settings = api.store.tenant(own).settings().await?.settings;
            if named != settings.name && named != own.to_string() {
                return Err(Problem::forbidden(
                    "this key belongs to another tenant than the header Strowger-Tenant names",
                ));
            }
            own
        }
        (None, Some(named)) => api.store.tenants().find(named).await?.id,
        (None, None) => return Ok(None),
    };
    Ok(Some(InTenant { tenant, scope: api.store.tenant(tenant) }))
}
