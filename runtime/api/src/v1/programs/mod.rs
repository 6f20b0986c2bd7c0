//! What flows and routers share: a name with immutable versions.

pub(crate) mod rollout;

use crate::extract::Upload;
use crate::limits;
use crate::problem::{Problem, Result};
use crate::state::Api;
use axum::extract::Request;
use serde::{Deserialize, Serialize};
use strowger_model::{FlowId, RollbackRules, Timestamp, VersionId, VersionSignature};
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
#[derive(Debug, Serialize, ToSchema)]
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
    promote: bool,
    /// What to say about it.
    #[serde(default)]
    note: String,
    /// Revision of the rollout that was seen, for a version to be promoted;
    /// another one is refused with 409.
    expected_revision: Option<u64>,
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

/// Checks an upload and stores it as a version.
pub(crate) async fn upload(
    api: &Api,
    programs: &store::Programs,
    name: &str,
    options: &UploadOptions,
    by: &str,
    request: Request,
) -> Result<Version> {
    let tenant = programs.owner().await?;
    let most = limits::PROGRAM_BODY.min(tenant.settings.limits.guest.upload_bytes as usize);
    let upload = Upload::read(api, &tenant, request, most).await?;
    let report = api.control.check_guest(tenant.id, upload.bytes.clone()).await?;
    let (kind, world) = (programs.kind().name(), programs.kind().world());
    if !report.worlds.iter().any(|exported| exported == world) {
        return Err(Problem::invalid(format!(
            "this program exports {}, but a {kind} must export the world {world}; upload it as \
             what it is, or implement {world}",
            if report.worlds.is_empty() { "no world".to_owned() } else { report.worlds.join(", ") }
        )));
    }
    let new = store::NewVersion {
        bytes: &upload.bytes,
        digest: &report.digest,
        worlds: &report.worlds,
        note: &options.note,
        promote: options.promote,
        order: store::Order { by, seen: options.expected_revision },
        sign: Some(store::Sign(&|statement| api.control.sign(statement))),
    };
    Ok(programs.upload(name, &new).await?.into())
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
