//! The whole system in one thread, on a virtual clock, from one seed.
//!
//! The real cores of calls and of a tenant's distribution are wired together as
//! the server wires them; everything around them is made up and misbehaves:
//! callers abandon, agents do not answer, phones vanish, guests fail, messages
//! are late, doubled, out of order or lost. After every step what must be true
//! is checked, routing against a reference of plain lists. A failure names its
//! seed, and the same seed fails the same way.

mod agents;
mod checks;
mod config;
mod flow;
mod random;
mod reference;
mod router;
mod world;

pub use config::{Config, Trouble};
pub use flow::{Flow, Flows, ScriptedFlows};
pub use random::Random;
pub use router::{PlainRouter, Router};
pub use world::{Report, World};

/// Runs one simulation with made-up guests; panics, naming the seed, if a
/// promise is broken.
pub fn run(config: Config) -> Report {
    let flows = ScriptedFlows::new(config.trouble.guest_faults);
    let router = PlainRouter::new(config.trouble.router_faults);
    World::new(config, Box::new(flows), Box::new(router)).run()
}
