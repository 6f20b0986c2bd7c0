//! Counters of this server, as Prometheus reads them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use strowger_acd::Decision;
use strowger_call::TurnResult;
use strowger_model::CallRecord;

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

    /// A router has decided.
    pub fn decision(&self, decision: &Decision) {
        self.decisions.fetch_add(1, Ordering::Relaxed);
        if decision.fault.is_some() {
            self.decision_faults.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A call is over.
    pub fn call_finished(&self, record: &CallRecord) {
        let cause = record.cause.map_or("none", strowger_model::Cause::name);
        let mut finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        *finished.entry(cause).or_default() += 1;
    }

    /// Something that is only counted.
    pub fn count_event(&self, name: &'static str) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        *events.entry(name).or_default() += 1;
    }

    /// The Prometheus text format, with what the caller knows besides.
    pub fn render(&self, gauges: &[(&str, u64)]) -> String {
        let mut text = String::new();
        for (name, counter) in [
            ("strowger_guest_turns_total", &self.turns),
            ("strowger_guest_turn_faults_total", &self.turn_faults),
            ("strowger_guest_busy_microseconds_total", &self.guest_busy_us),
            ("strowger_guest_fuel_total", &self.guest_fuel),
            ("strowger_router_decisions_total", &self.decisions),
            ("strowger_router_decision_faults_total", &self.decision_faults),
        ] {
            let value = counter.load(Ordering::Relaxed);
            let _ = writeln!(text, "# TYPE {name} counter\n{name} {value}");
        }
        for (name, value) in gauges {
            let _ = writeln!(text, "# TYPE {name} gauge\n{name} {value}");
        }
        let finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner).clone();
        labelled(&mut text, "strowger_calls_finished_total", "cause", &finished);
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner).clone();
        labelled(&mut text, "strowger_events_total", "event", &events);
        text
    }
}

fn labelled(text: &mut String, name: &str, label: &str, values: &BTreeMap<&'static str, u64>) {
    let _ = writeln!(text, "# TYPE {name} counter");
    for (value_of_label, count) in values {
        let _ = writeln!(text, "{name}{{{label}=\"{value_of_label}\"}} {count}");
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
        let text = metrics.render(&[("strowger_calls_live", 3)]);
        assert!(text.contains("strowger_events_total{event=\"call.refused.capacity\"} 2"));
        assert!(text.contains("# TYPE strowger_calls_live gauge\nstrowger_calls_live 3"));
    }
}
