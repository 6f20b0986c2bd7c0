//! The pure core of one tenant's queues, agents and offers.
//!
//! Inputs in, effects out; `now` and seeds come from outside. Nothing here
//! reads a clock, knows what a router is made of, or does I/O.
//!
//! What always holds, whatever is reported, lost or reported twice:
//!
//! * every contact ends in exactly one outcome;
//! * an agent has one state, and an offer or conversation that nobody reports
//!   on ends by itself, so nobody stays reserved, ringing or talking;
//! * a waiting contact and a free agent who may serve it are never forgotten
//!   (see `routing`);
//! * the cost of a decision does not grow with the number of those waiting or
//!   idle (see `index`).

mod acd;
mod agents;
mod candidates;
mod config;
mod configure;
mod contacts;
mod decision;
mod distribution;
mod effect;
mod index;
mod input;
mod last_agents;
mod limits;
mod needs;
mod offers;
mod positions;
mod queues;
mod router_view;
mod routers;
mod routing;
mod service_rate;
mod timers;
mod views;

pub use acd::Acd;
pub use config::{AcdSetup, AfterNoAnswer, AgentConfig, Members, QueueConfig};
pub use decision::{Assignment, Decision, Look};
pub use distribution::{Agent, Contact, Distribution, RouterTrigger};
pub use effect::{AcdEffect, AcdEvent, ContactEnded, Offer};
pub use input::{AcdInput, Enqueue, RouterDone, RouterFault};
pub use routers::{RouterCanary, RouterChoice, RouterPlan};
pub use views::{AgentView, QueueView};
