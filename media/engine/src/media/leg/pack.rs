//! Several frames in one packet, for a side that wishes for longer ones
//! (`a=ptime`, RFC 8866 §6.4).

use super::{Leg, Now};
use crate::media::remote::RemoteParams;
use strowger_rtp::packet::Header;
use strowger_rtp::{Codec, FRAME_MS, FRAME_SAMPLES};

/// Longer packets would make a loss heard as a gap.
const MAX_FRAMES: usize = 3;

/// Frames that wait for their packet to be full.
#[derive(Debug)]
pub(super) struct Packing {
    header: Option<Header>,
    payload: [u8; MAX_FRAMES * FRAME_SAMPLES],
    length: usize,
    frames: usize,
}

impl Default for Packing {
    fn default() -> Self {
        Self { header: None, payload: [0; MAX_FRAMES * FRAME_SAMPLES], length: 0, frames: 0 }
    }
}

impl Packing {
    pub(super) fn frames(&self) -> usize {
        self.frames
    }
}

/// Frames in each packet that we send. Frames of Opus cannot simply be joined.
pub(super) fn frames_per_packet(remote: &RemoteParams) -> usize {
    match remote.codec {
        Codec::Pcmu | Codec::Pcma | Codec::G722 => {
            ((remote.ptime_ms / FRAME_MS) as usize).clamp(1, MAX_FRAMES)
        }
        Codec::Opus | Codec::G729 => 1,
    }
}

impl Leg {
    /// Adds a frame to the packet that begins or began with `header`.
    pub(super) fn pack(&mut self, now: Now, remote: &RemoteParams, frame: &[u8]) {
        let header = match self.packing.header {
            Some(header) => header,
            None => self.outgoing.generated(now.clock(remote.codec), remote.payload_type),
        };
        self.packing.header = Some(header);
        let packing = &mut self.packing;
        if let Some(recorder) = &mut self.recorder {
            let before = packing.frames as u32 * remote.codec.frame_timestamps();
            let timestamp = header.timestamp.wrapping_add(before);
            recorder.hear_right(now.samples, timestamp, remote.codec, frame);
        }
        let end = packing.length + frame.len();
        if let Some(room) = packing.payload.get_mut(packing.length..end) {
            room.copy_from_slice(frame);
            packing.length = end;
        }
        packing.frames += 1;
        if packing.frames >= frames_per_packet(remote) {
            self.send_packed(now);
        }
    }

    /// Sends what waits, before anything else goes out.
    pub(super) fn send_packed(&mut self, now: Now) {
        let Some(header) = self.packing.header else { return };
        let packed = std::mem::take(&mut self.packing);
        self.send(now, header, &packed.payload[..packed.length]);
    }
}
