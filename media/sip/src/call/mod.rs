//! One call leg: its dialog, its offers and answers, and where it stands.

mod dialog;
mod state;

pub(crate) use dialog::{Dialog, next_hop, read_routes};
pub(crate) use state::{AckFor, Branch, Call, Phase, Placed, Reinvite, Spare, UnackedAnswer};
