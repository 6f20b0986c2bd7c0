//! API keys: of the tenant a request acts in, or the operator's own.

mod create;
mod list;
mod revoke;
mod whoami;

use crate::auth::InTenant;
use crate::state::Api;
use serde::Serialize;
use strowger_model::{ApiKeyId, TenantId, Timestamp};
use strowger_store as store;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_keys))
        .routes(routes!(create::create_key))
        .routes(routes!(revoke::revoke_key))
        .routes(routes!(whoami::show_own_key))
}

/// A key without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Key {
    /// Its id.
    pub id: ApiKeyId,
    /// What it is for.
    pub name: String,
    /// The part that may be shown.
    pub prefix: String,
    /// `operator` or `admin` (of a tenant).
    pub role: String,
    /// Whose; absent: the operator's.
    pub tenant: Option<TenantId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl From<store::ApiKey> for Key {
    fn from(key: store::ApiKey) -> Self {
        Self {
            id: key.id,
            name: key.name,
            prefix: key.prefix,
            role: key.role.name().to_owned(),
            tenant: key.tenant,
            created_at: key.created_at,
            last_used_at: key.last_used_at,
            revoked_at: key.revoked_at,
        }
    }
}

/// The keys a request is about.
fn keys_of(api: &Api, place: Option<InTenant>) -> store::Keys {
    match place {
        Some(InTenant { scope, .. }) => scope.keys(),
        None => api.store.operator_keys(),
    }
}
