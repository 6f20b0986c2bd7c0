//! What the flow asked for and what came of it, for a policy that answers it.

use std::collections::VecDeque;
use strowger_call::{Action, CommandId};

/// Happenings that nobody has asked about; a script without a policy reads none.
const MAX_UNREAD: usize = 1_000;

/// Names of happenings, as rules of a stock call have them.
pub(crate) const NAMES: [&str; 13] = [
    "start",
    "answer",
    "play",
    "gather",
    "listen",
    "record",
    "enqueue",
    "dial",
    "talk",
    "sleep",
    "request",
    "park",
    "conference",
];

/// Something that whoever plays the world may react to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Happening {
    /// One of [`NAMES`].
    pub(crate) name: &'static str,
    /// Of a dialled party: where.
    pub(crate) target: String,
    /// Of a gather: how many digits it takes.
    pub(crate) digits: u32,
}

impl Happening {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, target: String::new(), digits: 1 }
    }
}

/// Happenings in their order, the oldest forgotten if nobody asks.
#[derive(Debug, Default)]
pub(crate) struct Happenings {
    unread: VecDeque<Happening>,
    /// The last turn that the flow took.
    pub(crate) turn: u32,
}

impl Happenings {
    pub(crate) fn note(&mut self, happening: Happening) {
        if self.unread.len() == MAX_UNREAD {
            self.unread.pop_front();
        }
        self.unread.push_back(happening);
    }

    /// Those that are known by what the flow asked for; of others, what comes of
    /// them is noted.
    pub(crate) fn note_actions(&mut self, actions: &[(CommandId, Action)]) {
        for (_, action) in actions {
            match action {
                Action::Play { .. } => self.note(Happening::new("play")),
                Action::Gather { options, .. } => {
                    let digits = options.max_digits;
                    self.note(Happening { digits, ..Happening::new("gather") });
                }
                Action::WatchDigits { on: true } => self.note(Happening::new("listen")),
                Action::Sleep { .. } => self.note(Happening::new("sleep")),
                Action::HttpRequest(_) => self.note(Happening::new("request")),
                _ => {}
            }
        }
    }

    pub(crate) fn read(&mut self) -> Option<Happening> {
        self.unread.pop_front()
    }
}
