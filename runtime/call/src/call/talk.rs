//! A conversation: the caller connected with one other leg, hold included.

use super::{CALLER, Call};
use crate::action::CommandId;
use crate::effect::{Effect, MediaEffect, QueueEffect};
use crate::view::CommandKind;
use serde_json::json;
use strowger_model::{AgentId, Cause, LegId, Party, Timestamp};

use super::legs::LegState;
use super::sound::Owner;

/// How a conversation came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TalkKind {
    /// From a queue; which visit of the record.
    Served { agent: AgentId, visit: usize },
    /// By `bridge`.
    Bridged(CommandId),
    /// For good.
    Transferred,
}

/// A conversation under way.
#[derive(Debug)]
pub(super) struct Talk {
    pub peer: LegId,
    pub kind: TalkKind,
    since: Timestamp,
    /// The other party has put the caller on hold.
    pub held: bool,
    /// Music on hold cannot be played.
    pub silent: bool,
}

impl Call {
    /// Connects the caller with an answered leg. Nothing else is heard from here on.
    pub(super) fn start_talk(&mut self, peer: LegId, kind: TalkKind) {
        self.stop_gather();
        self.silence();
        self.answer_caller();
        self.talk = Some(Talk { peer, kind, since: self.now, held: false, silent: false });
        self.media(MediaEffect::Bridge { a: CALLER, b: peer });
        self.happened("talk.started", json!({ "leg": peer, "agent": kind.agent() }));
    }

    /// The leg that a `bridge` has connected the caller with.
    pub(super) fn bridged_leg(&self) -> Option<LegId> {
        let talk = self.talk.as_ref()?;
        matches!(talk.kind, TalkKind::Bridged(_)).then_some(talk.peer)
    }

    /// The conversation is over. The other leg, if it lives, is left to the flow
    /// after a `bridge` that the flow ended, else hung up.
    pub(super) fn end_talk(&mut self, by: Party) {
        let Some(talk) = self.talk.take() else { return };
        self.silence_if(Owner::Hold);
        if !talk.held {
            self.media(MediaEffect::Unbridge { a: CALLER, b: talk.peer });
        }
        let talk_ms = self.now.ms_since(talk.since);
        self.happened(
            "talk.ended",
            json!({ "leg": talk.peer, "agent": talk.kind.agent(), "by": by, "talk_ms": talk_ms }),
        );
        match talk.kind {
            TalkKind::Served { agent, visit } => {
                self.end_leg(talk.peer, Cause::Normal);
                if let Some(visit) = self.record.queue_visits.get_mut(visit) {
                    visit.talk_ms = talk_ms;
                }
                self.queue(QueueEffect::TalkEnded { agent, talk_ms });
                self.signal("bridge.ended", name(by).to_owned());
            }
            TalkKind::Bridged(command) => {
                if by != Party::Flow {
                    self.end_leg(talk.peer, Cause::Normal);
                }
                self.complete(command, "ended", name(by).to_owned(), Vec::new());
            }
            TalkKind::Transferred => {
                self.end_leg(talk.peer, Cause::Normal);
                self.end_call(Cause::Normal, by);
            }
        }
        if self.guest.is_gone() {
            // Nobody is left to say how it goes on.
            self.end_call(Cause::Normal, by);
        }
    }

    pub(super) fn bridge(&mut self, command: CommandId, leg: LegId) {
        self.running.push((command, CommandKind::Bridge));
        self.start_talk(leg, TalkKind::Bridged(command));
    }

    pub(super) fn peer_held(&mut self, leg: LegId) {
        let Some(talk) = self.talk.as_mut().filter(|t| t.peer == leg && !t.held) else { return };
        talk.held = true;
        talk.silent = false;
        let kind = talk.kind;
        self.media(MediaEffect::Unbridge { a: CALLER, b: leg });
        if let TalkKind::Served { agent, .. } = kind {
            self.queue(QueueEffect::Hold { agent });
        }
        self.happened("talk.held", json!({ "leg": leg }));
        self.signal("hold", "callee".into());
    }

    pub(super) fn peer_resumed(&mut self, leg: LegId) {
        let Some(talk) = self.talk.as_mut().filter(|t| t.peer == leg && t.held) else { return };
        talk.held = false;
        let kind = talk.kind;
        self.silence_if(Owner::Hold);
        self.media(MediaEffect::Bridge { a: CALLER, b: leg });
        if let TalkKind::Served { agent, .. } = kind {
            self.queue(QueueEffect::Resume { agent });
        }
        self.happened("talk.resumed", json!({ "leg": leg }));
        self.signal("resume", "callee".into());
    }

    /// The agent whom the caller talks to, if a queue brought them together.
    pub fn talks_to_agent(&self) -> Option<AgentId> {
        self.talk.as_ref()?.kind.agent()
    }

    /// Whether a leg can be talked to.
    pub(super) fn is_answered(&self, leg: LegId) -> bool {
        self.leg(leg).is_some_and(|l| l.state == LegState::Answered)
    }

    pub(super) fn queue(&mut self, effect: QueueEffect) {
        self.effects.push_back(Effect::Queue(effect));
    }
}

impl TalkKind {
    fn agent(self) -> Option<AgentId> {
        match self {
            Self::Served { agent, .. } => Some(agent),
            Self::Bridged(_) | Self::Transferred => None,
        }
    }
}

/// The words of `bridge.ended` and of `bridge`'s value.
pub(super) fn name(party: Party) -> &'static str {
    match party {
        Party::Caller => "caller",
        Party::Callee => "callee",
        Party::Flow => "flow",
        Party::Host => "host",
    }
}
