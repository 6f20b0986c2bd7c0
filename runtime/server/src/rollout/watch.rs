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
use strowger_store::{ProgramKind, StoreError};
use tokio::sync::mpsc;

/// Calls that ended, and decisions and contacts of routers, that are not counted
/// yet: some seconds' worth of a full server's. Past it they are not counted; rates
/// stay what they are.
const INBOX: usize = 8_192;
/// Programs whose windows are kept. Those that are tried no longer go first; a
/// window is some 4 KB.
const MAX_WATCHED: usize = 4_096;

/// The way to the task.
#[derive(Clone, Debug)]
pub struct Watch(mpsc::Sender<Ended>);

/// The end that the task keeps.
#[derive(Debug)]
pub struct Inbox(mpsc::Receiver<Ended>);

/// A call that ended, or a decision or a contact.
#[derive(Debug)]
struct Ended {
    tenant: TenantId,
    kind: ProgramKind,
    version: VersionId,
    figures: VersionFigures,
}

impl Watch {
    /// The way to a task that is not started yet.
    pub fn new() -> (Self, Inbox) {
        let (sender, inbox) = mpsc::channel(INBOX);
        (Self(sender), Inbox(inbox))
    }

    /// Counts a call that ended, or what a router did, without waiting; false if it
    /// is not counted.
    pub fn ended(
        &self,
        tenant: TenantId,
        kind: ProgramKind,
        version: VersionId,
        figures: VersionFigures,
    ) -> bool {
        self.0.try_send(Ended { tenant, kind, version, figures }).is_ok()
    }
}

/// One flow or router of which a version is tried.
#[derive(Debug)]
struct Watched {
    /// Of the rollout; another one is another trial.
    revision: u64,
    tried: Window,
    stable: Window,
}

/// A program of a tenant's by its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    tenant: TenantId,
    kind: ProgramKind,
    name: String,
}

/// Counts until the server stops.
pub async fn run(node: Arc<Node>, mut inbox: Inbox) {
    let mut watched: HashMap<Place, Watched> = HashMap::new();
    while let Some(ended) = inbox.0.recv().await {
        let Some(tenant) = node.tenants.get(ended.tenant) else { continue };
        let config = tenant.config();
        let now = clock::now();
        let Some((name, trial)) = config.trial_of(ended.kind, ended.version, now) else { continue };
        if watched.len() >= MAX_WATCHED {
            watched.retain(|place, known| still_tried(&node, place, known, now));
        }
        let place = Place { tenant: tenant.id, kind: ended.kind, name: name.to_owned() };
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
        if let Some(reason) = judge(ended.kind, &trial.rules, &tried, stable.as_ref()) {
            let figures = RollbackFigures { tried, stable };
            roll_back(&node, &tenant, &place, trial, &reason, &figures).await;
            watched.remove(&place);
        }
    }
}

fn still_tried(node: &Node, place: &Place, known: &Watched, now: Timestamp) -> bool {
    let Some(tenant) = node.tenants.get(place.tenant) else { return false };
    let config = tenant.config();
    let program = config.programs(place.kind).get(&place.name);
    program.and_then(|program| program.trial.as_ref()).is_some_and(|trial| {
        trial.revision == known.revision && trial.until.is_none_or(|until| now < until)
    })
}

async fn roll_back(
    node: &Arc<Node>,
    tenant: &Tenant,
    place: &Place,
    trial: &Trial,
    reason: &str,
    figures: &RollbackFigures,
) {
    let (kind, name) = (place.kind.name(), place.name.as_str());
    let programs = node.store.tenant(tenant.id).programs(place.kind);
    let change = match programs.roll_back_by_rules(name, trial.revision, reason, figures).await {
        Ok(change) => change,
        // Somebody was faster, or there is nothing to go back to.
        Err(StoreError::Conflict(why)) => {
            tracing::warn!(tenant = %tenant.id, kind, name, reason, why, "not rolled back by the rules");
            return;
        }
        Err(error) => {
            tracing::error!(tenant = %tenant.id, kind, name, reason, %error, "not rolled back by the rules");
            return;
        }
    };
    if let Err(error) = load::refresh(node, tenant.id).await {
        tracing::error!(tenant = %tenant.id, %error, "a rollback is stored and not in force");
    }
    let event = match place.kind {
        ProgramKind::Flow => "flow.rolled_back",
        ProgramKind::Router => "router.rolled_back",
    };
    node.metrics.count_event(event);
    let data = json!({
        kind: name,
        "revision": change.revision,
        "left": change.left,
        "stable": change.stable,
        "was_canary": trial.is_canary,
        "reason": reason,
        "figures": figures,
    });
    node.raise_alarm(&json!({
        "name": format!("{event}/{}/{name}", tenant.config().name),
        "left": change.left,
        "stable": change.stable,
        "reason": reason,
    }));
    node.events.tenant(tenant.id, event, || data);
}
