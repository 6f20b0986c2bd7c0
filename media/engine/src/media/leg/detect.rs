//! What a leg listens for in its audio: digits, voice, tones. A leg that listens
//! for nothing has none of this and decodes nothing.

use super::{Leg, Now};
use crate::media::event::MediaEventKind;
use strowger_rtp::Codec;
use strowger_rtp::FRAME_SAMPLES;
use strowger_rtp::codec::{Decoder, MAX_PACKET_MS, Rate};
use strowger_rtp::detect::{
    InbandDigit, InbandDigits, ToneDetector, VoiceDetector, VoiceEvent, VoiceSettings,
};

/// Longest audio of a packet at 8 kHz.
const PACKET_SAMPLES: usize = Rate::Narrow.samples(MAX_PACKET_MS);
/// A sender that is quiet for so long sends no silence (RFC 3389); it is filled
/// in, so that an utterance ends all the same.
const NO_PACKET_MS: u64 = 100;

/// What to listen for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Detect {
    /// Digits in the audio, where no telephone events were negotiated. Reported
    /// as [`MediaEventKind::Digit`].
    pub inband_digits: bool,
    /// Beginnings and ends of speech; an end is a silence of so many
    /// milliseconds. 0: not.
    pub speech_hangover_ms: u32,
    /// Report each silence when it has become so long. 0: not.
    pub silence_ms: u32,
    /// Call-progress, special-information and fax tones.
    pub tones: bool,
}

impl Default for Detect {
    /// In-band digits where they are needed, nothing else.
    fn default() -> Self {
        Self { inband_digits: true, speech_hangover_ms: 0, silence_ms: 0, tones: false }
    }
}

#[derive(Debug)]
pub(super) struct Detectors {
    decoder: Option<Decoder>,
    digits: Option<InbandDigits>,
    tones: Option<ToneDetector>,
    voice: Option<Voice>,
    heard_ms: u64,
}

#[derive(Debug)]
struct Voice {
    detector: VoiceDetector,
    tells_speech: bool,
    hangover_ms: u32,
    silence_ms: u32,
    silent_ms: u32,
}

impl Detectors {
    /// `None` if there is nothing to listen for.
    fn new(detect: Detect, events_negotiated: bool, now_ms: u64) -> Option<Self> {
        let digits = detect.inband_digits && !events_negotiated;
        let tells_speech = detect.speech_hangover_ms > 0;
        let voice = tells_speech || detect.silence_ms > 0;
        if !(digits || voice || detect.tones) {
            return None;
        }
        let hangover_ms = if tells_speech { detect.speech_hangover_ms } else { detect.silence_ms };
        Some(Self {
            decoder: None,
            digits: digits.then(InbandDigits::default),
            tones: detect.tones.then(ToneDetector::default),
            voice: voice.then(|| Voice {
                detector: VoiceDetector::new(VoiceSettings { hangover_ms }),
                tells_speech,
                hangover_ms,
                silence_ms: detect.silence_ms,
                silent_ms: 0,
            }),
            heard_ms: now_ms,
        })
    }

    fn decode(&mut self, codec: Codec, payload: &[u8], out: &mut [i16]) -> Option<usize> {
        if self.decoder.as_ref().is_none_or(|decoder| decoder.codec() != codec) {
            self.decoder = Some(Decoder::new(codec, Rate::Narrow).ok()?);
        }
        self.decoder.as_mut()?.decode(payload, out).ok()
    }

    fn hear(&mut self, audio: &[i16], mut tell: impl FnMut(MediaEventKind)) {
        if let Some(digits) = &mut self.digits {
            digits.hear(audio, |digit| {
                if let InbandDigit::Up { digit, held_ms } = digit {
                    tell(MediaEventKind::Digit { digit, held_ms });
                }
            });
        }
        if let Some(tones) = &mut self.tones {
            tones.hear(audio, |tone| tell(MediaEventKind::Tone(tone)));
        }
        if let Some(voice) = &mut self.voice {
            for frame in audio.chunks(FRAME_SAMPLES) {
                voice.hear(frame, &mut tell);
            }
        }
    }
}

impl Voice {
    fn hear(&mut self, frame: &[i16], tell: &mut impl FnMut(MediaEventKind)) {
        let ms = (frame.len() / Rate::Narrow.samples(1)) as u32;
        let change = self.detector.hear(frame, ms);
        if self.tells_speech {
            match change {
                Some(VoiceEvent::Started) => tell(MediaEventKind::SpeechStarted),
                Some(VoiceEvent::Stopped { spoke_ms }) => {
                    tell(MediaEventKind::SpeechStopped { spoke_ms });
                }
                None => {}
            }
        }
        let before = self.silent_ms;
        self.silent_ms = match change {
            _ if self.detector.is_speaking() => 0,
            // The silence that ended it counts.
            Some(VoiceEvent::Stopped { .. }) => self.hangover_ms,
            _ => before.saturating_add(ms),
        };
        if self.silence_ms > 0 && before < self.silence_ms && self.silent_ms >= self.silence_ms {
            tell(MediaEventKind::Silence { ms: self.silent_ms });
        }
    }
}

impl Leg {
    /// Listens for this from now on.
    pub(in crate::media) fn set_detect(&mut self, now: Now, detect: Detect) {
        self.detect = detect;
        self.fit_detectors(now);
    }

    /// Makes what is to be listened for; again when negotiation changes it.
    pub(super) fn fit_detectors(&mut self, now: Now) {
        let Some(remote) = self.remote else { return };
        let wanted = (self.detect, remote.dtmf_payload.is_some());
        if self.detectors_for != Some(wanted) {
            self.detectors_for = Some(wanted);
            self.detectors = Detectors::new(wanted.0, wanted.1, now.ms).map(Box::new);
        }
    }

    /// Audio in order.
    pub(super) fn detect_in(&mut self, now: Now, codec: Codec, payload: &[u8]) {
        let Some(detectors) = &mut self.detectors else { return };
        let mut audio = [0; PACKET_SAMPLES];
        detectors.heard_ms = now.ms;
        let Some(count) = detectors.decode(codec, payload, &mut audio) else { return };
        detectors.hear(&audio[..count], |kind| self.events.send(kind));
    }

    /// Called every 20 ms.
    pub(super) fn detect_absence(&mut self, now: Now) {
        let Some(detectors) = &mut self.detectors else { return };
        if now.ms.saturating_sub(detectors.heard_ms) >= NO_PACKET_MS {
            detectors.hear(&[0; FRAME_SAMPLES], |kind| self.events.send(kind));
        }
    }
}
