//! `GET /v1/system/signing-keys`

use crate::control::SigningKey;
use crate::state::Api;
use crate::v1::List;
use axum::Json;
use axum::extract::State;

/// Lists the public keys that versions' signatures are checked with.
///
/// What is signed are the lines `strowger version statement 1`, `tenant ID`,
/// `flow ID` or `router ID`, `name NAME`, `version NUMBER` and `sha256 DIGEST`,
/// each with a line feed (Ed25519, RFC 8032).
#[utoipa::path(
    get,
    path = "/v1/system/signing-keys",
    tag = "open",
    responses((status = 200, body = List<SigningKey>))
)]
pub(crate) async fn list_signing_keys(State(api): State<Api>) -> Json<List<SigningKey>> {
    Json(List { items: api.control.signing_keys(), next: None })
}
