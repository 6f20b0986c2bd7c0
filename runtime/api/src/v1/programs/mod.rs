//! What flows and routers share: a name with immutable versions.

use crate::control::Changed;
use crate::deployment::{self, Job, Order, Release};
use crate::extract::Upload;
use crate::limits;
use crate::problem::{Problem, Result};
use crate::state::Api;
use axum::extract::Request;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strowger_model::{FlowId, TenantId, Timestamp, VersionId};
use strowger_store as store;
use utoipa::{IntoParams, ToSchema};

/// A flow or router.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Program {
    pub id: FlowId,
    pub name: String,
    /// The version that new calls get.
    pub current: Option<Version>,
    pub created_at: Timestamp,
}

/// One uploaded version.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Version {
    pub id: VersionId,
    /// Counts from 1 within the program.
    pub number: u32,
    /// SHA-256 of the bytes.
    pub digest: String,
    /// WIT worlds it exports.
    pub worlds: Vec<String>,
    pub size_bytes: u64,
    /// What the uploader said about it.
    pub note: String,
    pub created_at: Timestamp,
}

/// How to store an upload.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct UploadOptions {
    /// Whether new calls get it at once. The first version always is promoted.
    #[serde(default)]
    pub promote: bool,
    /// Percentage of new calls that get it, for a trial.
    pub canary: Option<u8>,
    /// What to say about it.
    #[serde(default)]
    pub note: String,
}

/// The version to make current.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Promotion {
    /// Its number.
    pub version: u32,
}

impl UploadOptions {
    /// Which calls get the version.
    pub(crate) fn release(&self) -> Result<Release> {
        match (self.canary, self.promote) {
            (Some(_), _) => Err(Problem::invalid(
                "this server has no canaries yet; deploy with promote, or without and promote \
                 the version later",
            )),
            (None, true) => Ok(Release::All),
            (None, false) => Ok(Release::Later),
        }
    }
}

/// Takes an upload through all steps of a deployment and waits for the version.
pub(crate) async fn upload(
    api: &Api,
    tenant: TenantId,
    programs: store::Programs,
    name: String,
    options: UploadOptions,
    changed: Changed,
    request: Request,
) -> Result<Version> {
    let release = options.release()?;
    let upload = Upload::read(api, request, limits::PROGRAM_BODY).await?;
    let job = Arc::new(Job::new(tenant, &name, Box::new(|_, _| {})));
    let order = Order { programs, name, note: options.note, release, changed };
    deployment::run(api, &job, &order, upload.bytes.clone()).await
}

impl From<store::Program> for Program {
    fn from(program: store::Program) -> Self {
        Self {
            id: program.id,
            name: program.name,
            current: program.current.map(Version::from),
            created_at: program.created_at,
        }
    }
}

impl From<store::Version> for Version {
    fn from(version: store::Version) -> Self {
        Self {
            id: version.id,
            number: version.number,
            digest: version.digest,
            worlds: version.worlds,
            size_bytes: version.size_bytes,
            note: version.note,
            created_at: version.created_at,
        }
    }
}
