//! `storage`: small values that outlive the call.

use super::GuestState;
use super::bindings::flow::strowger::platform::storage;
use strowger_call::Action;

impl storage::Host for GuestState {
    fn kv_get(&mut self, key: String) -> wasmtime::Result<Result<u64, String>> {
        self.act(key.len(), Action::KvGet { key })
    }

    fn kv_set(
        &mut self,
        key: String,
        value: String,
        ttl_s: u32,
    ) -> wasmtime::Result<Result<u64, String>> {
        self.act(key.len() + value.len(), Action::KvSet { key, value, ttl_s })
    }
}
