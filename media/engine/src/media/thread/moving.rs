//! Legs that go from one thread to another, because they are to be bridged with
//! those of another group. Ports, codec, keys and counters go along; the other
//! side notices nothing.

use super::{MediaThread, TOKEN_RTCP, rtp_token};
use crate::media::command::{Command, Inbox};
use crate::media::event::EventSink;
use std::sync::Arc;
use tokio::sync::oneshot;

impl MediaThread {
    /// Ends what is under way at a leg and sends it on. Its recording goes along
    /// unless the leg gets another owner, for whom `events` are. Says whether it
    /// has arrived; a leg that could not be sent on stays here.
    pub(super) fn move_leg(
        &mut self,
        id: u64,
        mut events: Option<EventSink>,
        to: Arc<Inbox>,
        done: oneshot::Sender<bool>,
    ) {
        // An answer that nobody waits for any more concerns nobody.
        let Some(slot) = self.slots_of.get(&id).copied() else {
            let _ = done.send(false);
            return;
        };
        self.leave_room(slot);
        self.unbridge(slot);
        let clock = self.now().samples;
        if let Some(leg) = self.legs[slot].as_mut() {
            leg.stop_play(None);
            if events.is_some()
                && let Some(recorder) = leg.recorder.take()
            {
                recorder.stop(clock);
            }
        }
        if Arc::ptr_eq(&to, &self.inbox) {
            if let (Some(leg), Some(events)) = (self.legs[slot].as_mut(), events) {
                leg.events = events;
            }
            let _ = done.send(true);
            return;
        }
        let Some(mut leg) = self.take_out(slot) else { return };
        if let Err(error) = self.poller.forget(&leg.ports.rtcp) {
            tracing::warn!(%error, token = rtp_token(slot, id) | TOKEN_RTCP, "RTCP not forgotten");
        }
        if let Some(events) = &mut events {
            std::mem::swap(&mut leg.events, events);
        }
        if let Err(Command::Arrive(mut leg, done)) = to.send(Command::Arrive(leg, done)) {
            if let Some(before) = events {
                leg.events = before;
            }
            self.add(leg);
            let _ = done.send(false);
        }
    }
}
