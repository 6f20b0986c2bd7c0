//! The event stream: what happens, told to whoever of that tenant listens.

use crate::calls::registry::CallHandle;
use crate::clock;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use strowger_api::Event;
use strowger_model::TenantId;
use tokio::sync::broadcast;

/// Events kept for a listener that is behind; one that is further behind has
/// lost some and is told so.
const KEPT: usize = 4_096;

/// Everybody's events, kept apart by tenant.
#[derive(Debug, Default)]
pub struct Events {
    streams: RwLock<HashMap<TenantId, broadcast::Sender<Arc<Event>>>>,
}

impl Events {
    /// Tells of a call, whose id is added to the data.
    pub fn call(&self, call: &CallHandle, name: &str, data: impl FnOnce() -> Value) {
        self.tenant(call.tenant, name, || {
            let mut data = data();
            if let Value::Object(fields) = &mut data {
                fields.insert("call".to_owned(), Value::String(call.call.to_string()));
            }
            data
        });
    }

    /// Tells of a tenant's queues, agents, trunks. The data is made only if somebody
    /// listens: most calls are carried with nobody watching.
    pub fn tenant(&self, tenant: TenantId, name: &str, data: impl FnOnce() -> Value) {
        let streams = self.streams.read().unwrap_or_else(PoisonError::into_inner);
        let Some(stream) = streams.get(&tenant) else { return };
        if stream.receiver_count() > 0 {
            let event = Event { at: clock::now(), name: name.to_owned(), data: data() };
            // The last listener may have left just now.
            let _ = stream.send(Arc::new(event));
        }
    }

    /// Listens to one tenant from now on.
    pub fn subscribe(&self, tenant: TenantId) -> broadcast::Receiver<Arc<Event>> {
        let mut streams = self.streams.write().unwrap_or_else(PoisonError::into_inner);
        streams.entry(tenant).or_insert_with(|| broadcast::channel(KEPT).0).subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    #[test]
    fn a_tenant_hears_its_own_events_only() {
        let events = Events::default();
        let (ours, theirs) = (TenantId(Uuid::from_u128(1)), TenantId(Uuid::from_u128(2)));
        let mut listener = events.subscribe(ours);
        events.tenant(theirs, "agent.changed", || panic!("made for nobody"));
        events.tenant(ours, "queue.length", || json!({"waiting": 1}));
        let heard = listener.try_recv().unwrap();
        assert_eq!((heard.name.as_str(), &heard.data), ("queue.length", &json!({"waiting": 1})));
        assert!(listener.try_recv().is_err());
        drop(listener);
        events.tenant(ours, "queue.length", || panic!("made for nobody"));
    }
}
