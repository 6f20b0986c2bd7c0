//! The steps themselves, one after the other. Both the endpoint that waits and
//! the one that does not go through here.

use super::{Checked, DeploymentStep as Step, Job, StepState};
use crate::control::Changed;
use crate::extract::Upload;
use crate::limits;
use crate::problem::{Problem, Result};
use crate::state::Api;
use crate::v1::programs::orders::changed;
use crate::v1::programs::{UploadOptions, Version};
use axum::extract::Request;
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
    /// Who deploys, and which revision of the rollout they have seen.
    pub by: String,
    pub seen: Option<u64>,
    /// What is told to the running server.
    pub changed: Changed,
}

impl Order {
    /// What `options` ask for, by whoever has the key called `by`.
    pub(crate) fn new(
        programs: store::Programs,
        name: String,
        options: &UploadOptions,
        by: &str,
    ) -> Result<Self> {
        let release = options.release()?;
        let changed = changed(programs.kind());
        let (note, seen, by) = (options.note.clone(), options.expected_revision, by.to_owned());
        Ok(Self { programs, name, note, release, by, seen, changed })
    }

    /// Reads the upload, within what its tenant may upload.
    pub(crate) async fn read(&self, api: &Api, request: Request) -> Result<Upload> {
        let tenant = self.programs.owner().await?;
        api.count_upload(&tenant)?;
        let most = limits::PROGRAM_BODY.min(tenant.settings.limits.guest.upload_bytes as usize);
        Upload::read(api, &tenant, request, most).await
    }

    fn in_rollout(&self) -> store::Order<'_> {
        store::Order { by: &self.by, seen: self.seen }
    }
}

/// Which calls get the new version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Release {
    /// None, until it is promoted.
    Later,
    /// So many percent of the new ones, for a trial.
    Canary(u32),
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
    let report = api.control.check_guest(job.tenant(), bytes.clone(), watch).await?;
    job.say(Step::Size, format!("{size} bytes"));
    job.say(Step::World, report.worlds.join(", "));
    check_world(job, order, &report.worlds)?;

    let has_faults = dry_run(api, job, order, bytes.clone()).await?;

    // What is signed names the version's number, which is known only as it is stored.
    job.step(Step::Sign);
    let new = store::NewVersion {
        bytes: &bytes,
        digest: &report.digest,
        worlds: &report.worlds,
        note: &order.note,
        promote: false,
        order: store::Order { by: &order.by, seen: None },
        sign: Some(store::Sign(&|statement| api.control.sign(statement))),
    };
    let version = order.programs.upload(&order.name, &new).await?;
    let key = version.signature.as_ref().map_or("no key", |signature| &signature.key);
    job.over(Step::Sign, StepState::Done, format!("{} with key {key}", report.digest));
    job.step(Step::Store);
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

/// Whether recorded calls, or stock calls, failed on the new version.
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
            let has_faults = dry_run.has_faults();
            dry_run.truncate(limits::DIFFERENCES);
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
        // Without it nobody would be served at all.
        let first = "in force for new calls, being the first version; calls fail on it";
        let said = if has_faults { first } else { "in force for new calls" };
        job.over(Step::Release, StepState::Done, said);
        return Ok(());
    }
    match order.release {
        Release::All if has_faults => {
            let why = format!("calls of the dry run fail on it; if that is meant: {by_hand}");
            job.over(Step::Release, StepState::Skipped, why);
        }
        Release::Canary(_) if has_faults => {
            let why = "calls of the dry run fail on it, so no caller meets it";
            job.over(Step::Release, StepState::Skipped, why);
        }
        Release::Canary(share) => {
            order.programs.try_canary(name, number, share, None, order.in_rollout()).await?;
            let share = format!("tried by {share} % of new calls");
            job.over(Step::Release, StepState::Done, share);
        }
        Release::All => {
            order.programs.promote(name, number, None, order.in_rollout()).await?;
            job.over(Step::Release, StepState::Done, "in force for new calls");
        }
        Release::Later => {
            let why = format!("not asked for; later: {by_hand}");
            job.over(Step::Release, StepState::Skipped, why);
        }
    }
    Ok(())
}
