//! The steps themselves, one after the other. Both the endpoint that waits and
//! the one that does not go through here.

use super::{Checked, DeploymentStep as Step, Job, StepState};
use crate::control::Changed;
use crate::limits;
use crate::problem::{Problem, Result};
use crate::state::Api;
use crate::v1::programs::Version;
use bytes::Bytes;
use std::sync::Arc;
use strowger_store as store;

/// What is to be done with a checked upload.
pub(crate) struct Order {
    /// A tenant's flows, or its routers.
    pub programs: store::Programs,
    /// Name of the program.
    pub name: String,
    /// What the uploader says about it.
    pub note: String,
    pub release: Release,
    /// What is told to the running server.
    pub changed: Changed,
}

/// Which calls get the new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// None, until it is promoted.
    Later,
    /// Every new one.
    All,
}

/// Checks an upload, stores it as a version and releases it; `job` knows how far
/// that is. A problem is the fault of the step under way.
pub(crate) async fn run(api: &Api, job: &Arc<Job>, order: &Order, bytes: Bytes) -> Result<Version> {
    job.step(Step::Size);
    let size = bytes.len();
    let watch = {
        let job = job.clone();
        Arc::new(move |step| job.step(step))
    };
    let report = api.control.check_guest(bytes.clone(), watch).await?;
    job.say(Step::Size, format!("{size} bytes"));
    job.say(Step::World, report.worlds.join(", "));
    check_world(job, order, &report.worlds)?;

    let has_faults = dry_run(api, job, order, bytes.clone()).await?;
    sign(api, job, &report.digest).await?;

    job.step(Step::Store);
    let new = store::NewVersion {
        bytes: &bytes,
        digest: &report.digest,
        worlds: &report.worlds,
        note: &order.note,
        promote: false,
    };
    let version = order.programs.upload(&order.name, &new).await?;
    job.over(Step::Store, StepState::Done, format!("version {}", version.number));

    release(job, order, &version, has_faults).await?;
    api.changed(job.tenant(), order.changed).await;
    Ok(version.into())
}

fn check_world(job: &Job, order: &Order, worlds: &[String]) -> Result<()> {
    let (kind, world) = (order.programs.kind().name(), order.programs.kind().world());
    if worlds.iter().any(|exported| exported == world) {
        return Ok(());
    }
    job.step(Step::World);
    Err(Problem::invalid(format!(
        "this program exports {}, but a {kind} must export the world {world}; upload it as \
         what it is, or implement {world}",
        if worlds.is_empty() { "no world".to_owned() } else { worlds.join(", ") }
    )))
}

/// Whether recorded calls failed on the new version.
async fn dry_run(api: &Api, job: &Job, order: &Order, bytes: Bytes) -> Result<bool> {
    job.step(Step::DryRun);
    let ran = match order.programs.kind() {
        store::ProgramKind::Flow => {
            api.control.dry_run(job.tenant(), order.name.clone(), bytes).await
        }
        store::ProgramKind::Router => {
            Checked::Skipped("recorded calls are replayed on flows only".to_owned())
        }
    };
    match ran {
        Checked::Done(mut dry_run) => {
            job.over(Step::DryRun, StepState::Done, dry_run.in_words());
            let has_faults = dry_run.faults > 0;
            dry_run.differing.truncate(limits::DIFFERENCES);
            job.keep_dry_run(dry_run);
            Ok(has_faults)
        }
        Checked::Skipped(why) => {
            job.over(Step::DryRun, StepState::Skipped, why);
            Ok(false)
        }
        Checked::Refused(why) => Err(Problem::invalid(why)),
    }
}

async fn sign(api: &Api, job: &Job, digest: &str) -> Result<()> {
    job.step(Step::Sign);
    match api.control.sign(job.tenant(), digest.to_owned()).await {
        Checked::Done(by) => job.over(Step::Sign, StepState::Done, format!("{digest}, by {by}")),
        Checked::Skipped(why) => job.over(Step::Sign, StepState::Skipped, why),
        Checked::Refused(why) => return Err(Problem::invalid(why)),
    }
    Ok(())
}

async fn release(
    job: &Job,
    order: &Order,
    version: &store::Version,
    has_faults: bool,
) -> Result<()> {
    job.step(Step::Release);
    let (name, number) = (&order.name, version.number);
    let kind = order.programs.kind().name();
    let by_hand = format!("strowger {kind} promote {name} {number}");
    let current = order.programs.get(name).await?.current;
    if current.is_some_and(|current| current.number == number) {
        job.over(Step::Release, StepState::Done, "in force for new calls");
        return Ok(());
    }
    match order.release {
        Release::All if has_faults => {
            let why = format!("recorded calls fail on it; if that is meant: {by_hand}");
            job.over(Step::Release, StepState::Skipped, why);
        }
        Release::All => {
            order.programs.promote(name, number).await?;
            job.over(Step::Release, StepState::Done, "in force for new calls");
        }
        Release::Later => {
            let why = format!("not asked for; later: {by_hand}");
            job.over(Step::Release, StepState::Skipped, why);
        }
    }
    Ok(())
}
