//! What the caller hears from us: one sound at a time, each with an owner.

use super::{CALLER, Call};
use crate::action::CommandId;
use crate::effect::{LegEffect, MediaEffect, PlayId};
use crate::view::Phase;
use strowger_model::LegId;

/// Heard where the flow does not say otherwise.
const DEFAULT_MUSIC: &str = "music:default";
/// Heard while somebody else's phone rings.
const RINGBACK: &str = "tone:ringback";

/// Whose sound it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Play(CommandId),
    Prompt(CommandId),
    Treatment,
    /// For a caller who is parked.
    Parked,
    Ringback,
    /// The other party has put the caller on hold.
    Hold,
    /// Somebody is being called for whoever stays in a transfer.
    Transfer,
}

/// What is being played.
#[derive(Clone, Debug)]
pub(super) struct Sound {
    leg: LegId,
    pub play: PlayId,
    pub owner: Owner,
    sources: Vec<String>,
    times: u32,
}

impl Call {
    /// Plays to the caller; whatever was heard before is replaced.
    pub(super) fn start_sound(&mut self, owner: Owner, sources: Vec<String>, times: u32) {
        self.start_sound_for(self.subject, owner, sources, times);
    }

    fn start_sound_for(&mut self, leg: LegId, owner: Owner, sources: Vec<String>, times: u32) {
        self.silence();
        self.stop_hearing_dialled();
        let play = PlayId(self.next_play);
        self.next_play += 1;
        self.sound = Some(Sound { leg, play, owner, sources: sources.clone(), times });
        self.media(MediaEffect::Play { leg, play, sources, times });
    }

    /// Ends the sound under way; its owner is told.
    pub(super) fn silence(&mut self) {
        let Some(sound) = self.drop_sound() else { return };
        match sound.owner {
            Owner::Play(command) => self.complete(command, "stopped", String::new(), Vec::new()),
            Owner::Prompt(command) => self.prompt_over(command),
            Owner::Treatment | Owner::Parked | Owner::Ringback | Owner::Hold | Owner::Transfer => {}
        }
    }

    /// Ends the sound under way without telling anybody.
    pub(super) fn drop_sound(&mut self) -> Option<Sound> {
        let sound = self.sound.take()?;
        if self.leg_lives(sound.leg) {
            self.media(MediaEffect::StopPlay { leg: sound.leg, play: sound.play });
        }
        Some(sound)
    }

    pub(super) fn silence_if(&mut self, owner: Owner) {
        if self.sound.as_ref().is_some_and(|sound| sound.owner == owner) {
            self.silence();
        }
    }

    pub(super) fn play_ended(&mut self, play: PlayId, ok: bool, reason: String) {
        let Some(sound) = self.sound.take_if(|sound| sound.play == play) else { return };
        match sound.owner {
            Owner::Play(command) if ok => {
                self.complete(command, "finished", String::new(), Vec::new());
            }
            Owner::Play(command) => self.complete(command, "failed", reason, Vec::new()),
            Owner::Prompt(command) if ok => self.prompt_over(command),
            Owner::Prompt(command) => self.prompt_failed(command, reason),
            // Endless by order: that they end means that they cannot be played.
            Owner::Treatment => self.treatment_failed(reason),
            Owner::Parked => self.parked_sound_failed(reason),
            Owner::Ringback => {
                if let Some(dialing) = &mut self.dialing {
                    dialing.silent = true;
                }
            }
            Owner::Hold => {
                if let Some(talk) = &mut self.talk {
                    talk.silent = true;
                }
            }
            Owner::Transfer => {
                if let Some(transfer) = &mut self.transfer {
                    transfer.silent = true;
                }
            }
        }
    }

    /// The media engine has forgotten what it played: the flow's own sounds begin
    /// again, the others follow from what is under way.
    pub(super) fn sound_again(&mut self) {
        let Some(sound) = self.sound.take() else { return };
        if matches!(sound.owner, Owner::Play(_) | Owner::Prompt(_)) && self.leg_lives(sound.leg) {
            let Sound { leg, play, sources, times, .. } = sound.clone();
            self.media(MediaEffect::Play { leg, play, sources, times });
            self.sound = Some(sound);
        }
    }

    /// Whether sound can reach the caller.
    pub(super) fn has_media(&self) -> bool {
        matches!(self.phase, Phase::Early | Phase::Answered) || self.answering()
    }

    /// Fills silence with what belongs there: treatment, ringback, music on hold.
    pub(super) fn settle_sound(&mut self) {
        if self.phase == Phase::Ended || !self.has_media() {
            self.let_ring();
            return;
        }
        if self.sound.is_some() {
            return;
        }
        if let Some(leg) = self.waits_for_transfer() {
            self.start_sound_for(leg, Owner::Transfer, vec![RINGBACK.to_owned()], 0);
        } else if self.parted() {
            // Whoever stays hears the silence of a moment.
        } else if let Some(talk) = &self.talk {
            if talk.held && !talk.silent {
                self.start_sound(Owner::Hold, vec![DEFAULT_MUSIC.to_owned()], 0);
            }
        } else if let Some(treatment) = self.wait.as_ref().and_then(|wait| wait.treatment()) {
            self.start_sound(Owner::Treatment, or_music(treatment), 0);
        } else if let Some(treatment) = self.parked.as_ref().and_then(|p| p.treatment()) {
            self.start_sound(Owner::Parked, or_music(treatment), 0);
        } else if self.hears_dialled() {
            // What comes before the answer.
        } else if self.dialing.as_ref().is_some_and(|dialing| !dialing.silent) {
            self.start_sound(Owner::Ringback, vec![RINGBACK.to_owned()], 0);
        }
    }

    /// Without media, 180 is the caller's ringback.
    fn let_ring(&mut self) {
        if self.phase == Phase::Ringing && self.dialing.is_some() && !self.rung {
            self.rung = true;
            self.leg_effect(CALLER, LegEffect::Ring);
        }
    }
}

fn or_music(sources: &[String]) -> Vec<String> {
    match sources {
        [] => vec![DEFAULT_MUSIC.to_owned()],
        sources => sources.to_vec(),
    }
}
