//! How a guest can fail, and whose fault that is.

use serde::{Deserialize, Serialize};
use std::fmt;
use strowger_model::Blame;

/// What kind of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// The guest trapped: unreachable, out of bounds, stack overflow.
    Trap,
    /// The fuel of one event was used up.
    Fuel,
    /// The event took too long by the clock.
    Deadline,
    /// The guest asked for more memory or table space than it may have.
    Memory,
    /// The tenant's guests together hold as much memory as they may.
    TenantMemory,
    /// Too many actions in one event.
    Actions,
    /// Too many log lines in one event.
    Log,
    /// The handler returned an error.
    Returned,
    /// No instance could be made.
    Instantiation,
    /// The program does not export the world that was asked for.
    World,
    /// A rebuilt guest did something else than the journal says.
    NonDeterministic,
    /// The version failed so often that it is disabled.
    Disabled,
    /// The host could not run the guest: overload, shutdown, a bug of ours.
    Host,
}

impl FaultKind {
    /// Name as it stands in SQL, JSON and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trap => "trap",
            Self::Fuel => "fuel",
            Self::Deadline => "deadline",
            Self::Memory => "memory",
            Self::TenantMemory => "tenant_memory",
            Self::Actions => "actions",
            Self::Log => "log",
            Self::Returned => "returned",
            Self::Instantiation => "instantiation",
            Self::World => "world",
            Self::NonDeterministic => "non_deterministic",
            Self::Disabled => "disabled",
            Self::Host => "host",
        }
    }

    /// Whose fault such a failure is unless something else is known.
    pub fn blame(self) -> Blame {
        match self {
            Self::Instantiation | Self::Host => Blame::Host,
            Self::TenantMemory => Blame::Operator,
            _ => Blame::Guest,
        }
    }
}

/// A guest failed. Nothing of what it asked for in that event is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct Fault {
    /// What kind.
    pub kind: FaultKind,
    /// In words, for the tenant.
    pub message: String,
    /// Whose fault.
    pub blame: Blame,
}

impl Fault {
    /// A fault with the blame that its kind implies.
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), blame: kind.blame() }
    }

    /// The same fault, blamed on someone else.
    pub fn blamed(self, blame: Blame) -> Self {
        Self { blame, ..self }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name(), self.message)
    }
}
