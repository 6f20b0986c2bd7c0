//! Tells when somebody begins and stops to speak, by level over a noise floor
//! that follows the line.
//!
//! An energy detector, because what is asked for is the end of an utterance on a
//! telephone line, not speech in a crowd: it costs a hundredth of a trained one.

use crate::comfort::level_below_overload;

/// Frames that make a beginning: one alone is a click.
const ONSET_MS: u32 = 60;
/// How far voice stands above the floor.
const ABOVE_FLOOR_DB: f32 = 9.0;
/// Below this nothing is voice: -50 dBm0 in -dBov.
const QUIETEST_VOICE: f32 = 56.0;
/// The floor is the quietest frame of this many stretches: nobody speaks for
/// 2.4 s without a gap, and a new noise is voice for no longer.
const STRETCHES: usize = 8;
const STRETCH_MS: u32 = 300;
/// By how much the quietest frame of a noise lies below its mean.
const QUIETEST_BELOW_MEAN_DB: f32 = 1.0;

/// What is asked of the detector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoiceSettings {
    /// Silence that ends an utterance; pauses within one are shorter.
    pub hangover_ms: u32,
}

impl Default for VoiceSettings {
    fn default() -> Self {
        Self { hangover_ms: 500 }
    }
}

/// A change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoiceEvent {
    /// Somebody has spoken for 60 ms.
    Started,
    /// Nobody has spoken for the hangover. `spoke_ms` leaves it out.
    Stopped {
        /// From the beginning to the last frame with voice.
        spoke_ms: u32,
    },
}

/// Follows one source.
#[derive(Clone, Copy, Debug)]
pub struct VoiceDetector {
    settings: VoiceSettings,
    /// The quietest frame of each stretch in dBov.
    quietest: [f32; STRETCHES],
    stretch: usize,
    stretch_ms: u32,
    speaking: bool,
    loud_ms: u32,
    quiet_ms: u32,
    spoke_ms: u32,
}

impl VoiceDetector {
    /// Begins silent.
    pub fn new(settings: VoiceSettings) -> Self {
        Self {
            settings,
            quietest: [f32::MAX; STRETCHES],
            stretch: 0,
            stretch_ms: 0,
            speaking: false,
            loud_ms: 0,
            quiet_ms: 0,
            spoke_ms: 0,
        }
    }

    /// Takes a frame of `ms` milliseconds, 10 to 30, at any rate.
    pub fn hear(&mut self, audio: &[i16], ms: u32) -> Option<VoiceEvent> {
        let level = -f32::from(level_below_overload(audio));
        self.follow_floor(level, ms);
        let is_voice = level > -QUIETEST_VOICE && level > self.floor() + ABOVE_FLOOR_DB;
        if is_voice {
            self.loud_ms = self.loud_ms.saturating_add(ms);
            self.quiet_ms = 0;
        } else {
            self.quiet_ms = self.quiet_ms.saturating_add(ms);
            // A gap as long as a closed consonant does not undo a beginning.
            if self.quiet_ms >= ONSET_MS {
                self.loud_ms = 0;
            }
        }
        if self.speaking {
            self.spoke_ms = self.spoke_ms.saturating_add(ms);
            if self.quiet_ms >= self.settings.hangover_ms {
                self.speaking = false;
                let spoke_ms = self.spoke_ms.saturating_sub(self.quiet_ms);
                return Some(VoiceEvent::Stopped { spoke_ms });
            }
        } else if self.loud_ms >= ONSET_MS {
            self.speaking = true;
            self.spoke_ms = self.loud_ms;
            return Some(VoiceEvent::Started);
        }
        None
    }

    /// Whether somebody speaks, the hangover included.
    pub fn is_speaking(&self) -> bool {
        self.speaking
    }

    /// The noise of the line in -dBov: the level for comfort noise.
    pub fn floor_below_overload(&self) -> u8 {
        (-self.floor()).round().clamp(0.0, 127.0) as u8
    }

    fn floor(&self) -> f32 {
        self.quietest.iter().copied().fold(f32::MAX, f32::min) + QUIETEST_BELOW_MEAN_DB
    }

    fn follow_floor(&mut self, level: f32, ms: u32) {
        self.stretch_ms += ms;
        if self.stretch_ms >= STRETCH_MS {
            self.stretch_ms = 0;
            self.stretch = (self.stretch + 1) % STRETCHES;
            self.quietest[self.stretch] = level;
        }
        let quietest = &mut self.quietest[self.stretch];
        *quietest = quietest.min(level);
    }
}
