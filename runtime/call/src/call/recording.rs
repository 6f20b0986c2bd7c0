//! The recording of a call: at most one at a time, over bridges, until the end.

use super::Call;
use crate::action::CommandId;
use crate::effect::{Effect, MediaEffect};
use serde_json::json;
use strowger_model::{RecordingId, Timestamp};

/// How long a file may take to be finished once that was asked for.
const STORE_MS: u64 = 30_000;

/// A recording under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recording {
    command: CommandId,
    id: RecordingId,
    silence_ms: u64,
    state: State,
    /// When it is long enough, or when its file must be there.
    pub deadline: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Running,
    Paused,
    /// Waiting for the file to be stored.
    Stopping,
}

impl Recording {
    pub(super) fn paused(&self) -> bool {
        self.state == State::Paused
    }
}

impl Call {
    pub(super) fn start_recording(&mut self, command: CommandId, max_ms: u32, silence_ms: u32) {
        let id = RecordingId(self.random.id(self.setup.call.0));
        let silence_ms = u64::from(silence_ms);
        let deadline = (max_ms > 0).then(|| self.now.plus_ms(u64::from(max_ms)));
        self.recording =
            Some(Recording { command, id, silence_ms, state: State::Running, deadline });
        self.record.recordings.push(id);
        self.media(MediaEffect::RecordStart { leg: self.subject, recording: id, silence_ms });
        self.happened("recording.started", json!({ "recording": id }));
    }

    pub(super) fn stop_recording(&mut self) {
        let now = self.now;
        let Some(recording) = &mut self.recording else { return };
        if recording.state == State::Stopping {
            return;
        }
        recording.state = State::Stopping;
        recording.deadline = Some(now.plus_ms(STORE_MS));
        let id = recording.id;
        self.media(MediaEffect::RecordStop { recording: id });
    }

    pub(super) fn pause_recording(&mut self, pause: bool) {
        let Some(recording) = &mut self.recording else { return };
        let id = recording.id;
        match (recording.state, pause) {
            (State::Running, true) => {
                recording.state = State::Paused;
                self.media(MediaEffect::RecordPause { recording: id });
            }
            (State::Paused, false) => {
                recording.state = State::Running;
                self.media(MediaEffect::RecordResume { recording: id });
            }
            _ => {}
        }
    }

    pub(super) fn recording_ended(&mut self, id: RecordingId, duration_ms: u64, reason: &str) {
        let Some(recording) = self.recording.take_if(|r| r.id == id) else { return };
        self.happened(
            "recording.ended",
            json!({ "recording": id, "duration_ms": duration_ms, "reason": reason }),
        );
        let details = vec![("duration-ms".to_owned(), duration_ms.to_string())];
        self.complete(recording.command, "finished", id.to_string(), details);
    }

    /// The call goes on; somebody has to look at the disk.
    pub(super) fn recording_failed(&mut self, id: RecordingId, reason: String) {
        let Some(recording) = self.recording.take_if(|r| r.id == id) else { return };
        self.record.recordings.retain(|known| *known != id);
        self.happened("alarm", json!({ "what": "recording", "recording": id, "reason": reason }));
        self.complete(recording.command, "failed", reason, Vec::new());
    }

    pub(super) fn recorded_silence(&mut self, ms: u64) {
        let enough = self
            .recording
            .as_ref()
            .is_some_and(|r| r.state == State::Running && r.silence_ms > 0 && ms >= r.silence_ms);
        if enough {
            self.stop_recording();
        }
    }

    pub(super) fn recording_timed_out(&mut self) {
        let now = self.now;
        let Some(recording) = &self.recording else { return };
        if recording.deadline.is_none_or(|at| at > now) {
            return;
        }
        if recording.state == State::Stopping {
            let id = recording.id;
            self.recording_failed(id, "the file was not stored in time".into());
        } else {
            self.stop_recording();
        }
    }

    /// The media engine has forgotten the recording: its file is continued.
    pub(super) fn record_again(&mut self) {
        let leg = self.subject;
        let Some(Recording { id, silence_ms, state, .. }) = self.recording else { return };
        let recording = id;
        match state {
            State::Stopping => self.media(MediaEffect::RecordStop { recording }),
            State::Running | State::Paused => {
                self.media(MediaEffect::RecordContinue { leg, recording, silence_ms });
            }
        }
        if state == State::Paused {
            self.media(MediaEffect::RecordPause { recording });
        }
    }

    pub(super) fn media(&mut self, effect: MediaEffect) {
        self.effects.push_back(Effect::Media(effect));
    }
}
