//! Tenants as this server runs them: configuration in memory, one distribution each.

pub mod breaker;
pub mod breakers;
pub mod config;
pub mod crowd;
pub mod directory;
pub mod distribution;
pub mod guests;
pub mod latency;
pub mod load;
pub mod meeting;
pub mod routing;
pub mod share;
pub mod spending;
pub mod trunking;

use config::TenantConfig;
use distribution::DistributionHandle;
use guests::Guests;
use meeting::MeetingPoints;
use spending::Spent;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use strowger_model::{TenantId, Timestamp};

/// A tenant that this server serves.
#[derive(Debug)]
pub struct Tenant {
    /// Which.
    pub id: TenantId,
    /// Its queues and agents.
    pub distribution: DistributionHandle,
    /// Where its calls find each other.
    pub meeting: MeetingPoints,
    config: RwLock<Arc<TenantConfig>>,
    /// What is kept of its guests.
    pub guests: Guests,
    /// What its outgoing calls have cost today.
    pub spent: Spent,
    live_calls: AtomicU32,
    recent: Mutex<Recent>,
}

/// When the calls of the last second came.
#[derive(Debug, Default)]
struct Recent(VecDeque<Timestamp>);

impl Recent {
    /// Whether there may be one more within the second, at most `most` in all.
    fn has_room(&mut self, now: Timestamp, most: u32) -> bool {
        // Of a clock that was set back nothing is known but that it was: calls that
        // are still to come by it would be held against the tenant until then.
        if self.0.back().is_some_and(|&last| last > now) {
            self.0.clear();
        }
        while self.0.front().is_some_and(|&at| now.ms_since(at) >= 1_000) {
            self.0.pop_front();
        }
        self.0.len() < most as usize
    }

    fn add(&mut self, now: Timestamp) {
        self.0.push_back(now);
    }
}

impl Tenant {
    /// A tenant without calls.
    pub fn new(config: TenantConfig, distribution: DistributionHandle) -> Self {
        let guests = Guests::default();
        guests.memory.set_limit(config.guest_memory_bytes());
        Self {
            id: config.id,
            distribution,
            meeting: MeetingPoints::default(),
            config: RwLock::new(Arc::new(config)),
            guests,
            spent: Spent::default(),
            live_calls: AtomicU32::new(0),
            recent: Mutex::default(),
        }
    }

    /// The configuration of this moment.
    pub fn config(&self) -> Arc<TenantConfig> {
        self.config.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the configuration; live calls keep what they began with.
    pub fn set_config(&self, config: TenantConfig) {
        self.guests.memory.set_limit(config.guest_memory_bytes());
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
    }

    /// Counts a new call in, or says which quota it would exceed.
    pub fn admit_call(&self, now: Timestamp) -> Result<(), &'static str> {
        let limits = &self.config().limits;
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if !recent.has_room(now, limits.max_calls_per_second) {
            return Err("calls per second");
        }
        let admitted = self.live_calls.fetch_update(Ordering::AcqRel, Ordering::Acquire, |live| {
            (live < limits.max_live_calls).then_some(live + 1)
        });
        admitted.map_err(|_| "calls at the same time")?;
        recent.add(now);
        Ok(())
    }

    /// Counts a call in that lived before a restart, whatever the quotas are now.
    pub fn readmit_call(&self) {
        self.live_calls.fetch_add(1, Ordering::AcqRel);
    }

    /// Counts a call out.
    pub fn call_ended(&self) {
        self.live_calls.fetch_sub(1, Ordering::AcqRel);
    }

    /// Calls at this moment.
    pub fn live_calls(&self) -> u32 {
        self.live_calls.load(Ordering::Acquire)
    }
}

/// All tenants of this server.
#[derive(Debug, Default)]
pub struct Tenants {
    by_id: RwLock<HashMap<TenantId, Arc<Tenant>>>,
    /// Whose configuration is being replaced; as many as there are at once.
    turns: Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<()>>>>,
}

impl Tenants {
    /// One tenant.
    pub fn get(&self, id: TenantId) -> Option<Arc<Tenant>> {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Every tenant.
    pub fn all(&self) -> Vec<Arc<Tenant>> {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Waits until nobody else replaces the tenant's configuration.
    pub async fn turn(&self, id: TenantId) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            turns.entry(id).or_default().clone()
        };
        turn.lock_owned().await
    }

    /// Adds a tenant.
    pub fn insert(&self, tenant: Arc<Tenant>) {
        let mut by_id = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        by_id.insert(tenant.id, tenant);
    }

    /// Forgets a tenant; its live calls keep it until they end.
    pub fn remove(&self, id: TenantId) {
        self.by_id.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn take(recent: &mut Recent, now: Timestamp) -> bool {
        let has_room = recent.has_room(now, 2);
        if has_room {
            recent.add(now);
        }
        has_room
    }

    #[test]
    fn so_many_calls_fit_into_any_second() {
        let mut recent = Recent::default();
        assert!(take(&mut recent, NOW) && take(&mut recent, NOW.plus_ms(600)));
        assert!(!take(&mut recent, NOW.plus_ms(999)));
        assert!(take(&mut recent, NOW.plus_ms(1_000)) && !take(&mut recent, NOW.plus_ms(1_599)));
        assert!(take(&mut recent, NOW.plus_ms(1_600)));
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_out() {
        let mut recent = Recent::default();
        assert!(take(&mut recent, NOW) && take(&mut recent, NOW) && !take(&mut recent, NOW));
        let hour_ago = Timestamp(NOW.0 - 3_600_000);
        assert!(take(&mut recent, hour_ago) && take(&mut recent, hour_ago));
        assert!(!take(&mut recent, hour_ago), "the limit holds from then on");
    }
}
