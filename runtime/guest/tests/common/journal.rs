//! Journals written by hand.

use serde::Serialize;
use strowger_call::{Action, CommandId, EventBody, GuestEvent, NoteBody, TurnBody, ViewState};
use strowger_model::{JournalEntry, JournalKind};

/// Sleeps as many milliseconds as events it was given so far.
pub const COUNTING: &str =
    "(i32.store (i32.const 120) (i32.add (i32.load (i32.const 120)) (i32.const 1)))
    (call $sleep (i32.load (i32.const 120)) (i32.const 64))";

pub struct Journal(pub Vec<JournalEntry>);

impl Journal {
    pub fn new() -> Self {
        let mut journal = Self(Vec::new());
        journal.add(JournalKind::Setup, &super::setup());
        journal
    }

    pub fn add(&mut self, kind: JournalKind, body: &impl Serialize) {
        let setup = super::setup();
        self.0.push(JournalEntry {
            tenant: setup.tenant,
            call: setup.call,
            seq: self.0.len() as u32,
            at: setup.now,
            kind,
            body: serde_json::to_string(body).expect("bodies are plain data"),
        });
    }

    pub fn event(&mut self, turn: u32, masked: bool) {
        let event = if turn == 1 {
            GuestEvent::Started
        } else {
            GuestEvent::Input { digit: '1', held_ms: 0 }
        };
        self.told(turn, event, ViewState { turn, ..ViewState::first(super::moment().now) }, masked);
    }

    pub fn told(&mut self, turn: u32, event: GuestEvent, state: ViewState, masked: bool) {
        let moment = super::moment();
        let state = ViewState { turn, ..state };
        let body = EventBody { moment, event, details: Vec::new(), state, masked };
        self.add(JournalKind::Event, &body);
    }

    pub fn slept(&mut self, ms: u32) {
        self.did(vec![(CommandId(1), Action::Sleep { ms })]);
    }

    pub fn did(&mut self, actions: Vec<(CommandId, Action)>) {
        self.add(JournalKind::Turn, &TurnBody { actions, fuel: 1, ..TurnBody::default() });
    }

    pub fn note(&mut self, note: &str, body: &impl Serialize) {
        let data = serde_json::to_value(body).expect("plain data");
        self.add(JournalKind::Note, &NoteBody { note: note.into(), data });
    }

    /// `turns` turns of the counting guest.
    pub fn counted(turns: u32) -> Self {
        let mut journal = Self::new();
        for turn in 1..=turns {
            journal.event(turn, false);
            journal.slept(turn);
        }
        journal
    }
}
