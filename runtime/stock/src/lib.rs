//! The guests that come with the server, as components.
//!
//! Owns the embedding only: what they do is in `guest-examples/`, which the
//! build script compiles. The stock strategies go through the same contract as a
//! tenant's, and there is no native twin of any.
//!
//! The misbehaving guests are there with the feature `test-guests`.

include!(concat!(env!("OUT_DIR"), "/guests.rs"));

/// The router of a tenant who has none, and the one that decides when a
/// tenant's router fails.
pub const DEFAULT_ROUTER: &str = "longest-idle";

/// The component of a stock guest.
pub fn guest(name: &str) -> Option<&'static [u8]> {
    let index = ALL.binary_search_by(|(known, _)| known.cmp(&name)).ok()?;
    Some(ALL[index].1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_build::{World, worlds_of};

    #[test]
    fn every_stock_guest_is_found_and_serves_one_world() {
        for (name, world) in [
            ("demo", World::CallFlow),
            ("ivr-menu", World::CallFlow),
            ("voicemail", World::CallFlow),
            ("direct-dial", World::CallFlow),
            ("feature-codes", World::CallFlow),
            ("queue-with-announcements", World::CallFlow),
            ("longest-idle", World::Router),
            ("skills", World::Router),
            ("priority-aging", World::Router),
            ("last-agent", World::Router),
            ("progressive", World::Pacer),
        ] {
            let component = guest(name).unwrap_or_else(|| panic!("{name} is missing"));
            assert_eq!(worlds_of(component), Ok(vec![world]), "{name}");
        }
        assert!(guest("nobody").is_none());
        assert!(guest(DEFAULT_ROUTER).is_some());
    }

    #[test]
    fn a_stock_guest_is_small() {
        // Far above what they are; catches debug information and names.
        for (name, component) in ALL {
            assert!(component.len() < 200_000, "{name} has {} bytes", component.len());
        }
    }
}
