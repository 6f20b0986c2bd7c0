//! Which router decides about the contacts of which queue, as it is configured:
//! plans by queue, and the programs that they name.

use super::config::LoadedProgram;
use super::load::{self, canary, load, loaded};
use crate::node::Node;
use std::collections::HashMap;
use std::sync::Arc;
use strowger_acd::{RouterCanary, RouterChoice, RouterPlan};
use strowger_guest::Program;
use strowger_model::{FlowId, QueueId, VersionId};
use strowger_store::{self as store, OwnRouter, ProgramKind, ProgramNames, Queue, TenantStore};

/// Under what name a stock router that was chosen is counted.
const CHOSEN: &str = "router/chosen";

/// Who distributes one tenant's contacts.
#[derive(Debug, Default)]
pub struct Routing {
    /// Routers of the tenant's own whose rollout is followed, by name.
    pub routers: HashMap<String, LoadedProgram>,
    usual: RouterPlan,
    queues: HashMap<QueueId, RouterPlan>,
    programs: HashMap<RouterChoice, LoadedRouter>,
}

/// A router that can be run.
#[derive(Clone, Debug)]
pub struct LoadedRouter {
    /// Under what name it is counted.
    pub module: String,
    /// It, compiled.
    pub program: Program,
}

impl Routing {
    /// Which routers the contacts of a queue get.
    pub fn plan(&self, queue: QueueId) -> RouterPlan {
        self.queues.get(&queue).unwrap_or(&self.usual).clone()
    }

    /// Everything that a plan names.
    pub fn programs(&self) -> impl Iterator<Item = (&RouterChoice, &LoadedRouter)> {
        self.programs.iter()
    }
}

/// Loads what the tenant and its queues have chosen.
pub async fn read(
    node: &Arc<Node>,
    scope: &TenantStore,
    usual: &store::RouterChoice,
    queues: &[Queue],
    stored: Vec<store::Program>,
) -> Routing {
    let chosen = queues.iter().filter_map(|queue| queue.settings.router.as_ref());
    let stock_only =
        chosen.chain([usual]).all(|choice| matches!(choice, store::RouterChoice::Stock(_)));
    let names = match stock_only {
        true => ProgramNames::default(),
        false => scope.routers().names().await.unwrap_or_else(|error| {
            tracing::error!(tenant = %scope.id(), %error, "names of routers not read");
            ProgramNames::default()
        }),
    };
    let stored = stored.into_iter().map(|program| (program.id, program)).collect();
    let mut reader = Reader { node, scope, names, stored, routing: Routing::default() };
    reader.routing.usual = reader.plan(usual, RouterChoice::Tenant).await;
    for queue in queues {
        if let Some(choice) = &queue.settings.router {
            let named = match choice {
                store::RouterChoice::Stock(name) => RouterChoice::Named(name.clone()),
                _ => RouterChoice::Stock,
            };
            let plan = reader.plan(choice, named).await;
            reader.routing.queues.insert(queue.id, plan);
        }
    }
    reader.routing
}

struct Reader<'a> {
    node: &'a Arc<Node>,
    scope: &'a TenantStore,
    names: ProgramNames,
    stored: HashMap<FlowId, store::Program>,
    routing: Routing,
}

impl Reader<'_> {
    /// A stock router goes under the name `stock`. What cannot be loaded leaves
    /// its contacts to the usual stock router.
    async fn plan(&mut self, choice: &store::RouterChoice, stock: RouterChoice) -> RouterPlan {
        match choice {
            store::RouterChoice::Stock(name) => self.stock(name, stock),
            store::RouterChoice::Version(version) => {
                RouterPlan { router: self.version(*version).await, canary: None }
            }
            store::RouterChoice::Own(own) => self.own(own).await,
        }
    }

    fn stock(&mut self, name: &str, choice: RouterChoice) -> RouterPlan {
        let Some(program) = self.node.stock_router_named(name) else {
            tracing::error!(tenant = %self.scope.id(), name, "there is no such stock router");
            return RouterPlan { router: RouterChoice::Stock, canary: None };
        };
        let loaded = LoadedRouter { module: CHOSEN.to_owned(), program: program.clone() };
        self.routing.programs.insert(choice.clone(), loaded);
        RouterPlan { router: choice, canary: None }
    }

    async fn version(&mut self, version: VersionId) -> RouterChoice {
        match load(self.node, self.scope, ProgramKind::Router, version).await {
            Some(program) => self.keep(version, program),
            None => RouterChoice::Stock,
        }
    }

    async fn own(&mut self, own: &OwnRouter) -> RouterPlan {
        let tried = match own.canary {
            Some(wanted) => {
                let (kind, version) = (ProgramKind::Router, wanted.version);
                canary(self.node, self.scope, kind, version, wanted.share_percent).await
            }
            None => None,
        };
        let (router, tried) = match own.version {
            // A choice of one version takes no part in the router's trials.
            Some(version) => (self.version(version).await, tried),
            None => {
                let Some(followed) = self.followed(own.router).await else {
                    return RouterPlan { router: RouterChoice::Stock, canary: None };
                };
                let tried = if own.canary.is_some() { tried } else { followed.canary };
                let router = match followed.version.zip(followed.program) {
                    Some((version, program)) => self.keep(version, program),
                    None => RouterChoice::Stock,
                };
                (router, tried)
            }
        };
        let canary = tried.map(|tried| {
            self.keep(tried.version, tried.program);
            RouterCanary { version: tried.version, share_percent: tried.share_percent }
        });
        RouterPlan { router, canary }
    }

    /// The router whose rollout is followed, loaded once for all who follow it.
    async fn followed(&mut self, router: FlowId) -> Option<LoadedProgram> {
        let program = self.stored.get(&router)?;
        if let Some(known) = self.routing.routers.get(&program.name) {
            return Some(known.clone());
        }
        let loaded = loaded(self.node, self.scope, ProgramKind::Router, program).await;
        self.routing.routers.insert(loaded.name.clone(), loaded.clone());
        Some(loaded)
    }

    fn keep(&mut self, version: VersionId, program: Program) -> RouterChoice {
        let name = self.names.version(version).map_or("", |(name, _)| name);
        let loaded = LoadedRouter { module: load::module(ProgramKind::Router, name), program };
        let choice = RouterChoice::Version(version);
        self.routing.programs.insert(choice.clone(), loaded);
        choice
    }
}
