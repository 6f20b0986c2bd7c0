//! How every trunk is doing and how much goes over it, beside what is
//! configured. One endpoint owns it.

use super::figures::{OnTrunk, TrunkFigures};
use super::health::Change;
use super::{
    CallLimits, Gate, Health, Refusal, TenantPolicy, TrunkPolicy, TrunkReason, TrunkState, Trunking,
};
use crate::event::{DialogKey, SipEvent};
use std::collections::HashMap;
use std::sync::Arc;
use strowger_model::{TenantId, Timestamp, TrunkId};

/// A trunk as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrunkStatus {
    /// Which.
    pub trunk: TrunkId,
    /// Whether it is given calls.
    pub state: TrunkState,
    /// Why.
    pub reason: TrunkReason,
    /// Since when.
    pub since: Timestamp,
    /// Calls over it now that came in.
    pub calls_in: u32,
    /// Calls over it now that went out.
    pub calls_out: u32,
    /// Calls that it was not given, by reason.
    pub refused: Vec<(Refusal, u64)>,
    /// What became of those that it was given.
    pub figures: TrunkFigures,
}

#[derive(Debug, Default)]
pub(crate) struct TrunkBook {
    config: Arc<Trunking>,
    unset_trunk: TrunkPolicy,
    unset_tenant: TenantPolicy,
    health: HashMap<TrunkId, Health>,
    trunks: HashMap<TrunkId, Gate>,
    tenants: HashMap<TenantId, Gate>,
    /// What their phones begin.
    phones: HashMap<TenantId, Gate>,
    figures: HashMap<TrunkId, TrunkFigures>,
    /// No more than there are calls.
    calls: HashMap<DialogKey, OnTrunk>,
    /// What a tenant may still spend, in millionths; none: no budget is kept.
    budgets: HashMap<TenantId, u64>,
    /// What of it is held for calls that are up or on their way.
    held: HashMap<TenantId, u64>,
    /// The same by call; no more than there are calls.
    charges: HashMap<DialogKey, (TenantId, u64)>,
    /// What is held for the call that is being placed.
    charging: Option<(TenantId, u64)>,
    /// When each trunk is probed next; timers for other times mean nothing.
    pub(crate) probes: HashMap<TrunkId, Timestamp>,
}

impl TrunkBook {
    pub(crate) fn configure(&mut self, config: Arc<Trunking>) {
        self.config = config;
    }

    pub(crate) fn retain(
        &mut self,
        trunk_stays: impl Fn(TrunkId) -> bool,
        tenant_stays: impl Fn(TenantId) -> bool,
    ) {
        self.health.retain(|trunk, _| trunk_stays(*trunk));
        self.trunks.retain(|trunk, _| trunk_stays(*trunk));
        self.figures.retain(|trunk, _| trunk_stays(*trunk));
        self.probes.retain(|trunk, _| trunk_stays(*trunk));
        self.tenants.retain(|tenant, _| tenant_stays(*tenant));
        self.phones.retain(|tenant, _| tenant_stays(*tenant));
        self.budgets.retain(|tenant, _| tenant_stays(*tenant));
        self.held.retain(|tenant, _| tenant_stays(*tenant));
    }

    pub(crate) fn trunk(&self, trunk: TrunkId) -> &TrunkPolicy {
        self.config.trunks.get(&trunk).unwrap_or(&self.unset_trunk)
    }

    pub(crate) fn tenant(&self, tenant: TenantId) -> &TenantPolicy {
        self.config.tenants.get(&tenant).unwrap_or(&self.unset_tenant)
    }

    pub(crate) fn set_budget(&mut self, tenant: TenantId, left_micros: Option<u64>) {
        match left_micros {
            Some(left) => self.budgets.insert(tenant, left),
            None => self.budgets.remove(&tenant),
        };
    }

    /// Whether a tenant's phones may begin one more call; counted in their rate if so.
    pub(crate) fn admit_phone(&mut self, now: Timestamp, tenant: TenantId) -> Result<(), Refusal> {
        let calls_per_s = self.tenant(tenant).phones_per_s;
        let limits = CallLimits { calls_per_s, ..CallLimits::default() };
        let gate = self.phones.entry(tenant).or_default();
        gate.has_room(now, &limits, false)?;
        gate.pass(now, &limits);
        Ok(())
    }

    /// Whether a tenant may have one more call; counted in its rate if so. A
    /// number is given for calls out.
    pub(crate) fn admit_tenant(
        &mut self,
        now: Timestamp,
        tenant: TenantId,
        number: Option<&str>,
    ) -> Result<(), Refusal> {
        let config = self.config.clone();
        let policy = config.tenants.get(&tenant).unwrap_or(&self.unset_tenant);
        let gate = self.tenants.entry(tenant).or_default();
        let held = self.held.get(&tenant).copied().unwrap_or(0);
        let left = self.budgets.get(&tenant).map(|left| left.saturating_sub(held));
        let mut price = 0;
        let verdict = gate.has_room(now, &policy.limits, number.is_some()).and_then(|()| {
            let Some(number) = number else { return Ok(()) };
            let forms = forms(policy, number);
            forms.iter().try_for_each(|form| policy.limits.permits(form))?;
            price = first_minute(policy, forms.first().map_or(number, String::as_str), left)?;
            Ok(())
        });
        match verdict {
            Ok(()) => {
                gate.pass(now, &policy.limits);
                if price > 0 {
                    *self.held.entry(tenant).or_default() += price;
                    self.charging = Some((tenant, price));
                }
            }
            Err(why) => gate.refuse(why),
        }
        verdict
    }

    /// The call that was admitted for its tenant is placed, or is not.
    pub(crate) fn placed(&mut self, call: Option<DialogKey>) {
        match (self.charging.take(), call) {
            (Some(charge), Some(call)) => drop(self.charges.insert(call, charge)),
            (Some(charge), None) => self.give_back(charge),
            (None, _) => {}
        }
    }

    fn give_back(&mut self, (tenant, price): (TenantId, u64)) {
        if let Some(held) = self.held.get_mut(&tenant) {
            *held = held.saturating_sub(price);
        }
    }

    /// Whether a trunk may have one more call; counted in its rate if so.
    pub(crate) fn admit_trunk(
        &mut self,
        now: Timestamp,
        trunk: TrunkId,
        tenant: TenantId,
        number: Option<&str>,
    ) -> Result<(), Refusal> {
        let config = self.config.clone();
        let policy = config.trunks.get(&trunk).unwrap_or(&self.unset_trunk);
        let forms = number.map(|number| forms(self.tenant(tenant), number)).unwrap_or_default();
        let gate = self.trunks.entry(trunk).or_default();
        let verdict = gate
            .has_room(now, &policy.limits, number.is_some())
            .and_then(|()| forms.iter().try_for_each(|form| policy.limits.permits(form)));
        match verdict {
            Ok(()) => gate.pass(now, &policy.limits),
            Err(why) => gate.refuse(why),
        }
        verdict
    }

    /// Counts a call that a trunk was not given for a reason found elsewhere.
    pub(crate) fn refuse(&mut self, trunk: TrunkId, why: Refusal) {
        self.trunks.entry(trunk).or_default().refuse(why);
    }

    /// A call begins on a trunk.
    pub(crate) fn enter(
        &mut self,
        now: Timestamp,
        call: DialogKey,
        (trunk, tenant): (TrunkId, TenantId),
        out: bool,
    ) {
        self.trunks.entry(trunk).or_default().enter(out);
        self.tenants.entry(tenant).or_default().enter(out);
        self.figures.entry(trunk).or_default().of(out).calls += 1;
        self.calls.insert(call, OnTrunk::new(now, trunk, tenant, out));
    }

    /// A call leaves its trunk; it may go on over another one.
    pub(crate) fn leave(&mut self, call: DialogKey, goes_on: bool) {
        if !goes_on && let Some(charge) = self.charges.remove(&call) {
            self.give_back(charge);
        }
        let Some(on) = self.calls.remove(&call) else { return };
        if let Some(gate) = self.trunks.get_mut(&on.trunk) {
            gate.leave(on.out);
        }
        if let Some(gate) = self.tenants.get_mut(&on.tenant) {
            gate.leave(on.out);
        }
        if let Some(figures) = self.figures.get_mut(&on.trunk) {
            on.end(goes_on, figures.of(on.out));
        }
    }

    /// Takes note of what the server is told of a call.
    pub(crate) fn hear(&mut self, now: Timestamp, event: &SipEvent) {
        let call = event.dialog().and_then(|dialog| self.calls.get_mut(&dialog));
        let Some(on) = call else { return };
        if let Some(figures) = self.figures.get_mut(&on.trunk) {
            let figures = figures.of(on.out);
            on.hear(now, event, figures);
        }
    }

    pub(crate) fn health(&mut self, now: Timestamp, trunk: TrunkId) -> &mut Health {
        self.health.entry(trunk).or_insert_with(|| Health::new(now))
    }

    pub(crate) fn change(
        &mut self,
        now: Timestamp,
        trunk: TrunkId,
        work: impl FnOnce(&mut Health, &super::HealthRules) -> Change,
    ) -> Change {
        let rules = self.trunk(trunk).health;
        work(self.health(now, trunk), &rules)
    }

    pub(crate) fn state(&self, trunk: TrunkId) -> TrunkState {
        self.health.get(&trunk).map_or(TrunkState::Up, |health| health.state)
    }

    pub(crate) fn status(&self, now: Timestamp, trunk: TrunkId) -> TrunkStatus {
        let fresh = Health::new(now);
        let health = self.health.get(&trunk).unwrap_or(&fresh);
        let gate = self.trunks.get(&trunk).cloned().unwrap_or_default();
        TrunkStatus {
            trunk,
            state: health.state,
            reason: health.reason,
            since: health.since,
            calls_in: gate.calls_in,
            calls_out: gate.calls_out,
            refused: gate.refused(),
            figures: self.figures.get(&trunk).cloned().unwrap_or_default(),
        }
    }

    /// What a tenant was refused, by reason.
    pub(crate) fn refused(&self, tenant: TenantId) -> Vec<(Refusal, u64)> {
        self.tenants.get(&tenant).map(Gate::refused).unwrap_or_default()
    }
}

/// A number in every form that prefixes may mean: bare digits are also read as
/// a number without its `+`, as some carriers do.
fn forms(policy: &TenantPolicy, number: &str) -> Vec<String> {
    if let Some(full) = policy.plan.as_ref().and_then(|plan| plan.e164(number)) {
        return vec![full];
    }
    let bare = policy.plan.is_some() && number.bytes().all(|b| b.is_ascii_digit());
    let mut forms = vec![number.to_owned()];
    // Longer than any extension or short code.
    if bare && number.len() > 6 {
        forms.insert(0, format!("+{number}"));
        forms.truncate(1);
    }
    forms
}

/// The price of one minute, which must be there before a call is placed; what
/// it costs in the end is booked by whoever keeps the budget.
fn first_minute(policy: &TenantPolicy, number: &str, left: Option<u64>) -> Result<u64, Refusal> {
    let Some(tariff) = &policy.tariff else { return Ok(0) };
    let price = tariff.price_micros(number).ok_or(Refusal::NoPrice)?;
    match left {
        Some(left) if left < price => Err(Refusal::OverBudget),
        Some(_) => Ok(price),
        None => Ok(0),
    }
}
