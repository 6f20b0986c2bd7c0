//! From the database to a tenant's configuration in memory.

use super::Tenant;
use super::config::{LoadedCanary, LoadedFlow, LoadedNumber, Parts, TenantConfig, Trial};
use super::distribution::{self, DistributionHandle};
use crate::node::Node;
use anyhow::{Context as _, Result};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use strowger_guest::Program;
use strowger_model::{TenantId, VersionId};
use strowger_store::{Number, RouterChoice, StoreError, TenantStore};

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
    let parts = Parts {
        agents: read.agents,
        queues: read.queues,
        trunks: read.trunks,
        numbers: numbers(node, &scope, read.numbers).await,
        flows: flows(node, &scope, read.flows).await,
        router: router(node, &scope, &read.tenant.settings.router).await,
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
) -> HashMap<String, LoadedFlow> {
    let mut flows = HashMap::new();
    for flow in stored {
        let version = flow.current.as_ref().map(|version| version.id);
        let program = match version {
            Some(version) => load(node, scope, true, version).await,
            None => None,
        };
        let trial = version.and_then(|stable| trial(&flow, stable));
        let canary = match flow.rollout.canary {
            Some(wanted) => canary(node, scope, wanted.version, wanted.share_percent).await,
            None => None,
        };
        let loaded = LoadedFlow { name: flow.name.clone(), version, program, canary, trial };
        flows.insert(flow.name, loaded);
    }
    flows
}

async fn canary(
    node: &Arc<Node>,
    scope: &TenantStore,
    version: VersionId,
    share_percent: u32,
) -> Option<LoadedCanary> {
    let program = load(node, scope, true, version).await?;
    Some(LoadedCanary { version, share_percent, program })
}

fn trial(flow: &strowger_store::Program, stable: VersionId) -> Option<Trial> {
    let rollout = &flow.rollout;
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
    let mut numbers = HashMap::new();
    for number in stored {
        let version = match number.version {
            Some((version, _)) => Some((version, load(node, scope, true, version).await)),
            None => None,
        };
        let canary = match number.canary {
            Some((version, wanted)) => canary(node, scope, version, wanted.share_percent).await,
            None => None,
        };
        let loaded = LoadedNumber { flow: number.flow_name, version, canary };
        numbers.insert(number.number.to_string(), loaded);
    }
    numbers
}

async fn router(node: &Arc<Node>, scope: &TenantStore, choice: &RouterChoice) -> Option<Program> {
    match choice {
        RouterChoice::Stock(name) => {
            let program = node.stock_router_named(name).cloned();
            if program.is_none() {
                tracing::error!(tenant = %scope.id(), name, "there is no such stock router");
            }
            program
        }
        RouterChoice::Version(version) => load(node, scope, false, *version).await,
    }
}

/// A version's program, if the version is what the operator has signed. One that
/// was checked when it was uploaded compiles again unless the engine has changed;
/// either failure is reported and left to the fallback.
pub async fn load(
    node: &Arc<Node>,
    scope: &TenantStore,
    is_flow: bool,
    version: VersionId,
) -> Option<Program> {
    if let Some(program) = node.programs.get(version) {
        return Some(program);
    }
    let repository = if is_flow { scope.flows() } else { scope.routers() };
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
