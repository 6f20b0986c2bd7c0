//! Deployments under way and lately ended, in memory.

use super::{Deployment, DeploymentState, DeploymentStep, DryRun, StepReport, StepState};
use crate::limits;
use crate::problem::Problem;
use crate::state;
use crate::v1::programs::Version;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;
use strowger_model::TenantId;
use uuid::Uuid;

/// Hears of every change of a deployment: the event's name and data.
pub(crate) type Listener = Box<dyn Fn(&str, Value) + Send + Sync>;

/// One deployment and who hears of it.
pub(crate) struct Job {
    tenant: TenantId,
    progress: Mutex<Progress>,
    listener: Listener,
}

struct Progress {
    deployment: Deployment,
    /// When the step under way began.
    since: Instant,
}

/// Every tenant's deployments.
#[derive(Default)]
pub(crate) struct Deployments {
    jobs: Mutex<Vec<Arc<Job>>>,
}

impl Deployments {
    /// Begins a deployment, unless there are too many or one of the same flow.
    pub(crate) fn begin(
        &self,
        tenant: TenantId,
        flow: &str,
        listener: Listener,
    ) -> Result<Arc<Job>, Problem> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        forget_old(&mut jobs, tenant);
        let under_way: Vec<&Arc<Job>> = jobs.iter().filter(|job| job.is_running()).collect();
        let own = under_way.iter().filter(|job| job.tenant == tenant);
        if let Some(other) = own.clone().find(|job| job.lock().deployment.flow == flow) {
            return Err(Problem::conflict(format!(
                "{flow} is being deployed already (deployment {}); wait until that one has ended",
                other.id()
            )));
        }
        if own.count() >= limits::DEPLOYMENTS_OF_TENANT || under_way.len() >= limits::DEPLOYMENTS {
            return Err(Problem::unavailable(
                "too many deployments are under way; try again in a few seconds",
            ));
        }
        let job = Arc::new(Job::new(tenant, flow, listener));
        jobs.push(job.clone());
        Ok(job)
    }

    /// A deployment of this tenant and flow.
    pub(crate) fn find(&self, tenant: TenantId, flow: &str, id: Uuid) -> Option<Deployment> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let job = jobs.iter().find(|job| job.tenant == tenant && job.id() == id)?;
        Some(job.show()).filter(|deployment| deployment.flow == flow)
    }
}

/// Those that ended long ago, and the oldest of a tenant that has many.
fn forget_old(jobs: &mut Vec<Arc<Job>>, tenant: TenantId) {
    let now = state::now();
    jobs.retain(|job| {
        let ended = job.lock().deployment.ended_at;
        ended.is_none_or(|ended| now.ms_since(ended) < limits::DEPLOYMENT_KEPT_MS)
    });
    let kept = jobs.iter().filter(|job| job.tenant == tenant).count();
    for _ in limits::DEPLOYMENTS_KEPT..=kept {
        let oldest = jobs.iter().position(|job| job.tenant == tenant && !job.is_running());
        if let Some(oldest) = oldest {
            jobs.remove(oldest);
        }
    }
}

impl Job {
    /// A deployment that nobody can look up.
    pub(crate) fn new(tenant: TenantId, flow: &str, listener: Listener) -> Self {
        let waiting = |step| StepReport {
            step,
            state: StepState::Waiting,
            duration_ms: 0,
            message: String::new(),
        };
        let deployment = Deployment {
            id: Uuid::now_v7(),
            flow: flow.to_owned(),
            state: DeploymentState::Running,
            started_at: state::now(),
            ended_at: None,
            steps: DeploymentStep::ALL.into_iter().map(waiting).collect(),
            dry_run: None,
            version: None,
        };
        let progress = Mutex::new(Progress { deployment, since: Instant::now() });
        Self { tenant, progress, listener }
    }

    pub(crate) fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// As it is now.
    pub(crate) fn show(&self) -> Deployment {
        self.lock().deployment.clone()
    }

    /// A step begins, which means that those before it are done. Going back to an
    /// earlier one, which found a fault late, undoes those after it.
    pub(crate) fn step(&self, step: DeploymentStep) {
        let changed = {
            let mut progress = self.lock();
            let duration_ms = progress.lap();
            let mut changed = Vec::new();
            for report in &mut progress.deployment.steps {
                let state = match report.step.cmp(&step) {
                    std::cmp::Ordering::Less if report.state == StepState::Running => {
                        report.duration_ms = duration_ms;
                        StepState::Done
                    }
                    // Quick ones may be skipped over.
                    std::cmp::Ordering::Less if report.state == StepState::Waiting => {
                        StepState::Done
                    }
                    std::cmp::Ordering::Less => continue,
                    std::cmp::Ordering::Equal => StepState::Running,
                    std::cmp::Ordering::Greater => StepState::Waiting,
                };
                if report.state != state {
                    report.state = state;
                    changed.push(report.clone());
                }
            }
            changed
        };
        changed.iter().for_each(|report| self.tell(report));
    }

    /// What a step has found, whether it is over or not.
    pub(crate) fn say(&self, step: DeploymentStep, message: impl Into<String>) {
        let mut progress = self.lock();
        let found = progress.deployment.steps.iter_mut().find(|known| known.step == step);
        if let Some(report) = found {
            report.message = message.into();
        }
    }

    /// A step is over.
    pub(crate) fn over(&self, step: DeploymentStep, state: StepState, message: impl Into<String>) {
        let told = {
            let mut progress = self.lock();
            let duration_ms = progress.lap();
            let found = progress.deployment.steps.iter_mut().find(|known| known.step == step);
            found.map(|report| {
                (report.state, report.duration_ms) = (state, duration_ms);
                report.message = message.into();
                report.clone()
            })
        };
        told.iter().for_each(|report| self.tell(report));
    }

    pub(crate) fn keep_dry_run(&self, dry_run: DryRun) {
        self.lock().deployment.dry_run = Some(dry_run);
    }

    /// It has ended well.
    pub(crate) fn succeed(&self, version: Version) {
        self.end(DeploymentState::Done, Some(version));
    }

    /// It has ended; the step under way is at fault.
    pub(crate) fn fail(&self, message: &str) {
        let running = {
            let progress = self.lock();
            let steps = &progress.deployment.steps;
            steps
                .iter()
                .find(|report| report.state == StepState::Running)
                .or_else(|| steps.iter().find(|report| report.state == StepState::Waiting))
                .map(|report| report.step)
        };
        if let Some(step) = running {
            self.over(step, StepState::Failed, message);
        }
        self.end(DeploymentState::Failed, None);
    }

    fn end(&self, state: DeploymentState, version: Option<Version>) {
        let data = {
            let mut progress = self.lock();
            let deployment = &mut progress.deployment;
            (deployment.state, deployment.version) = (state, version);
            deployment.ended_at = Some(state::now());
            json!({"deployment": deployment.id, "flow": deployment.flow, "state": state,
                   "version": deployment.version.as_ref().map(|version| version.number)})
        };
        (self.listener)("deployment.ended", data);
    }

    fn tell(&self, report: &StepReport) {
        let data = {
            let progress = self.lock();
            let Deployment { id, flow, .. } = &progress.deployment;
            json!({"deployment": id, "flow": flow, "step": report.step, "state": report.state,
                   "duration_ms": report.duration_ms, "message": report.message})
        };
        (self.listener)("deployment.step", data);
    }

    fn id(&self) -> Uuid {
        self.lock().deployment.id
    }

    fn is_running(&self) -> bool {
        self.lock().deployment.state == DeploymentState::Running
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    /// Milliseconds since the last step began.
    fn lap(&mut self) -> u64 {
        let took = self.since.elapsed();
        self.since = Instant::now();
        u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DeploymentStep as Step;

    fn quiet() -> Listener {
        Box::new(|_, _| {})
    }

    fn tenant(number: u128) -> TenantId {
        TenantId(Uuid::from_u128(number))
    }

    fn states(job: &Job) -> Vec<StepState> {
        job.show().steps.iter().map(|report| report.state).collect()
    }

    #[test]
    fn a_fault_found_late_is_charged_to_its_own_step() {
        let job = Job::new(tenant(1), "ivr", quiet());
        job.step(Step::Size);
        job.step(Step::Features);
        job.step(Step::Parse);
        job.fail("this is not WebAssembly");
        let (done, failed, waiting) = (StepState::Done, StepState::Failed, StepState::Waiting);
        assert_eq!(states(&job)[..4], [done, failed, waiting, waiting]);
        assert_eq!(job.show().steps[1].message, "this is not WebAssembly");
    }

    #[test]
    fn every_change_of_a_step_is_told_once() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let sink = heard.clone();
        let listener: Listener = Box::new(move |name, data| {
            let line = format!("{name} {} {}", data["step"], data["state"]).replace('"', "");
            sink.lock().expect("no panic while locked").push(line);
        });
        let job = Job::new(tenant(1), "ivr", listener);
        job.step(Step::Size);
        job.step(Step::Parse);
        job.fail("no");
        let heard = heard.lock().expect("no panic while locked").clone();
        assert_eq!(
            heard,
            [
                "deployment.step size running",
                "deployment.step size done",
                "deployment.step parse running",
                "deployment.step parse failed",
                "deployment.ended null failed",
            ]
        );
    }

    #[test]
    fn one_at_a_time_for_a_flow_and_few_for_a_tenant() {
        let all = Deployments::default();
        let first = all.begin(tenant(1), "a", quiet()).unwrap();
        let refused = all.begin(tenant(1), "a", quiet()).err().unwrap();
        assert_eq!(refused.status, 409);
        assert!(refused.detail.contains(&first.id().to_string()), "{}", refused.detail);
        assert!(all.begin(tenant(2), "a", quiet()).is_ok(), "another tenant's flow");
        for flow in ["b", "c", "d"] {
            all.begin(tenant(1), flow, quiet()).unwrap();
        }
        assert_eq!(all.begin(tenant(1), "e", quiet()).err().unwrap().status, 503);
        first.fail("no");
        assert!(all.begin(tenant(1), "a", quiet()).is_ok());
    }

    #[test]
    fn the_oldest_of_a_tenant_are_forgotten() {
        let all = Deployments::default();
        let other = all.begin(tenant(2), "a", quiet()).unwrap();
        let mut ids = Vec::new();
        for _ in 0..limits::DEPLOYMENTS_KEPT + 5 {
            let job = all.begin(tenant(1), "a", quiet()).unwrap();
            job.fail("no");
            ids.push(job.id());
        }
        assert!(all.find(tenant(1), "a", ids[4]).is_none());
        assert!(all.find(tenant(1), "a", ids[5]).is_some());
        assert!(all.find(tenant(2), "a", ids[5]).is_none(), "another tenant's");
        assert!(all.find(tenant(1), "b", ids[5]).is_none(), "another flow's");
        assert!(all.find(tenant(2), "a", other.id()).is_some());
    }
}
