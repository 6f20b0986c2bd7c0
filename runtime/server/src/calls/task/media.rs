//! What media engine and recording writer are asked for.

use super::CallTask;
use crate::clock;
use strowger_call::{Input, MediaEffect, MediaInput};
use strowger_engine::media::{CommandError, Detect, LegHandle, MediaEvent, RecordSpec};
use strowger_model::{Cause, LegId, Party, RecordingId};
use strowger_store::RecordingState;
use tokio::sync::mpsc;

/// How long the recording writer may take to complete a file after the call.
const RECORDING_PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

impl CallTask {
    /// Waits until the writer has completed what was being recorded.
    pub(super) async fn complete_recordings(&mut self, media: &mut mpsc::Receiver<MediaEvent>) {
        let deadline = tokio::time::Instant::now() + RECORDING_PATIENCE;
        while !self.recordings.is_empty() {
            match tokio::time::timeout_at(deadline, media.recv()).await {
                Ok(Some(event)) => self.hear_media(event),
                Ok(None) => break,
                Err(_) => {
                    tracing::error!(call = %self.handle.call, "a recording was not completed");
                    break;
                }
            }
        }
        let left: Vec<RecordingId> = self.recordings.keys().copied().collect();
        for recording in left {
            self.recorded(recording, RecordingState::Failed, 0, 0);
        }
    }

    pub(super) fn media(&mut self, effect: MediaEffect) {
        let outcome = match effect {
            MediaEffect::Play { leg, play, sources, times } => {
                self.sound.play(leg, play, sources, times);
                Ok(())
            }
            MediaEffect::StopPlay { leg, play } => {
                self.sound.stop(play);
                self.legs.media(leg).map_or(Ok(()), |media| media.stop_play(play.0))
            }
            MediaEffect::Bridge { a, b } => match (self.legs.media(a), self.legs.media(b)) {
                (Some(a), Some(b)) => a.bridge(b),
                _ => Ok(()),
            },
            MediaEffect::Unbridge { a, .. } => {
                self.legs.media(a).map_or(Ok(()), |media| media.unbridge())
            }
            MediaEffect::Mute { leg, on } => {
                self.legs.media(leg).map_or(Ok(()), |media| media.mute(on))
            }
            MediaEffect::Detect { leg, options } => {
                let detect = Detect {
                    speech_hangover_ms: options.speech_pause_ms,
                    silence_ms: options.silence_ms,
                    tones: options.tones,
                    ..Detect::default()
                };
                self.legs.media(leg).map_or(Ok(()), |media| media.detect(detect))
            }
            // Waited for where effects are carried out.
            MediaEffect::ConferenceJoin { .. } | MediaEffect::ConferenceLeave { .. } => Ok(()),
            MediaEffect::RecordStart { leg, recording, silence_ms } => {
                self.record(leg, recording, silence_ms);
                Ok(())
            }
            MediaEffect::RecordContinue { leg, recording, silence_ms } => {
                self.record_on(leg, recording, silence_ms);
                Ok(())
            }
            MediaEffect::RecordPause { recording } => {
                self.with_recorded(recording, LegHandle::record_pause)
            }
            MediaEffect::RecordResume { recording } => {
                self.with_recorded(recording, LegHandle::record_resume)
            }
            MediaEffect::RecordStop { recording } if self.cut_short.contains_key(&recording) => {
                self.salvage(recording);
                Ok(())
            }
            MediaEffect::RecordStop { recording } => {
                self.with_recorded(recording, LegHandle::record_stop)
            }
        };
        if let Err(error) = outcome {
            tracing::warn!(call = %self.handle.call, %error, "media command lost");
            self.input(Input::HangUp { cause: Cause::Internal, by: Party::Host });
        }
    }

    /// A recording is made at one leg: left that party, right what it hears.
    pub(super) fn with_recorded(
        &self,
        recording: RecordingId,
        act: impl FnOnce(&LegHandle) -> Result<(), CommandError>,
    ) -> Result<(), CommandError> {
        let leg = self.recordings.get(&recording).and_then(|(leg, _)| self.legs.media(*leg));
        leg.map_or(Ok(()), act)
    }

    pub(super) fn record(&mut self, leg: LegId, recording: RecordingId, silence_ms: u64) {
        let (tenant, call) = (self.handle.tenant, self.handle.call);
        let spec = RecordSpec {
            recording,
            path: self.node.ledger.recording_path(tenant, recording),
            silence_ms: u32::try_from(silence_ms).unwrap_or(u32::MAX),
        };
        let started = match self.legs.media(leg) {
            Some(media) => media.record_start(spec).map_err(|error| error.to_string()),
            None => Err("the caller has no media yet".to_owned()),
        };
        match started {
            Ok(()) => {
                self.recordings.insert(recording, (leg, clock::now()));
                self.node.ledger.recording_begun(tenant, call, recording);
            }
            Err(reason) => {
                self.input(Input::Media(MediaInput::RecordingFailed { recording, reason }));
            }
        }
    }

    /// Goes on with a recording of before a restart.
    fn record_on(&mut self, leg: LegId, recording: RecordingId, silence_ms: u64) {
        let since = self.cut_short.get(&recording).copied().unwrap_or_else(clock::now);
        let spec = RecordSpec {
            recording,
            path: self.node.ledger.recording_path(self.handle.tenant, recording),
            silence_ms: u32::try_from(silence_ms).unwrap_or(u32::MAX),
        };
        let elapsed_ms = clock::now().ms_since(since);
        let goes_on = match self.legs.media(leg) {
            Some(media) => {
                media.record_continue(spec, elapsed_ms).map_err(|error| error.to_string())
            }
            None => Err("the caller has no media any more".to_owned()),
        };
        match goes_on {
            Ok(()) => {
                self.cut_short.remove(&recording);
                self.recordings.insert(recording, (leg, since));
            }
            Err(reason) => {
                tracing::warn!(call = %self.handle.call, reason, "a recording does not go on");
                self.salvage(recording);
            }
        }
    }

    /// What was recorded before a restart is the recording.
    fn salvage(&mut self, recording: RecordingId) {
        let Some(began) = self.cut_short.remove(&recording) else { return };
        let (tenant, call) = (self.handle.tenant, self.handle.call);
        let input = match self.node.ledger.salvage(tenant, call, recording, began) {
            Ok(duration_ms) => {
                let reason = "the server was restarted".to_owned();
                MediaInput::RecordingEnded { recording, duration_ms, reason }
            }
            Err(reason) => MediaInput::RecordingFailed { recording, reason },
        };
        self.input(Input::Media(input));
    }

    /// Recordings that the call has no more to do with.
    pub(super) fn salvage_the_rest(&mut self) {
        let left: Vec<RecordingId> = self.cut_short.keys().copied().collect();
        for recording in left {
            self.salvage(recording);
        }
    }

    pub(super) fn recorded(&mut self, id: RecordingId, state: RecordingState, ms: u64, bytes: u64) {
        if let Some((_, started_at)) = self.recordings.remove(&id) {
            let (tenant, call) = (self.handle.tenant, self.handle.call);
            self.node.ledger.recording(tenant, call, id, state, started_at, ms, bytes);
        }
    }
}
