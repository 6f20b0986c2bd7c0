//! Walks through a play list, 20 ms at a time.

use super::Law;
use super::clip::Clip;
use strowger_rtp::{FRAME_MS, FRAME_SAMPLES};

/// What is heard in the next 20 ms.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard<'a> {
    /// These bytes.
    Frame(&'a [u8; FRAME_SAMPLES]),
    /// Nothing, but the play goes on.
    Silence,
    /// The play is over.
    End,
}

/// A play list and where in it we are.
#[derive(Debug)]
pub(super) struct Player {
    pub(super) play: u64,
    clips: Vec<Clip>,
    /// Rounds still to play, this one included; `None`: until stopped.
    rounds: Option<u32>,
    clip: usize,
    /// Frames of the present clip that are done.
    frame: usize,
}

impl Player {
    /// `times` 0 plays until stopped. A list without sound or silence is over at once.
    pub(super) fn new(play: u64, clips: Vec<Clip>, times: u32) -> Self {
        let endless = times == 0 && clips.iter().any(|clip| frames_of(clip) != Some(0));
        let rounds = if endless { None } else { Some(times.max(1)) };
        Self { play, clips, rounds, clip: 0, frame: 0 }
    }

    /// Moves on by 20 ms.
    pub(super) fn next_frame(&mut self, law: Law) -> Heard<'_> {
        // Each turn leaves a clip behind; a list whose clips are all empty ends,
        // because its rounds are counted.
        loop {
            let Some(clip) = self.clips.get(self.clip) else {
                match &mut self.rounds {
                    Some(left) if *left <= 1 => return Heard::End,
                    Some(left) => *left -= 1,
                    None => {}
                }
                if self.clips.is_empty() {
                    return Heard::End;
                }
                self.clip = 0;
                continue;
            };
            if frames_of(clip).is_some_and(|frames| self.frame >= frames) {
                self.clip += 1;
                self.frame = 0;
                continue;
            }
            let frame = self.frame;
            self.frame += 1;
            let audio = match &self.clips[self.clip] {
                Clip::Prompt(prompt) => prompt.frame(law, frame),
                Clip::Looped { prompt, .. } => {
                    prompt.frame(law, frame.checked_rem(prompt.frames()).unwrap_or(0))
                }
                Clip::Silence { .. } => None,
            };
            return audio.map_or(Heard::Silence, Heard::Frame);
        }
    }
}

/// How long a clip is; `None`: until stopped.
fn frames_of(clip: &Clip) -> Option<usize> {
    match clip {
        Clip::Prompt(prompt) => Some(prompt.frames()),
        Clip::Looped { prompt, .. } if prompt.frames() == 0 => Some(0),
        Clip::Looped { ms, .. } => ms.map(|ms| ms.div_ceil(FRAME_MS) as usize),
        Clip::Silence { ms } => Some(ms.div_ceil(FRAME_MS) as usize),
    }
}
