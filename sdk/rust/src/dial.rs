//! Further parties.

use crate::call::Party;
use crate::command::{Command, Kind, starts};
use crate::host::{self, DialOptions};
use crate::state::{self, Ended};
use crate::time::{secs, to_ms};
use std::time::Duration;

static DIAL: Kind = Kind::new("dial").stopped_by_drop().with_details(&["cause"]);
static TRANSFER: Kind = Kind::new("transfer").stopped_by_drop().with_details(&["cause"]);
static BRIDGE: Kind = Kind::new("bridge").stopped_by_drop();

/// An attempt to reach somebody; made by [`crate::Call::dial`]. Without options:
/// one target, 30 seconds, shown is the number that was called.
#[derive(Clone, Debug)]
#[must_use = "nobody is called until it is awaited or started"]
pub struct Dial(DialOptions);

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialed {
    /// Answered; [`Leg::bridge`] connects the caller.
    Answered(Leg),
    /// Busy.
    Busy,
    /// It rang in vain.
    NoAnswer,
    /// The other side refused.
    Rejected,
    /// Not allowed: the tenant's rules (numbers, prices, budget) keep the call
    /// from going out, or the carrier says so.
    Forbidden,
    /// It was stopped.
    Stopped,
    /// It could not be reached.
    Unreachable,
}

/// Another party's leg of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg(pub u32);

/// A connection for good; made by [`crate::Call::transfer`].
#[derive(Clone, Debug)]
#[must_use = "nobody is called until it is awaited or started"]
pub struct Transfer(DialOptions);

/// How a transfer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transferred {
    /// They talk; the call ends with their conversation, and a flow that returns
    /// now does not end it.
    Talking,
    /// It did not work, and the flow still has the caller. Never
    /// [`Dialed::Answered`].
    Not(Dialed),
}

fn options(target: &str) -> DialOptions {
    DialOptions {
        targets: vec![target.to_owned()],
        strategy: "all".to_owned(),
        timeout_ms: to_ms(secs(30)),
        caller_id: String::new(),
    }
}

macro_rules! dial_options {
    ($builder:ident) => {
        impl $builder {
            /// One more target.
            pub fn or(mut self, target: &str) -> Self {
                self.0.targets.push(target.to_owned());
                self
            }

            /// One target after the other, instead of all at once.
            pub fn in_turn(mut self) -> Self {
                self.0.strategy = "in-turn".to_owned();
                self
            }

            /// How long it may ring: each target, or all at once.
            pub fn ring_for(mut self, time: Duration) -> Self {
                self.0.timeout_ms = to_ms(time);
                self
            }

            /// The number shown to the other side.
            pub fn caller_id(mut self, number: &str) -> Self {
                self.0.caller_id = number.to_owned();
                self
            }
        }
    };
}
dial_options!(Dial);
dial_options!(Transfer);

impl Dial {
    pub(crate) fn new(target: &str) -> Self {
        Self(options(target))
    }

    /// Begins without waiting for the end. The caller hears what is being
    /// played, or ringback.
    pub fn start(self) -> Command<Dialed> {
        Command::begin(&DIAL, host::dial(&self.0), |ended| Ok(dialed(&ended)))
    }
}

starts!(Dial => Dialed);

impl Transfer {
    pub(crate) fn new(target: &str) -> Self {
        Self(options(target))
    }

    /// Begins without waiting for the end.
    pub fn start(self) -> Command<Transferred> {
        Command::begin(&TRANSFER, host::transfer(&self.0), |ended| {
            Ok(match ended.outcome.as_str() {
                "transferred" => {
                    state::with(|state| state.given_away = true);
                    Transferred::Talking
                }
                _ => Transferred::Not(dialed(&ended)),
            })
        })
    }
}

starts!(Transfer => Transferred);

impl Leg {
    /// Connects the caller with this leg; ends when they no longer talk and says
    /// who ended it.
    pub fn bridge(self) -> Command<Party> {
        Command::begin(&BRIDGE, host::bridge(self.0), |ended| match ended.outcome.as_str() {
            "ended" => Ok(Party::from_name(&ended.value)),
            _ => Err(BRIDGE.failed(ended)),
        })
    }
}

fn dialed(ended: &Ended) -> Dialed {
    match ended.outcome.as_str() {
        "answered" => {
            ended.value.parse().map_or(Dialed::Unreachable, |leg| Dialed::Answered(Leg(leg)))
        }
        "busy" => Dialed::Busy,
        "no_answer" => Dialed::NoAnswer,
        "rejected" => Dialed::Rejected,
        "forbidden" => Dialed::Forbidden,
        "stopped" => Dialed::Stopped,
        _ => Dialed::Unreachable,
    }
}
