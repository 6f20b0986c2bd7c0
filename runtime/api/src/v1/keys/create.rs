//! `POST /v1/keys`

use super::{Key, keys_of};
use crate::auth::InTenant;
use crate::extract;
use crate::problem::Result;
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Makes an API key and shows it, this once.
///
/// An operator's request without the header `Strowger-Tenant` makes an operator's key.
#[utoipa::path(
    post,
    path = "/v1/keys",
    tag = "keys",
    request_body = KeyBody,
    responses((status = 201, body = NewKey))
)]
pub(crate) async fn create_key(
    State(api): State<Api>,
    place: Option<InTenant>,
    extract::Json(body): extract::Json<KeyBody>,
) -> Result<(StatusCode, Json<NewKey>)> {
    let (key, text) = keys_of(&api, place).create(&body.name).await?;
    Ok((StatusCode::CREATED, Json(NewKey { key: key.into(), secret: text.expose().to_owned() })))
}

/// What a new key is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeyBody {
    /// Who will use it.
    name: String,
}

/// A key, whole.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewKey {
    #[serde(flatten)]
    key: Key,
    /// The key itself. It is not kept and cannot be shown again.
    secret: String,
}
