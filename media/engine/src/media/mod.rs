//! Legs on media threads: RTP in and out, prompts, bridges, digits, recording.
//!
//! A few `std::thread`s own all legs, their sockets and recorders. They are told
//! what to do through bounded queues, answer through the caller's event channel,
//! allocate nothing per packet, and never wait for a disk, a database or a guest.
//! Their number does not depend on the number of calls.

mod clip;
mod command;
mod conference;
mod config;
mod event;
mod handle;
mod leg;
mod os;
mod player;
mod ports;
mod record;
mod remote;
mod room;
mod silence;
mod stats;
mod thread;
mod transcoding;

pub use clip::Clip;
pub use conference::{ConferenceHandle, ConferenceSpec, Join, Others};
pub use config::{MediaConfig, ThreadHook};
pub use event::{MediaEvent, MediaEventKind};
pub use handle::{
    CommandError, ContinueError, LegHandle, LegSpec, MediaEngine, MediaHandle, OpenError,
    StartError,
};
pub use leg::Detect;
pub use record::{RecordSpec, measure as measure_recording};
pub use remote::{RemoteParams, SrtpKeys};
pub use stats::LegStats;
pub use strowger_rtp::detect::HeardTone;
pub use strowger_rtp::mix::MAX_PARTIES;
pub use strowger_rtp::srtp::{MasterKey, Profile};
pub use strowger_rtp::{Codec, Law};
pub use transcoding::TranscodedLegs;
