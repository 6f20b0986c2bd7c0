//! Taking part in a conference of the tenant. Who else takes part, only the
//! layer below knows.

use super::Call;
use crate::action::CommandId;
use crate::effect::MediaEffect;
use crate::view::CommandKind;
use serde_json::json;

impl Call {
    pub(super) fn join_conference(&mut self, command: CommandId, conference: String, muted: bool) {
        self.stop_gather();
        self.silence();
        self.happened("conference.joined", json!({ "conference": conference, "command": command }));
        self.conference = Some(conference.clone());
        if muted {
            self.mute(true);
            self.muted_to_join = true;
        }
        self.media(MediaEffect::ConferenceJoin { leg: self.subject, conference });
    }

    /// The media engine has forgotten who takes part and who is heard.
    pub(super) fn enter_again(&mut self) {
        let leg = self.subject;
        if self.muted {
            self.media(MediaEffect::Mute { leg, on: true });
        }
        if let Some(conference) = self.conference.clone() {
            self.media(MediaEffect::ConferenceJoin { leg, conference });
        }
    }

    /// Lets nobody hear the caller, or lets them again.
    pub(super) fn mute(&mut self, on: bool) {
        self.muted_to_join = false;
        self.muted = on;
        self.media(MediaEffect::Mute { leg: self.subject, on });
    }

    /// The flow takes the caller out.
    pub(super) fn leave_conference(&mut self) {
        if let Some(command) = self.drop_conference() {
            self.complete(command, "left", String::new(), Vec::new());
        }
    }

    /// Takes the caller out without telling anybody.
    pub(super) fn drop_conference(&mut self) -> Option<CommandId> {
        let command = self.command_of(CommandKind::Conference)?;
        self.running.retain(|(id, _)| *id != command);
        self.conference = None;
        if self.leg_lives(self.subject) {
            self.media(MediaEffect::ConferenceLeave { leg: self.subject });
            self.unmute_after_conference();
        }
        self.happened("conference.left", json!({ "command": command }));
        Some(command)
    }

    pub(super) fn conference_failed(&mut self, reason: String) {
        self.conference = None;
        if let Some(command) = self.command_of(CommandKind::Conference) {
            self.unmute_after_conference();
            self.complete(command, "failed", reason, Vec::new());
        }
    }

    /// Muted only for the conference, the caller is heard by whoever comes next.
    fn unmute_after_conference(&mut self) {
        if self.muted_to_join {
            self.mute(false);
        }
    }
}
