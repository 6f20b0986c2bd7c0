//! What was said on the wire about the last calls: legs' traces as signalling
//! hands them out, found by call. Bounded in calls and in bytes; the oldest go.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use strowger_model::{CallId, TenantId};
use strowger_sip::{DialogKey, Trace};

/// Legs of which the call is known before their trace comes; signalling has no
/// more calls than this on one server. Past it the oldest are forgotten.
const MAX_LEGS: usize = 200_000;
/// What an entry costs besides its text: addresses, Call-ID, time.
const ENTRY_BYTES: usize = 200;

/// See the module.
#[derive(Debug, Default)]
pub struct Traces {
    most_calls: usize,
    most_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// Legs that live, or have ended a moment ago, and the calls that had them.
    legs: HashMap<DialogKey, Vec<Owner>>,
    leg_order: VecDeque<DialogKey>,
    calls: HashMap<CallId, Ended>,
    call_order: VecDeque<CallId>,
    bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Owner {
    call: CallId,
    tenant: TenantId,
}

/// The legs of one call that are over.
#[derive(Debug)]
struct Ended {
    tenant: TenantId,
    legs: Vec<Arc<Trace>>,
    bytes: usize,
}

impl Traces {
    /// Keeps so many calls in so many bytes at most; no calls: nothing.
    pub fn new(most_calls: usize, most_bytes: usize) -> Self {
        Self { most_calls, most_bytes, kept: Mutex::default() }
    }

    /// A leg is a call's; it may be another's later.
    pub fn belongs(&self, leg: DialogKey, call: CallId, tenant: TenantId) {
        if self.most_calls == 0 {
            return;
        }
        let mut kept = self.lock();
        let owner = Owner { call, tenant };
        let Kept { legs, leg_order, .. } = &mut *kept;
        let owners = legs.entry(leg).or_insert_with(|| {
            leg_order.push_back(leg);
            Vec::with_capacity(1)
        });
        if !owners.contains(&owner) {
            owners.push(owner);
        }
        // Legs that are over stay in the order until their turn comes.
        while leg_order.len() > MAX_LEGS {
            if let Some(oldest) = leg_order.pop_front() {
                legs.remove(&oldest);
            }
        }
    }

    /// A leg is over: what was said on it.
    pub fn keep(&self, trace: Trace) {
        let Some(leg) = trace.dialog else { return };
        let mut kept = self.lock();
        // A call that was refused before it was one has no owner.
        let Some(owners) = kept.legs.remove(&leg) else { return };
        let bytes = bytes_of(&trace);
        let trace = Arc::new(trace);
        for Owner { call, tenant } in owners {
            let Kept { calls, call_order, bytes: all, .. } = &mut *kept;
            let ended = calls.entry(call).or_insert_with(|| {
                call_order.push_back(call);
                Ended { tenant, legs: Vec::new(), bytes: 0 }
            });
            ended.legs.push(trace.clone());
            ended.bytes += bytes;
            *all += bytes;
        }
        kept.make_room(self.most_calls, self.most_bytes);
    }

    /// Legs of a tenant's call that are over, and those that may still live;
    /// none if nothing is known of the call.
    pub fn of(&self, tenant: TenantId, call: CallId) -> Option<(Vec<Arc<Trace>>, Vec<DialogKey>)> {
        let kept = self.lock();
        let over = kept.calls.get(&call).filter(|ended| ended.tenant == tenant);
        let over = over.map(|ended| ended.legs.clone()).unwrap_or_default();
        let owner = Owner { call, tenant };
        let live = kept.legs.iter().filter(|(_, owners)| owners.contains(&owner));
        let live: Vec<DialogKey> = live.map(|(leg, _)| *leg).collect();
        (!over.is_empty() || !live.is_empty()).then_some((over, live))
    }

    /// Calls kept, and the bytes they take.
    pub fn size(&self) -> (usize, usize) {
        let kept = self.lock();
        (kept.calls.len(), kept.bytes)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn make_room(&mut self, most_calls: usize, most_bytes: usize) {
        while self.calls.len() > most_calls || self.bytes > most_bytes {
            let Some(oldest) = self.call_order.pop_front() else { return };
            if let Some(gone) = self.calls.remove(&oldest) {
                self.bytes = self.bytes.saturating_sub(gone.bytes);
            }
        }
    }
}

fn bytes_of(trace: &Trace) -> usize {
    trace.iter().map(|entry| entry.bytes.len() + entry.call_id.len() + ENTRY_BYTES).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_model::Timestamp;
    use strowger_sip::{Heading, TraceEntry, Transport};
    use uuid::Uuid;

    fn call(number: u128) -> CallId {
        CallId(Uuid::from_u128(number))
    }

    fn tenant(number: u128) -> TenantId {
        TenantId(Uuid::from_u128(number))
    }

    fn trace(leg: DialogKey, bytes: usize) -> Trace {
        let mut trace = Trace::default();
        trace.dialog = Some(leg);
        trace.push(TraceEntry {
            at: Timestamp(1),
            heading: Heading::In,
            transport: Transport::Udp,
            local: "10.0.0.1:5060".parse().unwrap(),
            remote: "10.0.0.2:5060".parse().unwrap(),
            bytes: vec![b'x'; bytes].into(),
            call_id: "c".into(),
        });
        trace
    }

    #[test]
    fn a_call_has_its_legs_and_only_its_tenant_sees_them() {
        let traces = Traces::new(10, 100_000);
        let (first, second) = (DialogKey::outbound(1), DialogKey::outbound(2));
        traces.belongs(first, call(1), tenant(1));
        traces.belongs(second, call(1), tenant(1));
        traces.keep(trace(first, 10));
        let (over, live) = traces.of(tenant(1), call(1)).unwrap();
        assert_eq!((over.len(), live), (1, vec![second]));
        assert!(traces.of(tenant(2), call(1)).is_none());
        assert!(traces.of(tenant(1), call(2)).is_none());
    }

    #[test]
    fn a_leg_that_went_to_another_call_is_in_both() {
        let traces = Traces::new(10, 100_000);
        let leg = DialogKey::outbound(1);
        for number in [1, 2, 2] {
            traces.belongs(leg, call(number), tenant(1));
        }
        traces.keep(trace(leg, 10));
        for number in [1, 2] {
            assert_eq!(traces.of(tenant(1), call(number)).unwrap().0.len(), 1);
        }
    }

    #[test]
    fn the_oldest_calls_go_first_by_number_and_by_bytes() {
        let fill = |traces: &Traces, bytes| {
            for number in 1..=5 {
                let leg = DialogKey::outbound(number);
                traces.belongs(leg, call(number.into()), tenant(1));
                traces.keep(trace(leg, bytes));
            }
        };
        let few = Traces::new(2, 100_000);
        fill(&few, 10);
        assert!(few.of(tenant(1), call(3)).is_none() && few.of(tenant(1), call(4)).is_some());
        let small = Traces::new(100, 2_500);
        fill(&small, 1_000);
        let (calls, bytes) = small.size();
        assert!(calls == 2 && bytes <= 2_500, "{calls} {bytes}");
        assert!(small.of(tenant(1), call(5)).is_some());
        let none = Traces::new(0, 100_000);
        fill(&none, 10);
        assert_eq!(none.size(), (0, 0));
    }
}
