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
        // The caller goes to where the conference is mixed; a recording cannot.
        self.stop_recording();
        self.happened("conference.joined", json!({ "conference": conference, "command": command }));
        self.muted = muted;
        self.conference = Some(conference);
        self.enter_conference();
    }

    /// The media engine has forgotten who takes part.
    pub(super) fn enter_conference(&mut self) {
        let (leg, muted) = (self.subject, self.muted);
        if let Some(conference) = self.conference.clone() {
            self.media(MediaEffect::ConferenceJoin { leg, conference, muted });
        }
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
        self.stop_recording();
        if self.leg_lives(self.subject) {
            self.media(MediaEffect::ConferenceLeave { leg: self.subject });
        }
        self.happened("conference.left", json!({ "command": command }));
        Some(command)
    }

    pub(super) fn conference_failed(&mut self, reason: String) {
        self.conference = None;
        if let Some(command) = self.command_of(CommandKind::Conference) {
            self.complete(command, "failed", reason, Vec::new());
        }
    }
}
