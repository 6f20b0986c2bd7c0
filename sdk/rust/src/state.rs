//! What the SDK remembers between events: commands under way, digits and
//! signals nobody has read, the moment.
//!
//! A program handles one event at a time on one thread, so this is a
//! thread-local without locks; inside Wasm it is a plain static. There are a few
//! commands at most, so they are searched one by one.

use crate::host;
use crate::signal::{DigitPress, Signal};
use std::cell::RefCell;
use std::collections::VecDeque;

/// Digits and signals kept for a flow that does not read them; the oldest go first.
const MAX_UNREAD: usize = 32;

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) now_ms: u64,
    pub(crate) random: u64,
    pub(crate) ended: Option<String>,
    /// The call was transferred: it ends with that conversation, not with the flow.
    pub(crate) given_away: bool,
    pub(crate) watching_digits: bool,
    pub(crate) digits: VecDeque<DigitPress>,
    pub(crate) signals: VecDeque<(u64, Signal)>,
    pub(crate) signals_seen: u64,
    commands: Vec<Pending>,
}

#[derive(Debug)]
struct Pending {
    id: u64,
    /// Details that belong to the completion; read late if nobody waited for it.
    wanted: &'static [&'static str],
    /// The same, where the names are only known when the command begins.
    names: Vec<String>,
    done: Option<Ended>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) outcome: String,
    pub(crate) value: String,
    /// Details that the command asked for by name when it began.
    pub(crate) names: Vec<String>,
    /// Set if the completion is older than the event being handled.
    details: Option<Vec<(String, String)>>,
}

impl Ended {
    pub(crate) fn new(outcome: String, value: String) -> Self {
        Self { outcome, value, names: Vec::new(), details: None }
    }

    pub(crate) fn detail(&self, name: &str) -> Option<String> {
        match &self.details {
            None => host::detail(name),
            Some(details) => {
                details.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
            }
        }
    }
}

thread_local! {
    static STATE: RefCell<State> = const { RefCell::new(State::new()) };
}

impl State {
    pub(crate) const fn new() -> Self {
        Self {
            now_ms: 0,
            random: 0,
            ended: None,
            given_away: false,
            watching_digits: false,
            digits: VecDeque::new(),
            signals: VecDeque::new(),
            signals_seen: 0,
            commands: Vec::new(),
        }
    }

    pub(crate) fn begin(&mut self, id: u64, wanted: &'static [&'static str], names: Vec<String>) {
        self.commands.push(Pending { id, wanted, names, done: None });
    }

    /// Stores a completion; one of a command nobody holds is forgotten.
    pub(crate) fn complete(&mut self, id: u64, ended: Ended) {
        if let Some(pending) = self.commands.iter_mut().find(|pending| pending.id == id) {
            pending.done = Some(ended);
        }
    }

    pub(crate) fn take(&mut self, id: u64) -> Option<Ended> {
        let index = self.commands.iter().position(|pending| pending.id == id)?;
        self.commands[index].done.as_ref()?;
        let pending = self.commands.swap_remove(index);
        pending.done.map(|done| Ended { names: pending.names, ..done })
    }

    /// Forgets a command; whether it was still under way.
    pub(crate) fn forget(&mut self, id: u64) -> bool {
        let index = self.commands.iter().position(|pending| pending.id == id);
        index.is_some_and(|index| self.commands.swap_remove(index).done.is_none())
    }

    pub(crate) fn digit(&mut self, digit: DigitPress) {
        if self.digits.len() == MAX_UNREAD {
            self.digits.pop_front();
        }
        self.digits.push_back(digit);
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        if self.signals.len() == MAX_UNREAD {
            self.signals.pop_front();
        }
        self.signals.push_back((self.signals_seen, signal));
        self.signals_seen += 1;
    }
}

/// Works on the state; `f` must not come back here.
#[inline]
pub(crate) fn with<R>(f: impl FnOnce(&mut State) -> R) -> R {
    STATE.with_borrow_mut(f)
}

/// Before the host forgets the details of this event, keeps those of
/// completions that nobody has read yet.
pub(crate) fn keep_details() {
    with(|state| {
        for pending in &mut state.commands {
            let Some(done) = &mut pending.done else { continue };
            if done.details.is_some() {
                continue;
            }
            let names =
                pending.wanted.iter().copied().chain(pending.names.iter().map(String::as_str));
            let found = names.filter_map(|name| Some((name.to_owned(), host::detail(name)?)));
            done.details = Some(found.collect());
        }
    });
}

/// Exchanges the state of this thread, so that one thread can run several programs.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn swap(other: &mut State) {
    with(|state| std::mem::swap(state, other));
}
