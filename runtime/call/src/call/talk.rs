//! A conversation: the caller connected with one other leg, hold included.

use super::Call;
use crate::action::CommandId;
use crate::effect::{Effect, MediaEffect, QueueEffect};
use crate::view::CommandKind;
use serde_json::json;
use strowger_model::{AgentId, Cause, LegId, Party, Timestamp};

use super::legs::{LegState, Purpose};
use super::sound::Owner;

/// How a conversation came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TalkKind {
    /// From a queue; which visit of the record.
    Served { agent: AgentId, visit: usize },
    /// By `bridge`.
    Bridged(CommandId),
    /// From a queue, with an agent who has hung up before a transfer was decided.
    AgentGone,
    /// For good.
    Transferred,
}

/// A conversation under way.
#[derive(Debug)]
pub(super) struct Talk {
    pub peer: LegId,
    pub kind: TalkKind,
    pub since: Timestamp,
    /// Its end is the end of the call.
    pub for_good: bool,
    /// One of the two has left while a transfer is under way.
    pub gone: bool,
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
        self.talk = Some(Talk {
            peer,
            kind,
            since: self.now,
            for_good: kind == TalkKind::Transferred,
            gone: false,
            held: false,
            silent: false,
        });
        self.media(MediaEffect::Bridge { a: self.subject, b: peer });
        self.happened("talk.started", json!({ "leg": peer, "agent": kind.agent() }));
    }

    /// The leg that a `bridge` has connected the caller with.
    pub(super) fn bridged_leg(&self) -> Option<LegId> {
        let talk = self.talk.as_ref()?;
        let dialled = self.leg(talk.peer).is_some_and(|leg| leg.purpose == Purpose::Dialled);
        (dialled && matches!(talk.kind, TalkKind::Bridged(_))).then_some(talk.peer)
    }

    /// Whom a party of the conversation talks with.
    pub(super) fn other_party(&self, leg: LegId) -> Option<LegId> {
        let talk = self.talk.as_ref()?;
        match leg {
            leg if leg == talk.peer => Some(self.subject),
            leg if leg == self.subject => Some(talk.peer),
            _ => None,
        }
    }

    /// The conversation is over. The other leg, if it lives, is left to the flow
    /// after a `bridge` that the flow ended, else hung up.
    pub(super) fn end_talk(&mut self, by: Party) {
        let Some(talk) = &self.talk else { return };
        let bridged = !talk.held && !talk.gone && !self.parted();
        self.drop_transfer();
        self.silence_if(Owner::Hold);
        if bridged {
            self.unbridge_talkers();
        }
        self.end_parted_talk(by);
    }

    /// The same where the two do not hear each other any more.
    pub(super) fn end_parted_talk(&mut self, by: Party) {
        let dialled = self.bridged_leg().is_some();
        let Some(talk) = self.talk.take() else { return };
        self.silence_if(Owner::Hold);
        let talk_ms = self.now.ms_since(talk.since);
        self.happened(
            "talk.ended",
            json!({ "leg": talk.peer, "agent": talk.kind.agent(), "by": by, "talk_ms": talk_ms }),
        );
        if let TalkKind::Served { agent, visit } = talk.kind {
            self.agent_has_talked(agent, visit, talk_ms);
        }
        let freed = dialled && by == Party::Flow;
        if talk.for_good || !freed {
            self.end_leg(talk.peer, Cause::Normal);
        }
        if talk.for_good {
            self.end_call(Cause::Normal, by);
            return;
        }
        match talk.kind {
            TalkKind::Served { .. } | TalkKind::AgentGone => {
                self.signal("bridge.ended", name(by).to_owned());
            }
            TalkKind::Bridged(command) => {
                self.complete(command, "ended", name(by).to_owned(), Vec::new());
            }
            TalkKind::Transferred => {}
        }
        if self.guest.is_gone() || !self.leg_lives(self.subject) {
            // Nobody is left to say how it goes on, or to go on with.
            self.end_call(Cause::Normal, by);
        }
    }

    /// The agent who served has no part in the conversation any more.
    pub(super) fn agent_done(&mut self) {
        let Some(talk) = &mut self.talk else { return };
        let TalkKind::Served { agent, visit } = talk.kind else { return };
        talk.kind = TalkKind::AgentGone;
        let talk_ms = self.now.ms_since(talk.since);
        self.agent_has_talked(agent, visit, talk_ms);
    }

    fn agent_has_talked(&mut self, agent: AgentId, visit: usize, talk_ms: u64) {
        if let Some(visit) = self.record.queue_visits.get_mut(visit) {
            visit.talk_ms = talk_ms;
        }
        self.queue(QueueEffect::TalkEnded { agent, talk_ms });
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
        if !self.parted() {
            self.unbridge_talkers();
        }
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
        if !self.parted() {
            self.media(MediaEffect::Bridge { a: self.subject, b: leg });
        }
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
            Self::Bridged(_) | Self::AgentGone | Self::Transferred => None,
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
