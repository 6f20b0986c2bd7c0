//! The call record: what is left when a call is over.

use crate::{
    Address, AgentId, Blame, CallId, Cause, ContactOutcome, LegId, Party, RecordingId, TenantId,
    Timestamp, TrunkId, VersionId,
};
use serde::{Deserialize, Serialize};

/// Which way a leg was set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Direction {
    /// Towards us.
    Inbound,
    /// From us.
    Outbound,
}

/// Everything worth keeping of one call. Written for every call, answered or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CallRecord {
    /// Which call.
    pub call: CallId,
    /// Whose.
    pub tenant: TenantId,
    /// Direction of the first leg.
    pub direction: Direction,
    /// Who called.
    pub from: Address,
    /// What was dialled.
    pub to: Address,
    /// Version of the flow the call was pinned to; none if the call never reached one.
    pub flow_version: Option<VersionId>,
    /// When the first leg was set up.
    pub started_at: Timestamp,
    /// When the first leg was answered.
    pub answered_at: Option<Timestamp>,
    /// When the last leg ended; none while the call lives.
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    pub cause: Option<Cause>,
    /// Who ended it.
    pub ended_by: Option<Party>,
    /// Every leg in the order of set-up.
    pub legs: Vec<LegRecord>,
    /// Every wait in a queue.
    pub queue_visits: Vec<QueueVisit>,
    /// Every attempt of a phone to give its part in a conversation to somebody else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transfers: Vec<TransferRecord>,
    /// What the guest consumed.
    pub guest: GuestUse,
    /// Digits the caller entered, in order; digits asked for as secret are shown as `*`.
    pub digits: String,
    /// Recordings made.
    pub recordings: Vec<RecordingId>,
    /// Attributes the flow set, in the order they were first set.
    pub attributes: Vec<(String, String)>,
}

impl CallRecord {
    /// The record of a call that has just begun: no leg yet, no flow, nothing consumed.
    pub fn begun(
        call: CallId,
        tenant: TenantId,
        direction: Direction,
        from: Address,
        to: Address,
        started_at: Timestamp,
    ) -> Self {
        Self {
            call,
            tenant,
            direction,
            from,
            to,
            flow_version: None,
            started_at,
            answered_at: None,
            ended_at: None,
            cause: None,
            ended_by: None,
            legs: Vec::new(),
            queue_visits: Vec::new(),
            transfers: Vec::new(),
            guest: GuestUse::default(),
            digits: String::new(),
            recordings: Vec::new(),
            attributes: Vec::new(),
        }
    }
}

/// One leg of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LegRecord {
    /// Which leg.
    pub leg: LegId,
    /// Which way it was set up.
    pub direction: Direction,
    /// The other end's address.
    pub address: Address,
    /// The agent at the other end.
    pub agent: Option<AgentId>,
    /// The trunk it came or went over.
    pub trunk: Option<TrunkId>,
    /// When it was set up.
    pub started_at: Timestamp,
    /// When it first rang.
    pub ringing_at: Option<Timestamp>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    pub cause: Option<Cause>,
    /// Final SIP status, where there was one.
    pub sip_status: Option<u16>,
    /// Codec in use, by its RTP name (`PCMU`).
    pub codec: Option<String>,
    /// How its media fared, if it had any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<LegMedia>,
}

/// How the media of one leg fared. Counted where the server hears and sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LegMedia {
    /// Whether what it said was decoded and encoded again for somebody with
    /// another codec, rather than passed on.
    pub transcoded: bool,
    /// How its packets were protected (RFC 4568), for example
    /// `AES_CM_128_HMAC_SHA1_80`; none: not at all.
    pub srtp: Option<String>,
    /// Packets heard.
    pub packets_received: u32,
    /// Packets that should have been heard and were not.
    pub packets_lost: u32,
    /// Packets sent.
    pub packets_sent: u32,
    /// Interarrival jitter of what was heard (RFC 3550 §6.4.1).
    pub jitter_ms: u32,
    /// Round trip, if the other side sent RTCP reports.
    pub round_trip_ms: Option<u32>,
    /// Estimated mean opinion score of what was heard, in hundredths: 100 to 450
    /// (ITU-T G.107); none if nothing was heard.
    pub mos_percent: Option<u16>,
}

/// One wait in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct QueueVisit {
    /// Name of the queue.
    pub queue: String,
    /// When the wait began.
    pub entered_at: Timestamp,
    /// When it ended.
    pub left_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<ContactOutcome>,
    /// Who served the caller.
    pub agent: Option<AgentId>,
    /// How many offers were made.
    pub offers: u32,
    /// How long the conversation lasted.
    pub talk_ms: u64,
}

/// How a part in a conversation was given away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TransferKind {
    /// To somebody who was called for it (REFER, RFC 3515).
    Blind,
    /// To somebody the phone had called before (REFER with Replaces, RFC 5589 §7).
    Attended,
    /// Taken by another phone (INVITE with Replaces, RFC 3891).
    PickedUp,
}

/// One attempt to give a part in a conversation to somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TransferRecord {
    /// How.
    pub kind: TransferKind,
    /// The leg whose part was to be given away.
    pub by: LegId,
    /// The agent at its other end.
    pub agent: Option<AgentId>,
    /// To whom, as the phone has named it; who it was where no name was given.
    pub target: Address,
    /// The leg that took the part, if it is one of this call.
    pub leg: Option<LegId>,
    /// The other call, where two were joined.
    pub other_call: Option<CallId>,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// When it was decided.
    pub ended_at: Option<Timestamp>,
    /// What the phone was told last, as a SIP status: 200 for success.
    pub sip_status: Option<u16>,
}

/// What a call's guest consumed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GuestUse {
    /// Events handled.
    pub turns: u32,
    /// Fuel over all turns.
    pub fuel: u64,
    /// Time inside the guest over all turns.
    pub busy_us: u64,
    /// Faults, in words; the fallback took over after the last one.
    pub faults: Vec<String>,
    /// The same by version, in the order in which they served the call: the
    /// first is the one it began with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<VersionUse>,
}

/// What one version consumed in one call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct VersionUse {
    /// Which version.
    pub version: VersionId,
    /// Events handled.
    pub turns: u32,
    /// Fuel over its turns.
    pub fuel: u64,
    /// Time inside the guest over its turns.
    pub busy_us: u64,
    /// Kind of the fault that ended its part, for example `trap`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// Whose fault that was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blame: Option<Blame>,
}

/// Versions kept apart in one record. A call has its flow and its fallback, and
/// one more for each time it is transferred to a flow.
const VERSIONS_KEPT: usize = 8;

impl GuestUse {
    /// Nothing consumed yet by the version that a call begins with.
    pub fn beginning_with(version: Option<VersionId>) -> Self {
        let mut used = Self::default();
        used.of(version);
        used
    }

    /// The version's part, which begins if it has none; none if there is no
    /// version or there are too many.
    pub fn of(&mut self, version: Option<VersionId>) -> Option<&mut VersionUse> {
        let version = version?;
        let place = match self.versions.iter().position(|used| used.version == version) {
            Some(place) => place,
            None if self.versions.len() >= VERSIONS_KEPT => return None,
            None => {
                let (turns, fuel, busy_us) = (0, 0, 0);
                let (fault, blame) = (None, None);
                self.versions.push(VersionUse { version, turns, fuel, busy_us, fault, blame });
                self.versions.len() - 1
            }
        };
        self.versions.get_mut(place)
    }
}
