//! The end of a call: everything under way ends, the flow is told, the record
//! is closed. Once, whoever began it.

use super::Call;
use super::legs::LegState;
use crate::effect::Effect;
use crate::event::GuestEvent;
use crate::journal::EndBody;
use crate::view::{CommandKind, Phase};
use serde_json::json;
use strowger_model::{Cause, JournalKind, LegId, Party};

impl Call {
    /// Ends the call. A second end changes nothing.
    pub(super) fn end_call(&mut self, cause: Cause, by: Party) {
        if self.phase == Phase::Ended {
            return;
        }
        self.phase = Phase::Ended;
        self.record.cause = Some(cause);
        self.record.ended_by = Some(by);
        self.record.ended_at = Some(self.now);
        self.closing_until = self.now.plus_ms(self.setup.limits.after_end_ms);

        self.end_talk(by);
        self.forget_wait(by);
        self.drop_parked();
        self.picking = None;
        self.expected = None;
        self.drop_dialing();
        self.drop_gather();
        self.drop_sound();
        self.stop_recording();
        self.sleeps.clear();
        let living: Vec<LegId> = self.legs_where(|leg| leg.state != LegState::Ended).collect();
        for leg in living {
            self.end_leg(leg, cause);
        }
        // Those that need no caller go on; the others end with the call, of
        // which `ended` tells the guest.
        let guest_gone = self.guest.is_gone();
        self.running.retain(|(_, kind)| match kind {
            CommandKind::Kv | CommandKind::Http => !guest_gone,
            CommandKind::Record => true,
            _ => false,
        });
        self.happened("call.ended", json!({ "cause": cause.name(), "by": by }));
        self.guest_not_awaited();
        self.tell(GuestEvent::Ended { cause }, Vec::new());
    }

    /// Gives out the record when nothing is under way any more, or time is up.
    pub(super) fn finish_if_done(&mut self) {
        if self.phase != Phase::Ended || self.finished {
            return;
        }
        let done = self.guest.is_idle() && self.running.is_empty() && self.recording.is_none();
        if !done && self.now < self.closing_until {
            return;
        }
        self.finished = true;
        let mut attributes = self.attributes.as_ref().clone();
        for (_, value) in &mut attributes {
            self.secrets.mask(value);
        }
        self.record.attributes = attributes;
        let end = EndBody {
            cause: self.record.cause.unwrap_or(Cause::Internal),
            by: self.record.ended_by.unwrap_or(Party::Host),
        };
        if self.setup.journal {
            let body = serde_json::to_string(&end).unwrap_or_default();
            self.write(JournalKind::End, body);
        }
        self.effects.push_back(Effect::Finished(Box::new(self.record.clone())));
    }
}
