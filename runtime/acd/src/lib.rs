//! The pure core of one tenant's queues, agents and offers.
//!
//! Inputs in, effects out; `now` and seeds come from outside. Nothing here
//! reads a clock, knows what a router is made of, or does I/O.

mod config;
mod decision;
mod distribution;
mod effect;
mod input;

pub use config::{AcdSetup, AfterNoAnswer, AgentConfig, Members, QueueConfig};
pub use decision::{Assignment, Decision, Look};
pub use distribution::{Agent, Contact, Distribution, RouterTrigger};
pub use effect::{AcdEffect, AcdEvent, ContactEnded, Offer, RouterChoice};
pub use input::{AcdInput, Enqueue, RouterDone};
