//! From an uploaded file to a prompt.

use super::Prompt;
use super::resample::{BadRate, RATES, sound, to_telephone_rate};
use std::io::Cursor;
use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatOptions, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

/// Largest file taken: ten minutes of 16-bit stereo at 44.1 kHz are 106 MB;
/// prompts that need more are music, and compress.
pub const MAX_UPLOAD_BYTES: usize = 64 * 1024 * 1024;
/// Longest prompt: it stays in memory, 16 KB a second for both laws.
pub const MAX_PROMPT_MS: u64 = 600_000;
/// Most samples decoded: the longest prompt at 48 kHz, 115 MB while it is
/// converted. Silence compresses without end, so the file's size bounds nothing.
const MAX_DECODED_SAMPLES: usize = 48 * MAX_PROMPT_MS as usize;
/// Undecodable packets skipped before the file counts as damaged.
const MAX_BAD_PACKETS: u32 = 64;

/// Why a file is no prompt.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// Too many bytes.
    #[error("the file has {0} bytes, at most {MAX_UPLOAD_BYTES} are taken; cut or compress it")]
    TooLarge(usize),
    /// Not a format we read, or not audio at all.
    #[error("no audio was found in the file ({0}); upload WAV, MP3, FLAC or Ogg Vorbis")]
    NotAudio(String),
    /// Begins well and breaks off.
    #[error("the audio is damaged ({0}); export it again")]
    Damaged(String),
    /// No sample in it.
    #[error("the file holds no sound; record it again")]
    Empty,
    /// Too long.
    #[error("the audio is longer than {} minutes; cut it", MAX_PROMPT_MS / 60_000)]
    TooLong,
    /// Not too long, but at so high a sample rate that it needs too much memory.
    #[error(
        "the audio has more than {MAX_DECODED_SAMPLES} samples; export it at 48,000 Hz or less"
    )]
    TooManySamples,
    /// A sample rate that no recorder makes.
    #[error("a sample rate of {0} Hz is not supported; use 4,000 to 192,000 Hz")]
    SampleRate(u32),
}

/// Decodes a file of any sample rate and number of channels. Takes up to seconds
/// of processor time: not for async workers, see [`decode_async`].
pub fn decode(bytes: Vec<u8>) -> Result<Prompt, PromptError> {
    if bytes.len() > MAX_UPLOAD_BYTES {
        return Err(PromptError::TooLarge(bytes.len()));
    }
    let (mono, rate) = decode_mono(bytes)?;
    if mono.is_empty() {
        return Err(PromptError::Empty);
    }
    let samples =
        to_telephone_rate(&mono, rate).map_err(|BadRate(rate)| PromptError::SampleRate(rate))?;
    Ok(Prompt::from_samples(&samples))
}

/// [`decode`] on a thread that may be kept busy.
pub async fn decode_async(bytes: Vec<u8>) -> Result<Prompt, PromptError> {
    tokio::task::spawn_blocking(move || decode(bytes))
        .await
        .unwrap_or_else(|_| Err(PromptError::Damaged("the decoder gave up".to_owned())))
}

/// All channels mixed into one, and its sample rate.
fn decode_mono(bytes: Vec<u8>) -> Result<(Vec<f32>, u32), PromptError> {
    let not_audio = |error: Error| PromptError::NotAudio(error.to_string());
    let stream = MediaSourceStream::new(Box::new(Cursor::new(bytes)), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(&Hint::new(), stream, FormatOptions::default(), MetadataOptions::default())
        .map_err(not_audio)?;
    let track = format
        .default_track(TrackType::Audio)
        .ok_or_else(|| PromptError::NotAudio("it has no audio track".to_owned()))?;
    let parameters = track
        .codec_params
        .as_ref()
        .and_then(|parameters| parameters.audio())
        .ok_or_else(|| PromptError::NotAudio("its codec is unknown".to_owned()))?;
    if let Some(rate) = parameters.sample_rate {
        check_rate(rate)?;
    }
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(parameters, &AudioDecoderOptions::default())
        .map_err(not_audio)?;
    let id = track.id;
    let mut mono = Vec::new();
    let mut interleaved: Vec<f32> = Vec::new();
    let mut rate = 0;
    let mut bad = 0;
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) if packet.track_id == id => packet,
            Ok(Some(_)) => continue,
            // A chained stream's next part has another track list; a truncated
            // file ends in the middle of a packet. What came before is kept.
            Ok(None) | Err(Error::ResetRequired | Error::IoError(_)) => break,
            Err(error) => return Err(PromptError::Damaged(error.to_string())),
        };
        let audio = match decoder.decode(&packet) {
            Ok(audio) => audio,
            Err(Error::DecodeError(reason)) => {
                bad += 1;
                if bad > MAX_BAD_PACKETS {
                    return Err(PromptError::Damaged(reason.to_string()));
                }
                continue;
            }
            Err(Error::IoError(_)) => break,
            Err(error) => return Err(PromptError::Damaged(error.to_string())),
        };
        // What the file said of itself may differ from what its packets say.
        rate = audio.spec().rate();
        check_rate(rate)?;
        let channels = audio.spec().channels().count().max(1);
        interleaved.resize(audio.samples_interleaved(), 0.0);
        audio.copy_to_slice_interleaved(&mut interleaved);
        mono.extend(
            interleaved
                .chunks_exact(channels)
                .map(|frame| sound(frame.iter().sum::<f32>() / channels as f32)),
        );
        if mono.len() as u64 > MAX_PROMPT_MS * u64::from(rate) / 1_000 {
            return Err(PromptError::TooLong);
        }
        if mono.len() > MAX_DECODED_SAMPLES {
            return Err(PromptError::TooManySamples);
        }
    }
    Ok((mono, rate))
}

fn check_rate(rate: u32) -> Result<(), PromptError> {
    if RATES.contains(&rate) { Ok(()) } else { Err(PromptError::SampleRate(rate)) }
}
