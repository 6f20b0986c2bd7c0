//! Journals read back after a crash: lines of `kind body`, each an entry.

use strowger_call::{Story, TurnBody};
use strowger_model::{CallId, JournalEntry, JournalKind, TenantId, Timestamp};
use uuid::Uuid;

/// Entries of one input.
const MAX_ENTRIES: usize = 64;

pub(crate) const WORDS: &[&str] = &[
    "setup {",
    "event {",
    "turn {",
    "note {",
    "end {",
    "\n",
    "{}",
    "[]",
    "null",
    "\"",
    "\"note\":",
    "flow.fallback",
    "\"version\":null",
    "\"actions\":[]",
    "\"fuel\":18446744073709551615",
    "-1",
    "1e400",
    "\\u0000",
    "\"masked\":true",
    "\"attributes\":[[\"a\",\"b\"]]",
    ",",
    ":",
];

const KINDS: [JournalKind; 5] = [
    JournalKind::Setup,
    JournalKind::Event,
    JournalKind::Turn,
    JournalKind::Note,
    JournalKind::End,
];

/// The bytes as a journal.
pub fn journal(data: &[u8]) {
    let entries = entries(data);
    let Ok(story) = Story::read(&entries) else { return };
    let events = entries.iter().filter(|entry| entry.kind == JournalKind::Event).count();
    let turns: usize = story.seats.iter().map(|seat| seat.turns.len()).sum();
    assert_eq!(turns, events, "every event is a turn of somebody");
    for seat in &story.seats {
        for turn in &seat.turns {
            let Some(did) = &turn.did else { continue };
            let text = serde_json::to_string(&did.body).expect("a turn can be written");
            let read: TurnBody = serde_json::from_str(&text).expect("and be read again");
            assert_eq!(read, did.body, "written, it is another");
            // What the call would check again must not depend on who wrote it.
            let (details, state) = (turn.told.details.clone(), turn.told.state.clone());
            let mut view = seat.view(seat.attributes.clone(), details, state);
            for (_, action) in did.body.actions.iter().take(MAX_ENTRIES) {
                let _ = view.admit(action.clone());
            }
        }
    }
    // A journal that is cut off anywhere behind its first entry is still one.
    let cut = (entries.len() / 2).max(1);
    assert!(Story::read(&entries[..cut]).is_ok(), "its first {cut} entries cannot be read");
}

fn entries(data: &[u8]) -> Vec<JournalEntry> {
    let text = String::from_utf8_lossy(data);
    let lines = text.lines().filter(|line| !line.is_empty()).take(MAX_ENTRIES);
    let entry = |(seq, line): (u32, &str)| {
        let (kind, body) = line.split_once(' ').unwrap_or((line, ""));
        let kind = KINDS.into_iter().find(|known| known.name() == kind);
        JournalEntry {
            tenant: TenantId(Uuid::nil()),
            call: CallId(Uuid::nil()),
            seq,
            at: Timestamp(1_700_000_000_000),
            kind: kind.unwrap_or(JournalKind::Note),
            body: body.to_owned(),
        }
    };
    (0..).zip(lines).map(entry).collect()
}
