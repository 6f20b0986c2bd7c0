//! The one task that counts how tried versions fare and takes them out.

use super::judge::judge;
use super::window::Window;
use crate::clock;
use crate::node::Node;
use crate::tenants::config::Trial;
use crate::tenants::{Tenant, load};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use strowger_model::{RollbackFigures, TenantId, Timestamp, VersionFigures, VersionId};
use strowger_store::StoreError;
use tokio::sync::mpsc;

/// Calls that ended and are not counted yet: some seconds' worth of a full
/// server's calls. Past it calls are not counted; rates stay what they are.
const INBOX: usize = 8_192;
/// Flows whose windows are kept. Those that are tried no longer go first; a
/// window is some 4 KB.
const MAX_WATCHED: usize = 4_096;

/// The way to the task.
#[derive(Clone, Debug)]
pub struct Watch(mpsc::Sender<Ended>);

/// The end that the task keeps.
#[derive(Debug)]
pub struct Inbox(mpsc::Receiver<Ended>);

/// A call that ended.
#[derive(Debug)]
struct Ended {
    tenant: TenantId,
    version: VersionId,
    figures: VersionFigures,
}

impl Watch {
    /// The way to a task that is not started yet.
    pub fn new() -> (Self, Inbox) {
        let (sender, inbox) = mpsc::channel(INBOX);
        (Self(sender), Inbox(inbox))
    }

    /// Counts a call that ended, without waiting; false if it is not counted.
    pub fn ended(&self, tenant: TenantId, version: VersionId, figures: VersionFigures) -> bool {
        self.0.try_send(Ended { tenant, version, figures }).is_ok()
    }
}

/// One flow of which a version is tried.
#[derive(Debug)]
struct Watched {
    /// Of the rollout; another one is another trial.
    revision: u64,
    tried: Window,
    stable: Window,
}

/// Counts calls until the server stops.
pub async fn run(node: Arc<Node>, mut inbox: Inbox) {
    let mut watched: HashMap<(TenantId, String), Watched> = HashMap::new();
    while let Some(ended) = inbox.0.recv().await {
        let Some(tenant) = node.tenants.get(ended.tenant) else { continue };
        let config = tenant.config();
        let now = clock::now();
        let Some((flow, trial)) = config.trial_of(ended.version, now) else { continue };
        if watched.len() >= MAX_WATCHED {
            watched.retain(|(tenant, flow), known| still_tried(&node, *tenant, flow, known, now));
        }
        let place = (tenant.id, flow.to_owned());
        let fresh = || Watched {
            revision: trial.revision,
            tried: Window::new(trial.rules.window_s),
            stable: Window::new(trial.rules.window_s),
        };
        let known = watched.entry(place.clone()).or_insert_with(fresh);
        if known.revision != trial.revision {
            *known = fresh();
        }
        let window =
            if ended.version == trial.tried { &mut known.tried } else { &mut known.stable };
        window.add(now, &ended.figures);
        let (tried, stable) = (known.tried.total(now), known.stable.total(now));
        let stable = trial.is_canary.then_some(stable);
        if let Some(reason) = judge(&trial.rules, &tried, stable.as_ref()) {
            let figures = RollbackFigures { tried, stable };
            roll_back(&node, &tenant, flow, trial, &reason, &figures).await;
            watched.remove(&place);
        }
    }
}

fn still_tried(node: &Node, tenant: TenantId, flow: &str, known: &Watched, now: Timestamp) -> bool {
    let Some(tenant) = node.tenants.get(tenant) else { return false };
    let config = tenant.config();
    config.flows.get(flow).and_then(|flow| flow.trial.as_ref()).is_some_and(|trial| {
        trial.revision == known.revision && trial.until.is_none_or(|until| now < until)
    })
}

async fn roll_back(
    node: &Arc<Node>,
    tenant: &Tenant,
    flow: &str,
    trial: &Trial,
    reason: &str,
    figures: &RollbackFigures,
) {
    let flows = node.store.tenant(tenant.id).flows();
    let change = match flows.roll_back_by_rules(flow, trial.revision, reason, figures).await {
        Ok(change) => change,
        // Somebody was faster, or there is nothing to go back to.
        Err(StoreError::Conflict(why)) => {
            tracing::warn!(tenant = %tenant.id, flow, reason, why, "not rolled back by the rules");
            return;
        }
        Err(error) => {
            tracing::error!(tenant = %tenant.id, flow, reason, %error, "not rolled back by the rules");
            return;
        }
    };
    if let Err(error) = load::refresh(node, tenant.id).await {
        tracing::error!(tenant = %tenant.id, %error, "a rollback is stored and not in force");
    }
    node.metrics.count_event("flow.rolled_back");
    let data = json!({
        "flow": flow,
        "revision": change.revision,
        "left": change.left,
        "stable": change.stable,
        "was_canary": trial.is_canary,
        "reason": reason,
        "figures": figures,
    });
    node.raise_alarm(&json!({
        "name": format!("flow.rolled_back/{}/{flow}", tenant.config().name),
        "left": change.left,
        "stable": change.stable,
        "reason": reason,
    }));
    node.events.tenant(tenant.id, "flow.rolled_back", data);
}
