//! Everything a distribution asks of the world around it.

use crate::decision::Decision;
use crate::distribution::RouterTrigger;
use crate::routers::RouterChoice;
use serde::{Deserialize, Serialize};
use strowger_model::{
    AgentId, AgentState, CallId, ContactId, ContactOutcome, OfferId, QueueId, Timestamp,
};

/// Something to be done, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum AcdEffect {
    /// Run a router over this distribution and report
    /// [`AcdInput::RouterDone`](crate::AcdInput::RouterDone) with the same `ask`.
    /// At most one is outstanding.
    AskRouter {
        /// Number of this run.
        ask: u64,
        /// Which one.
        router: RouterChoice,
        /// Why it is asked.
        trigger: RouterTrigger,
        /// The moment's time.
        now: Timestamp,
        /// The moment's seed.
        seed: u64,
    },
    /// Ring the agent for this call. Report ringing, answer or failure.
    Offer(Offer),
    /// Take the offer back, whatever became of the agent's leg meanwhile: even
    /// if the agent has just answered, the two are not connected.
    Withdraw {
        /// Which offer.
        offer: OfferId,
        /// The call it was made for.
        call: CallId,
    },
    /// Where the call stands. Told once at the start, then when it changed, at
    /// most every few seconds.
    Waiting {
        /// Which call.
        call: CallId,
        /// 1 is next.
        position: u32,
        /// How long it will probably still take.
        expected_wait_ms: u64,
    },
    /// The wait is over. Exactly one for each `Enqueue` that was not a duplicate.
    ContactEnded(ContactEnded),
    /// An agent's state has changed.
    AgentChanged {
        /// Which agent.
        agent: AgentId,
        /// The state now.
        state: AgentState,
        /// Since when.
        since: Timestamp,
    },
    /// What one run of a router saw and chose, for the journal.
    Decided(Box<Decision>),
    /// News for screens.
    Event(AcdEvent),
}

/// One contact offered to one agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Number of the offer.
    pub offer: OfferId,
    /// The contact.
    pub contact: ContactId,
    /// Its call.
    pub call: CallId,
    /// The agent.
    pub agent: AgentId,
    /// What to dial.
    pub extension: String,
    /// How long to let it ring.
    pub ring_ms: u64,
}

/// The end of a wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactEnded {
    /// Which call waited.
    pub call: CallId,
    /// As which contact; 0 if it was turned away before it became one.
    pub contact: ContactId,
    /// How it ended.
    pub outcome: ContactOutcome,
    /// In words, where the outcome leaves a question.
    pub reason: String,
    /// Who serves the caller.
    pub agent: Option<AgentId>,
    /// The router that was to decide about it; none: it became no contact.
    #[serde(default)]
    pub router: Option<RouterChoice>,
    /// How long it took.
    pub waited_ms: u64,
    /// Offers that came to nothing.
    pub offers: u32,
}

/// News for screens, each with the numbers a wallboard shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum AcdEvent {
    /// A queue is longer or shorter than before.
    QueueLength {
        /// Which queue.
        queue: QueueId,
        /// Its name.
        name: String,
        /// Contacts in it, those being offered included.
        waiting: u32,
    },
    /// An offer came to nothing.
    OfferMissed {
        /// Which offer.
        offer: OfferId,
        /// For which call.
        call: CallId,
        /// Who was asked.
        agent: AgentId,
        /// Why: a cause's name, `expired`, `phone_gone`, `withdrawn`.
        reason: String,
    },
}
