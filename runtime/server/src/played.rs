//! A compiled flow in the place where tests have a native one: in the virtual world
//! of the testkit, for simulated and stock calls.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;
use strowger_call::{Fault, FaultKind, GuestEvent, Moment, RefusedAction, TurnResult, TurnView};
use strowger_guest::replay::event_in_words;
use strowger_guest::{Budget, CallGuest, FlowTurn, Program};
use strowger_testkit::{Decides, Level};

/// One call's instance of a compiled flow.
#[derive(Debug)]
pub struct PlayedFlow {
    program: Program,
    budget: Budget,
    guest: CallGuest,
    watched: Option<(Rc<RefCell<Watched>>, Instant)>,
}

/// What was seen of a flow while it was played.
#[derive(Debug, Default)]
pub struct Watched {
    /// Fuel of each turn.
    pub fuel: Vec<u64>,
    /// Turns that failed, or in which something was refused.
    pub noticed: Vec<Noticed>,
    /// The time for it was up.
    pub out_of_time: bool,
}

/// A turn in which something was not as it should be.
#[derive(Debug)]
pub struct Noticed {
    /// Which, from 1.
    pub turn: u32,
    /// What the flow was told.
    pub event: String,
    /// How it failed.
    pub fault: Option<Fault>,
    /// What it asked for that was not possible.
    pub refused: Vec<RefusedAction>,
}

impl PlayedFlow {
    /// A flow about to be called.
    pub fn new(program: Program, budget: Budget) -> Self {
        Self { program, budget, guest: CallGuest::default(), watched: None }
    }

    /// The same, watched, and stopped at `until`.
    pub fn watched(self, until: Instant) -> (Self, Rc<RefCell<Watched>>) {
        let watched = Rc::new(RefCell::new(Watched::default()));
        (Self { watched: Some((watched.clone(), until)), ..self }, watched)
    }

    fn notice(&self, event: &GuestEvent, turn: &FlowTurn) {
        let Some((watched, _)) = &self.watched else { return };
        let mut watched = watched.borrow_mut();
        watched.fuel.push(turn.result.fuel);
        let fault = turn.result.outcome.as_ref().err().cloned();
        if fault.is_none() && turn.refused.is_empty() {
            return;
        }
        watched.noticed.push(Noticed {
            turn: turn.result.turn,
            event: event_in_words(event),
            fault,
            refused: turn.refused.clone(),
        });
    }
}

impl Decides for PlayedFlow {
    fn turn(
        &mut self,
        event: GuestEvent,
        moment: Moment,
        view: TurnView,
    ) -> (TurnResult, Vec<(Level, String)>) {
        if let Some((watched, until)) = &self.watched
            && Instant::now() >= *until
        {
            watched.borrow_mut().out_of_time = true;
            let fault = Fault::new(FaultKind::Host, "the time for played calls is up");
            return (view.finish(Some(fault), 0, 0), Vec::new());
        }
        let turn = self.guest.handle(&self.program, &self.budget, moment, &event, view);
        self.notice(&event, &turn);
        let level = |name| match name {
            "debug" => Level::Debug,
            "warn" => Level::Warn,
            "error" => Level::Error,
            _ => Level::Info,
        };
        let logs = turn.logs.into_iter().map(|line| (level(line.level), line.message));
        (turn.result, logs.collect())
    }
}
