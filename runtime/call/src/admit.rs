//! Whether an action is possible now, as far as the guest's snapshot tells.
//!
//! The snapshot is moved along with each admitted action, so that `answer`
//! followed by `play` in one turn is right and `play` alone is not. The call
//! decides again when the turn is carried out, for the world may have moved.

use crate::action::{Action, CommandId};
use crate::check;
use crate::view::{CommandKind, MAX_REFUSED, Phase, RefusedAction, TurnView, ViewState, WaitView};

impl TurnView {
    /// Takes an action into the turn's buffer, or says why it is not possible.
    pub fn admit(&mut self, action: Action) -> Result<CommandId, String> {
        let limits = &self.facts.limits;
        if self.actions.len() >= limits.actions_per_turn as usize {
            self.refused_for_count = true;
            return Err(format!("at most {} actions per event", limits.actions_per_turn));
        }
        let kind = match self.starts(&action) {
            Ok(kind) => kind,
            Err(reason) => {
                if self.refused.len() < MAX_REFUSED {
                    self.refused.push(RefusedAction { action, reason: reason.clone() });
                }
                return Err(reason);
            }
        };
        let command = CommandId(self.state.next_command);
        self.state.note(command, kind, &action);
        self.state.next_command += 1;
        self.actions.push((command, action));
        Ok(command)
    }

    fn starts(&self, action: &Action) -> Result<Option<CommandKind>, String> {
        let limits = &self.facts.limits;
        check::shape(action, limits)?;
        let kind = possible(&self.state, action)?;
        if kind.is_some() && self.state.running.len() >= limits.commands_under_way as usize {
            return Err(now(&format!(
                "{} commands are under way already",
                limits.commands_under_way
            )));
        }
        Ok(kind)
    }
}

/// Checks an action against a snapshot; answers what kind of command it starts.
pub(crate) fn possible(s: &ViewState, action: &Action) -> Result<Option<CommandKind>, String> {
    use CommandKind as K;
    let late =
        matches!(action, Action::KvGet { .. } | Action::KvSet { .. } | Action::HttpRequest(_));
    if s.phase == Phase::Ended && !late {
        return Err(now("the call is over"));
    }
    let unanswered = matches!(s.phase, Phase::Ringing | Phase::Early) && !s.answering;
    match action {
        // A flow need not know that its caller comes from a transfer.
        Action::Ring | Action::EarlyMedia if s.taken_over => Ok(None),
        Action::Answer if s.taken_over => Ok(Some(K::Answer)),
        Action::Ring | Action::EarlyMedia if s.phase != Phase::Ringing => {
            Err(now(&format!("the call is {} already", s.phase.name())))
        }
        Action::Ring | Action::EarlyMedia | Action::Answer | Action::Reject { .. }
            if !unanswered =>
        {
            Err(now("the call is answered already"))
        }
        Action::Ring if s.rung => Err(now("the caller's side rings already")),
        Action::Ring | Action::EarlyMedia | Action::Reject { .. } | Action::HangUp => Ok(None),
        Action::Answer => Ok(Some(K::Answer)),
        Action::Play { .. } => {
            ear_is_free(s)?;
            Ok(Some(K::Play))
        }
        Action::Gather { .. } => {
            ear_is_free(s)?;
            Ok(Some(K::Gather))
        }
        Action::Stop { command } => match s.running.iter().find(|(id, _)| id == command) {
            Some((_, kind)) if kind.can_be_stopped() => Ok(None),
            Some((_, kind)) => Err(format!("a command of {} cannot be stopped", kind.name())),
            None => Err(now(&format!("no command {command} is under way"))),
        },
        Action::WatchDigits { .. } => Ok(None),
        Action::RecordStart { .. } if s.is_running(K::Record) => {
            Err(now("a recording is under way: end it with record-stop"))
        }
        Action::RecordStart { .. } => {
            has_media(s)?;
            Ok(Some(K::Record))
        }
        Action::RecordStop | Action::RecordPause | Action::RecordResume
            if !s.is_running(K::Record) =>
        {
            Err(now("nothing is being recorded"))
        }
        Action::RecordPause if s.record_paused => Err(now("the recording is paused already")),
        Action::RecordResume if !s.record_paused => Err(now("the recording is not paused")),
        Action::RecordStop | Action::RecordPause | Action::RecordResume => Ok(None),
        Action::Enqueue(_) => {
            has_media(s)?;
            not_connecting(s)?;
            Ok(Some(K::Enqueue))
        }
        Action::LeaveQueue if s.is_running(K::Enqueue) => Ok(None),
        Action::LeaveQueue => Err(now("the caller is in no queue")),
        Action::Dial(_) => {
            not_connecting(s)?;
            Ok(Some(K::Dial))
        }
        Action::Transfer(_) => {
            not_connecting(s)?;
            Ok(Some(K::Transfer))
        }
        Action::Bridge { leg } => {
            not_connecting(s)?;
            if !s.free_legs.contains(leg) {
                return Err(now(&format!(
                    "leg {leg} is no answered leg that a dial of this call returned"
                )));
            }
            Ok(Some(K::Bridge))
        }
        Action::Detect(_) | Action::Mute { .. } => has_media(s).map(|()| None),
        Action::ConferenceJoin { .. } => {
            has_media(s)?;
            not_connecting(s)?;
            Ok(Some(K::Conference))
        }
        Action::Park(_) => {
            has_media(s)?;
            not_connecting(s)?;
            Ok(Some(K::Park))
        }
        Action::PickUp { .. } => {
            not_connecting(s)?;
            Ok(Some(K::PickUp))
        }
        Action::KvGet { .. } | Action::KvSet { .. } => Ok(Some(K::Kv)),
        Action::HttpRequest(_) => Ok(Some(K::Http)),
        Action::Sleep { .. } => Ok(Some(K::Sleep)),
    }
}

impl ViewState {
    /// Moves the snapshot along as if the action were carried out.
    fn note(&mut self, command: CommandId, kind: Option<CommandKind>, action: &Action) {
        match action {
            Action::Ring | Action::Answer | Action::EarlyMedia if self.taken_over => {}
            Action::Ring => self.rung = true,
            Action::Answer => self.answering = true,
            Action::EarlyMedia => self.phase = Phase::Early,
            Action::Reject { .. } | Action::HangUp => {
                self.phase = Phase::Ended;
                self.running.retain(|(_, k)| matches!(k, CommandKind::Kv | CommandKind::Http));
            }
            Action::Stop { command } => self.note_stop(*command),
            Action::RecordPause => self.record_paused = true,
            Action::RecordResume => self.record_paused = false,
            Action::RecordStart { .. } => self.record_paused = false,
            Action::Enqueue(_) => {
                self.wait =
                    Some(WaitView { entered_at: self.now, position: None, expected_ms: None });
            }
            Action::PickUp { .. } => {
                self.answering |= self.phase != Phase::Answered;
            }
            Action::Bridge { leg } => {
                self.free_legs.retain(|free| free != leg);
                self.talking = true;
                self.bridged_leg = Some(*leg);
            }
            // A new sound or gather takes the place of the one before.
            Action::Play { .. } => self.forget(CommandKind::Play),
            Action::Gather { prompt, .. } => {
                self.forget(CommandKind::Gather);
                if !prompt.is_empty() {
                    self.forget(CommandKind::Play);
                }
            }
            _ => {}
        }
        if let Some(kind) = kind {
            self.running.push((command, kind));
        }
    }

    fn note_stop(&mut self, command: CommandId) {
        let stopped = self.running.iter().position(|(id, _)| *id == command);
        match stopped.map(|at| (at, self.running[at].1)) {
            // A wait is over when the distribution says so, not before.
            Some((_, CommandKind::Enqueue)) | None => {}
            Some((at, kind)) => {
                self.running.remove(at);
                if kind == CommandKind::Bridge {
                    self.talking = false;
                    self.free_legs.extend(self.bridged_leg.take());
                }
            }
        }
    }

    fn forget(&mut self, kind: CommandKind) {
        self.running.retain(|(_, k)| *k != kind);
    }
}

fn has_media(s: &ViewState) -> Result<(), String> {
    if s.has_media() {
        return Ok(());
    }
    Err(now("the caller cannot hear or be heard yet: use answer or early-media first"))
}

fn ear_is_free(s: &ViewState) -> Result<(), String> {
    has_media(s)?;
    if s.talking {
        return Err(now("the caller is talking to somebody"));
    }
    if s.is_running(CommandKind::Conference) {
        return Err(now("the caller is in a conference"));
    }
    Ok(())
}

fn not_connecting(s: &ViewState) -> Result<(), String> {
    if s.talking {
        return Err(now("the caller is talking to somebody"));
    }
    let busy = s.running.iter().find(|(_, kind)| {
        matches!(
            kind,
            CommandKind::Enqueue
                | CommandKind::Dial
                | CommandKind::Bridge
                | CommandKind::Transfer
                | CommandKind::Conference
                | CommandKind::Park
                | CommandKind::PickUp
        )
    });
    match busy {
        Some((id, kind)) => Err(now(&format!("command {id} ({}) is under way", kind.name()))),
        None => Ok(()),
    }
}

fn now(because: &str) -> String {
    format!("invalid now, because {because}")
}
