//! Call-progress tones as clips.

use super::Prompt;
use crate::media::Clip;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use strowger_rtp::tones::{Segment, Tone, render, spec};

/// Rendered periods, by their segments: there are as many as the table of
/// countries has different ones, a few dozen.
static RENDERED: LazyLock<Mutex<HashMap<&'static [Segment], Arc<Prompt>>>> =
    LazyLock::new(Mutex::default);

/// A tone as this country hears it (two letters, ISO 3166; the ITU's
/// recommendation for others). Repeats for `ms`, or until stopped; a beep sounds once.
pub fn tone(country: &str, tone: Tone, ms: Option<u32>) -> Clip {
    let spec = spec(country, tone);
    let prompt = rendered(spec.segments);
    if spec.repeats { Clip::Looped { prompt, ms } } else { Clip::Prompt(prompt) }
}

fn rendered(segments: &'static [Segment]) -> Arc<Prompt> {
    let mut known = RENDERED.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(
        known.entry(segments).or_insert_with(|| Prompt::shared(&whole_frames(render(segments)))),
    )
}

/// Repeats a period until it fills whole frames of 20 ms, so that a loop has no
/// gap: 375 ms on and off are 37.5 frames.
fn whole_frames(period: Vec<i16>) -> Vec<i16> {
    // Periods are whole multiples of 5 ms, a quarter of a frame.
    const MOST: usize = 4;
    let times = (1..=MOST).find(|n| (period.len() * n).is_multiple_of(strowger_rtp::FRAME_SAMPLES));
    period.repeat(times.unwrap_or(1))
}
