//! Tests of flows, routers and pacers: native, without Wasm or network, on a
//! virtual clock.
//!
//! A test of a flow reads like a script of the call. It runs against the real
//! call core of the server; only sound, phones, queues and services are played.
//!
//! ```
//! use strowger_sdk::prelude::*;
//! use strowger_testkit::Script;
//!
//! async fn reception(call: Call) -> Result<(), Error> {
//!     call.answer().await?;
//!     call.say("en", "Welcome").await?;
//!     if let Wait::Answered(talk) = call.enqueue("support").await? {
//!         talk.ended().await?;
//!     }
//!     Ok(())
//! }
//!
//! let record = Script::call(reception)
//!     .from("+441632960000")
//!     .start()
//!     .hears("Welcome")
//!     .waits_in("support")
//!     .waits(secs(30))
//!     .agent_answers("201")
//!     .agent_hangs_up()
//!     .ended();
//! assert_eq!(record.queue_visits[0].talk_ms, 0);
//! ```
//!
//! A step that does not come true panics in the test's own line and prints what
//! happened so far. Routers are asked on a [`Floor`], pacers with [`Figures`].

mod convert;
mod figures;
mod floor;
mod guest;
mod happening;
mod live;
mod meeting;
mod player;
mod script;
mod simulation;
mod stock;
mod world;

pub use figures::Figures;
pub use floor::{Decision, Floor};
pub use guest::Decides;
pub use live::LiveCall;
pub use script::Script;
pub use simulation::{Simulation, ToldAt};
pub use stock::{StockCall, StockRun, stock_calls};
pub use strowger_model::{CallRecord, Cause, ContactOutcome, Party};
pub use strowger_sdk::Level;
