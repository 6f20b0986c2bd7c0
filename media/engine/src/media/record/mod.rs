//! Recording: a tap on a leg that copies what it hears and is told, and a thread
//! of its own that writes files. The call's path never waits for a disk.

mod channel;
mod tap;
mod writer;

use std::path::PathBuf;
use strowger_model::RecordingId;

pub(super) use tap::Recorder;
pub use writer::measure;
pub(super) use writer::{Writer, WriterHandle};

/// What to record where.
#[derive(Clone, Debug)]
pub struct RecordSpec {
    /// Comes back with its events.
    pub recording: RecordingId,
    /// The file; missing folders are made, an existing file is replaced.
    /// Two-channel WAV in the leg's law (A-law if it speaks another codec): the
    /// leg left, what it hears right. G.729 is silence: it is never decoded here.
    pub path: PathBuf,
    /// Report when the party has been silent for so long; 0: never.
    pub silence_ms: u32,
}

/// Frames in one block: a second. Larger ones would lose more in a crash,
/// smaller ones cost more writes.
const BLOCK_FRAMES: usize = 50;
/// Bytes in one block: both channels.
const BLOCK_BYTES: usize = BLOCK_FRAMES * 2 * strowger_rtp::FRAME_SAMPLES;
