//! What a call is told.

use crate::action::CommandId;
use crate::effect::PlayId;
use crate::refer::{Between, LegFacts, ReferTo};
use crate::turn::TurnResult;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use strowger_model::{
    Address, AgentId, CallId, Cause, ContactOutcome, LegId, OfferId, Party, RecordingId, VersionId,
};

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// The guest has answered.
    Turn(TurnResult),
    /// News of a leg.
    Leg(LegId, LegInput),
    /// News of sound.
    Media(MediaInput),
    /// News of the tenant's distribution.
    Queue(QueueInput),
    /// A stored value was read or written: `found`, `missing`, `ok` or `failed`.
    Kv {
        /// For which command.
        command: CommandId,
        /// How it ended.
        outcome: String,
        /// The value read, or the reason of a failure.
        value: String,
    },
    /// A request has ended: `response`, `refused`, `timeout` or `failed`.
    Http {
        /// For which command.
        command: CommandId,
        /// How it ended.
        outcome: String,
        /// The body, or the reason of a failure.
        value: String,
        /// `status`, `header:NAME`.
        details: Vec<(String, String)>,
    },
    /// The call is to be ended from outside: an operator, a server that drains.
    HangUp {
        /// Why.
        cause: Cause,
        /// By whom.
        by: Party,
    },
    /// Another call says something.
    Between {
        /// Which.
        from: CallId,
        /// What.
        what: Between,
    },
    /// Another phone wants to take the place of one of our legs (RFC 3891). Its
    /// own leg is refused unless [`crate::LegEffect::Take`] follows at once.
    PickUp {
        /// Whose place.
        leg: LegId,
        /// Who.
        by: LegFacts,
    },
    /// Another call of the tenant waits at the slot.
    SlotTaken,
    /// Which call waits or rings where [`crate::Effect::FindCall`] has asked.
    Found {
        /// The call, and its leg if it rings there.
        found: Option<(CallId, Option<LegId>)>,
    },
    /// The number that a transfer leads to has a flow.
    NumberReady {
        /// Name of the flow.
        flow: String,
        /// Its version.
        version: Option<VersionId>,
    },
    /// The number that a transfer leads to has none.
    NumberFailed {
        /// In words.
        reason: String,
    },
    /// The tenant's fallback flow can take over.
    FallbackReady {
        /// Its version.
        version: Option<VersionId>,
    },
    /// The tenant's fallback flow cannot take over.
    FallbackFailed {
        /// In words.
        reason: String,
    },
    /// Time is up for something; see [`crate::Call::next_timeout`].
    Due,
    /// The server was restarted while the call lived: what has become of its
    /// legs. One that is not named is as it was.
    Recovered {
        /// Each leg that was looked for.
        legs: Vec<(LegId, LegFate)>,
    },
    /// Something for the flow to know that has no input of its own.
    Signal {
        /// Name.
        name: String,
        /// Depends on the name.
        data: String,
    },
}

/// What has become of a leg while nobody carried its call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegFate {
    /// It was taken up again.
    Up {
        /// Codec agreed, by its RTP name.
        codec: String,
    },
    /// It could not be taken up and was ended towards its other end.
    Gone {
        /// Why.
        cause: Cause,
    },
}

/// News of a leg. A leg that has ended is not heard any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegInput {
    /// It rings.
    Ringing {
        /// Whether the other end sends sound of its own.
        early_media: bool,
    },
    /// It was answered and media flows. For the caller's own leg: the answer is confirmed.
    Answered {
        /// Codec agreed, by its RTP name.
        codec: String,
    },
    /// It could not be set up.
    Failed {
        /// Why.
        cause: Cause,
        /// Final SIP status.
        sip_status: Option<u16>,
    },
    /// The other end hung up (CANCEL before an answer, BYE after).
    HungUp {
        /// Why.
        cause: Cause,
    },
    /// The other end put us on hold.
    Held,
    /// The other end took us off hold.
    Resumed,
    /// A digit was pressed.
    Digit {
        /// Which.
        digit: char,
        /// For how long.
        held_ms: u32,
    },
    /// No media arrived for too long.
    MediaTimeout,
    /// The other end wants to give its part to somebody else (RFC 3515). Answered
    /// with [`crate::LegEffect::AcceptRefer`] or [`crate::LegEffect::RejectRefer`].
    Referred {
        /// To whom, as it was written.
        target: Address,
        /// Where that leads.
        to: ReferTo,
    },
}

/// News of sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaInput {
    /// What was played has ended by itself, or could not be played.
    PlayEnded {
        /// Which.
        play: PlayId,
        /// Whether it was heard to its end.
        ok: bool,
        /// Why not.
        reason: String,
    },
    /// A recording is stored.
    RecordingEnded {
        /// Which.
        recording: RecordingId,
        /// Its length.
        duration_ms: u64,
        /// Why it ended, for the journal.
        reason: String,
    },
    /// A recording cannot be written. The call goes on.
    RecordingFailed {
        /// Which.
        recording: RecordingId,
        /// In words.
        reason: String,
    },
    /// The caller has been silent for so long, while being recorded or listened to.
    Silence {
        /// For how long.
        ms: u64,
    },
    /// The caller began to speak.
    SpeechStarted,
    /// The caller stopped speaking.
    SpeechEnded {
        /// How long it was.
        spoke_ms: u64,
    },
    /// A tone was heard from the caller's side.
    Tone {
        /// Its name as in `wit/flow.wit`.
        name: Cow<'static, str>,
    },
    /// The caller cannot take part in the conference.
    ConferenceFailed {
        /// In words.
        reason: String,
    },
}

/// News of the tenant's distribution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueInput {
    /// The caller's place.
    Waiting {
        /// 1 is next.
        position: u32,
        /// Expected further wait.
        expected_wait_ms: u64,
    },
    /// An agent is to be called.
    Offer {
        /// Which offer.
        offer: OfferId,
        /// Whose phone.
        agent: AgentId,
        /// The agent's phone: an extension, or a target written as in `dial`.
        target: String,
        /// For how long it rings.
        ring_ms: u64,
    },
    /// An offer is void, even if the agent has just answered.
    Withdraw {
        /// Which offer.
        offer: OfferId,
    },
    /// The wait is over. `Served` confirms an answered offer: only then are caller
    /// and agent connected, so that both sides agree on who talks to whom.
    Ended {
        /// How.
        outcome: ContactOutcome,
        /// In words.
        reason: String,
        /// Who serves the caller.
        agent: Option<AgentId>,
    },
}
