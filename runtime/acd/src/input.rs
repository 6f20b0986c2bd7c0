//! Everything that can happen to a distribution.

use crate::{AgentConfig, QueueConfig};
use strowger_model::{
    Address, AgentId, AgentState, CallId, Cause, OfferId, QueueId, SkillNeed, Timestamp,
};

/// Something that happened. Inputs about offers, calls or agents that are no
/// longer there are ignored: they were overtaken, not wrong.
#[derive(Clone, Debug)]
pub enum AcdInput {
    /// A queue is configured or its configuration has changed.
    QueueUpsert(QueueConfig),
    /// A queue is removed; its contacts end as failed.
    QueueRemove(QueueId),
    /// An agent is configured or the configuration has changed.
    AgentUpsert(AgentConfig),
    /// An agent is removed; a conversation under way goes on.
    AgentRemove(AgentId),
    /// The agent comes to work: not ready at first, for the reason `signed_in`.
    SignIn(AgentId),
    /// The agent leaves, after the conversation under way.
    SignOut(AgentId),
    /// The agent can take contacts; signs in where that has not happened.
    /// During a conversation it takes back an earlier `SetNotReady` or
    /// `SignOut`; during wrap-up it ends it.
    SetReady(AgentId),
    /// The agent takes no contacts, after the conversation under way.
    SetNotReady {
        /// Which agent.
        agent: AgentId,
        /// Why: `break`, `training`, whatever the tenant uses.
        reason: String,
    },
    /// What the agent was before a restart. Whatever was under way then is over;
    /// a conversation that goes on is told of by `Talking`.
    AgentWas {
        /// Which agent.
        agent: AgentId,
        /// What the agent was.
        state: AgentState,
        /// Since when.
        since: Timestamp,
    },
    /// The agent's phone cannot be reached any more. An offer to it is taken
    /// back; a conversation goes on until its media or signalling ends it.
    PhoneGone(AgentId),
    /// The agent's phone is there again: undoes what `PhoneGone` did.
    PhoneBack(AgentId),
    /// A call begins to wait.
    Enqueue(Enqueue),
    /// The flow takes the call out of its queue.
    Leave {
        /// Which call.
        call: CallId,
    },
    /// The caller has hung up or the call has ended in any other way. Ends
    /// whatever the call has here: wait, offer, conversation.
    CallerGone {
        /// Which call.
        call: CallId,
    },
    /// The agent's phone rings.
    OfferRinging {
        /// Which offer.
        offer: OfferId,
    },
    /// The agent answered.
    OfferAnswered {
        /// Which offer.
        offer: OfferId,
    },
    /// The agent's leg came to nothing.
    OfferFailed {
        /// Which offer.
        offer: OfferId,
        /// Why.
        cause: Cause,
    },
    /// Agent and caller have been talking since before a restart.
    Talking {
        /// The agent.
        agent: AgentId,
        /// The call they talk in.
        call: CallId,
        /// Name of the queue that brought them together.
        queue: String,
        /// Since when.
        since: Timestamp,
    },
    /// Caller and agent no longer talk.
    TalkEnded {
        /// The agent.
        agent: AgentId,
        /// The call they talked in.
        call: CallId,
        /// For how long.
        talk_ms: u64,
    },
    /// The agent has put the caller on hold.
    Hold {
        /// The agent.
        agent: AgentId,
        /// The call.
        call: CallId,
    },
    /// They talk again.
    Resume {
        /// The agent.
        agent: AgentId,
        /// The call.
        call: CallId,
    },
    /// The router has been run; see [`AcdEffect::AskRouter`](crate::AcdEffect::AskRouter).
    RouterDone(RouterDone),
}

/// A call that begins to wait. A call waits at most once at a time.
#[derive(Clone, Debug)]
pub struct Enqueue {
    /// Which call.
    pub call: CallId,
    /// Name of the queue.
    pub queue: String,
    /// Skills needed besides those of the queue.
    pub needs: Vec<SkillNeed>,
    /// Higher is served first.
    pub priority: i32,
    /// What the router and the agent may see.
    pub attributes: Vec<(String, String)>,
    /// Who calls.
    pub from: Address,
    /// What was dialled.
    pub to: Address,
    /// Longest wait; 0: as long as the queue allows.
    pub max_wait_ms: u64,
    /// Since when, if it has waited before a restart: it keeps its place.
    pub since: Option<Timestamp>,
}

/// How one run of a router ended.
#[derive(Clone, Debug)]
pub struct RouterDone {
    /// Which run.
    pub ask: u64,
    /// Why it does not count: a trap, an exceeded budget, an error returned.
    /// Any router but the stock router is then followed by that.
    pub fault: Option<RouterFault>,
    /// Fuel used.
    pub fuel: u64,
    /// Time inside the guest.
    pub busy_us: u64,
}

/// Why one run of a router does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterFault {
    /// What kind it is of, as faults of guests are named: `trap`, `fuel`, ...
    pub kind: String,
    /// In words.
    pub reason: String,
}
