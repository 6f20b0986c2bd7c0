//! When the call wants to be woken, and what is due then.

use super::Call;
use crate::input::Input;
use crate::view::Phase;
use serde_json::json;
use strowger_model::{Cause, Party, Timestamp};

impl Call {
    /// When [`Call::handle_timeout`] is to be called next.
    pub fn next_timeout(&self) -> Option<Timestamp> {
        if self.finished {
            return None;
        }
        let limits = &self.setup.limits;
        let started_at = self.setup.now;
        let alive = self.phase != Phase::Ended;
        [
            self.guest.next_timeout(),
            self.gather.as_ref().and_then(|gather| gather.deadline),
            self.recording.as_ref().and_then(|recording| recording.deadline),
            self.wait.as_ref().and_then(|wait| wait.next_timeout()),
            self.transfer.as_ref().and_then(|transfer| transfer.deadline()),
            self.parking_timeout(),
            self.sleeps.iter().map(|(_, at)| *at).min(),
            self.legs.iter().filter_map(|leg| leg.deadline).min(),
            self.is_unanswered().then(|| started_at.plus_ms(limits.unanswered_ms)),
            alive.then(|| started_at.plus_ms(limits.call_ms)),
            self.idle_since.map(|since| since.plus_ms(limits.idle_ms)),
            (!alive).then_some(self.closing_until),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Does what is due at `now`, if anything is.
    pub fn handle_timeout(&mut self, now: Timestamp) {
        if self.next_timeout().is_some_and(|at| at <= now) {
            self.handle(now, Input::Due);
        }
    }

    pub(super) fn due(&mut self) {
        self.guest_timed_out();
        self.gather_timed_out();
        self.recording_timed_out();
        self.waiting_timed_out();
        self.sleepers_wake();
        self.transfer_timed_out();
        self.parking_timed_out();
        self.ringing_timed_out();
        self.limits_reached();
    }

    fn limits_reached(&mut self) {
        if self.phase == Phase::Ended {
            return;
        }
        let limits = &self.setup.limits;
        let age_ms = self.now.ms_since(self.setup.now);
        if age_ms >= limits.call_ms {
            self.happened("call.limit", json!({ "limit": "call_ms" }));
            self.end_call(Cause::Normal, Party::Host);
        } else if self.is_unanswered() && age_ms >= limits.unanswered_ms {
            self.happened("call.limit", json!({ "limit": "unanswered_ms" }));
            self.end_call(Cause::NoAnswer, Party::Host);
        } else if self.idle_since.is_some_and(|since| self.now.ms_since(since) >= limits.idle_ms) {
            self.happened("call.limit", json!({ "limit": "idle_ms" }));
            self.record.guest.faults.push("the flow has forgotten its caller".into());
            self.end_for_fault();
        }
    }

    fn is_unanswered(&self) -> bool {
        matches!(self.phase, Phase::Ringing | Phase::Early)
    }

    /// Nothing under way and nobody talking: how long has that been so?
    pub(super) fn watch_idleness(&mut self) {
        let idle = self.phase != Phase::Ended
            && self.started
            && self.guest.is_idle()
            && self.guest.next_timeout().is_none()
            && self.running.is_empty()
            && self.talk.is_none()
            && self.wait.is_none()
            && self.dialing.is_none();
        match (idle, self.idle_since) {
            (true, None) => self.idle_since = Some(self.now),
            (false, _) => self.idle_since = None,
            (true, Some(_)) => {}
        }
    }
}
