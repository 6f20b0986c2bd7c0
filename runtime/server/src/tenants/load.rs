//! From the database to a tenant's configuration in memory.

use super::Tenant;
use super::config::{LoadedCanary, LoadedNumber, LoadedProgram, Parts, TenantConfig, Trial};
use super::distribution::{self, DistributionHandle};
use super::routing;
use crate::node::Node;
use anyhow::{Context as _, Result};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use strowger_guest::Program;
use strowger_model::{TenantId, VersionId};
use strowger_store::{Number, ProgramKind, StoreError, TenantStore};

/// Loads every tenant; one that cannot be loaded is reported and left out.
pub async fn everything(node: &Arc<Node>) -> Result<()> {
    for tenant in node.store.tenants().list().await? {
        if let Err(error) = refresh(node, tenant.id).await {
            tracing::error!(tenant = %tenant.id, %error, "tenant not loaded");
        }
    }
    Ok(())
}

/// Brings one tenant in line with the database: added, changed or gone.
pub async fn refresh(node: &Arc<Node>, id: TenantId) -> Result<()> {
    let was_known = node.tenants.get(id).is_some();
    read(node, id).await?;
    // A tenant that could not be loaded before is in the directory from now on.
    if node.tenants.get(id).is_some() || was_known {
        super::directory::publish(node).await?;
    }
    Ok(())
}

/// Brings a tenant's programs and prompts in line with the database, of which
/// signalling knows nothing: one tenant that uploads without end must not have
/// the directory of all made anew each time.
pub async fn refresh_programs(node: &Arc<Node>, id: TenantId) -> Result<()> {
    match node.tenants.get(id) {
        Some(_) => read(node, id).await,
        None => refresh(node, id).await,
    }
}

async fn read(node: &Arc<Node>, id: TenantId) -> Result<()> {
    // One after the other: what was read first must not come into force last.
    let _turn = node.tenants.turn(id).await;
    let scope = node.store.tenant(id);
    let read = match scope.configuration().await {
        Ok(read) => read,
        Err(StoreError::NotFound { .. }) => {
            node.tenants.remove(id);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let prompts = read.prompts.into_iter();
    let usual = &read.tenant.settings.router;
    let routing = routing::read(node, &scope, usual, &read.queues, read.routers).await;
    let parts = Parts {
        agents: read.agents,
        queues: read.queues,
        trunks: read.trunks,
        numbers: numbers(node, &scope, read.numbers).await,
        flows: flows(node, &scope, read.flows).await,
        routing,
        prompts: prompts.map(|prompt| (prompt.name, prompt.digest)).collect(),
    };
    let config = TenantConfig::new(read.tenant, parts);
    match node.tenants.get(id) {
        Some(known) => {
            known.set_config(config);
            known.distribution.config_changed().await;
        }
        None => {
            let (handle, inbox) = DistributionHandle::new();
            let fresh = Arc::new(Tenant::new(config, handle));
            node.tenants.insert(fresh.clone());
            distribution::start(node, fresh, inbox, read.last_states);
        }
    }
    Ok(())
}

async fn flows(
    node: &Arc<Node>,
    scope: &TenantStore,
    stored: Vec<strowger_store::Program>,
) -> HashMap<String, LoadedProgram> {
    let mut flows = HashMap::new();
    for flow in stored {
        let loaded = loaded(node, scope, ProgramKind::Flow, &flow).await;
        flows.insert(flow.name, loaded);
    }
    flows
}

/// A program's versions that are in force.
pub async fn loaded(
    node: &Arc<Node>,
    scope: &TenantStore,
    kind: ProgramKind,
    stored: &strowger_store::Program,
) -> LoadedProgram {
    let version = stored.current.as_ref().map(|version| version.id);
    let program = match version {
        Some(version) => load(node, scope, kind, version).await,
        None => None,
    };
    let trial = version.and_then(|stable| trial(stored, stable));
    let canary = match stored.rollout.canary {
        Some(wanted) => canary(node, scope, kind, wanted.version, wanted.share_percent).await,
        None => None,
    };
    LoadedProgram { name: stored.name.clone(), version, program, canary, trial }
}

/// A version that some try, if it can be loaded.
pub async fn canary(
    node: &Arc<Node>,
    scope: &TenantStore,
    kind: ProgramKind,
    version: VersionId,
    share_percent: u32,
) -> Option<LoadedCanary> {
    let program = load(node, scope, kind, version).await?;
    Some(LoadedCanary { version, share_percent, program })
}

/// Under what name a program is counted.
pub fn module(kind: ProgramKind, name: &str) -> String {
    format!("{}/{name}", kind.name())
}

fn trial(program: &strowger_store::Program, stable: VersionId) -> Option<Trial> {
    let rollout = &program.rollout;
    if rollout.rules.is_empty() {
        return None;
    }
    let (tried, until) = match rollout.canary {
        Some(canary) => (canary.version, None),
        None => (stable, Some(rollout.watched_after_promotion()?.1)),
    };
    Some(Trial {
        tried,
        is_canary: until.is_none(),
        revision: rollout.revision,
        rules: rollout.rules.clone(),
        until,
    })
}

async fn numbers(
    node: &Arc<Node>,
    scope: &TenantStore,
    stored: Vec<Number>,
) -> HashMap<String, LoadedNumber> {
    let flow = ProgramKind::Flow;
    let mut numbers = HashMap::new();
    for number in stored {
        let version = match number.version {
            Some((version, _)) => Some((version, load(node, scope, flow, version).await)),
            None => None,
        };
        let canary = match number.canary {
            Some((version, wanted)) => {
                canary(node, scope, flow, version, wanted.share_percent).await
            }
            None => None,
        };
        let loaded = LoadedNumber { flow: number.flow_name, version, canary };
        numbers.insert(number.number.to_string(), loaded);
    }
    numbers
}

/// A version's program, if the version is what the operator has signed. One that
/// was checked when it was uploaded compiles again unless the engine has changed;
/// either failure is reported and left to the fallback.
pub async fn load(
    node: &Arc<Node>,
    scope: &TenantStore,
    kind: ProgramKind,
    version: VersionId,
) -> Option<Program> {
    if let Some(program) = node.programs.get(version) {
        return Some(program);
    }
    let repository = scope.programs(kind);
    let compiled = async {
        let (stored, bytes) = repository.signed(version).await?;
        node.signing
            .check(&stored, &bytes)
            .with_context(|| format!("version {} of {}", stored.number, stored.name))?;
        node.compile(bytes).await
    };
    match compiled.await {
        Ok(program) => {
            node.programs.put(version, &program);
            Some(program)
        }
        Err(error) => {
            let reason = format!("{error:#}");
            tracing::error!(tenant = %scope.id(), %version, reason, "version not loaded");
            node.metrics.count_event("version.not_loaded");
            node.raise_alarm(&json!({
                "name": format!("version.not_loaded/{version}"),
                "tenant": scope.id(),
                "reason": reason,
            }));
            None
        }
    }
}
