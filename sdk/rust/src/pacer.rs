//! Pacers: how many outbound attempts to start.

use crate::error::Error;
use crate::host;
use crate::signal::Signal;

/// Why a pacer is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PacerTrigger {
    /// An agent can take a contact, or soon will.
    AgentAvailable,
    /// An attempt ended, with its result.
    AttemptEnded(String),
    /// Nothing happened for a while.
    Tick,
    /// Anything else; to be ignored if unknown.
    Signal(Signal),
}

/// Dialer pacing. One value serves a campaign; it may be made anew before any
/// trigger and must not depend on what it remembers.
pub trait Pacer {
    /// How many attempts to start now. The host lets no more than
    /// [`Campaign::cap`] through.
    fn pace(&mut self, campaign: Campaign, trigger: PacerTrigger) -> Result<u32, Error>;
}

/// The campaign. A name for it rather than a thing: it can be copied at will.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    _private: (),
}

impl Campaign {
    pub(crate) fn current() -> Self {
        Self { _private: () }
    }

    /// A figure of the campaign; names are listed in `wit/pacer.wit`.
    pub fn metric(self, name: &str) -> Option<f64> {
        host::metric(name)
    }

    /// A figure that counts something; 0 if it is not known.
    pub fn count(self, name: &str) -> u32 {
        // `as` takes what is negative or not a number as 0, and what is too big as the biggest.
        self.metric(name).unwrap_or(0.0) as u32
    }

    /// Most attempts the host would start now under the law and the trunk's limits.
    pub fn cap(self) -> u32 {
        host::cap()
    }
}
