//! Small values that outlive the call.

use crate::command::{Command, Kind};
use crate::host::Action;
use std::time::Duration;

static LOAD: Kind = Kind::new("kv-get").outliving_call();
static STORE: Kind = Kind::new("kv-set").outliving_call();

pub(crate) fn load(key: &str) -> Command<Option<String>> {
    Command::begin(&LOAD, Action::KvGet { key: key.to_owned() }, |ended| {
        match ended.outcome.as_str() {
            "found" => Ok(Some(ended.value)),
            "missing" => Ok(None),
            _ => Err(LOAD.failed(ended)),
        }
    })
}

pub(crate) fn store(key: &str, value: &str, keep: Option<Duration>) -> Command<()> {
    // 0 would mean for ever, which is not what a short time asks for.
    let ttl_s = keep.map_or(0, |keep| u32::try_from(keep.as_secs().max(1)).unwrap_or(u32::MAX));
    let action = Action::KvSet { key: key.to_owned(), value: value.to_owned(), ttl_s };
    Command::begin(&STORE, action, |ended| match ended.outcome.as_str() {
        "ok" => Ok(()),
        _ => Err(STORE.failed(ended)),
    })
}
