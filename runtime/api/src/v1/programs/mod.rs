//! What flows and routers share: a name with immutable versions.

pub(crate) mod compare;
pub(crate) mod orders;
pub(crate) mod rollout;

use crate::deployment::Release;
use crate::problem::{Problem, Result};
use serde::{Deserialize, Serialize};
use strowger_model::{FlowId, RollbackRules, Timestamp, VersionId, VersionSignature};
use strowger_store as store;
use utoipa::{IntoParams, ToSchema};

/// A flow or router.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Program {
    pub id: FlowId,
    pub name: String,
    /// The stable version: new calls, of a router new contacts, get it, but for
    /// those that try a canary.
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

/// A version that some calls of a number, or some contacts of a queue, try.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BoundCanary {
    /// Number of the version.
    pub version: u32,
    /// Percent of them, 0 to 100; chosen by a hash of the call's id.
    pub share_percent: u32,
}

impl UploadOptions {
    /// Which calls get the version.
    pub(crate) fn release(&self) -> Result<Release> {
        match (self.canary, self.promote) {
            (Some(_), true) => Err(Problem::invalid(
                "canary and promote exclude each other: give all new calls the version, or some",
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

impl From<BoundCanary> for store::BoundCanary {
    fn from(canary: BoundCanary) -> Self {
        Self { version: canary.version, share_percent: canary.share_percent }
    }
}

impl From<store::BoundCanary> for BoundCanary {
    fn from(canary: store::BoundCanary) -> Self {
        Self { version: canary.version, share_percent: canary.share_percent }
    }
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
