//! A leg's voice as samples, where somebody needs it decoded: its packets go
//! into a jitter buffer, and a frame comes out every 20 ms.

use crate::media::os::DATAGRAM;
use strowger_rtp::Codec;
use strowger_rtp::codec::{CodecError, Rate};
use strowger_rtp::packet::Header;
use strowger_rtp::playout::{DepthLimits, Heard, Playout, PlayoutCounts};

/// Jitter buffer, decoder and concealment of one leg.
#[derive(Debug)]
pub(in crate::media) struct Ear {
    codec: Codec,
    playout: Playout,
}

impl Ear {
    /// Allocates; once for a bridge or conference, not per packet.
    pub(in crate::media) fn new(codec: Codec, rate: Rate) -> Result<Self, CodecError> {
        Ok(Self { codec, playout: Playout::new(codec, rate, DepthLimits::default())? })
    }

    pub(in crate::media) fn is_for(&self, codec: Codec, rate: Rate) -> bool {
        self.codec == codec && self.playout.rate() == rate
    }

    /// Takes a packet, also of the other law.
    pub(super) fn hear(&mut self, clock: u64, header: &Header, codec: Codec, payload: &[u8]) {
        match codec.law() {
            Some(law) if codec != self.codec => {
                let mut converted = [0; DATAGRAM];
                let Some(room) = converted.get_mut(..payload.len()) else { return };
                room.copy_from_slice(payload);
                law.convert(room);
                self.playout.insert(clock, header, room);
            }
            _ => {
                self.playout.insert(clock, header, payload);
            }
        }
    }

    /// The next 20 ms at the ear's rate.
    pub(in crate::media) fn pull(&mut self, clock: u64, out: &mut [i16]) -> Heard {
        self.playout.pull(clock, out)
    }

    pub(in crate::media) fn rate(&self) -> Rate {
        self.playout.rate()
    }

    pub(in crate::media) fn counts(&self) -> PlayoutCounts {
        self.playout.counts()
    }
}
