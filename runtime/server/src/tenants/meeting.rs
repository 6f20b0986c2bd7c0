//! Where the calls of a tenant find each other: parked at slots, ringing at
//! extensions, together in conferences. As long as they last; nothing is stored.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use strowger_engine::media::{ConferenceHandle, MAX_PARTIES};
use strowger_model::{AgentId, CallId, LegId};

/// A conference; it ends with the last call that holds it.
#[derive(Debug)]
pub struct Conference {
    /// Its way to the media thread.
    pub handle: ConferenceHandle,
    /// The group its legs must belong to.
    pub group: u64,
    parties: AtomicUsize,
}

impl Conference {
    /// One without parties.
    pub fn new(handle: ConferenceHandle, group: u64) -> Self {
        Self { handle, group, parties: AtomicUsize::new(0) }
    }

    /// Takes a place for a party.
    pub fn enter(&self) -> Result<(), String> {
        let room = |parties| (parties < MAX_PARTIES).then_some(parties + 1);
        self.parties
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, room)
            .map(drop)
            .map_err(|_| format!("the conference has its {MAX_PARTIES} parties"))
    }

    /// Gives the place back.
    pub fn exit(&self) {
        self.parties.fetch_sub(1, Ordering::AcqRel);
    }
}

#[derive(Debug, Default)]
struct Points {
    slots: HashMap<String, CallId>,
    ringing: HashMap<AgentId, Vec<(CallId, LegId)>>,
    conferences: HashMap<String, Weak<Conference>>,
}

/// A tenant's meeting points.
#[derive(Debug, Default)]
pub struct MeetingPoints {
    points: Mutex<Points>,
}

impl MeetingPoints {
    /// Parks a call; false if another one is there.
    pub fn park(&self, slot: &str, call: CallId) -> bool {
        *self.lock().slots.entry(slot.to_owned()).or_insert(call) == call
    }

    /// The call is parked there no more.
    pub fn unpark(&self, slot: &str, call: CallId) {
        let mut points = self.lock();
        if points.slots.get(slot) == Some(&call) {
            points.slots.remove(slot);
        }
    }

    /// Who is parked there.
    pub fn parked(&self, slot: &str) -> Option<CallId> {
        self.lock().slots.get(slot).copied()
    }

    /// A leg of a call rings at an agent's phone.
    pub fn rings(&self, agent: AgentId, call: CallId, leg: LegId) {
        self.lock().ringing.entry(agent).or_default().push((call, leg));
    }

    /// It does no more.
    pub fn rings_no_more(&self, agent: AgentId, call: CallId, leg: LegId) {
        let mut points = self.lock();
        if let Some(legs) = points.ringing.get_mut(&agent) {
            legs.retain(|ringing| *ringing != (call, leg));
            if legs.is_empty() {
                points.ringing.remove(&agent);
            }
        }
    }

    /// What rings at an agent's phone, the longest first.
    pub fn ringing(&self, agent: AgentId) -> Option<(CallId, LegId)> {
        self.lock().ringing.get(&agent)?.first().copied()
    }

    /// The conference of that name; opened if there is none.
    pub fn conference<E>(
        &self,
        name: &str,
        open: impl FnOnce() -> Result<Conference, E>,
    ) -> Result<Arc<Conference>, E> {
        let mut points = self.lock();
        if let Some(conference) = points.conferences.get(name).and_then(Weak::upgrade) {
            return Ok(conference);
        }
        // Those that ended leave their names behind until somebody opens one.
        points.conferences.retain(|_, conference| conference.strong_count() > 0);
        let conference = Arc::new(open()?);
        points.conferences.insert(name.to_owned(), Arc::downgrade(&conference));
        Ok(conference)
    }

    fn lock(&self) -> MutexGuard<'_, Points> {
        self.points.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
