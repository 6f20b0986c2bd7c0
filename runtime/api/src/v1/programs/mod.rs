//! What flows and routers share: a name with immutable versions.

pub(crate) mod rollout;

use crate::deployment::{self, Job, Order, Release};
use crate::problem::{Problem, Result};
use crate::state::Api;
use axum::extract::Request;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use strowger_model::{FlowId, RollbackRules, TenantId, Timestamp, VersionId, VersionSignature};
use strowger_store as store;
use utoipa::{IntoParams, ToSchema};

/// A flow or router.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Program {
    pub id: FlowId,
    pub name: String,
    /// The stable version: new calls get it, but for those that try a canary.
    pub current: Option<Version>,
    /// Changes of the rollout so far.
    pub revision: u64,
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
    /// The operator's signature; absent: uploaded before there was a key.
    pub signature: Option<VersionSignature>,
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
    /// Revision of the rollout that was seen, for a version to be released;
    /// another one is refused with 409.
    pub expected_revision: Option<u64>,
}

/// The version to make current.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Promotion {
    /// Its number.
    pub version: u32,
    /// When it is taken out again by itself; absent: the rules in force stay.
    #[serde(default)]
    pub rules: Option<RollbackRules>,
    /// Revision of the rollout that was seen; another one is refused with 409.
    #[serde(default)]
    pub expected_revision: Option<u64>,
}

impl UploadOptions {
    /// Which calls get the version.
    pub(crate) fn release(&self, kind: store::ProgramKind) -> Result<Release> {
        match (self.canary, self.promote) {
            (Some(_), true) => Err(Problem::invalid(
                "canary and promote exclude each other: give all new calls the version, or some",
            )),
            (Some(_), _) if kind == store::ProgramKind::Router => Err(Problem::invalid(
                "a tenant's contacts are distributed by one router: promote it, or do not",
            )),
            (Some(share), _) if share > 100 => {
                Err(Problem::invalid("canary is a percentage: write 0 to 100"))
            }
            (Some(share), _) => Ok(Release::Canary(u32::from(share))),
            (None, true) => Ok(Release::All),
            (None, false) => Ok(Release::Later),
        }
    }
}

/// Takes an upload through all steps of a deployment and waits for the version.
pub(crate) async fn upload(
    api: &Api,
    tenant: TenantId,
    order: Order,
    request: Request,
) -> Result<Version> {
    let upload = order.read(api, request).await?;
    let job = Arc::new(Job::new(tenant, &order.name, Box::new(|_, _| {})));
    deployment::run(api, &job, &order, upload.bytes.clone()).await
}

impl From<store::Program> for Program {
    fn from(program: store::Program) -> Self {
        Self {
            id: program.id,
            name: program.name,
            current: program.current.map(Version::from),
            revision: program.rollout.revision,
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
            signature: version.signature,
            created_at: version.created_at,
        }
    }
}
