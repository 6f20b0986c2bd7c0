//! What a flow can ask for: one variant per action of `wit/flow.wit`.
//!
//! An action here is a wish. Whether it is possible is decided twice: when the
//! guest asks ([`crate::TurnView::admit`]) and when the turn is carried out.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use strowger_model::{LegId, SkillNeed};

/// Names an action within its call; counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CommandId(pub u64);

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One action of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Lets the caller's side ring.
    Ring,
    /// Opens the media path before an answer.
    EarlyMedia,
    /// Answers.
    Answer,
    /// Refuses the call with a SIP status of 400 to 699.
    Reject {
        /// SIP status.
        status: u16,
        /// Reason phrase.
        reason: String,
    },
    /// Ends the call.
    HangUp,
    /// Plays sources to the caller; `times` 0 means until stopped.
    Play {
        /// What is heard, one after the other.
        sources: Vec<String>,
        /// How often the whole list.
        times: u32,
    },
    /// Ends a command that is under way.
    Stop {
        /// Which.
        command: CommandId,
    },
    /// Plays a prompt and collects digits.
    Gather {
        /// What is heard; may be empty.
        prompt: Vec<String>,
        /// How digits are collected.
        options: GatherOptions,
    },
    /// Whether digits outside of `gather` arrive as `input` events.
    WatchDigits {
        /// On or off.
        on: bool,
    },
    /// Starts a recording; 0 means no limit.
    RecordStart {
        /// Longest recording.
        max_ms: u32,
        /// Silence that ends it.
        silence_ms: u32,
    },
    /// Ends the recording under way.
    RecordStop,
    /// Leaves a gap of silence in the recording.
    RecordPause,
    /// Goes on recording.
    RecordResume,
    /// Queues the caller.
    Enqueue(EnqueueOptions),
    /// Takes the caller out of the queue.
    LeaveQueue,
    /// Dials one or several targets.
    Dial(DialOptions),
    /// Connects the caller with an answered leg.
    Bridge {
        /// Which leg.
        leg: LegId,
    },
    /// Connects the caller to a target for good.
    Transfer(DialOptions),
    /// Says what to listen for in the caller's audio.
    Detect(DetectOptions),
    /// Lets the caller take part in a conference.
    ConferenceJoin {
        /// Its name.
        conference: String,
        /// Whether nobody hears the caller at first.
        muted: bool,
    },
    /// Whether the caller can be heard.
    Mute {
        /// Not.
        on: bool,
    },
    /// Parks the caller.
    Park(ParkOptions),
    /// Takes a call that waits or rings elsewhere.
    PickUp {
        /// Written as `slot:NAME` or `extension:NUMBER`.
        from: String,
    },
    /// Reads a stored value.
    KvGet {
        /// Its key.
        key: String,
    },
    /// Stores a value.
    KvSet {
        /// Its key.
        key: String,
        /// The value.
        value: String,
        /// Seconds to live; 0 for ever.
        ttl_s: u32,
    },
    /// Asks a service of the tenant.
    HttpRequest(HttpRequest),
    /// Waits.
    Sleep {
        /// How long.
        ms: u32,
    },
}

/// How digits are collected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GatherOptions {
    /// Most digits; reaching it completes. 1 to 64.
    pub max_digits: u32,
    /// Digits that complete at once and are not part of the value.
    pub terminators: String,
    /// Longest wait for the first digit, counted from the end of the prompt.
    pub first_digit_ms: u32,
    /// Longest wait for each further digit.
    pub inter_digit_ms: u32,
    /// Whether a digit silences the prompt.
    pub barge_in: bool,
    /// Whether the digits are kept out of journals, logs and the call record.
    pub secret: bool,
}

/// A wait in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnqueueOptions {
    /// Name of the queue.
    pub queue: String,
    /// Skills besides those of the queue.
    pub skills: Vec<SkillNeed>,
    /// Higher is served first. -100 to 100.
    pub priority: i32,
    /// What the router and the agent may see.
    pub attributes: Vec<(String, String)>,
    /// Sources heard in a loop while waiting; empty: the default music on hold.
    pub treatment: Vec<String>,
    /// Longest wait; 0: as long as the queue allows.
    pub max_wait_ms: u32,
}

/// An outgoing attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialOptions {
    /// `number:+441632960000`, `extension:201`, `agent:201`.
    pub targets: Vec<String>,
    /// In which order.
    pub strategy: DialStrategy,
    /// For each target in turn, or for all at once.
    pub timeout_ms: u32,
    /// The number shown; empty: the number that was called.
    pub caller_id: String,
}

/// In which order several targets are dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DialStrategy {
    /// All at once; the first to answer wins.
    All,
    /// One after the other.
    InTurn,
}

impl FromStr for DialStrategy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Self::All),
            "in-turn" => Ok(Self::InTurn),
            other => Err(format!("a dial strategy is `all` or `in-turn`, not `{other}`")),
        }
    }
}

/// What to listen for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectOptions {
    /// Silence that ends an utterance; 0: utterances are not told of.
    pub speech_pause_ms: u32,
    /// Silence to be told of; 0: none.
    pub silence_ms: u32,
    /// Whether tones are told of.
    pub tones: bool,
}

/// A wait for somebody who picks up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkOptions {
    /// Where.
    pub slot: String,
    /// Sources heard in a loop; empty: the default music.
    pub treatment: Vec<String>,
    /// Longest wait; 0: until the call's own limit.
    pub max_wait_ms: u32,
}

/// A request to a service of the tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// `GET`, `POST`, `PUT`, `PATCH`, `DELETE` or `HEAD`.
    pub method: String,
    /// Absolute `http` or `https` address.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// Body; empty for none.
    pub body: String,
    /// Longest wait for the whole answer; 0: the host's limit.
    pub timeout_ms: u32,
}
