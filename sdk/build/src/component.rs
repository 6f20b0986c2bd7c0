//! From a core module to a component, and which worlds it serves.
//!
//! Owns the rules of what a guest exports. Never links an adapter: guests have
//! no ambient world to adapt to.

use std::fmt;
use wit_component::{ComponentEncoder, DecodedWasm};

/// A world of the contract that a component exports the handler of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum World {
    /// `call-flow`.
    CallFlow,
    /// `router`.
    Router,
    /// `pacer`.
    Pacer,
}

impl World {
    const ALL: [World; 3] = [World::CallFlow, World::Router, World::Pacer];

    /// Its name in `wit/`.
    pub fn name(self) -> &'static str {
        match self {
            Self::CallFlow => "call-flow",
            Self::Router => "router",
            Self::Pacer => "pacer",
        }
    }

    fn handler(self) -> &'static str {
        match self {
            Self::CallFlow => "handle",
            Self::Router => "decide",
            Self::Pacer => "pace",
        }
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Makes a component of a core module that carries the description of its world.
/// The message of an error says what to do.
pub fn componentize(module: &[u8]) -> Result<Vec<u8>, String> {
    let encode = || -> Result<Vec<u8>, String> {
        let mut encoder = ComponentEncoder::default();
        encoder.validate(true).module(module).map_err(|error| format!("{error:#}"))?;
        encoder.encode().map_err(|error| format!("{error:#}"))
    };
    encode().map_err(|message| {
        format!(
            "{message}; a guest needs `strowger_sdk::export! {{ … }}` and may use neither \
             WASI nor JavaScript"
        )
    })
}

/// The worlds whose handlers a component exports.
pub fn worlds_of(component: &[u8]) -> Result<Vec<World>, String> {
    let decoded = wit_component::decode(component).map_err(|error| format!("{error:#}"))?;
    let DecodedWasm::Component(resolve, world) = decoded else {
        return Err("this is a WIT package, not a component".to_owned());
    };
    let exports = &resolve.worlds[world].exports;
    let names: Vec<&str> = exports
        .iter()
        .filter_map(|(key, _)| match key {
            wit_parser::WorldKey::Name(name) => Some(name.as_str()),
            wit_parser::WorldKey::Interface(_) => None,
        })
        .collect();
    Ok(World::ALL.into_iter().filter(|world| names.contains(&world.handler())).collect())
}
