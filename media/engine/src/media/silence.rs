//! A frame of silence in each codec, for legs with nothing to say.

use std::sync::LazyLock;
use strowger_rtp::codec::{Encoder, MAX_FRAME_BYTES};
use strowger_rtp::{Codec, FRAME_SAMPLES, Law};

static PCMU: [u8; FRAME_SAMPLES] = [Law::Pcmu.silence(); FRAME_SAMPLES];
static PCMA: [u8; FRAME_SAMPLES] = [Law::Pcma.silence(); FRAME_SAMPLES];
static G722: LazyLock<Box<[u8]>> = LazyLock::new(|| encode(Codec::G722));
static OPUS: LazyLock<Box<[u8]>> = LazyLock::new(|| encode(Codec::Opus));

/// 20 ms of silence; `None` of G.729, which is never encoded here.
pub(super) fn silent_frame(codec: Codec) -> Option<&'static [u8]> {
    match codec {
        Codec::Pcmu => Some(&PCMU),
        Codec::Pcma => Some(&PCMA),
        Codec::G722 => Some(&G722),
        Codec::Opus => Some(&OPUS),
        Codec::G729 => None,
    }
}

/// Makes all of them, so that no media thread has to.
pub(super) fn prepare() {
    for codec in Codec::ALL {
        silent_frame(codec);
    }
}

fn encode(codec: Codec) -> Box<[u8]> {
    /// Encoders begin with a frame or two that only settle them.
    const SETTLED: usize = 5;
    let Ok(mut encoder) = Encoder::new(codec, codec.rate()) else { return Box::default() };
    let mut out = [0; MAX_FRAME_BYTES];
    let mut length = 0;
    for _ in 0..SETTLED {
        length = encoder.encode(&[0; 320][..codec.frame_samples()], &mut out).unwrap_or(0);
    }
    out[..length].into()
}
