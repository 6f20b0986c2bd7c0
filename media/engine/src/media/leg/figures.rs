//! What a leg counts about itself.

use super::{Ear, Leg};
use crate::media::stats::LegStats;
use strowger_rtp::Codec;

impl Leg {
    /// Begins, changes or ends decoding; what the ear before counted is kept.
    pub(in crate::media) fn set_ear(&mut self, ear: Option<Box<Ear>>) {
        if let Some(before) = std::mem::replace(&mut self.ear, ear) {
            let counts = before.counts();
            self.stats.late = self.stats.late.wrapping_add(counts.late);
            self.stats.concealed = self.stats.concealed.wrapping_add(counts.concealed);
        }
    }

    /// Takes note of whom it is bridged with, and whether packets are passed on.
    pub(in crate::media) fn note_peer(&mut self, codec: Option<Codec>, transcoding: bool) {
        self.stats.peer_codec = codec;
        self.stats.transcoding = transcoding;
        let possible =
            [Some(self.codec()), codec].into_iter().flatten().all(Codec::is_transcodable);
        self.transcoded.set((transcoding && possible).then_some((self.codec(), codec)));
    }

    /// It hears nobody any more; what was noted last stays.
    pub(in crate::media) fn note_parting(&mut self) {
        self.transcoded.set(None);
    }

    pub(in crate::media) fn publish(&self) {
        self.status.publish(self.figures());
    }

    pub(super) fn figures(&self) -> LegStats {
        let mut stats = self.stats;
        stats.codec = self.remote.map(|remote| remote.codec);
        stats.srtp = self.secure.as_ref().map(|secure| secure.keys.send.profile());
        stats.sent = stats.sent.wrapping_add(self.outgoing.packets());
        (stats.received, stats.lost) = self.earlier;
        if let Some(heard) = &self.incoming {
            stats.received = stats.received.wrapping_add(heard.reception.received());
            let lost = heard.reception.lost().max(0).cast_unsigned();
            stats.lost = stats.lost.wrapping_add(lost);
            stats.jitter_ms = heard.reception.jitter() / (self.codec().clock_hz() / 1_000);
        }
        if let Some(ear) = &self.ear {
            let counts = ear.counts();
            stats.late = stats.late.wrapping_add(counts.late);
            stats.concealed = stats.concealed.wrapping_add(counts.concealed);
        }
        stats
    }
}
