//! Bridges: two legs that hear each other. Packets of one codec are passed on
//! as they come; between codecs a frame is made every 20 ms.

use super::{MediaThread, rtp_token};
use crate::media::leg::{Conversion, Ear, Now, conversion};
use strowger_rtp::codec::Rate;

/// Samples of 20 ms at the highest rate.
pub(super) const FRAME: usize = Rate::Wide.frame_samples();

impl MediaThread {
    pub(super) fn bridge(&mut self, a: u64, b: u64) {
        let (Some(a), Some(b)) = (self.slots_of.get(&a).copied(), self.slots_of.get(&b).copied())
        else {
            return;
        };
        if a == b {
            return;
        }
        for slot in [a, b] {
            self.leave_room(slot);
            self.unbridge(slot);
            if let Some(leg) = self.legs[slot].as_mut() {
                leg.stop_play(None);
            }
        }
        self.join(a, b);
    }

    /// Ends a leg's bridge. One in a conference has none of its own.
    pub(super) fn part(&mut self, id: u64) {
        if let Some(slot) = self.slots_of.get(&id).copied()
            && self.legs[slot].as_ref().is_some_and(|leg| leg.room.is_none())
        {
            self.unbridge(slot);
        }
    }

    /// Two legs that are in no bridge hear each other from now on.
    pub(super) fn join(&mut self, a: usize, b: usize) {
        for (slot, peer) in [(a, b), (b, a)] {
            // What waited was said before they could hear each other.
            self.receive_rtp(slot);
            let Some(leg) = self.legs[slot].as_mut() else { continue };
            leg.change_peer(Some(peer));
        }
        self.fit(a);
    }

    pub(super) fn unbridge(&mut self, slot: usize) {
        let Some(peer) = self.legs[slot].as_ref().and_then(|leg| leg.peer) else { return };
        for slot in [slot, peer] {
            self.watch_rtp(slot, false);
            if let Some(leg) = self.legs[slot].as_mut() {
                leg.set_ear(None);
                leg.hears_made = false;
                leg.change_peer(None);
                leg.note_parting();
            }
        }
    }

    /// Lets a leg and the one it is bridged with understand each other's codec.
    pub(super) fn fit(&mut self, slot: usize) {
        let Some(peer) = self.legs[slot].as_ref().and_then(|leg| leg.peer) else { return };
        let (Some(a), Some(b)) = (self.codec_of(slot), self.codec_of(peer)) else { return };
        let made = conversion(a, b) == Conversion::Transcode;
        if made && !(a.is_transcodable() && b.is_transcodable()) {
            tracing::warn!(?a, ?b, "bridged legs cannot hear each other; let both offer one codec");
        }
        let rate = a.rate().min(b.rate());
        for (slot, codec, other) in [(slot, a, b), (peer, b, a)] {
            self.watch_rtp(slot, !made);
            let Some(leg) = self.legs[slot].as_mut() else { continue };
            leg.set_hears_made(made);
            leg.note_peer(Some(other), made);
            if !made {
                leg.set_ear(None);
            } else if !leg.ear.as_ref().is_some_and(|ear| ear.is_for(codec, rate)) {
                leg.set_ear(Ear::new(codec, rate).ok().map(Box::new));
            }
        }
    }

    /// Takes what the other party said in the last 20 ms, where that is made
    /// here and not passed on as it comes. Says how many samples at what rate.
    pub(super) fn voice_for(
        &mut self,
        slot: usize,
        now: Now,
        out: &mut [i16; FRAME],
    ) -> Option<(usize, Rate)> {
        let leg = self.legs[slot].as_ref()?;
        let peer = leg.peer.filter(|_| leg.hears_made)?;
        // Read by the listener just before it hears, so that nothing waits.
        self.look(peer);
        let ear = self.legs[peer].as_mut()?.ear.as_mut()?;
        let rate = ear.rate();
        let count = rate.frame_samples();
        ear.pull(now.samples, &mut out[..count]);
        Some((count, rate))
    }

    /// Packets of watched legs are taken as they come, those of others once in 20 ms.
    pub(super) fn watch_rtp(&mut self, slot: usize, watched: bool) {
        let Some(leg) = self.legs[slot].as_mut() else { return };
        if leg.watched == watched {
            return;
        }
        leg.watched = watched;
        let done = if watched {
            self.poller.watch(&leg.ports.rtp, rtp_token(slot, leg.id))
        } else {
            self.poller.forget(&leg.ports.rtp)
        };
        if let Err(error) = done {
            tracing::error!(%error, watched, "a leg cannot be watched or forgotten");
        }
    }
}
