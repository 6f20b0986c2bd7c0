//! Carrying out what a turn asked for. The world may have moved since the guest
//! saw it, so each action is checked once more against the call as it is now.

use super::Call;
use super::dialing::DialFor;
use super::sound::Owner;
use crate::action::{Action, CommandId};
use crate::admit::possible;
use crate::effect::{Effect, KvOp, LegEffect};
use crate::fault::{Fault, FaultKind};
use crate::view::{CommandKind, Phase};
use strowger_model::{Cause, Party};

impl Call {
    pub(super) fn carry_out(&mut self, actions: Vec<(CommandId, Action)>) {
        for (command, action) in actions {
            // Ids only go up; one that does not is none of this turn's.
            if command.0 < self.next_command {
                continue;
            }
            self.next_command = command.0.saturating_add(1);
            self.commit(command, action);
            if self.guest_is_flooded() {
                self.guest_failed(Fault::new(
                    FaultKind::Actions,
                    "the flow starts commands faster than it handles their ends",
                ));
                return;
            }
        }
    }

    fn commit(&mut self, command: CommandId, action: Action) {
        let kind = match possible(&self.view_state(), &action) {
            Ok(kind) => kind,
            Err(why) => {
                if self.phase != Phase::Ended && completes(&action) {
                    self.complete(command, "failed", why, Vec::new());
                }
                return;
            }
        };
        if let Some(kind) = kind.filter(|kind| *kind != CommandKind::Bridge) {
            self.running.push((command, kind));
        }
        match action {
            Action::Ring | Action::EarlyMedia | Action::Answer if self.taken_over => {
                self.complete(command, "ok", String::new(), Vec::new());
            }
            Action::Ring => {
                self.rung = true;
                self.leg_effect(self.subject, LegEffect::Ring);
                self.complete(command, "ok", String::new(), Vec::new());
            }
            Action::EarlyMedia => {
                self.phase = Phase::Early;
                self.leg_effect(self.subject, LegEffect::EarlyMedia);
                self.complete(command, "ok", String::new(), Vec::new());
            }
            Action::Answer => self.answer_caller(),
            Action::Reject { status, reason } => {
                self.reject_caller(status, reason);
                self.end_call(Cause::from_sip_status(status), Party::Flow);
            }
            Action::HangUp => {
                let cause = match self.phase {
                    Phase::Answered => Cause::Normal,
                    _ => Cause::Rejected,
                };
                self.end_call(cause, Party::Flow);
            }
            Action::Play { sources, times } => {
                self.start_sound(Owner::Play(command), sources, times);
            }
            Action::Stop { command } => self.stop(command),
            Action::Gather { prompt, options } => self.start_gather(command, prompt, options),
            Action::WatchDigits { on } => self.watch_digits = on,
            Action::RecordStart { max_ms, silence_ms } => {
                self.start_recording(command, max_ms, silence_ms);
            }
            Action::RecordStop => self.stop_recording(),
            Action::RecordPause => self.pause_recording(true),
            Action::RecordResume => self.pause_recording(false),
            Action::Enqueue(options) => self.enqueue(command, options),
            Action::LeaveQueue => self.leave_queue(),
            Action::Dial(options) => self.start_dialing(DialFor::Flow(command), options),
            Action::Transfer(options) => self.start_dialing(DialFor::Transfer(command), options),
            Action::Bridge { leg } => self.bridge(command, leg),
            Action::Detect(options) => self.listen_for(options),
            Action::Mute { on } => self.mute(on),
            Action::ConferenceJoin { conference, muted } => {
                self.join_conference(command, conference, muted);
            }
            Action::Park(options) => self.park(command, options),
            Action::PickUp { from } => self.start_picking_up(command, &from),
            Action::KvGet { key } => self.store(command, KvOp::Get { key }),
            Action::KvSet { key, value, ttl_s } => {
                self.store(command, KvOp::Set { key, value, ttl_s });
            }
            Action::HttpRequest(mut request) => {
                if request.timeout_ms == 0 {
                    request.timeout_ms = self.setup.limits.http_ms;
                }
                self.effects.push_back(Effect::Http { command, request });
            }
            Action::Sleep { ms } => {
                self.sleeps.push((command, self.now.plus_ms(u64::from(ms))));
            }
        }
    }

    fn store(&mut self, command: CommandId, op: KvOp) {
        self.effects.push_back(Effect::Kv { command, op });
    }

    fn stop(&mut self, command: CommandId) {
        let kind = self.running.iter().find(|(id, _)| *id == command).map(|(_, kind)| *kind);
        match kind {
            Some(CommandKind::Play) => self.silence_if(Owner::Play(command)),
            Some(CommandKind::Gather) => self.stop_gather(),
            Some(CommandKind::Dial | CommandKind::Transfer) => self.stop_dialing(),
            Some(CommandKind::Enqueue) => self.leave_queue(),
            Some(CommandKind::Conference) => self.leave_conference(),
            Some(CommandKind::Park) => self.unpark("stopped"),
            Some(CommandKind::PickUp) => self.stop_picking_up(),
            Some(CommandKind::Bridge) => self.end_talk(Party::Flow),
            Some(CommandKind::Sleep) => {
                self.sleeps.retain(|(id, _)| *id != command);
                self.complete(command, "stopped", String::new(), Vec::new());
            }
            _ => {}
        }
    }

    /// The command of a kind of which there is at most one.
    pub(super) fn command_of(&self, wanted: CommandKind) -> Option<CommandId> {
        self.running.iter().find(|(_, kind)| *kind == wanted).map(|(id, _)| *id)
    }

    pub(super) fn sleepers_wake(&mut self) {
        let now = self.now;
        let awake: Vec<CommandId> =
            self.sleeps.iter().filter(|(_, at)| *at <= now).map(|(id, _)| *id).collect();
        self.sleeps.retain(|(_, at)| *at > now);
        for command in awake {
            self.complete(command, "finished", String::new(), Vec::new());
        }
    }
}

/// Whether the guest waits for the action's completion.
fn completes(action: &Action) -> bool {
    !matches!(
        action,
        Action::Reject { .. }
            | Action::HangUp
            | Action::Stop { .. }
            | Action::WatchDigits { .. }
            | Action::Detect(_)
            | Action::Mute { .. }
            | Action::RecordStop
            | Action::RecordPause
            | Action::RecordResume
            | Action::LeaveQueue
    )
}
