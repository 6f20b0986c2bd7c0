//! What is shown and asked of a rollout.

use crate::problem::Result;
use serde::{Deserialize, Serialize};
use strowger_model::{RollbackRules, RolloutChange, Timestamp};
use strowger_store as store;
use utoipa::{IntoParams, ToSchema};

/// How a program's versions stand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rollout {
    pub name: String,
    /// Counts changes; name it in a change to lose against whoever was faster.
    pub revision: u64,
    /// Number of the stable version.
    pub stable: Option<u32>,
    /// The version that some calls, of a router some contacts, try.
    pub canary: Option<Canary>,
    /// When the version that is tried is taken out by itself.
    pub rules: RollbackRules,
    /// When it came to that.
    pub since: Option<Timestamp>,
    /// Until when the rules may take a version out that was just promoted.
    pub watched_until: Option<Timestamp>,
    /// What was done, newest first.
    pub history: Vec<RolloutChange>,
}

/// A version that some calls or contacts try.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Canary {
    /// Its number.
    pub version: u32,
    /// Percent of the calls, of a router of the contacts, chosen by a hash of the call's id.
    pub share_percent: u32,
}

/// A version to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CanaryBody {
    /// Its number.
    pub version: u32,
    /// Percent of new calls, of a router new contacts, that try it, 0 to 100.
    pub share_percent: u32,
    /// When it is taken out by itself; absent: the rules in force stay.
    #[serde(default)]
    pub rules: Option<RollbackRules>,
    /// Revision of the rollout that was seen; another one is refused with 409.
    #[serde(default)]
    pub expected_revision: Option<u64>,
}

/// Where to go back to.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WayBack {
    /// Number of the version; absent: a canary is taken out, or else the stable
    /// version before comes back.
    #[serde(default)]
    pub to: Option<u32>,
    /// Revision of the rollout that was seen; another one is refused with 409.
    #[serde(default)]
    pub expected_revision: Option<u64>,
}

/// What of the rollout was seen.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Seen {
    /// Revision of the rollout that was seen; another one is refused with 409.
    pub expected_revision: Option<u64>,
}

/// How a program's rollout stands now.
pub(crate) async fn show(programs: &store::Programs, name: &str) -> Result<Rollout> {
    let history = programs.history(name).await?;
    let program = programs.get(name).await?;
    let rollout = program.rollout;
    Ok(Rollout {
        name: program.name,
        revision: rollout.revision,
        stable: program.current.map(|version| version.number),
        canary: rollout
            .canary
            .map(|canary| Canary { version: canary.number, share_percent: canary.share_percent }),
        since: rollout.since(),
        watched_until: rollout.watched_after_promotion().map(|(_, until)| until),
        rules: rollout.rules,
        history,
    })
}
