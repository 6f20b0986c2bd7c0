//! What a call starts with.

use crate::facts::CallFacts;
use crate::journal::TakenOverBody;
use crate::limits::CallLimits;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use strowger_model::{
    Address, AgentId, CallId, Direction, TenantId, Timestamp, TrunkId, VersionId,
};

/// Everything the core needs to know of a new call. Body of the journal's first entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSetup {
    /// Which call.
    pub call: CallId,
    /// Whose.
    pub tenant: TenantId,
    /// `Outbound`: leg 0 is yet to be dialled, to `to`; the flow starts when it answers.
    pub direction: Direction,
    /// Who calls.
    pub from: Address,
    /// What was dialled.
    pub to: Address,
    /// The trunk the first leg came over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trunk: Option<TrunkId>,
    /// The agent whose phone the first leg came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_agent: Option<AgentId>,
    /// Name of the flow.
    pub flow: String,
    /// Version the call is pinned to.
    pub version: Option<VersionId>,
    /// Language of the number that was called, for example `en`.
    pub language: String,
    /// Where the call's randomness comes from.
    pub seed: u64,
    /// When it started.
    pub now: Timestamp,
    /// What it may use. The journal leaves out the usual limits.
    #[serde(default, skip_serializing_if = "CallLimits::are_usual")]
    pub limits: CallLimits,
    /// What happens if its flow fails.
    pub fallback: Fallback,
    /// Further facts for the flow, `timezone` (an IANA name) among them.
    pub facts: BTreeMap<String, String>,
    /// Whether there is a journal. Without one the call can neither be replayed
    /// nor go on after a crash.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub journal: bool,
}

fn yes() -> bool {
    true
}

/// What happens to a call whose flow failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fallback {
    /// Another flow takes over: the shell answers [`crate::Effect::UseFallback`]
    /// with [`crate::Input::FallbackReady`] or [`crate::Input::FallbackFailed`].
    Flow,
    /// The caller is connected to a target, written as in `dial`.
    Number(String),
    /// The call is ended.
    HangUp,
}

impl CallSetup {
    /// The call serves another number of the tenant, and its flow, from here on.
    pub(crate) fn take_over(&mut self, taken: TakenOverBody) {
        self.flow = taken.flow;
        self.version = taken.version;
        self.from = taken.from;
        self.to = taken.to;
        self.facts.insert("to-kind".to_owned(), "bound".to_owned());
    }

    /// The facts a guest can read, with `version` as the one that runs now.
    pub(crate) fn guest_facts(&self, version: Option<VersionId>) -> CallFacts {
        let mut values = self.facts.clone();
        let direction = match self.direction {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
        };
        let version = version.map(|v| v.to_string()).unwrap_or_default();
        for (name, value) in [
            ("call-id", self.call.to_string()),
            ("tenant", self.tenant.to_string()),
            ("from", self.from.to_string()),
            ("to", self.to.to_string()),
            ("direction", direction.to_owned()),
            ("flow", self.flow.clone()),
            ("version", version),
            ("language", self.language.clone()),
        ] {
            values.insert(name.to_owned(), value);
        }
        CallFacts::new(values, self.limits.clone())
    }
}
