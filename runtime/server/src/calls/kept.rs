//! What a call's journal holds of a leg for signalling: entries of kind `leg`.

use serde::Deserialize;
use std::collections::BTreeMap;
use strowger_model::{JournalEntry, JournalKind, LegId};
use strowger_sip::DialogRecord;

/// The entry's body; `record` is the JSON of a [`DialogRecord`].
pub fn body(leg: LegId, record: &str) -> String {
    format!("{{\"leg\":{},\"record\":{record}}}", leg.0)
}

/// The last record of each leg. One that cannot be read is reported, and its leg
/// is lost.
pub fn read(journal: &[JournalEntry]) -> BTreeMap<LegId, DialogRecord> {
    #[derive(Deserialize)]
    struct Body {
        leg: LegId,
        record: serde_json::Value,
    }
    let mut legs = BTreeMap::new();
    for entry in journal.iter().filter(|entry| entry.kind == JournalKind::Leg) {
        let read = serde_json::from_str::<Body>(&entry.body).map_err(|error| error.to_string());
        let read = read.and_then(|Body { leg, record }| {
            let record = DialogRecord::from_json(&record.to_string());
            Ok((leg, record.map_err(|error| error.to_string())?))
        });
        match read {
            Ok((leg, record)) => drop(legs.insert(leg, record)),
            Err(error) => {
                tracing::warn!(call = %entry.call, seq = entry.seq, error, "leg not readable");
            }
        }
    }
    legs
}
