//! Counters of this server, as Prometheus reads them.

pub mod guests;
pub mod journals;
pub mod text;
pub mod transcoding;
pub mod trunks;
pub mod usage;

use journals::JournalUpkeep;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use strowger_acd::Decision;
use strowger_call::TurnResult;
use strowger_model::{CallRecord, GuestUse, LegMedia};
use text::{Kind, Text};
use usage::{ByName, MediaUse, ModuleUse};

/// Counts; never grows with calls.
#[derive(Debug, Default)]
pub struct Metrics {
    turns: AtomicU64,
    turn_faults: AtomicU64,
    guest_busy_us: AtomicU64,
    guest_fuel: AtomicU64,
    decisions: AtomicU64,
    decision_faults: AtomicU64,
    /// Finished calls by cause. Causes are a closed set, so this is bounded.
    finished: Mutex<BTreeMap<&'static str, u64>>,
    /// Events and refusals by name. Names are literals of ours, so this is bounded.
    events: Mutex<BTreeMap<&'static str, u64>>,
    modules: Mutex<ByName<ModuleUse>>,
    /// Faults of flows by tenant and kind. Kinds are a closed set.
    faults: Mutex<ByName<u64>>,
    media: Mutex<ByName<MediaUse>>,
    /// Journals of calls that are over.
    pub journals: JournalUpkeep,
    gone_on: AtomicU64,
    cut_off: AtomicU64,
}

impl Metrics {
    /// A guest has handled an event.
    pub fn turn(&self, result: &TurnResult) {
        self.turns.fetch_add(1, Ordering::Relaxed);
        self.guest_busy_us.fetch_add(result.busy_us, Ordering::Relaxed);
        self.guest_fuel.fetch_add(result.fuel, Ordering::Relaxed);
        if result.outcome.is_err() {
            self.turn_faults.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A tenant's flow has failed.
    pub fn flow_failed(&self, tenant: &str, kind: &str) {
        *usage::entry(&mut lock(&self.faults), tenant, kind) += 1;
    }

    /// A router has decided, under the name that its tenant has chosen.
    pub fn decision(&self, tenant: &str, router: &str, decision: &Decision) {
        self.decisions.fetch_add(1, Ordering::Relaxed);
        if decision.fault.is_some() {
            self.decision_faults.fetch_add(1, Ordering::Relaxed);
        }
        let mut modules = lock(&self.modules);
        let used = usage::entry(&mut modules, tenant, router);
        used.turns += 1;
        used.faults += u64::from(decision.fault.is_some());
        used.fuel += decision.fuel;
        used.busy_us += decision.busy_us;
    }

    /// A call is over.
    pub fn call_finished(&self, record: &CallRecord) {
        let cause = record.cause.map_or("none", strowger_model::Cause::name);
        *lock(&self.finished).entry(cause).or_default() += 1;
    }

    /// A call that ran a flow is over.
    pub fn flow_used(&self, tenant: &str, flow: &str, guest: &GuestUse) {
        let mut modules = lock(&self.modules);
        let used = usage::entry(&mut modules, tenant, flow);
        used.calls += 1;
        used.turns += u64::from(guest.turns);
        used.faults += guest.faults.len() as u64;
        used.fuel += guest.fuel;
        used.busy_us += guest.busy_us;
    }

    /// A leg with media is over; a leg that was no trunk's has no trunk's name.
    pub fn media_used(&self, tenant: &str, trunk: &str, media: &LegMedia) {
        usage::entry(&mut lock(&self.media), tenant, trunk).add(media);
    }

    /// Calls that a crash had cut off: so many went on, so many ended with it.
    pub fn recovered(&self, gone_on: u32, ended: u32) {
        self.gone_on.fetch_add(u64::from(gone_on), Ordering::Relaxed);
        self.cut_off.fetch_add(u64::from(ended), Ordering::Relaxed);
    }

    /// Something that is only counted.
    pub fn count_event(&self, name: &'static str) {
        *lock(&self.events).entry(name).or_default() += 1;
    }

    /// Writes everything that is counted here.
    pub fn render(&self, text: &mut Text) {
        for (name, help, counter) in [
            ("strowger_guest_turns_total", "Events handled by flows.", &self.turns),
            ("strowger_guest_turn_faults_total", "Of these, faulty.", &self.turn_faults),
            ("strowger_guest_busy_microseconds_total", "Time in flows.", &self.guest_busy_us),
            ("strowger_guest_fuel_total", "Fuel used by flows.", &self.guest_fuel),
            ("strowger_router_decisions_total", "Decisions of routers.", &self.decisions),
            ("strowger_router_decision_faults_total", "Of these, faulty.", &self.decision_faults),
            ("strowger_calls_recovered_total", "Calls taken up after a crash.", &self.gone_on),
            ("strowger_calls_cut_off_total", "Calls that a crash has ended.", &self.cut_off),
        ] {
            text.single(name, Kind::Counter, help, counter.load(Ordering::Relaxed));
        }
        let help = "Calls that are over, by cause.";
        labelled(text, "strowger_calls_finished_total", help, "cause", &lock(&self.finished));
        let help = "What happened how often.";
        labelled(text, "strowger_events_total", help, "event", &lock(&self.events));
        let help = "Faults of flows, by tenant and kind.";
        let mut family = text.family("strowger_guest_faults_total", Kind::Counter, help);
        for ((tenant, kind), count) in lock(&self.faults).iter() {
            family.sample(&[("tenant", tenant), ("kind", kind)], count);
        }
        self.journals.render(text);
        usage::modules(text, &lock(&self.modules));
        usage::media(text, &lock(&self.media));
    }
}

// Plain counts: a panic elsewhere while one is locked leaves it whole.
fn lock<T>(counts: &Mutex<T>) -> MutexGuard<'_, T> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

fn labelled(
    text: &mut Text,
    name: &'static str,
    help: &str,
    label: &str,
    values: &BTreeMap<&'static str, u64>,
) {
    let mut family = text.family(name, Kind::Counter, help);
    for (value, count) in values {
        family.sample(&[(label, value)], count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_rendered_with_their_type() {
        let metrics = Metrics::default();
        metrics.count_event("call.refused.capacity");
        metrics.count_event("call.refused.capacity");
        let guest = GuestUse {
            turns: 3,
            fuel: 70,
            busy_us: 5,
            faults: vec!["trap".into()],
            ..GuestUse::default()
        };
        metrics.flow_used("acme", "ivr", &guest);
        let media = LegMedia {
            transcoded: true,
            srtp: None,
            packets_received: 100,
            packets_lost: 2,
            packets_sent: 90,
            jitter_ms: 1,
            round_trip_ms: None,
            mos_percent: Some(430),
        };
        metrics.media_used("acme", "carrier", &media);
        let mut text = Text::default();
        metrics.render(&mut text);
        let text = text.finish();
        for line in [
            "strowger_events_total{event=\"call.refused.capacity\"} 2",
            "# TYPE strowger_module_turns_total counter",
            "strowger_module_turns_total{tenant=\"acme\",module=\"ivr\"} 3",
            "strowger_module_faults_total{tenant=\"acme\",module=\"ivr\"} 1",
            "strowger_media_packets_lost_total{tenant=\"acme\",trunk=\"carrier\"} 2",
            "strowger_media_legs_transcoded_total{tenant=\"acme\",trunk=\"carrier\"} 1",
            "strowger_media_mos_percent_total{tenant=\"acme\",trunk=\"carrier\"} 430",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
        }
    }
}
