//! Two softphones that other people wrote, baresip and Linphone, live with the
//! server as their users would: they register, call, are called, hold, resume
//! and hang up. One story for both, for both laws of G.711, and with G.722, Opus
//! and SRTP for the one that has them.

mod baresip;
mod linphone;
mod process;
mod sound;
mod story;

use crate::support::Scene;
use anyhow::Result;
use std::time::Duration;

/// What a softphone speaks; it is told of no other codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    Mu,
    A,
    G722,
    Opus,
    /// A-law, encrypted or not at all.
    Secured,
}

impl Voice {
    /// Samples per second of what it encodes.
    fn rate(self) -> u32 {
        match self {
            Self::Mu | Self::A | Self::Secured => 8_000,
            Self::G722 => 16_000,
            Self::Opus => 48_000,
        }
    }

    /// The codec's name in call records.
    fn codec(self) -> &'static str {
        match self {
            Self::Mu => "PCMU",
            Self::A | Self::Secured => "PCMA",
            Self::G722 => "G722",
            Self::Opus => "opus",
        }
    }
}

/// What every softphone can be told to do, and be waited for.
trait Softphone: Sized {
    /// Lines of configuration that a server needs to get along with it.
    const CONFIG: &str;
    /// Whether it goes on writing down what it hears after it held a call.
    const RECORDS_AFTER_HOLD: bool;
    /// Starts one for an extension; it comes back when it is registered.
    async fn start(scene: &Scene, extension: &str, voice: Voice) -> Result<Self>;
    /// Calls another extension; comes back at once.
    async fn dial(&mut self, extension: &str) -> Result<()>;
    /// Waits until it rings.
    async fn rings(&mut self) -> Result<()>;
    /// Picks up.
    async fn answer(&mut self) -> Result<()>;
    /// Waits until its call is up.
    async fn is_up(&mut self) -> Result<()>;
    /// Puts the other side on hold.
    async fn hold(&mut self) -> Result<()>;
    /// Takes the other side back.
    async fn resume(&mut self) -> Result<()>;
    /// Sends the other side on to another extension.
    async fn transfer(&mut self, extension: &str) -> Result<()>;
    /// Ends its call.
    async fn hang_up(&mut self) -> Result<()>;
    /// Waits until its call is over.
    async fn is_over(&mut self) -> Result<()>;
    /// Waits until it hears a tone, from now on.
    async fn hears(&mut self, hz: f32, within: Duration) -> Result<()>;
}
