//! What phones say: music in their codec, encoded before anything is measured.

use std::sync::{Arc, LazyLock};
use strowger_engine::media::{Codec, Law};
use strowger_engine::prompt::music_on_hold;
use strowger_rtp::FRAME_SAMPLES;
use strowger_rtp::codec::{Encoder, MAX_FRAME_BYTES, Rate};

/// Frames before it begins again: ten seconds.
const FRAMES: usize = 500;

/// Payloads of 20 ms one after the other.
pub(super) type Sound = Arc<Vec<Vec<u8>>>;

/// Music, or silence.
pub(super) fn sound(codec: Codec, silent: bool) -> Sound {
    static MUSIC: LazyLock<[Sound; 3]> =
        LazyLock::new(|| [Codec::Pcmu, Codec::G722, Codec::Opus].map(|codec| encode(codec, false)));
    static SILENCE: LazyLock<Sound> = LazyLock::new(|| encode(Codec::Pcmu, true));
    match codec {
        Codec::G722 => Arc::clone(&MUSIC[1]),
        Codec::Opus => Arc::clone(&MUSIC[2]),
        _ if silent => Arc::clone(&SILENCE),
        _ => Arc::clone(&MUSIC[0]),
    }
}

fn encode(codec: Codec, silent: bool) -> Sound {
    let music = music_on_hold();
    let Ok(mut encoder) = Encoder::new(codec, Rate::Narrow) else { return Arc::default() };
    let frame = |at: usize| {
        let audio: [i16; FRAME_SAMPLES] = match music.frame(Law::Pcmu, at) {
            Some(bytes) if !silent => bytes.map(|byte| Law::Pcmu.decode(byte)),
            _ => [0; FRAME_SAMPLES],
        };
        let mut out = [0; MAX_FRAME_BYTES];
        let length = encoder.encode(&audio, &mut out).unwrap_or(0);
        out[..length].to_vec()
    };
    Arc::new((0..FRAMES).map(frame).collect())
}
