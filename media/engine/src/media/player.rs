//! Walks through a play list, 20 ms at a time.

use super::clip::Clip;
use crate::prompt::{EncodedPrompt, EncodingHandle, Form, Prompt};
use std::sync::Arc;
use strowger_rtp::{Codec, FRAME_MS};

/// What is heard in the next 20 ms.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard<'a> {
    /// A payload in the codec that was asked for.
    Frame(&'a [u8]),
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
    /// The encoded form of the prompt with this place in the list.
    form: Option<(usize, Codec, Arc<EncodedPrompt>)>,
    encoding: EncodingHandle,
}

impl Player {
    /// `times` 0 plays until stopped. A list without sound or silence is over at once.
    pub(super) fn new(play: u64, clips: Vec<Clip>, times: u32, encoding: EncodingHandle) -> Self {
        let endless = times == 0 && clips.iter().any(|clip| frames_of(clip) != Some(0));
        let rounds = if endless { None } else { Some(times.max(1)) };
        Self { play, clips, rounds, clip: 0, frame: 0, form: None, encoding }
    }

    /// Asks for everything that `codec` will need.
    pub(super) fn prepare(&self, codec: Codec) {
        for clip in &self.clips {
            if let Clip::Prompt(prompt) | Clip::Looped { prompt, .. } = clip
                && is_made_on_demand(codec)
                && matches!(prompt.form(codec), Form::Missing)
            {
                self.encoding.ask(prompt, codec);
            }
        }
    }

    /// Moves on by 20 ms. A prompt that is not encoded yet is waited for in
    /// silence: none of it is skipped.
    pub(super) fn next_frame(&mut self, now_ms: u64, codec: Codec) -> Heard<'_> {
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
            break;
        }
        let Some(clip @ (Clip::Prompt(prompt) | Clip::Looped { prompt, .. })) =
            self.clips.get(self.clip)
        else {
            self.frame += 1;
            return Heard::Silence;
        };
        let at = match clip {
            Clip::Looped { .. } => self.frame.checked_rem(prompt.frames()).unwrap_or(0),
            _ => self.frame,
        };
        if let Some(law) = codec.law() {
            self.frame += 1;
            return prompt.frame(law, at).map_or(Heard::Silence, |frame| Heard::Frame(frame));
        }
        if !is_made_on_demand(codec) {
            self.frame += 1;
            return Heard::Silence;
        }
        if !matches!(&self.form, Some((of, form, _)) if (*of, *form) == (self.clip, codec)) {
            self.form =
                find(prompt, now_ms, codec, &self.encoding).map(|found| (self.clip, codec, found));
        }
        let Some(frame) = self.form.as_ref().and_then(|(.., form)| form.frame(at)) else {
            return Heard::Silence;
        };
        self.frame += 1;
        Heard::Frame(frame)
    }
}

fn is_made_on_demand(codec: Codec) -> bool {
    codec.law().is_none() && codec.is_transcodable()
}

fn find(
    prompt: &Arc<Prompt>,
    now_ms: u64,
    codec: Codec,
    encoding: &EncodingHandle,
) -> Option<Arc<EncodedPrompt>> {
    match prompt.form(codec) {
        Form::Ready(form) => {
            form.note_use(now_ms);
            Some(form)
        }
        Form::Missing => {
            encoding.ask(prompt, codec);
            None
        }
        Form::Busy => None,
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
