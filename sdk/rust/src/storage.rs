//! Small values that outlive the call.

use crate::command::{Command, Kind};
use crate::host;
use std::time::Duration;

static LOAD: Kind = Kind::new("kv-get").outliving_call();
static STORE: Kind = Kind::new("kv-set").outliving_call();

pub(crate) fn load(key: &str) -> Command<Option<String>> {
    Command::begin(&LOAD, host::kv_get(key), |ended| match ended.outcome.as_str() {
        "found" => Ok(Some(ended.value)),
        "missing" => Ok(None),
        _ => Err(LOAD.failed(ended)),
    })
}

pub(crate) fn store(key: &str, value: &str, keep: Option<Duration>) -> Command<()> {
    // 0 would mean for ever, which is not what a short time asks for.
    let ttl_s = keep.map_or(0, |keep| u32::try_from(keep.as_secs().max(1)).unwrap_or(u32::MAX));
    Command::begin(&STORE, host::kv_set(key, value, ttl_s), |ended| match ended.outcome.as_str() {
        "ok" => Ok(()),
        _ => Err(STORE.failed(ended)),
    })
}
