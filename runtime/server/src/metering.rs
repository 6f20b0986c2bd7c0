//! What guests use, added up by tenant, day, module and version, and written down
//! every few seconds. Calls hand their sums over from time to time and at their
//! end, never for each turn.

use crate::clock;
use crate::node::Node;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use strowger_call::TurnResult;
use strowger_model::{TenantId, Timestamp, VersionId};
use strowger_store::{Usage, UsageOfRun, UsageSums, day_of};
use uuid::Uuid;

/// How often sums are written: a server that is killed loses no more than this
/// and what calls have not handed over.
const WRITE_EVERY: Duration = Duration::from_secs(5);
/// How often a call hands over what it has used so far.
const HAND_OVER_MS: u64 = 10_000;

/// The sums of this run of the server. Rows of days that are over go once they
/// are written, so there are as many as versions used in two days.
#[derive(Debug)]
pub struct Metering {
    run: Uuid,
    sums: Mutex<HashMap<Key, Sums>>,
}

type Key = (TenantId, Timestamp, String, Option<VersionId>);

#[derive(Debug, Default)]
struct Sums {
    sums: UsageSums,
    unwritten: bool,
}

impl Default for Metering {
    fn default() -> Self {
        Self { run: Uuid::now_v7(), sums: Mutex::default() }
    }
}

impl Metering {
    /// Adds what was used.
    pub fn add(
        &self,
        tenant: TenantId,
        now: Timestamp,
        module: &str,
        version: Option<VersionId>,
        used: &UsageSums,
    ) {
        let key = (tenant, day_of(now), module.to_owned(), version);
        let mut sums = self.lock();
        let entry = sums.entry(key).or_default();
        entry.sums.add(used);
        entry.unwritten = true;
    }

    /// Hands what has changed to the ledger.
    pub fn write(&self, node: &Node, now: Timestamp) {
        let today = day_of(now);
        let mut sums = self.lock();
        for ((tenant, day, module, version), entry) in sums.iter_mut() {
            if !entry.unwritten {
                continue;
            }
            let (module, sums) = (module.clone(), entry.sums.clone());
            let usage = Usage { day: *day, module, version: *version, sums };
            let of_run = UsageOfRun { tenant: *tenant, run: self.run, usage };
            // What is refused goes again with the next sums.
            entry.unwritten = !node.ledger.usage(of_run);
        }
        sums.retain(|(_, day, ..), entry| entry.unwritten || *day >= today);
    }

    // Plain sums: a panic elsewhere leaves them whole.
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Sums>> {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes sums until the server stops.
pub async fn run(node: Arc<Node>) {
    let mut clock = tokio::time::interval(WRITE_EVERY);
    loop {
        clock.tick().await;
        node.metering.write(&node, clock::now());
    }
}

/// What one call has used of the flow that serves it now.
#[derive(Debug, Default)]
pub struct CallMeter {
    flow: String,
    version: Option<VersionId>,
    sums: UsageSums,
    /// The flow has served the call and that was counted.
    counted: bool,
    since: Timestamp,
}

impl CallMeter {
    /// The flow that serves the call from now on.
    pub fn serves(&mut self, node: &Node, tenant: TenantId, flow: &str, now: Timestamp) {
        self.hand_over(node, tenant, now);
        *self = Self { flow: flow.to_owned(), since: now, ..Self::default() };
    }

    /// Adds a turn of a version.
    pub fn turn(
        &mut self,
        node: &Node,
        tenant: TenantId,
        version: Option<VersionId>,
        result: &TurnResult,
        now: Timestamp,
    ) {
        self.version = version;
        self.sums.turns += 1;
        self.sums.fuel += result.fuel;
        self.sums.busy_us += result.busy_us;
        if let Err(fault) = &result.outcome {
            *self.sums.faults.entry(fault.kind.name().to_owned()).or_default() += 1;
        }
        if now.ms_since(self.since) >= HAND_OVER_MS {
            self.hand_over(node, tenant, now);
        }
    }

    /// Hands over what was used since the last time.
    pub fn hand_over(&mut self, node: &Node, tenant: TenantId, now: Timestamp) {
        self.since = now;
        if self.sums.turns == 0 {
            return;
        }
        let mut used = std::mem::take(&mut self.sums);
        used.calls = u64::from(!self.counted);
        self.counted = true;
        let module = format!("flow/{}", self.flow);
        node.metering.add(tenant, now, &module, self.version, &used);
    }

    /// The flow that serves the call.
    pub fn flow(&self) -> &str {
        &self.flow
    }
}
