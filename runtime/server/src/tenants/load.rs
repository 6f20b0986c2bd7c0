//! From the database to a tenant's configuration in memory.

use super::Tenant;
use super::config::{LoadedFlow, Parts, TenantConfig};
use super::distribution::{self, DistributionHandle};
use crate::node::Node;
use anyhow::Result;
use std::collections::HashMap;
use std::sync::Arc;
use strowger_guest::Program;
use strowger_model::{TenantId, VersionId};
use strowger_store::{RouterChoice, StoreError, TenantStore};

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
    let scope = node.store.tenant(id);
    let read = match scope.configuration().await {
        Ok(read) => read,
        Err(StoreError::NotFound { .. }) => {
            node.tenants.remove(id);
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    };
    let numbers = read.numbers.into_iter();
    let prompts = read.prompts.into_iter();
    let parts = Parts {
        agents: read.agents,
        queues: read.queues,
        trunks: read.trunks,
        numbers: numbers.map(|number| (number.number.to_string(), number.flow_name)).collect(),
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
        flows.insert(flow.name.clone(), LoadedFlow { name: flow.name, version, program });
    }
    flows
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

/// A version's program; one that was checked when it was uploaded compiles again
/// unless the engine has changed, which is reported and left to the fallback.
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
    let compiled = match repository.bytes(version).await {
        Ok(bytes) => node.compile(bytes).await,
        Err(error) => Err(error.into()),
    };
    match compiled {
        Ok(program) => {
            node.programs.put(version, &program);
            Some(program)
        }
        Err(error) => {
            tracing::error!(tenant = %scope.id(), %version, %error, "version not loaded");
            None
        }
    }
}
