//! Tells silence from sound by energy.

use crate::Law;

/// Mean magnitude below which 20 ms count as silent: about -40 dBm0, above the
/// noise of a quiet line and well below soft speech.
const SILENT_MEAN: u32 = 256;
/// Sound shorter than this is a click, and does not end a silence.
const CLICK_MS: u32 = 60;

/// Measures how long a voice has been silent.
#[derive(Clone, Copy, Debug, Default)]
pub struct SilenceMeter {
    silent_ms: u32,
    sound_ms: u32,
}

impl SilenceMeter {
    /// Takes `ms` of audio and says how long it has been silent up to its end.
    pub fn hear(&mut self, law: Law, audio: &[u8], ms: u32) -> u32 {
        if is_silent(law, audio) {
            self.sound_ms = 0;
            self.silent_ms = self.silent_ms.saturating_add(ms);
        } else {
            self.sound_ms = self.sound_ms.saturating_add(ms);
            if self.sound_ms >= CLICK_MS {
                self.silent_ms = 0;
            } else {
                self.silent_ms = self.silent_ms.saturating_add(ms);
            }
        }
        self.silent_ms
    }
}

fn is_silent(law: Law, audio: &[u8]) -> bool {
    if audio.is_empty() {
        return true;
    }
    let table = law.decode_table();
    let sum: u32 =
        audio.iter().map(|byte| u32::from(table[usize::from(*byte)].unsigned_abs())).sum();
    sum / u32::try_from(audio.len()).unwrap_or(u32::MAX) < SILENT_MEAN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clicks_do_not_end_a_silence_and_speech_does() {
        let quiet = [Law::Pcmu.silence(); 160];
        let loud = [Law::Pcmu.encode(8_000); 160];
        let mut meter = SilenceMeter::default();
        for _ in 0..10 {
            meter.hear(Law::Pcmu, &quiet, 20);
        }
        assert_eq!(meter.hear(Law::Pcmu, &loud, 20), 220);
        assert_eq!(meter.hear(Law::Pcmu, &quiet, 20), 240);
        for _ in 0..2 {
            meter.hear(Law::Pcmu, &loud, 20);
        }
        assert_eq!(meter.hear(Law::Pcmu, &loud, 20), 0);
        assert_eq!(meter.hear(Law::Pcmu, &quiet, 20), 20);
    }
}
