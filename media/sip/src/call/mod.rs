//! One call leg: its dialog, its offers and answers, and where it stands.

mod clock;
mod dialog;
mod early;
mod record;
mod refer;
mod replaces;
mod state;

pub(crate) use clock::{Request as TimerRequest, SessionClock, judge as judge_timer};
pub(crate) use dialog::{Dialog, Neighbour, is_private, next_hop, next_name, read_routes};
pub(crate) use early::{Carries, Fork, Reliable, Unacked1xx};
pub use record::{DialogRecord, RecordError};
pub(crate) use record::{Kept, KeptBranch, KeptIncoming, KeptPlaced, KeptUp, Text};
pub(crate) use refer::{ReferIn, ReferOut};
pub use replaces::Replaces;
pub use state::InviteOptions;
pub(crate) use state::{
    AckFor, Branch, Call, Peer, Phase, Placed, Purpose, Reinvite, Spare, UnackedAnswer, Way,
};
