//! Taking turns with the guest: one event at a time, the others wait in order.

use super::Call;
use crate::action::CommandId;
use crate::effect::Effect;
use crate::event::{GuestEvent, Moment};
use crate::fault::{Fault, FaultKind};
use crate::journal::{EventBody, TurnBody};
use crate::turn::TurnResult;
use crate::view::{TurnView, put};
use std::collections::VecDeque;
use std::sync::Arc;
use strowger_model::{JournalKind, Timestamp};

/// Who sits in the guest's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seat {
    /// The flow of the number that was called.
    Flow,
    /// Nobody yet: the fallback is being fetched, at most until then.
    Awaited(Timestamp),
    /// The tenant's fallback flow.
    Fallback,
    /// Nobody any more.
    Gone,
}

/// The guest's side of the call.
#[derive(Debug)]
pub(super) struct Guest {
    pub seat: Seat,
    waiting: VecDeque<Waiting>,
    outstanding: Option<Timestamp>,
    turn: u32,
    /// Commands with lower ids were another guest's.
    first_command: u64,
}

#[derive(Debug)]
struct Waiting {
    event: GuestEvent,
    details: Vec<(String, String)>,
    /// The completion's value is to be masked in the journal.
    secret: bool,
}

impl Guest {
    pub fn new() -> Self {
        Self {
            seat: Seat::Flow,
            waiting: VecDeque::new(),
            outstanding: None,
            turn: 0,
            first_command: 1,
        }
    }

    pub fn turn(&self) -> u32 {
        self.turn
    }

    /// The server was restarted: the event under way is handled again, and takes
    /// as long as any.
    pub fn asked_again(&mut self, until: Timestamp) {
        if let Some(outstanding) = &mut self.outstanding {
            *outstanding = until;
        }
        if let Seat::Awaited(at) = &mut self.seat {
            *at = until;
        }
    }

    /// Whether it has not answered this turn yet.
    pub fn is_waited_for(&self, turn: u32) -> bool {
        self.outstanding.is_some() && turn == self.turn
    }

    pub fn is_gone(&self) -> bool {
        self.seat == Seat::Gone
    }

    /// Neither at work nor with work waiting.
    pub fn is_idle(&self) -> bool {
        self.outstanding.is_none() && self.waiting.is_empty()
    }

    pub fn next_timeout(&self) -> Option<Timestamp> {
        match self.seat {
            Seat::Awaited(until) => Some(until),
            _ => self.outstanding,
        }
    }

    /// Another guest takes the seat; what was meant for the one before is void.
    pub fn replace(&mut self, seat: Seat, next_command: u64) {
        self.seat = seat;
        self.waiting.clear();
        self.outstanding = None;
        self.first_command = next_command;
    }
}

impl Call {
    pub(super) fn start_flow(&mut self) {
        self.started = true;
        self.tell(GuestEvent::Started, Vec::new());
    }

    pub(super) fn tell(&mut self, event: GuestEvent, details: Vec<(String, String)>) {
        if self.guest.is_gone() {
            return;
        }
        let droppable = matches!(event, GuestEvent::Input { .. } | GuestEvent::Signal { .. });
        if droppable && self.guest.waiting.len() >= self.setup.limits.events_waiting as usize {
            return;
        }
        self.guest.waiting.push_back(Waiting { event, details, secret: false });
    }

    pub(super) fn tell_completed(
        &mut self,
        command: CommandId,
        outcome: &str,
        value: String,
        details: Vec<(String, String)>,
        secret: bool,
    ) {
        if self.guest.is_gone() || command.0 < self.guest.first_command {
            return;
        }
        let event = GuestEvent::Completed { command, outcome: outcome.to_owned(), value };
        self.guest.waiting.push_back(Waiting { event, details, secret });
    }

    /// Tells the flow of something. A place in a queue that was not read yet is replaced.
    pub(super) fn signal(&mut self, name: &str, data: String) {
        if name == "queue.position" {
            let stale = self.guest.waiting.iter_mut().find_map(|w| match &mut w.event {
                GuestEvent::Signal { name: n, data } if n == name => Some(data),
                _ => None,
            });
            if let Some(stale) = stale {
                *stale = data;
                return;
            }
        }
        self.tell(GuestEvent::Signal { name: name.to_owned(), data }, Vec::new());
    }

    /// Whether the guest has fallen too far behind its own commands.
    pub(super) fn guest_is_flooded(&self) -> bool {
        let limits = &self.setup.limits;
        self.guest.waiting.len() > (limits.events_waiting + limits.actions_per_turn) as usize
    }

    /// Gives the guest the next event, if it is free and there is one.
    pub(super) fn give_turn(&mut self) {
        if self.guest.outstanding.is_some()
            || !matches!(self.guest.seat, Seat::Flow | Seat::Fallback)
            || self.guest.waiting.is_empty()
        {
            return;
        }
        if self.guest.turn >= self.setup.limits.turns {
            let most = self.setup.limits.turns;
            self.guest_failed(Fault::new(
                FaultKind::Actions,
                format!("the flow took more than {most} turns in one call"),
            ));
            return;
        }
        let Some(next) = self.guest.waiting.pop_front() else { return };
        self.guest.turn += 1;
        self.guest.outstanding = Some(self.now.plus_ms(self.setup.limits.turn_ms));
        let moment = Moment { now: self.now, seed: self.random.next() };
        let state = self.view_state();
        self.write_event(moment, &next, &state);
        let view = TurnView::new(
            Arc::clone(&self.facts),
            Arc::clone(&self.attributes),
            next.details,
            state,
        );
        self.effects.push_back(Effect::RunGuest { event: next.event, moment, view });
    }

    fn write_event(&mut self, moment: Moment, next: &Waiting, state: &crate::ViewState) {
        if !self.setup.journal {
            return;
        }
        let mut event = next.event.clone();
        if let (true, GuestEvent::Completed { value, .. }) = (next.secret, &mut event) {
            *value = "*".repeat(value.len());
        }
        let mut body = EventBody {
            moment,
            event,
            details: next.details.clone(),
            state: state.clone(),
            masked: next.secret,
        };
        let (mut text, masked) = self.secrets.json(&body);
        if masked && !body.masked {
            body.masked = true;
            text = self.secrets.json(&body).0;
        }
        self.write(JournalKind::Event, text);
    }

    pub(super) fn turn_ended(&mut self, result: TurnResult) {
        self.guest.outstanding = None;
        let used = &mut self.record.guest;
        used.turns += 1;
        used.fuel = used.fuel.saturating_add(result.fuel);
        used.busy_us = used.busy_us.saturating_add(result.busy_us);
        if let Some(part) = used.of(self.record.flow_version) {
            part.turns += 1;
            part.fuel = part.fuel.saturating_add(result.fuel);
            part.busy_us = part.busy_us.saturating_add(result.busy_us);
        }
        let (actions, fault) = match result.outcome {
            Ok(actions) => (actions, None),
            Err(fault) => (Vec::new(), Some(fault)),
        };
        let body = TurnBody {
            actions,
            attributes: result.attributes,
            fuel: result.fuel,
            busy_us: result.busy_us,
            fault,
        };
        if self.setup.journal {
            let (text, _) = self.secrets.json(&body);
            self.write(JournalKind::Turn, text);
        }
        match body.fault {
            Some(fault) => self.guest_failed(fault),
            None => {
                self.keep_attributes(body.attributes);
                self.carry_out(body.actions);
            }
        }
    }

    fn keep_attributes(&mut self, changed: Vec<(String, String)>) {
        if changed.is_empty() {
            return;
        }
        let most = self.setup.limits.attributes as usize;
        let attributes = Arc::make_mut(&mut self.attributes);
        for (name, value) in changed {
            if attributes.len() < most || attributes.iter().any(|(n, _)| *n == name) {
                put(attributes, &name, &value);
            }
        }
    }

    pub(super) fn guest_timed_out(&mut self) {
        let now = self.now;
        if matches!(self.guest.seat, Seat::Awaited(until) if until <= now) {
            self.fallback_failed("the fallback flow was not ready in time");
        } else if self.guest.outstanding.is_some_and(|until| until <= now) {
            self.guest.outstanding = None;
            self.guest_failed(Fault::new(FaultKind::Host, "no answer from the guest's thread"));
        }
    }
}
