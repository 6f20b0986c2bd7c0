//! Steps about conferences, parking, and what the caller sounds like.

use crate::live::{LiveCall, wait_for};
use crate::world::other_call;
use std::time::Duration;
use strowger_call::{Between, Input, LegFacts, MediaInput};
use strowger_model::{Address, Direction};

/// The names of tones in `wit/flow.wit`.
const TONES: [&str; 7] = [
    "ringback",
    "busy",
    "congestion",
    "dial",
    "special-information",
    "fax-calling",
    "fax-answering",
];

impl LiveCall {
    /// The caller takes part in this conference.
    #[track_caller]
    pub fn is_in_conference(self, name: &str) -> Self {
        self.step(format!("is_in_conference({name:?})"), |world| {
            wait_for(world, "the caller is in no conference", |w| w.conference.is_some())?;
            match &world.conference {
                Some(actual) if actual == name => Ok(()),
                other => Err(format!("the caller is in {other:?}")),
            }
        })
    }

    /// The caller is parked there.
    #[track_caller]
    pub fn is_parked_at(self, slot: &str) -> Self {
        self.step(format!("is_parked_at({slot:?})"), |world| {
            wait_for(world, "the caller is not parked", |w| w.parked_at.is_some())?;
            match &world.parked_at {
                Some(actual) if actual == slot => Ok(()),
                other => Err(format!("the caller is parked at {other:?}")),
            }
        })
    }

    /// Somebody with this address picks the caller up.
    ///
    /// # Panics
    /// If that is no address.
    #[track_caller]
    pub fn is_picked_up_by(self, who: &str) -> Self {
        let address: Address = who.parse().unwrap_or_else(|error| panic!("`{who}`: {error}"));
        self.step(format!("is_picked_up_by({who:?})"), |world| {
            if world.parked_at.is_none() {
                return Err("the caller is not parked".into());
            }
            let (from, now) = (other_call(), world.now);
            world.tell(Input::Between { from, what: Between::PickUp { leg: None } });
            let facts = LegFacts {
                address,
                direction: Direction::Inbound,
                agent: None,
                trunk: None,
                answered_at: Some(now),
                codec: Some("PCMU".to_owned()),
                held: false,
            };
            world.tell(Input::Between { from, what: Between::Given(facts) });
            match world.talking_to {
                Some(_) => Ok(()),
                None => Err("the caller and whoever picks up do not talk".into()),
            }
        })
    }

    /// The caller says something for so long.
    #[track_caller]
    pub fn speaks(self, time: Duration) -> Self {
        let spoke_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let call = self.step(format!("speaks({time:?})"), |world| {
            world.tell(Input::Media(MediaInput::SpeechStarted));
            Ok(())
        });
        call.waits(time).step("falls silent".into(), |world| {
            world.tell(Input::Media(MediaInput::SpeechEnded { spoke_ms }));
            Ok(())
        })
    }

    /// A tone is heard from the caller's side, by its name in `wit/flow.wit`.
    #[track_caller]
    pub fn sounds_like(self, tone: &str) -> Self {
        self.step(format!("sounds_like({tone:?})"), |world| {
            let Some(name) = TONES.into_iter().find(|known| *known == tone) else {
                return Err(format!("tones are {}", TONES.join(", ")));
            };
            world.tell(Input::Media(MediaInput::Tone { name: name.into() }));
            Ok(())
        })
    }
}
