//! What a deployment asks of the running server besides compiling.

mod stock;

use crate::node::Node;
use crate::tenants::config::TenantConfig;
use anyhow::Result;
use bytes::Bytes;
use std::collections::HashSet;
use std::sync::Arc;
use strowger_api::{Checked, DeploymentStep, Difference, DryRun};
use strowger_guest::replay::{self, DryRunLimits, Finding};
use strowger_guest::{Budget, Program, UploadStage, priority};
use strowger_model::{CallId, JournalEntry, TenantId, VersionId};
use strowger_store::{CallFilter, MAX_JOURNAL_PAGE, MAX_PAGE, TenantStore};
use tokio::sync::oneshot;

/// Calls that are looked through for some of the flow's.
const LOOKED_AT: usize = 2_000;
/// Recorded calls below which stock calls are made, too: with fewer, much of what
/// callers do is not among them.
const FEW: usize = 10;
/// Longest journal that is replayed: a call of some hours.
const LONGEST_JOURNAL: usize = 20_000;

/// The step of a deployment that a stage of the upload checks is.
pub fn step(stage: UploadStage) -> DeploymentStep {
    match stage {
        UploadStage::Size => DeploymentStep::Size,
        UploadStage::Parse => DeploymentStep::Parse,
        UploadStage::Features => DeploymentStep::Features,
        UploadStage::World => DeploymentStep::World,
        UploadStage::Compile => DeploymentStep::Compile,
        UploadStage::Start => DeploymentStep::Start,
    }
}

/// Replays the last recorded calls of a flow on a new version of it, and makes stock
/// calls if there are few.
pub async fn dry_run(
    node: &Arc<Node>,
    tenant: TenantId,
    flow: String,
    bytes: Bytes,
) -> Checked<DryRun> {
    let limits = DryRunLimits::default();
    let scope = node.store.tenant(tenant);
    let journals = match recorded(&scope, &flow, limits.calls as usize).await {
        Ok(journals) => journals,
        Err(error) => {
            tracing::error!(%tenant, flow, %error, "recorded calls cannot be read");
            return Checked::Skipped("recorded calls cannot be read at the moment".to_owned());
        }
    };
    // It was compiled a moment ago: this finds it in the cache.
    let program: Program = match node.compile(bytes.to_vec()).await {
        Ok(program) => program,
        Err(error) => return Checked::Refused(error.to_string()),
    };
    let config = node.tenants.get(tenant).map(|tenant| tenant.config());
    let budget: Budget = config.as_ref().map(|config| config.budget).unwrap_or_default();
    let setting = match config.filter(|_| journals.len() < FEW) {
        Some(config) => {
            let current = current(&scope, &config, &flow).await;
            Some(stock::Setting::new(&config, &flow, current))
        }
        None => None,
    };
    let name = flow.clone();
    let ran = aside(move || {
        let ran = replay::dry_run(&program, &budget, Some(&name), journals, limits);
        let stock = setting.map(|setting| stock::run(&program, &budget, &setting, stock::TIME));
        DryRun { stock, ..shown(ran) }
    });
    match ran.await {
        Ok(dry_run) => Checked::Done(dry_run),
        Err(error) => {
            tracing::error!(%tenant, flow, %error, "a dry run was lost");
            Checked::Skipped("the dry run was lost".to_owned())
        }
    }
}

/// Does work that no caller waits for, on a thread of its own that yields to all
/// others. There are as many of these as deployments may be under way.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (tell, told) = oneshot::channel();
    std::thread::Builder::new().name("dry-run".to_owned()).spawn(move || {
        priority::yield_to_all_others();
        // Nobody listens any more if the deployment was given up.
        let _ = tell.send(work());
    })?;
    Ok(told.await?)
}

/// The version in force, if there is one that runs.
async fn current(scope: &TenantStore, config: &TenantConfig, flow: &str) -> Option<(u32, Program)> {
    let loaded = config.flows.get(flow)?;
    let (id, program) = (loaded.version?, loaded.program.clone()?);
    let stored = scope.flows().get(flow).await.ok()?.current?;
    (stored.id == id).then_some((stored.number, program))
}

/// The last calls that the flow has served, and their journals.
async fn recorded(
    scope: &TenantStore,
    flow: &str,
    most: usize,
) -> Result<Vec<(CallId, Vec<JournalEntry>)>> {
    let flows = scope.flows();
    // A new flow has none.
    let Ok(versions) = flows.versions(flow).await else { return Ok(Vec::new()) };
    let versions: HashSet<VersionId> = versions.into_iter().map(|version| version.id).collect();
    let over = CallFilter { open: Some(false), ..CallFilter::default() };
    let (mut journals, mut after, mut looked_at) = (Vec::new(), None, 0);
    loop {
        let page = scope.calls().list(&over, after, MAX_PAGE).await?;
        looked_at += page.items.len();
        for record in page.items {
            if !record.flow_version.is_some_and(|version| versions.contains(&version)) {
                continue;
            }
            let mut entries = Vec::new();
            loop {
                let from = u32::try_from(entries.len())?;
                let some = scope.journal().read(record.call, from, MAX_JOURNAL_PAGE).await?;
                let is_last = some.len() < MAX_JOURNAL_PAGE as usize;
                entries.extend(some);
                if is_last || entries.len() > LONGEST_JOURNAL {
                    break;
                }
            }
            journals.push((record.call, entries));
            if journals.len() == most {
                return Ok(journals);
            }
        }
        after = page.next;
        if after.is_none() || looked_at >= LOOKED_AT {
            return Ok(journals);
        }
    }
}

fn shown(ran: replay::DryRun) -> DryRun {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let difference = |Finding { call, turn, difference, .. }: Finding| Difference {
        call,
        stock_call: None,
        turn,
        recorded: difference.recorded,
        replayed: difference.replayed,
    };
    let faults = count(ran.faults.len());
    let found = ran.faults.into_iter().chain(ran.differing);
    DryRun {
        calls: ran.calls,
        same: ran.same,
        differing: found.map(difference).collect(),
        faults,
        not_replayable: count(ran.not_replayable.len() + ran.secrets_missing.len()),
        stock: None,
    }
}
