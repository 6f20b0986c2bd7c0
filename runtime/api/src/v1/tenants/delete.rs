//! `DELETE /v1/tenants/{tenant}`

use crate::auth::Operator;
use crate::control::Changed;
use crate::extract::Path;
use crate::problem::Result;
use crate::state::Api;
use crate::v1::recordings::remove_file;
use axum::extract::State;
use axum::http::StatusCode;
use strowger_model::TenantId;
use strowger_store::MAX_PAGE;

/// Deletes a tenant with everything it has.
///
/// Its calls, recordings and journals go too. Live calls are hung up.
#[utoipa::path(
    delete,
    path = "/v1/tenants/{tenant}",
    tag = "operator",
    params(("tenant" = String, Path, description = "Name or id of the tenant.")),
    responses((status = 204, description = "Done."))
)]
pub(crate) async fn delete_tenant(
    State(api): State<Api>,
    _: Operator,
    Path(tenant): Path<String>,
) -> Result<StatusCode> {
    let tenant = api.store.tenants().find(&tenant).await?.id;
    remove_recordings(&api, tenant).await?;
    api.store.tenants().delete(tenant).await?;
    api.changed(tenant, Changed::TenantDeleted).await;
    Ok(StatusCode::NO_CONTENT)
}

/// The files first: once the rows are gone nobody knows them.
async fn remove_recordings(api: &Api, tenant: TenantId) -> Result<()> {
    let recordings = api.store.tenant(tenant).recordings();
    let mut after = None;
    loop {
        let page = recordings.list(None, after, MAX_PAGE).await?;
        for recording in &page.items {
            remove_file(api, recording).await?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}
