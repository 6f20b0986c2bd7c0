//! Programs for the Strowger contact center: call flows, routers and pacers.
//!
//! # A call flow in five minutes
//!
//! A flow is one `async fn`. It gets the [`Call`] and tells it what to do; each
//! action is a future, and the flow waits for it like for anything else in Rust.
//! When the function returns, the call is hung up. An error that leaves the
//! function sends the call to the tenant's fallback.
//!
//! ```
//! use strowger_sdk::prelude::*;
//!
//! async fn reception(call: Call) -> Result<(), Error> {
//!     call.answer().await?;
//!     let choice = call
//!         .menu([Say::text("en", "Welcome."), Say::text("en", "For support press 1.")])
//!         .choice('1', "support")
//!         .choice('0', "reception")
//!         .retries(2)
//!         .await?;
//!     let queue = choice.unwrap_or("reception");
//!
//!     let waiting = call
//!         .enqueue(queue)
//!         .skill(Skill::named(queue).at_least(3).relax(secs(60), 1))
//!         .hears([Music::named("default"), Queue::position("en")])
//!         .longest_wait(secs(600));
//!     match waiting.await? {
//!         Wait::Answered(talk) => {
//!             talk.ended().await?;
//!         }
//!         _ => {
//!             call.say("en", "Nobody is free. Please call again later.").await?;
//!         }
//!     }
//!     Ok(())
//! }
//!
//! strowger_sdk::export! { flow: reception }
//! ```
//!
//! `strowger flow new NAME` makes a project with this and a test of it,
//! `strowger flow build` makes the component, `strowger flow upload` hands it in.
//!
//! # What to know
//!
//! - **Commands.** A method with options returns a builder ([`Play`], [`Gather`],
//!   [`Enqueue`] …), which begins when it is awaited, raced or
//!   [started](Gather::start). A method without options (`answer`, `sleep`)
//!   begins at once. Both give a [`Command`].
//! - **Dropping stops.** A [`Command`] that is dropped before it has ended is
//!   stopped: that is how [`race`] and [`Call::within`] leave a queue, silence a
//!   prompt, part two parties or give up dialling. [`Command::detach`] lets it go
//!   on. Recordings, storage and HTTP requests go on in any case.
//! - **The caller may hang up at any time.** Whatever the flow waits for then
//!   ends with [`Error::CallEnded`]; `?` carries it out of the flow, which is no
//!   fault. Recordings are still finished, storage and HTTP still work, for
//!   whoever wants to tidy up.
//! - **No clock, no randomness, no files.** [`now`] and [`random`] are those of
//!   the event being handled, so that every call can be replayed.
//! - **Actions are buffered.** What a flow asked for is carried out when it waits
//!   next. If it panics before, nothing of it was done.
//!
//! For flows that are easier as a state machine there is the trait [`Flow`];
//! for the choice of agents [`Router`], for outbound dialling [`Pacer`]. One
//! program may export several: `export! { flow: reception, router: Nearest }`.
//!
//! Natively (`cargo test`) the same code runs against a host that
//! `strowger-testkit` provides, on a virtual clock.

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod bindings;
mod call;
mod combine;
mod command;
mod conference;
mod dial;
mod enqueue;
mod error;
mod export;
mod flow;
mod gather;
#[doc(hidden)]
pub mod guest;
#[doc(hidden)]
pub mod host;
mod http;
mod listen;
mod log;
mod menu;
mod pacer;
mod park;
mod play;
mod random;
mod record;
mod router;
mod signal;
mod source;
mod state;
mod storage;
mod time;

pub use call::{Call, CallEnd, Direction, Party};
pub use combine::{Either, Join, Race, Within, join, race};
pub use command::Command;
pub use conference::Conference;
pub use dial::{Dial, Dialed, Leg, Transfer, Transferred};
pub use enqueue::{Conversation, Enqueue, Skill, TalkEnd, Wait};
pub use error::Error;
pub use flow::{Completion, Event, Flow, FlowOutput};
pub use gather::{Digits, EndedBy, Gather};
pub use http::{HttpRequest, Response};
pub use listen::Listen;
pub use log::{Level, log};
pub use menu::Menu;
pub use pacer::{Campaign, Pacer, PacerTrigger};
pub use park::{Park, Parked};
pub use play::{Play, Played};
pub use random::{random, random_below};
pub use record::{Record, Recorded};
pub use router::{Agent, AgentOrder, Contact, ContactOrder, Distribution, Router, RouterTrigger};
pub use signal::{DigitPress, NextDigit, Signal, SignalWait};
pub use source::{Music, Prompt, Queue, Say, Silence, Source, Sources, Tone};
pub use time::{LocalTime, OpeningHours, Weekday, millis, now, secs};

/// What most programs use.
pub mod prelude {
    pub use crate::{
        Call, Dialed, Digits, Either, EndedBy, Error, Event, Flow, LocalTime, Music, OpeningHours,
        Pacer, PacerTrigger, Parked, Party, Played, Prompt, Queue, Router, RouterTrigger, Say,
        Silence, Skill, Source, Tone, Transferred, Wait, Weekday, join, millis, now, race, random,
        secs,
    };
}
