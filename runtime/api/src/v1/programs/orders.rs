//! What is done with flows and with routers, in the same way.

use super::rollout::{CanaryBody, Rollout, Seen, WayBack, show};
use super::{Program, Promotion, UploadOptions, Version};
use crate::control::Changed;
use crate::deployment::{self, Job};
use crate::problem::Result;
use crate::state::Api;
use crate::v1::List;
use axum::Json;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use std::sync::Arc;
use strowger_store::{Order, ProgramKind, Programs};

/// A program's bytes, as they were uploaded.
pub(crate) type Wasm = ([(HeaderName, &'static str); 1], Vec<u8>);

/// What the running server is told when programs of a kind have changed.
pub(crate) fn changed(kind: ProgramKind) -> Changed {
    match kind {
        ProgramKind::Flow => Changed::Flows,
        ProgramKind::Router => Changed::Routers,
    }
}

async fn tell(api: &Api, programs: &Programs) {
    api.changed(programs.tenant(), changed(programs.kind())).await;
}

pub(crate) async fn list(programs: Programs) -> Result<Json<List<Program>>> {
    Ok(Json(List::whole(programs.list().await?)))
}

pub(crate) async fn get(programs: Programs, name: &str) -> Result<Json<Program>> {
    Ok(Json(programs.get(name).await?.into()))
}

pub(crate) async fn versions(programs: Programs, name: &str) -> Result<Json<List<Version>>> {
    Ok(Json(List::whole(programs.versions(name).await?)))
}

pub(crate) async fn version(programs: Programs, name: &str, number: u32) -> Result<Json<Version>> {
    Ok(Json(programs.version(name, number).await?.into()))
}

pub(crate) async fn download(programs: Programs, name: &str, number: u32) -> Result<Wasm> {
    let version = programs.version(name, number).await?;
    let bytes = programs.bytes(version.id).await?;
    Ok(([(CONTENT_TYPE, "application/wasm")], bytes))
}

/// Takes an upload through all steps of a deployment and waits for the version.
pub(crate) async fn upload(
    api: &Api,
    programs: Programs,
    by: &str,
    name: String,
    options: &UploadOptions,
    request: Request,
) -> Result<(StatusCode, Json<Version>)> {
    let tenant = programs.tenant();
    let order = deployment::Order::new(programs, name, options, by)?;
    let upload = order.read(api, request).await?;
    let job = Arc::new(Job::new(tenant, &order.name, Box::new(|_, _| {})));
    let version = deployment::run(api, &job, &order, upload.bytes.clone()).await?;
    Ok((StatusCode::CREATED, Json(version)))
}

pub(crate) async fn promote(
    api: &Api,
    programs: Programs,
    by: &str,
    name: &str,
    body: &Promotion,
) -> Result<Json<Program>> {
    let order = Order { by, seen: body.expected_revision };
    programs.promote(name, body.version, body.rules.as_ref(), order).await?;
    tell(api, &programs).await;
    get(programs, name).await
}

pub(crate) async fn rollout(programs: Programs, name: &str) -> Result<Json<Rollout>> {
    Ok(Json(show(&programs, name).await?))
}

pub(crate) async fn try_canary(
    api: &Api,
    programs: Programs,
    by: &str,
    name: &str,
    body: &CanaryBody,
) -> Result<Json<Rollout>> {
    let order = Order { by, seen: body.expected_revision };
    let rules = body.rules.as_ref();
    programs.try_canary(name, body.version, body.share_percent, rules, order).await?;
    tell(api, &programs).await;
    rollout(programs, name).await
}

pub(crate) async fn end_canary(
    api: &Api,
    programs: Programs,
    by: &str,
    name: &str,
    seen: &Seen,
) -> Result<Json<Rollout>> {
    programs.end_canary(name, Order { by, seen: seen.expected_revision }).await?;
    tell(api, &programs).await;
    rollout(programs, name).await
}

pub(crate) async fn roll_back(
    api: &Api,
    programs: Programs,
    by: &str,
    name: &str,
    body: &WayBack,
) -> Result<Json<Rollout>> {
    programs.roll_back(name, body.to, Order { by, seen: body.expected_revision }).await?;
    tell(api, &programs).await;
    rollout(programs, name).await
}

pub(crate) async fn delete_version(
    api: &Api,
    programs: Programs,
    name: &str,
    number: u32,
) -> Result<StatusCode> {
    programs.delete_version(name, number).await?;
    tell(api, &programs).await;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn delete(api: &Api, programs: Programs, name: &str) -> Result<StatusCode> {
    programs.delete(name).await?;
    tell(api, &programs).await;
    Ok(StatusCode::NO_CONTENT)
}
