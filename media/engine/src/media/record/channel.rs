//! One channel of a recording: packets of any codec become bytes of the
//! recording's law on its time line.

use strowger_rtp::codec::{ClockScaler, Decoder, MAX_PACKET_MS, Rate};
use strowger_rtp::jitter::JitterRing;
use strowger_rtp::{Codec, FRAME_SAMPLES, Law};

/// Longest audio of a packet at 8 kHz.
const PACKET_SAMPLES: usize = Rate::Narrow.samples(MAX_PACKET_MS);

/// A codec that has to be decoded.
#[derive(Debug)]
struct Foreign {
    decoder: Decoder,
    clock: ClockScaler,
}

#[derive(Debug)]
pub(super) struct Channel {
    law: Law,
    ring: JitterRing,
    foreign: Option<Foreign>,
}

impl Channel {
    pub(super) fn new(law: Law) -> Self {
        Self { law, ring: JitterRing::new(law.silence(), 0), foreign: None }
    }

    pub(super) fn restart(&mut self, law: Law, start: u64) {
        self.law = law;
        self.ring.restart(law.silence(), start);
        self.foreign = None;
    }

    pub(super) fn change_source(&mut self) {
        self.ring.change_source();
    }

    pub(super) fn end(&self) -> u64 {
        self.ring.end()
    }

    pub(super) fn take(&mut self, out: &mut [u8; FRAME_SAMPLES]) {
        self.ring.take(out);
    }

    /// A packet. G.729 cannot be decoded and leaves silence.
    pub(super) fn hear(&mut self, clock: u64, timestamp: u32, codec: Codec, payload: &[u8]) {
        if let Some(law) = codec.law() {
            if self.foreign.take().is_some() {
                self.ring.change_source();
            }
            let table = (law != self.law).then(|| law.convert_table());
            self.ring.insert(clock, timestamp, payload, table);
            return;
        }
        if self.foreign.as_ref().is_none_or(|known| known.decoder.codec() != codec) {
            let Ok(decoder) = Decoder::new(codec, Rate::Narrow) else { return };
            let clock = ClockScaler::new(codec, Codec::Pcma);
            self.foreign = Some(Foreign { decoder, clock });
            self.ring.change_source();
        }
        let Some(foreign) = &mut self.foreign else { return };
        let mut audio = [0; PACKET_SAMPLES];
        let Ok(count) = foreign.decoder.decode(payload, &mut audio) else { return };
        let timestamp = foreign.clock.scale(timestamp);
        let mut bytes = [0; PACKET_SAMPLES];
        for (byte, sample) in bytes.iter_mut().zip(&audio[..count]) {
            *byte = self.law.encode(*sample);
        }
        self.ring.insert(clock, timestamp, &bytes[..count], None);
    }
}
