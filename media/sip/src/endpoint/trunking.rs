//! What is configured about trunks beyond the directory, and what an operator
//! is told about them.

use super::Endpoint;
use crate::counters::Count;
use crate::event::Source;
use crate::notice::Notice;
use crate::timer::TimerKey;
use crate::trunk::{Health, HealthRules, Refusal, TrunkReason, TrunkState, TrunkStatus, Trunking};
use std::sync::Arc;
use strowger_model::{TenantId, Timestamp, TrunkId};

impl Endpoint {
    /// Swaps limits, routes, translations and health rules. Calls that are up
    /// are not touched; how trunks are doing is remembered. How SIP is spoken with
    /// a trunk is [`Endpoint::set_policies`]'s.
    pub fn set_trunking(&mut self, now: Timestamp, trunking: Arc<Trunking>) {
        self.book.configure(trunking);
        self.sync_probes(now);
    }

    /// What a tenant may still spend on calls, in millionths of its currency;
    /// `None`: nobody counts. Each call placed holds its first minute's price of
    /// it until it is over; whoever keeps the budget books what it has cost by
    /// then and says it again.
    pub fn set_budget(&mut self, tenant: TenantId, left_micros: Option<u64>) {
        self.book.set_budget(tenant, left_micros);
    }

    /// How every trunk is doing.
    pub fn trunk_statuses(&self, now: Timestamp) -> Vec<TrunkStatus> {
        self.directory.trunks().iter().map(|trunk| self.book.status(now, trunk.id)).collect()
    }

    /// What a tenant's calls were refused for, over all its trunks.
    pub fn tenant_refusals(&self, tenant: TenantId) -> Vec<(Refusal, u64)> {
        self.book.refused(tenant)
    }

    /// Whether a trunk's or phone's call may come in. Past its limits nothing is made
    /// of it.
    pub(super) fn admit_incoming(&mut self, now: Timestamp, source: Source) -> bool {
        let Source::Trunk { trunk, tenant } = source else {
            let admitted = self.book.admit_phone(now, source.tenant()).is_ok();
            if !admitted {
                self.counters.add(Count::PhoneLimit);
            }
            return admitted;
        };
        let admitted = self
            .book
            .admit_trunk(now, trunk, tenant, None)
            .and_then(|()| self.book.admit_tenant(now, tenant, None));
        if admitted.is_err() {
            self.counters.add(Count::TrunkLimit);
        }
        admitted.is_ok()
    }

    /// Lets `work` change how a trunk is doing, and tells if it did.
    pub(super) fn trunk_changes(
        &mut self,
        now: Timestamp,
        trunk: TrunkId,
        work: impl FnOnce(&mut Health, &HealthRules) -> Option<(TrunkState, TrunkReason)>,
    ) {
        let Some((state, reason)) = self.book.change(now, trunk, work) else { return };
        if state == TrunkState::Held {
            let until = self.book.health(now, trunk).held_until;
            self.timers.set(until, TimerKey::Hold(trunk));
        }
        self.counters.add(Count::TrunkChanged);
        self.give_notice(Notice::Trunk { trunk, state, reason });
    }

    pub(super) fn hold_timer(&mut self, now: Timestamp, trunk: TrunkId) {
        if self.directory.trunk(trunk).is_none() {
            return;
        }
        self.trunk_changes(now, trunk, |health, rules| health.hold_over(now, rules));
        let still = self.book.state(trunk) == TrunkState::Held;
        let until = self.book.health(now, trunk).held_until;
        if still && until > now {
            self.timers.set(until, TimerKey::Hold(trunk));
        }
    }
}
