//! The first thing in which two answers to the same event differ.

use super::words::{action_in_words, fault_in_words};
use crate::limits::{MAX_MESSAGE_BYTES, cut};
use serde::Serialize;
use strowger_call::{Action, CommandId, TurnBody};

/// In what two answers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// In an action, counted from 0.
    Action(usize),
    /// In the attributes set.
    Attributes,
    /// One failed, or both did but not in the same way.
    Fault,
}

/// The first thing in which two answers differ, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// In what.
    pub what: What,
    /// As it was.
    pub recorded: String,
    /// As it is now.
    pub replayed: String,
}

impl Difference {
    /// Compares two answers. Actions are compared as the bytes they are written as;
    /// fuel and time are no part of what a program does.
    pub(super) fn first(recorded: &TurnBody, replayed: &TurnBody) -> Option<Self> {
        let found = |what, recorded, replayed| Some(Self { what, recorded, replayed });
        match (&recorded.fault, &replayed.fault) {
            (None, None) => {}
            (Some(before), Some(now)) if before.kind == now.kind => return None,
            (before, now) => {
                let words = |fault: &Option<_>| {
                    fault.as_ref().map_or_else(|| "nothing wrong".to_owned(), fault_in_words)
                };
                return found(What::Fault, words(before), words(now));
            }
        }
        let longest = recorded.actions.len().max(replayed.actions.len());
        for index in 0..longest {
            let (before, now) = (recorded.actions.get(index), replayed.actions.get(index));
            if bytes(before) != bytes(now) {
                let (mut before, mut now) = (in_words(before), in_words(now));
                if before == now {
                    // Only the numbers of the commands differ.
                    before = numbered(recorded.actions.get(index));
                    now = numbered(replayed.actions.get(index));
                }
                return found(What::Action(index), before, now);
            }
        }
        if recorded.attributes != replayed.attributes {
            let words = |set: &[(String, String)]| {
                let pairs: Vec<String> =
                    set.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
                match pairs.is_empty() {
                    true => "set no attribute".to_owned(),
                    false => cut(format!("set {}", pairs.join(", ")), MAX_MESSAGE_BYTES),
                }
            };
            let (before, now) = (words(&recorded.attributes), words(&replayed.attributes));
            return found(What::Attributes, before, now);
        }
        None
    }
}

fn bytes(action: Option<&(CommandId, Action)>) -> Option<Vec<u8>> {
    // Plain data: it can always be written.
    action.map(|action| serde_json::to_vec(action).unwrap_or_default())
}

fn in_words(action: Option<&(CommandId, Action)>) -> String {
    action.map_or_else(|| "nothing more".to_owned(), |(_, action)| action_in_words(action))
}

fn numbered(action: Option<&(CommandId, Action)>) -> String {
    action.map_or_else(String::new, |(command, action)| {
        format!("{} as command {command}", action_in_words(action))
    })
}
