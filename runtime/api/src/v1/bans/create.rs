//! `POST /v1/bans`

use crate::auth::Operator;
use crate::extract;
use crate::problem::{Problem, Result};
use crate::state::Api;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use utoipa::ToSchema;

/// Up to a year; for ever is a firewall's business.
const BAN_S: RangeInclusive<u32> = 1..=31_536_000;

/// Who is not to be answered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BanBody {
    /// The address; of IPv6 its network of 64 bits.
    #[schema(value_type = String)]
    address: IpAddr,
    /// For how long.
    for_s: u32,
}

/// Does not answer an address for a while.
#[utoipa::path(
    post,
    path = "/v1/bans",
    tag = "operator",
    request_body = BanBody,
    responses((status = 204, description = "Done."))
)]
pub(crate) async fn create_ban(
    State(api): State<Api>,
    _: Operator,
    extract::Json(BanBody { address, for_s }): extract::Json<BanBody>,
) -> Result<StatusCode> {
    if !BAN_S.contains(&for_s) {
        let (first, last) = (BAN_S.start(), BAN_S.end());
        return Err(Problem::invalid(format!("for_s: write {first} to {last} seconds")));
    }
    api.control.ban(address, for_s).await?;
    Ok(StatusCode::NO_CONTENT)
}
