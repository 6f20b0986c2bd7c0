//! What softphones say and hear, as files of linear audio at 8 kHz.

use anyhow::{Result, bail};
use std::f32::consts::TAU;
use std::path::Path;
use std::time::Duration;
use strowger_e2e::phone::audio::tone_share;

/// Bytes before the samples of the files that the softphones write and read.
const HEADER: usize = 44;
/// 200 ms, as the test phone's ear.
const WINDOW: usize = 1_600;
/// How often a growing file is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// Longer than any call here, so that nobody has to begin again.
const SAID_S: u32 = 60;

/// Writes a tone for a softphone to say.
pub fn write_tone(path: &Path, hz: f32) -> Result<()> {
    let samples = SAID_S * 8_000;
    let mut file = Vec::with_capacity(HEADER + samples as usize * 2);
    file.extend(b"RIFF");
    file.extend((36 + samples * 2).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(8_000_u32.to_le_bytes());
    file.extend(16_000_u32.to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend((samples * 2).to_le_bytes());
    for at in 0..samples {
        let sample = (TAU * hz * (at % 8_000) as f32 / 8_000.0).sin() * 8_000.0;
        file.extend((sample as i16).to_le_bytes());
    }
    std::fs::write(path, file)?;
    Ok(())
}

/// Waits until a tone dominates what is added to a recording that is being
/// written, from now on.
pub async fn hears(recording: &Path, hz: f32, within: Duration) -> Result<()> {
    let deadline = tokio::time::Instant::now() + within;
    let mut clock = tokio::time::interval(LOOK);
    let begun_at = samples(recording).len();
    loop {
        clock.tick().await;
        let heard = samples(recording);
        let fresh = heard.get(begun_at..).unwrap_or_default();
        if fresh.chunks_exact(WINDOW).any(|window| tone_share(window, hz) > 0.8) {
            return Ok(());
        }
        if tokio::time::Instant::now() > deadline {
            bail!("no tone of {hz} Hz in {} further samples within {within:?}", fresh.len());
        }
    }
}

/// What a recording holds so far; the sizes in its header are written last.
fn samples(recording: &Path) -> Vec<i16> {
    let bytes = std::fs::read(recording).unwrap_or_default();
    let samples = bytes.get(HEADER..).unwrap_or_default().chunks_exact(2);
    samples.map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}
