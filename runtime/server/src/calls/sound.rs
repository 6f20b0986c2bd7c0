//! What a call plays: lists of sources become clips, one stretch at a time.
//!
//! A list without spoken positions is one stretch. A list with them is cut
//! there, so that the caller hears the position of that moment.

use crate::node::Node;
use crate::speech::announcement;
use crate::tenants::Tenant;
use futures_util::FutureExt as _;
use std::collections::HashMap;
use std::sync::Arc;
use strowger_call::{Input, MediaInput, PlayId};
use strowger_engine::media::{Clip, LegHandle};
use strowger_model::LegId;

use super::message::CallMessage;
use super::registry::CallHandle;

/// Where the caller stands, as the queue last said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Standing {
    /// 1 is next.
    pub position: u32,
    /// Expected further wait.
    pub expected_wait_ms: u64,
}

/// A list being played.
#[derive(Debug)]
struct Program {
    leg: LegId,
    sources: Vec<String>,
    /// Rounds left after this one; `None` for ever.
    rounds_left: Option<u32>,
    /// Index of the first source after the stretch being played.
    next: usize,
    /// Whether the next stretch waits for the queue to say where the caller stands.
    waiting: bool,
    preparing: Option<tokio::task::AbortHandle>,
}

/// Everything a call plays.
#[derive(Debug)]
pub struct Sound {
    node: Arc<Node>,
    tenant: Arc<Tenant>,
    handle: CallHandle,
    programs: HashMap<PlayId, Program>,
    /// None until the queue has said it.
    standing: Option<Standing>,
}

impl Sound {
    /// Silence so far.
    pub fn new(node: Arc<Node>, tenant: Arc<Tenant>, handle: CallHandle) -> Self {
        Self { node, tenant, handle, programs: HashMap::new(), standing: None }
    }

    /// Remembers where the caller stands; announcements that waited for it go on.
    pub fn note_standing(&mut self, standing: Standing) {
        self.standing = Some(standing);
        let waiting: Vec<PlayId> = self
            .programs
            .iter()
            .filter(|(_, program)| program.waiting)
            .map(|(&play, _)| play)
            .collect();
        for play in waiting {
            self.prepare(play);
        }
    }

    /// A new wait begins: nothing is known of the caller's place yet.
    pub fn forget_standing(&mut self) {
        self.standing = None;
    }

    /// Starts a list.
    pub fn play(&mut self, leg: LegId, play: PlayId, sources: Vec<String>, times: u32) {
        let rounds_left = times.checked_sub(1);
        let program =
            Program { leg, sources, rounds_left, next: 0, waiting: false, preparing: None };
        self.programs.insert(play, program);
        self.prepare(play);
    }

    /// Forgets a list; true if it was there.
    pub fn stop(&mut self, play: PlayId) -> bool {
        match self.programs.remove(&play) {
            Some(program) => {
                if let Some(preparing) = program.preparing {
                    preparing.abort();
                }
                true
            }
            None => false,
        }
    }

    /// A stretch is ready: plays it, or reports why it cannot be.
    pub fn ready(
        &mut self,
        play: PlayId,
        clips: Result<Vec<Clip>, String>,
        leg_of: impl FnOnce(LegId) -> Option<LegHandle>,
    ) -> Option<Input> {
        let program = self.programs.get_mut(&play)?;
        program.preparing = None;
        let whole = is_whole(&program.sources);
        let started = clips.and_then(|clips| {
            let leg = leg_of(program.leg).ok_or_else(|| "the leg has no media".to_owned())?;
            // A list without positions repeats inside the engine, without a gap.
            let times = match (whole, program.rounds_left) {
                (true, Some(rounds)) => rounds.saturating_add(1),
                (true, None) => 0,
                (false, _) => 1,
            };
            leg.play(play.0, clips, times).map_err(|error| error.to_string())
        });
        match started {
            Ok(()) => {
                if whole {
                    program.rounds_left = Some(0);
                }
                None
            }
            Err(reason) => {
                self.programs.remove(&play);
                Some(ended(play, false, reason))
            }
        }
    }

    /// A stretch has been heard, or was stopped.
    pub fn heard(&mut self, play: PlayId, finished: bool) -> Option<Input> {
        let program = self.programs.get_mut(&play)?;
        if !finished {
            self.programs.remove(&play);
            return Some(ended(play, false, "stopped".to_owned()));
        }
        if program.next >= program.sources.len() {
            match &mut program.rounds_left {
                Some(0) => {
                    self.programs.remove(&play);
                    return Some(ended(play, true, String::new()));
                }
                Some(rounds) => *rounds -= 1,
                None => {}
            }
            program.next = 0;
        }
        self.prepare(play);
        None
    }

    /// Makes the clips of the next stretch, away from this task: speech may have
    /// to be synthesised.
    fn prepare(&mut self, play: PlayId) {
        let Some(program) = self.programs.get_mut(&play) else { return };
        let rest = &program.sources[program.next..];
        let length = if is_whole(&program.sources) { rest.len() } else { stretch(rest) };
        program.waiting =
            self.standing.is_none() && rest.first().is_some_and(|source| depends(source));
        if program.waiting {
            return;
        }
        let standing = self.standing.unwrap_or_default();
        let sources: Vec<String> =
            rest[..length].iter().map(|source| rendered(source, standing)).collect();
        program.next += length;
        let (node, tenant, handle) = (self.node.clone(), self.tenant.clone(), self.handle.clone());
        let mut making = Box::pin(async move {
            let mut clips = Vec::with_capacity(sources.len());
            let mut problem = None;
            for source in &sources {
                match node.sounds.clip(&tenant, source).await {
                    Ok(clip) => clips.push(clip),
                    Err(reason) => {
                        problem = Some(format!("{source}: {reason}"));
                        break;
                    }
                }
            }
            let clips = problem.map_or(Ok(clips), Err);
            handle.tell(CallMessage::Clips { play, clips });
        });
        // What was spoken or read before is there at once.
        if making.as_mut().now_or_never().is_none() {
            program.preparing = Some(self.node.services.spawn(making).abort_handle());
        }
    }
}

fn ended(play: PlayId, ok: bool, reason: String) -> Input {
    Input::Media(MediaInput::PlayEnded { play, ok, reason })
}

/// Whether nothing in the list depends on the moment.
fn is_whole(sources: &[String]) -> bool {
    !sources.iter().any(|source| depends(source))
}

/// Whether a source is spoken as things are at that moment.
fn depends(source: &str) -> bool {
    source.starts_with("queue:")
}

/// How many sources are played in one go: up to the next spoken position, or
/// that one alone.
fn stretch(sources: &[String]) -> usize {
    match sources.iter().position(|source| depends(source)) {
        Some(0) => 1,
        Some(before) => before,
        None => sources.len(),
    }
}

/// A source with the caller's standing put into words.
fn rendered(source: &str, standing: Standing) -> String {
    let (words, language) = if let Some(language) = source.strip_prefix("queue:position:") {
        (announcement::position(language, standing.position), language)
    } else if let Some(language) = source.strip_prefix("queue:wait:") {
        (announcement::wait(language, standing.expected_wait_ms), language)
    } else {
        return source.to_owned();
    };
    format!("text:{language}:{words}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(sources: &[&str]) -> Vec<String> {
        sources.iter().map(|&source| source.to_owned()).collect()
    }

    #[test]
    fn a_list_is_cut_at_spoken_positions_only() {
        assert_eq!(stretch(&list(&["music:default", "queue:position:en", "file:x"])), 1);
        assert_eq!(stretch(&list(&["queue:position:en", "file:x"])), 1);
        assert_eq!(stretch(&list(&["file:x", "file:y"])), 2);
        assert!(is_whole(&list(&["file:x", "text:en:queue:position"])));
    }

    #[test]
    fn positions_are_spoken_as_they_are_now() {
        let standing = Standing { position: 3, expected_wait_ms: 61_000 };
        assert_eq!(
            rendered("queue:position:en", standing),
            "text:en:You are number 3 in the queue."
        );
        assert_eq!(rendered("file:x", standing), "file:x");
    }
}
