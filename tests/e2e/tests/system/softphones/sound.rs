//! What softphones say and hear, as files of linear audio.

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

/// Writes a tone for a softphone to say, in samples per second and channels as
/// its codec has them: softphones do not convert.
pub fn write_tone(path: &Path, hz: f32, rate: u32, channels: u16) -> Result<()> {
    let block = channels * 2;
    let bytes = SAID_S * rate * u32::from(block);
    let mut file = Vec::with_capacity(HEADER + bytes as usize);
    file.extend(b"RIFF");
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0");
    file.extend(channels.to_le_bytes());
    file.extend(rate.to_le_bytes());
    file.extend((rate * u32::from(block)).to_le_bytes());
    file.extend(block.to_le_bytes());
    file.extend(b"\x10\0data");
    file.extend(bytes.to_le_bytes());
    for at in 0..SAID_S * rate {
        let sample = (TAU * hz * (at % rate) as f32 / rate as f32).sin() * 8_000.0;
        for _ in 0..channels {
            file.extend((sample as i16).to_le_bytes());
        }
    }
    std::fs::write(path, file)?;
    Ok(())
}

/// Waits until a tone dominates what is added to a recording that is being
/// written with so many samples per second, from now on.
pub async fn hears(recording: &Path, rate: u32, hz: f32, within: Duration) -> Result<()> {
    let deadline = tokio::time::Instant::now() + within;
    let mut clock = tokio::time::interval(LOOK);
    let begun_at = samples(recording, rate).len();
    loop {
        clock.tick().await;
        let heard = samples(recording, rate);
        let fresh = heard.get(begun_at..).unwrap_or_default();
        if fresh.chunks_exact(WINDOW).any(|window| tone_share(window, hz) > 0.8) {
            return Ok(());
        }
        if tokio::time::Instant::now() > deadline {
            bail!("no tone of {hz} Hz in {} further samples within {within:?}", fresh.len());
        }
    }
}

/// What a recording holds so far, its first channel at 8 kHz; sizes and rate in
/// its header are written last.
fn samples(recording: &Path, rate: u32) -> Vec<i16> {
    let bytes = std::fs::read(recording).unwrap_or_default();
    let Some((header, audio)) = bytes.split_at_checked(HEADER) else { return Vec::new() };
    // Nothing is written there either before the end: one then.
    let channels = usize::from(u16::from_le_bytes([header[22], header[23]])).max(1);
    // Tones lie far below half of 8 kHz: leaving samples out does not change them.
    let step = channels * (rate as usize / 8_000);
    let samples = audio.chunks_exact(2).step_by(step);
    samples.map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}
