//! The pure core of one call: its legs, what its caller hears, the turns of its
//! guest, its waits and conversations, its journal and its record.
//!
//! Inputs go in with the time they happened at, effects are drained. Nothing
//! here reads a clock, draws a random number, does I/O, or knows SIP, RTP, Wasm
//! or SQL. Given the same inputs it gives the same effects.

mod action;
mod admit;
mod call;
mod check;
mod distribution;
mod effect;
mod event;
mod facts;
mod fault;
mod input;
mod journal;
mod limits;
mod pick_up;
mod random;
mod rebuild;
mod refer;
mod secrets;
mod setup;
mod story;
mod target;
mod turn;
mod view;

pub use action::{
    Action, CommandId, DetectOptions, DialOptions, DialStrategy, EnqueueOptions, GatherOptions,
    HttpRequest, ParkOptions,
};
pub use call::Call;
pub use effect::{Effect, KvOp, LegEffect, MediaEffect, PlayId, QueueEffect};
pub use event::{GuestEvent, Moment};
pub use fault::{Fault, FaultKind};
pub use input::{Input, LegFate, LegInput, MediaInput, QueueInput};
pub use journal::{
    EndBody, EventBody, FALLBACK_NOTE, FallbackBody, NoteBody, TAKEN_OVER_NOTE, TakenOverBody,
    TurnBody,
};
pub use limits::CallLimits;
pub use pick_up::PickUpFrom;
pub use rebuild::{RebuildError, Rebuilt};
pub use refer::{Between, LegFacts, ReferTo};
pub use setup::{CallSetup, Fallback};
pub use story::{SeatKind, Story, StoryAnswer, StoryError, StorySeat, StoryTurn};
pub use target::Target;
pub use turn::TurnResult;
pub use view::{CommandKind, Phase, RefusedAction, TurnView, ViewState, WaitView};
