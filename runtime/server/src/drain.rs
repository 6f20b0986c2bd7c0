//! A server that is to be taken away takes no more calls and waits for those
//! there are. What is left when the time is over is ended, or left as it is for
//! the next start to take up.

use crate::calls::registry::Registry;
use crate::clock;
use std::time::Duration;
use strowger_api::{DrainOrder, DrainThen};
use strowger_model::Timestamp;
use tokio::sync::watch;

/// Whether the server runs empty.
#[derive(Debug)]
pub struct Drain {
    ordered: watch::Sender<Option<Ordered>>,
}

/// An order as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// Until when calls may go on.
    pub until: Timestamp,
    /// What becomes of those that are left then.
    pub then: DrainThen,
}

impl Default for Drain {
    fn default() -> Self {
        Self { ordered: watch::channel(None).0 }
    }
}

impl Drain {
    /// Takes no more calls from now on. A later order replaces an earlier one.
    pub fn begin(&self, order: DrainOrder) {
        let until = clock::now().plus_ms(u64::from(order.within_s) * 1_000);
        self.ordered.send_replace(Some(Ordered { until, then: order.then }));
    }

    /// Takes calls again.
    pub fn cancel(&self) {
        self.ordered.send_replace(None);
    }

    /// The order that stands, if one does.
    pub fn ordered(&self) -> Option<Ordered> {
        *self.ordered.borrow()
    }

    /// Completes when the server is to stop: no call is left, or time is up.
    pub async fn over(&self, calls: &Registry) -> DrainThen {
        let mut orders = self.ordered.subscribe();
        loop {
            let ordered = *orders.borrow_and_update();
            let Some(Ordered { until, then }) = ordered else {
                // The sender is ours: it cannot be gone.
                let _ = orders.changed().await;
                continue;
            };
            let left = Duration::from_millis(until.ms_since(clock::now()));
            tokio::select! {
                () = calls.emptied() => return then,
                () = tokio::time::sleep(left) => return then,
                _ = orders.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::traces::Traces;
    use std::sync::Arc;
    use strowger_model::{CallId, TenantId};
    use uuid::Uuid;

    fn registry_with_a_call() -> (Registry, CallId) {
        let calls = Registry::new(Arc::new(Traces::default()));
        let call = CallId(Uuid::from_u128(1));
        let (handle, ..) =
            crate::calls::registry::CallHandle::new(call, TenantId(Uuid::from_u128(2)), None);
        calls.enter(&handle);
        (calls, call)
    }

    #[tokio::test]
    async fn it_is_over_when_the_last_call_is() {
        let (calls, call) = registry_with_a_call();
        let drain = Drain::default();
        let over = drain.over(&calls);
        tokio::pin!(over);
        assert!(futures_util::poll!(over.as_mut()).is_pending(), "nobody has ordered it");
        drain.begin(DrainOrder { within_s: 3_600, then: DrainThen::End });
        assert!(futures_util::poll!(over.as_mut()).is_pending(), "a call lives");
        calls.leave(call);
        assert_eq!(over.await, DrainThen::End);
    }

    #[tokio::test]
    async fn it_is_over_when_time_is_up_unless_it_was_cancelled() {
        let (calls, _) = registry_with_a_call();
        let drain = Drain::default();
        drain.begin(DrainOrder { within_s: 60, then: DrainThen::Keep });
        let over = drain.over(&calls);
        tokio::pin!(over);
        assert!(futures_util::poll!(over.as_mut()).is_pending());
        drain.cancel();
        assert!(futures_util::poll!(over.as_mut()).is_pending());
        assert_eq!(drain.ordered(), None);
        drain.begin(DrainOrder { within_s: 0, then: DrainThen::Keep });
        assert_eq!(over.await, DrainThen::Keep);
    }
}
