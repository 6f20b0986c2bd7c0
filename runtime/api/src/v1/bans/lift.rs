//! `DELETE /v1/bans/{address}`

use crate::auth::Operator;
use crate::extract::Path;
use crate::problem::{Problem, Result};
use crate::state::Api;
use axum::extract::State;
use axum::http::StatusCode;
use std::net::IpAddr;

/// Answers an address again and forgets what it did.
#[utoipa::path(
    delete,
    path = "/v1/bans/{address}",
    tag = "operator",
    params(("address" = String, Path, description = "The address, as the list shows it.")),
    responses((status = 204, description = "Done."))
)]
pub(crate) async fn lift_ban(
    State(api): State<Api>,
    _: Operator,
    Path(address): Path<String>,
) -> Result<StatusCode> {
    let address: IpAddr = address.parse().map_err(|_| {
        Problem::bad_request(format!("{address:?} is no IP address; write it like 192.0.2.7"))
    })?;
    api.control.lift_ban(address).await?;
    Ok(StatusCode::NO_CONTENT)
}
