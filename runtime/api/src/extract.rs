//! Extractors of axum whose rejections are [`Problem`]s.

use crate::limits;
use crate::problem::Problem;
use crate::state::{Api, UploadPlace};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_LENGTH;
use axum::http::request::Parts;
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use strowger_store::Tenant;
use tokio::sync::OwnedSemaphorePermit;

/// When an upload that found no place may try again.
const RETRY_AFTER_S: u64 = 5;

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Api> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        Ok(Self(axum::Json::<T>::from_request(request, api).await?.0))
    }
}

/// Parameters in the path.
#[derive(Debug)]
pub(crate) struct Path<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Api> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        Ok(Self(axum::extract::Path::<T>::from_request_parts(parts, api).await?.0))
    }
}

/// Parameters in the query.
#[derive(Debug)]
pub(crate) struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        Ok(Self(axum::extract::Query::<T>::from_request_parts(parts, api).await?.0))
    }
}

/// Reads a body of at most `limit` bytes; a larger one that says so is refused
/// before any of it is read.
pub(crate) async fn read_body(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(Problem::too_large(limit));
    }
    match Limited::new(request.into_body(), limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Problem::too_large(limit)),
        Err(error) => Err(Problem::bad_request(format!("the body could not be read: {error}"))),
    }
}

/// A body that is uploaded, and the places it takes among its tenant's and among
/// the [`limits::UPLOADS`].
pub(crate) struct Upload {
    pub bytes: Bytes,
    _own: UploadPlace,
    _place: OwnedSemaphorePermit,
}

impl Upload {
    /// Reads a body of at most `limit` bytes, unless the tenant has as many uploads
    /// under way as it may.
    pub(crate) async fn read(
        api: &Api,
        tenant: &Tenant,
        request: Request,
        limit: usize,
    ) -> Result<Self, Problem> {
        let most = tenant.settings.limits.guest.uploads_at_once;
        // Its own places first: a tenant with too many uploads takes none from others.
        let own = api.upload_place(tenant.id, most).ok_or_else(|| {
            Problem::busy(
                format!("{most} uploads of the tenant are being taken at the moment; try again when they are done"),
                RETRY_AFTER_S,
            )
        })?;
        let place = api.uploads.clone().try_acquire_owned().map_err(|_| {
            Problem::unavailable(format!(
                "{} uploads are being taken at the moment; try again in a few seconds",
                limits::UPLOADS
            ))
        })?;
        let bytes = read_body(request, limit).await?;
        if bytes.is_empty() {
            return Err(Problem::bad_request("the body is empty; send the file as the body"));
        }
        Ok(Self { bytes, _own: own, _place: place })
    }
}
