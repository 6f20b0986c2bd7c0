//! Natively: what a program asks for, and the traits of whoever answers. The
//! records have the shapes that the bindings give them inside Wasm.

use crate::router::{Agent, Contact};

/// One imported function of `wit/flow.wit` with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Ring,
    EarlyMedia,
    Answer,
    Reject { status: u16, reason: String },
    HangUp,
    Play { sources: Vec<String>, times: u32 },
    Stop { command: u64 },
    Gather { prompt: Vec<String>, options: GatherOptions },
    WatchDigits { on: bool },
    RecordStart { max_ms: u32, silence_ms: u32 },
    RecordStop,
    RecordPause,
    RecordResume,
    Enqueue(EnqueueOptions),
    LeaveQueue,
    Dial(DialOptions),
    Bridge { leg: u32 },
    Transfer(DialOptions),
    Detect(DetectOptions),
    ConferenceJoin(ConferenceOptions),
    Mute { on: bool },
    Park(ParkOptions),
    PickUp { from: String },
    KvGet { key: String },
    KvSet { key: String, value: String, ttl_s: u32 },
    HttpRequest(HttpRequestOptions),
    Sleep { ms: u32 },
}

/// `gather-options`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatherOptions {
    pub max_digits: u32,
    pub terminators: String,
    pub first_digit_ms: u32,
    pub inter_digit_ms: u32,
    pub barge_in: bool,
    pub secret: bool,
}

/// `relaxation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Relaxation {
    pub after_s: u32,
    pub min_level: u8,
}

/// `skill-need`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkillNeed {
    pub name: String,
    pub min_level: u8,
    pub relax: Vec<Relaxation>,
}

/// `enqueue-options`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnqueueOptions {
    pub queue: String,
    pub skills: Vec<SkillNeed>,
    pub priority: i32,
    pub attributes: Vec<(String, String)>,
    pub treatment: Vec<String>,
    pub max_wait_ms: u32,
}

/// `dial-options`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DialOptions {
    pub targets: Vec<String>,
    pub strategy: String,
    pub timeout_ms: u32,
    pub caller_id: String,
}

/// `detect-options`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetectOptions {
    pub speech_pause_ms: u32,
    pub silence_ms: u32,
    pub tones: bool,
}

/// `conference-options`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConferenceOptions {
    pub conference: String,
    pub muted: bool,
}

/// `park-options`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkOptions {
    pub slot: String,
    pub treatment: Vec<String>,
    pub max_wait_ms: u32,
}

/// `http-request-options`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequestOptions {
    pub method: String,
    pub url: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub timeout_ms: u32,
}

/// The host of a flow.
pub trait FlowHost {
    /// Asks for an action; the command's id, or 0 where there is none.
    fn act(&mut self, action: Action) -> Result<u64, String>;
    fn fact(&mut self, name: &str) -> Option<String>;
    fn detail(&mut self, name: &str) -> Option<String>;
    fn attribute(&mut self, name: &str) -> Option<String>;
    fn set_attribute(&mut self, name: &str, value: &str) -> Result<(), String>;
}

/// The host of a router.
pub trait DistributionHost {
    fn contacts_for_agent(
        &mut self,
        agent: u64,
        order: &str,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<Contact>, String>;
    fn agents_for_contact(
        &mut self,
        contact: u64,
        order: &str,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<Agent>, String>;
    fn contact_fact(&mut self, contact: u64, name: &str) -> Option<String>;
    fn agent_fact(&mut self, agent: u64, name: &str) -> Option<String>;
    fn assign(&mut self, contact: u64, agent: u64) -> Result<(), String>;
    fn wake_in(&mut self, contact: u64, ms: u32) -> Result<(), String>;
}

/// The host of a pacer.
pub trait CampaignHost {
    fn metric(&mut self, name: &str) -> Option<f64>;
    fn cap(&mut self) -> u32;
}
