//! What a call wants done. Carried out in one place outside, in order.

use crate::action::{CommandId, DetectOptions, HttpRequest};
use crate::event::{GuestEvent, Moment};
use crate::fault::Fault;
use crate::pick_up::PickUpFrom;
use crate::refer::{Between, LegFacts};
use crate::view::TurnView;
use serde::{Deserialize, Serialize};
use strowger_model::{
    Address, AgentId, Blame, CallId, CallRecord, Cause, JournalEntry, LegId, OfferId, RecordingId,
    SkillNeed, Timestamp,
};

/// One sound being played, counted within the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlayId(pub u64);

/// Something to be done.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Give the guest an event; answer with [`crate::Input::Turn`]. Never two at once.
    RunGuest {
        /// What happened.
        event: GuestEvent,
        /// When, and randomness.
        moment: Moment,
        /// What the guest sees; holds the event's details too.
        view: TurnView,
    },
    /// For a leg.
    Leg(LegId, LegEffect),
    /// For the media engine.
    Media(MediaEffect),
    /// For the tenant's distribution.
    Queue(QueueEffect),
    /// For the tenant's store; answer with [`crate::Input::Kv`].
    Kv {
        /// For which command.
        command: CommandId,
        /// What.
        op: KvOp,
    },
    /// For the HTTP client; answer with [`crate::Input::Http`].
    Http {
        /// For which command.
        command: CommandId,
        /// What.
        request: HttpRequest,
    },
    /// The flow failed and its fallback is a flow: answer with
    /// [`crate::Input::FallbackReady`] or [`crate::Input::FallbackFailed`].
    UseFallback {
        /// What went wrong.
        fault: Fault,
        /// Whose fault.
        blame: Blame,
    },
    /// Say this to another call of the tenant; if it is gone, answer in its name
    /// with [`Between::No`].
    Tell {
        /// Which.
        call: CallId,
        /// What.
        what: Between,
    },
    /// Hand a leg, media and all, over to another call, with what is known of it.
    /// Nothing of it is heard here any more.
    Give {
        /// Which leg.
        leg: LegId,
        /// To which call.
        to: CallId,
        /// For [`Between::Given`].
        facts: LegFacts,
    },
    /// The call waits at a slot from now on; answer with [`crate::Input::SlotTaken`]
    /// if another one does.
    Park {
        /// Which.
        slot: String,
    },
    /// The call waits at that slot no more.
    Unpark {
        /// Which.
        slot: String,
    },
    /// Find the call that waits or rings there: answer with
    /// [`crate::Input::Found`].
    FindCall {
        /// Where.
        from: PickUpFrom,
    },
    /// Find the flow of a number: answer with [`crate::Input::NumberReady`] or
    /// [`crate::Input::NumberFailed`]. The present guest stays until [`Effect::TakeSeat`].
    FindNumber {
        /// The number.
        number: Address,
    },
    /// The flow that was found takes the guest's seat: the next turn is its first.
    TakeSeat,
    /// Keep this.
    Journal(JournalEntry),
    /// Tell the screens.
    Event {
        /// For example `call.started`, `call.answered`, `call.ended`, `alarm`.
        name: &'static str,
        /// Depends on the name.
        data: serde_json::Value,
    },
    /// The call is over and its record complete. The last effect, exactly once.
    Finished(Box<CallRecord>),
}

/// For a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LegEffect {
    /// 180.
    Ring,
    /// 183 with media.
    EarlyMedia,
    /// 200; answer with [`crate::LegInput::Answered`].
    Answer,
    /// A final failure response.
    Reject {
        /// SIP status.
        status: u16,
        /// Reason phrase; empty for the standard one.
        reason: String,
    },
    /// BYE.
    HangUp {
        /// Why.
        cause: Cause,
    },
    /// INVITE.
    Originate {
        /// Written as in `dial`: `number:`, `extension:` or `agent:`.
        target: String,
        /// The number shown.
        caller_id: String,
        /// The call cancels after that by itself; for the layers below to know.
        timeout_ms: u64,
        /// The agent, where the distribution chose one.
        agent: Option<AgentId>,
    },
    /// 202 to a REFER.
    AcceptRefer,
    /// A failure response to a REFER.
    RejectRefer {
        /// SIP status.
        status: u16,
    },
    /// How the accepted transfer goes, as the status of the new leg; 200 and more
    /// is the last.
    ReferProgress {
        /// SIP status.
        status: u16,
    },
    /// Its transfer has succeeded and it was told so: BYE in a moment, unless it
    /// hangs up by itself. For the call the leg is over.
    LetGo,
    /// The leg that came with the input just handled is this one.
    Take,
    /// CANCEL. If the leg is answered all the same, the layer below hangs it up.
    Cancel,
}

/// For the media engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaEffect {
    /// Play; answer with [`crate::MediaInput::PlayEnded`] unless stopped before.
    Play {
        /// To whom.
        leg: LegId,
        /// Its name.
        play: PlayId,
        /// Sources as in `wit/flow.wit`.
        sources: Vec<String>,
        /// How often; 0 for until stopped.
        times: u32,
    },
    /// Be silent; nothing is answered.
    StopPlay {
        /// To whom.
        leg: LegId,
        /// Which.
        play: PlayId,
    },
    /// Let two legs hear each other.
    Bridge {
        /// One.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Part two legs.
    Unbridge {
        /// One.
        a: LegId,
        /// The other.
        b: LegId,
    },
    /// Let nobody hear a leg, or let them again.
    Mute {
        /// Which leg.
        leg: LegId,
        /// Nobody.
        on: bool,
    },
    /// Listen for these on a leg from now on.
    Detect {
        /// Which leg.
        leg: LegId,
        /// For what.
        options: DetectOptions,
    },
    /// Let a leg take part in a conference of the tenant; answer with
    /// [`crate::MediaInput::ConferenceFailed`] if it cannot.
    ConferenceJoin {
        /// Which leg.
        leg: LegId,
        /// Name of the conference.
        conference: String,
    },
    /// Let it leave.
    ConferenceLeave {
        /// Which leg.
        leg: LegId,
    },
    /// Record a leg on the left, whoever it is bridged with on the right.
    RecordStart {
        /// Which leg.
        leg: LegId,
        /// Its name.
        recording: RecordingId,
        /// Report silence of this length as [`crate::MediaInput::Silence`]; 0: never.
        silence_ms: u64,
    },
    /// Go on with a recording that a restart of the server has interrupted: the
    /// gap is silence.
    RecordContinue {
        /// Which leg.
        leg: LegId,
        /// Its name.
        recording: RecordingId,
        /// As in `RecordStart`.
        silence_ms: u64,
    },
    /// Write silence.
    RecordPause {
        /// Which.
        recording: RecordingId,
    },
    /// Write sound again.
    RecordResume {
        /// Which.
        recording: RecordingId,
    },
    /// Finish; answer with [`crate::MediaInput::RecordingEnded`].
    RecordStop {
        /// Which.
        recording: RecordingId,
    },
}

/// For the tenant's distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueueEffect {
    /// The caller waits from now on.
    Enqueue {
        /// Name of the queue.
        queue: String,
        /// Skills besides those of the queue.
        needs: Vec<SkillNeed>,
        /// -100 to 100.
        priority: i32,
        /// For the router and the agent; the call's own attributes first.
        attributes: Vec<(String, String)>,
        /// 0: as long as the queue allows.
        max_wait_ms: u64,
        /// Since when, if the caller has waited before a restart of the server.
        since: Option<Timestamp>,
    },
    /// Caller and agent talk; the distribution may not know after a restart.
    Talking {
        /// Who talks.
        agent: AgentId,
        /// Name of the queue that brought them together.
        queue: String,
        /// Since when.
        since: Timestamp,
    },
    /// The flow or the host took the caller out.
    Leave,
    /// The agent's phone rings.
    OfferRinging {
        /// Which offer.
        offer: OfferId,
    },
    /// The agent has answered: answer with [`crate::QueueInput::Ended`] `Served`,
    /// or [`crate::QueueInput::Withdraw`] if the offer is void.
    OfferAnswered {
        /// Which offer.
        offer: OfferId,
    },
    /// The agent cannot be had.
    OfferFailed {
        /// Which offer.
        offer: OfferId,
        /// Why.
        cause: Cause,
    },
    /// Caller and agent no longer talk.
    TalkEnded {
        /// Who talked.
        agent: AgentId,
        /// For how long.
        talk_ms: u64,
    },
    /// The agent put the caller on hold.
    Hold {
        /// Who.
        agent: AgentId,
    },
    /// The agent took the caller off hold.
    Resume {
        /// Who.
        agent: AgentId,
    },
    /// The call is over: ends whatever it has in the distribution.
    CallerGone,
}

/// For the tenant's store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KvOp {
    /// Read.
    Get {
        /// Key.
        key: String,
    },
    /// Write.
    Set {
        /// Key.
        key: String,
        /// Value.
        value: String,
        /// Seconds to live; 0 for ever.
        ttl_s: u32,
    },
}
