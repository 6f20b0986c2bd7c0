//! What can be played, ready for the wire.

use crate::prompt::Prompt;
use std::sync::Arc;

/// One piece of a play list. Cheap to clone: audio is shared.
#[derive(Clone, Debug)]
pub enum Clip {
    /// A prompt, from its beginning to its end.
    Prompt(Arc<Prompt>),
    /// A prompt over and over: music, a tone's period.
    Looped {
        /// What repeats.
        prompt: Arc<Prompt>,
        /// For how long; `None`: until stopped.
        ms: Option<u32>,
    },
    /// Nothing, for a while.
    Silence {
        /// How long.
        ms: u32,
    },
}
