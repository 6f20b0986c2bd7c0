//! Digits from the caller: collected by a `gather`, or told as they come.

use super::Call;
use super::sound::Owner;
use crate::action::{CommandId, GatherOptions};
use crate::check::is_digit;
use crate::event::GuestEvent;
use crate::view::CommandKind;
use strowger_model::Timestamp;

/// Digits kept in the call record: some dozens of menus and a few account numbers.
const RECORDED: usize = 512;

/// Stands in the journal for a secret digit. No phone can send it.
const HIDDEN: char = '\u{1}';

/// A `gather` under way.
#[derive(Debug)]
pub(super) struct Gather {
    pub command: CommandId,
    options: GatherOptions,
    digits: String,
    prompting: bool,
    pub deadline: Option<Timestamp>,
}

/// What a digit did to a gather.
enum Step {
    /// Pressed during a prompt that may not be interrupted.
    ThrownAway,
    More,
    Full,
    Terminated(char),
}

impl Gather {
    fn press(&mut self, now: Timestamp, digit: char) -> Step {
        if self.prompting && !self.options.barge_in {
            return Step::ThrownAway;
        }
        if self.options.terminators.contains(digit) {
            return Step::Terminated(digit);
        }
        self.digits.push(digit);
        if self.digits.len() >= self.options.max_digits as usize {
            return Step::Full;
        }
        self.deadline = Some(now.plus_ms(u64::from(self.options.inter_digit_ms)));
        Step::More
    }
}

impl Call {
    pub(super) fn start_gather(
        &mut self,
        command: CommandId,
        prompt: Vec<String>,
        options: GatherOptions,
    ) {
        self.stop_gather();
        let prompting = !prompt.is_empty();
        let deadline = (!prompting).then(|| self.now.plus_ms(u64::from(options.first_digit_ms)));
        if prompting {
            self.start_sound(Owner::Prompt(command), prompt, 1);
        }
        self.gather = Some(Gather { command, options, digits: String::new(), prompting, deadline });
    }

    /// The gather's prompt was heard to its end, or something else took its place.
    pub(super) fn prompt_over(&mut self, command: CommandId) {
        let now = self.now;
        let Some(gather) = self.gather.as_mut().filter(|g| g.command == command) else { return };
        if gather.prompting {
            gather.prompting = false;
            if gather.deadline.is_none() {
                let wait_ms = u64::from(gather.options.first_digit_ms);
                gather.deadline = Some(now.plus_ms(wait_ms));
            }
        }
    }

    pub(super) fn prompt_failed(&mut self, command: CommandId, reason: String) {
        if self.gather.as_ref().is_some_and(|g| g.command == command) {
            self.gather = None;
            self.complete(command, "failed", reason, Vec::new());
        }
    }

    pub(super) fn digit(&mut self, digit: char, held_ms: u32) {
        let now = self.now;
        let Some(gather) = &mut self.gather else {
            if self.watch_digits {
                self.record_digits(&digit.to_string());
                self.tell(GuestEvent::Input { digit, held_ms }, Vec::new());
            }
            return;
        };
        let step = gather.press(now, digit);
        if matches!(step, Step::ThrownAway) {
            return;
        }
        gather.prompting = false;
        let command = gather.command;
        // A digit silences the prompt, or what plays under a gather without one.
        match self.sound.as_ref().map(|sound| sound.owner) {
            Some(Owner::Play(_)) => self.silence(),
            Some(Owner::Prompt(of)) if of == command => self.silence(),
            _ => {}
        }
        match step {
            Step::ThrownAway | Step::More => {}
            Step::Full => self.gathered("digits", None),
            Step::Terminated(by) => self.gathered("digits", Some(by)),
        }
    }

    /// Whether a digit is the flow's. While people talk, digits are theirs: a
    /// bank's menu, an agent's card machine.
    pub(super) fn takes_digit(&self, digit: char) -> bool {
        let hidden = digit == HIDDEN && self.gather.as_ref().is_some_and(|g| g.options.secret);
        (is_digit(digit) || hidden)
            && self.talk.is_none()
            && (self.gather.is_some() || self.watch_digits)
    }

    /// What the journal keeps of a digit: of a secret one, that there was one.
    pub(super) fn shown_digit(&self, digit: char) -> char {
        match &self.gather {
            Some(gather)
                if gather.options.secret && !gather.options.terminators.contains(digit) =>
            {
                HIDDEN
            }
            _ => digit,
        }
    }

    pub(super) fn gather_timed_out(&mut self) {
        let now = self.now;
        if self.gather.as_ref().is_some_and(|g| g.deadline.is_some_and(|at| at <= now)) {
            self.gathered("timeout", None);
        }
    }

    /// Ends the gather under way with `stopped`, if there is one.
    pub(super) fn stop_gather(&mut self) {
        if self.gather.is_some() {
            self.gathered("stopped", None);
        }
    }

    fn gathered(&mut self, outcome: &str, terminator: Option<char>) {
        let Some(gather) = self.gather.take() else { return };
        self.silence_if(Owner::Prompt(gather.command));
        let secret = gather.options.secret;
        if secret {
            self.secrets.learn(&gather.digits);
            self.record_digits(&"*".repeat(gather.digits.len()));
        } else {
            self.record_digits(&gather.digits);
        }
        let details = terminator
            .map(|by| vec![("terminator".to_owned(), by.to_string())])
            .unwrap_or_default();
        self.running.retain(|(id, _)| *id != gather.command);
        self.tell_completed(gather.command, outcome, gather.digits, details, secret);
    }

    /// Forgets the gather without telling anybody: its flow is gone, or the call is.
    pub(super) fn drop_gather(&mut self) {
        if let Some(gather) = self.gather.take() {
            let digits = if gather.options.secret {
                self.secrets.learn(&gather.digits);
                "*".repeat(gather.digits.len())
            } else {
                gather.digits
            };
            self.record_digits(&digits);
            self.running.retain(|(_, kind)| *kind != CommandKind::Gather);
        }
    }

    fn record_digits(&mut self, digits: &str) {
        let room = RECORDED.saturating_sub(self.record.digits.len());
        self.record.digits.extend(digits.chars().take(room));
    }
}
