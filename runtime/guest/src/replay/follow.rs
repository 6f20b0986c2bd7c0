//! How far a recorded call can still be followed once a program does something
//! else than was recorded.
//!
//! What happened then happened because of what was asked for then. As long as each
//! command has a recorded counterpart whose outcome is as good an answer to it, the
//! recorded outcomes are passed on, under the numbers that the program knows. From
//! the first command on that has none, nobody can say what would have come next.

use super::words::action_in_words;
use std::collections::HashMap;
use strowger_call::{Action, CommandId, EventBody, GuestEvent, TurnBody, ViewState};

/// The numbers of a program's commands beside those of the recorded call.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// Set where the program first did something else: the recorded number of the
    /// next command. Lower ones are the same on both sides.
    parted_at: Option<u64>,
    /// Recorded to replayed; none: the program did not ask for that.
    commands: HashMap<CommandId, CommandId>,
    /// Replayed numbers are larger by this.
    ahead: i64,
}

impl Course {
    /// The event as the program is to be told it; none: it has not asked for that.
    pub fn told(&self, body: &EventBody) -> Option<GuestEvent> {
        match &body.event {
            GuestEvent::Completed { command, outcome, value } => Some(GuestEvent::Completed {
                command: self.here(*command)?,
                outcome: outcome.clone(),
                value: value.clone(),
            }),
            other => Some(other.clone()),
        }
    }

    /// The call as the program is to see it.
    pub fn state(&self, recorded: &ViewState) -> ViewState {
        let mut state = recorded.clone();
        if self.parted_at.is_some() {
            state.next_command = self.shifted(state.next_command);
            state.running = recorded
                .running
                .iter()
                .filter_map(|(command, kind)| Some((self.here(*command)?, *kind)))
                .collect();
        }
        state
    }

    /// A recorded answer with the numbers it would have had.
    pub fn expected(&self, recorded: &TurnBody) -> TurnBody {
        let mut expected = recorded.clone();
        if self.parted_at.is_some() {
            for (command, action) in &mut expected.actions {
                command.0 = self.shifted(command.0);
                if let Action::Stop { command } = action {
                    // No command has the number 0.
                    *command = self.here(*command).unwrap_or(CommandId(0));
                }
            }
        }
        expected
    }

    /// After a turn: says how the recorded call fits what the program asked for, or
    /// why it can tell nothing more.
    pub fn go_on(
        &mut self,
        state: &ViewState,
        recorded: &[(CommandId, Action)],
        replayed: &[(CommandId, Action)],
        differs: bool,
    ) -> Result<(), String> {
        if self.parted_at.is_none() && !differs {
            return Ok(());
        }
        self.parted_at.get_or_insert(state.next_command);
        let mut left: Vec<&(CommandId, Action)> = recorded.iter().collect();
        for (command, action) in replayed {
            match left.iter().position(|(_, then)| self.answers(then, action)) {
                Some(at) => {
                    let (then, _) = left.remove(at);
                    self.commands.insert(*then, *command);
                }
                None if is_silent(action) => {}
                None => {
                    let action = action_in_words(action);
                    return Err(format!("nothing is recorded of what comes of: {action}"));
                }
            }
        }
        if let Some((_, missing)) = left.iter().find(|(_, then)| !can_be_left_out(then)) {
            let missing = action_in_words(missing);
            return Err(format!("what happened next came of something not done now: {missing}"));
        }
        // Both are at most some ten by the host's limits.
        self.ahead += replayed.len() as i64 - recorded.len() as i64;
        Ok(())
    }

    fn here(&self, recorded: CommandId) -> Option<CommandId> {
        match self.parted_at {
            Some(first) if recorded.0 >= first => self.commands.get(&recorded).copied(),
            _ => Some(recorded),
        }
    }

    fn shifted(&self, recorded: u64) -> u64 {
        recorded.saturating_add_signed(self.ahead)
    }

    /// Whether the outcome of `then` is a fair answer to `now`.
    fn answers(&self, then: &Action, now: &Action) -> bool {
        use Action as A;
        match (then, now) {
            (A::Ring, A::Ring)
            | (A::EarlyMedia, A::EarlyMedia)
            | (A::Answer, A::Answer)
            | (A::Reject { .. }, A::Reject { .. })
            | (A::HangUp, A::HangUp)
            | (A::Play { .. }, A::Play { .. })
            | (A::Gather { .. }, A::Gather { .. })
            | (A::RecordStart { .. }, A::RecordStart { .. })
            | (A::RecordStop, A::RecordStop)
            | (A::RecordPause, A::RecordPause)
            | (A::RecordResume, A::RecordResume)
            | (A::LeaveQueue, A::LeaveQueue)
            | (A::Mute { .. }, A::Mute { .. })
            | (A::KvSet { .. }, A::KvSet { .. })
            | (A::Sleep { .. }, A::Sleep { .. }) => true,
            (A::Stop { command: then }, A::Stop { command: now }) => self.here(*then) == Some(*now),
            (A::Enqueue(then), A::Enqueue(now)) => then.queue == now.queue,
            (A::Dial(then), A::Dial(now)) | (A::Transfer(then), A::Transfer(now)) => {
                then.targets == now.targets
            }
            (A::Park(then), A::Park(now)) => then.slot == now.slot,
            (
                A::ConferenceJoin { conference: then, .. },
                A::ConferenceJoin { conference: now, .. },
            ) => then == now,
            (A::HttpRequest(then), A::HttpRequest(now)) => {
                then.method == now.method && then.url == now.url
            }
            (then, now) => then == now,
        }
    }
}

/// Nothing comes of it that the flow is told.
fn is_silent(action: &Action) -> bool {
    matches!(action, Action::Mute { .. })
}

/// What the caller did next does not hang on it.
fn can_be_left_out(action: &Action) -> bool {
    matches!(
        action,
        Action::Play { .. }
            | Action::Mute { .. }
            | Action::Sleep { .. }
            | Action::KvGet { .. }
            | Action::KvSet { .. }
            | Action::HttpRequest(_)
    )
}
