//! Version 1: one folder for each kind of thing, one file for each endpoint.

mod agents;
mod bans;
mod breakers;
mod calls;
mod distribution;
mod drain;
mod events;
mod flows;
mod keys;
mod kv;
mod numbers;
pub(crate) mod programs;
mod prompts;
mod queues;
mod recordings;
mod routers;
mod settings;
mod system;
mod tenants;
mod trunks;
mod usage;

use crate::state::Api;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// A list, or one page of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// What is on this page.
    pub items: Vec<T>,
    /// Give this as `after` to get the next page; absent: this was the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl<T> List<T> {
    /// A list that has only one page.
    pub(crate) fn whole<S: Into<T>>(items: Vec<S>) -> Self {
        Self { items: items.into_iter().map(Into::into).collect(), next: None }
    }
}

/// Endpoints that answer soon.
pub(crate) fn quick() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .merge(agents::quick())
        .merge(bans::quick())
        .merge(drain::quick())
        .merge(breakers::quick())
        .merge(calls::quick())
        .merge(distribution::quick())
        .merge(events::quick())
        .merge(flows::quick())
        .merge(keys::quick())
        .merge(kv::quick())
        .merge(numbers::quick())
        .merge(prompts::quick())
        .merge(queues::quick())
        .merge(recordings::quick())
        .merge(routers::quick())
        .merge(settings::quick())
        .merge(system::quick())
        .merge(tenants::quick())
        .merge(trunks::quick())
        .merge(usage::quick())
}

/// Endpoints that take a file.
pub(crate) fn uploads() -> OpenApiRouter<Api> {
    OpenApiRouter::new().merge(flows::uploads()).merge(prompts::uploads()).merge(routers::uploads())
}

/// Endpoints that need no key.
pub(crate) fn open() -> OpenApiRouter<Api> {
    OpenApiRouter::new().merge(system::open())
}
