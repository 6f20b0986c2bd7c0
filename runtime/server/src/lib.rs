//! The Strowger server: wires signalling, media, guests, queues, store and API.
//!
//! Start reading at [`serve`]; one call's life is in [`calls::task`], one
//! tenant's queues in [`tenants::distribution`]. What decides is in the cores
//! (`strowger-call`, `strowger-acd`); here effects are carried out.

pub mod accounts;
pub mod calls;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod deploy;
pub mod drain;
pub mod events;
pub mod ledger;
pub mod metering;
pub mod metrics;
pub mod node;
pub mod overview;
pub mod played;
pub mod programs;
pub mod recovery;
pub mod rollout;
pub mod serve;
pub mod services;
pub mod signing;
pub mod speech;
pub mod tenants;
pub mod traces;
pub mod upkeep;
