//! What the caller hears, source by source, in virtual time.

use std::collections::VecDeque;
use strowger_call::PlayId;
use strowger_model::Timestamp;

/// Sources nobody has asked about yet; a script that reads none of them must not
/// grow without end.
const MAX_UNREAD: usize = 10_000;

/// A source that the caller began to hear.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) source: String,
    play: PlayId,
    number: u64,
}

#[derive(Debug)]
struct Playing {
    play: PlayId,
    sources: Vec<String>,
    /// Rounds to come after this one; none: for ever.
    rounds_left: Option<u32>,
    index: usize,
    number: u64,
    until: Timestamp,
}

/// How a play ended by itself.
#[derive(Debug)]
pub(crate) struct PlayEnd {
    pub(crate) play: PlayId,
    pub(crate) failure: Option<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Player {
    playing: Option<Playing>,
    unread: VecDeque<Heard>,
    heard: u64,
}

impl Player {
    /// Begins; a source that cannot be played ends it at once.
    pub(crate) fn play(
        &mut self,
        now: Timestamp,
        play: PlayId,
        sources: Vec<String>,
        times: u32,
    ) -> Option<PlayEnd> {
        let unknown = sources.iter().find(|source| length_ms(source).is_none());
        if let Some(source) = unknown {
            let failure = Some(format!("`{source}` cannot be played"));
            return Some(PlayEnd { play, failure });
        }
        let rounds_left = times.checked_sub(1);
        self.playing =
            Some(Playing { play, sources, rounds_left, index: 0, number: 0, until: now });
        self.begin_source(now);
        None
    }

    /// What is cut off need not be asked about.
    pub(crate) fn stop(&mut self, play: PlayId) {
        self.playing.take_if(|playing| playing.play == play);
        self.unread.retain(|heard| heard.play != play);
    }

    pub(crate) fn next_change(&self) -> Option<Timestamp> {
        self.playing.as_ref().map(|playing| playing.until)
    }

    /// Moves on to the next source if the present one is over.
    pub(crate) fn advance(&mut self, now: Timestamp) -> Option<PlayEnd> {
        let playing = self.playing.as_mut().filter(|playing| playing.until <= now)?;
        playing.index += 1;
        if playing.index == playing.sources.len() {
            playing.index = 0;
            match &mut playing.rounds_left {
                Some(0) => {
                    let play = playing.play;
                    self.playing = None;
                    return Some(PlayEnd { play, failure: None });
                }
                Some(rounds) => *rounds -= 1,
                None => {}
            }
        }
        self.begin_source(now);
        None
    }

    fn begin_source(&mut self, now: Timestamp) {
        let Some(playing) = &mut self.playing else { return };
        let source = playing.sources[playing.index].clone();
        self.heard += 1;
        playing.number = self.heard;
        playing.until = now.plus_ms(length_ms(&source).unwrap_or(SHORTEST_MS));
        if self.unread.len() == MAX_UNREAD {
            self.unread.pop_front();
        }
        self.unread.push_back(Heard { source, play: playing.play, number: self.heard });
    }

    /// The next source that nobody has asked about.
    pub(crate) fn read(&mut self) -> Option<Heard> {
        self.unread.pop_front()
    }

    pub(crate) fn is_heard_now(&self, heard: &Heard) -> bool {
        self.playing.as_ref().is_some_and(|playing| playing.number == heard.number)
    }

    /// What was heard so far is of no interest, but for what is heard now.
    pub(crate) fn pass_over(&mut self) {
        let now = self.playing.as_ref().map(|playing| playing.number);
        self.unread.retain(|heard| Some(heard.number) == now);
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.playing.is_none()
    }
}

/// One packet: even nothing takes time, so that a loop of it ends.
const SHORTEST_MS: u64 = 20;

/// About as long as the real thing; `None` for what no host can play.
fn length_ms(source: &str) -> Option<u64> {
    let (kind, rest) = source.split_once(':')?;
    let ms = match kind {
        "text" => 300 + 60 * rest.split_once(':')?.1.chars().count() as u64,
        "file" => 2_000,
        "tone" if rest == "beep" => 200,
        "tone" => 5_000,
        "silence" => rest.parse().ok()?,
        "music" => 10_000,
        "queue" => 2_000,
        _ => return None,
    };
    Some(ms.max(SHORTEST_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_follow_one_another_as_often_as_asked() {
        let mut player = Player::default();
        let sources = vec!["tone:beep".to_owned(), "silence:100".to_owned()];
        assert!(player.play(Timestamp(0), PlayId(1), sources, 2).is_none());
        let mut heard = Vec::new();
        let mut ended_at = None;
        while let Some(at) = player.next_change() {
            if player.advance(at).is_some() {
                ended_at = Some(at);
            }
        }
        while let Some(next) = player.read() {
            heard.push(next.source);
        }
        assert_eq!(heard, ["tone:beep", "silence:100", "tone:beep", "silence:100"]);
        assert_eq!(ended_at, Some(Timestamp(600)));
    }

    #[test]
    fn what_no_host_can_play_fails_at_once() {
        let mut player = Player::default();
        let end = player.play(Timestamp(0), PlayId(1), vec!["smell:roses".into()], 1).unwrap();
        assert!(end.failure.unwrap().contains("smell:roses"));
    }
}
