//! What the running export may touch. A program that exports several worlds is
//! linked against all interfaces, but a flow's functions only work while a flow
//! handles an event, and so on.

use crate::fault::Stopped;
use std::any::Any;
use strowger_acd::Distribution;
use strowger_call::{FaultKind, TurnView};
use strowger_dialer::Campaign;

/// Which export is running.
#[derive(Default)]
#[expect(
    clippy::large_enum_variant,
    reason = "one for each instance, and nearly all of them run flows"
)]
pub(crate) enum Role {
    /// None: the instance is starting, or between events.
    #[default]
    Idle,
    /// `handle`.
    Flow(TurnView),
    /// `decide`.
    Router(RouterHost),
    /// `pace`.
    Pacer(PacerHost),
}

/// A tenant's distribution, lent for one decision.
pub(crate) struct RouterHost {
    pub host: Box<dyn Distribution>,
    /// Candidates handed out so far.
    pub candidates: u32,
    /// Assignments and wake-ups so far.
    pub actions: u32,
}

/// A campaign, lent for one decision.
pub(crate) struct PacerHost {
    pub host: Box<dyn Lent>,
}

/// A campaign that its owner gets back as what it was.
pub(crate) trait Lent: Campaign + Any {}

impl<C: Campaign + Any> Lent for C {}

impl Role {
    /// The flow's view of its call.
    pub(crate) fn view(&mut self) -> wasmtime::Result<&mut TurnView> {
        match self {
            Self::Flow(view) => Ok(view),
            other => Err(other.elsewhere("handle")),
        }
    }

    /// The router's view of its tenant.
    pub(crate) fn router(&mut self) -> wasmtime::Result<&mut RouterHost> {
        match self {
            Self::Router(router) => Ok(router),
            other => Err(other.elsewhere("decide")),
        }
    }

    /// The pacer's view of its campaign.
    pub(crate) fn pacer(&mut self) -> wasmtime::Result<&mut PacerHost> {
        match self {
            Self::Pacer(pacer) => Ok(pacer),
            other => Err(other.elsewhere("pace")),
        }
    }

    fn elsewhere(&self, export: &str) -> wasmtime::Error {
        let doing = match self {
            Self::Idle => "the program starts",
            Self::Flow(_) => "`handle` runs",
            Self::Router(_) => "`decide` runs",
            Self::Pacer(_) => "`pace` runs",
        };
        Stopped::error(
            FaultKind::Trap,
            format!("called a function of `{export}`'s world while {doing}"),
        )
    }
}
