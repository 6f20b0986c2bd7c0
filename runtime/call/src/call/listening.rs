//! What the caller's side sounds like, told to the flow.

use super::Call;
use crate::action::DetectOptions;
use crate::effect::MediaEffect;

impl Call {
    pub(super) fn listen_for(&mut self, options: DetectOptions) {
        self.listening = options;
        self.media(MediaEffect::Detect { leg: self.subject, options });
    }

    pub(super) fn speech_started(&mut self) {
        if self.listening.speech_pause_ms > 0 {
            self.signal("speech.started", String::new());
        }
    }

    pub(super) fn speech_ended(&mut self, spoke_ms: u64) {
        if self.listening.speech_pause_ms > 0 {
            self.signal("speech.ended", spoke_ms.to_string());
        }
    }

    pub(super) fn silent(&mut self, ms: u64) {
        let asked = u64::from(self.listening.silence_ms);
        if asked > 0 && ms >= asked {
            self.signal("silence", ms.to_string());
        }
    }

    pub(super) fn heard_tone(&mut self, name: &str) {
        if self.listening.tones {
            self.signal("tone", name.to_owned());
        }
    }
}
