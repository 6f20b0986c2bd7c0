//! What is told of tenants' guests: how long decisions take, who is disabled, who
//! waits.

use super::text::{Kind, Text};
use crate::node::Node;
use crate::tenants::Tenant;
use std::sync::Arc;
use strowger_guest::GuestMemory;

/// Tenants with a histogram of their own. An operator with more reads the API.
const MOST_TENANTS: usize = 256;
/// Bounds in microseconds that an operator looks at. The finer counts are in the API.
const BOUNDS: [u64; 13] =
    [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 50_000, 200_000, 1_000_000];

/// Writes everything.
pub fn render(node: &Node, text: &mut Text) {
    let mut tenants: Vec<(String, Arc<Tenant>)> = node
        .tenants
        .all()
        .into_iter()
        .map(|tenant| (tenant.config().name.clone(), tenant))
        .collect();
    tenants.sort_by(|a, b| a.0.cmp(&b.0));
    latency(text, &tenants);
    let help = "Versions of a tenant that are disabled because they failed again and again.";
    let mut family = text.family("strowger_versions_disabled", Kind::Gauge, help);
    for (name, tenant) in &tenants {
        let disabled = tenant.guests.breakers.disabled().len();
        if disabled > 0 {
            family.sample(&[("tenant", name)], disabled);
        }
    }
    memory(text, &tenants);
    text.single(
        "strowger_guest_background_waiting",
        Kind::Gauge,
        "Turns of tenants over their share that wait for a background thread.",
        node.background.waiting(),
    );
    text.single(
        "strowger_calls_to_begin",
        Kind::Gauge,
        "New calls that no guest thread has begun with.",
        node.pressure.waiting(),
    );
    text.single(
        "strowger_call_begin_delay_microseconds",
        Kind::Gauge,
        "How long the last new call waited for a guest thread. While it is too long new calls \
         are refused.",
        node.pressure.last_delay_us(),
    );
}

fn memory(text: &mut Text, tenants: &[(String, Arc<Tenant>)]) {
    let held = "Linear memory that the guests of a tenant hold together.";
    let limit = "What they may hold.";
    let refused = "Memory refused to guests because those of their tenant hold what they may.";
    type Of = fn(&GuestMemory) -> u64;
    let families: [(&'static str, Kind, &str, Of); 3] = [
        ("strowger_guest_memory_bytes", Kind::Gauge, held, GuestMemory::held),
        ("strowger_guest_memory_limit_bytes", Kind::Gauge, limit, GuestMemory::limit),
        ("strowger_guest_memory_refused_total", Kind::Counter, refused, GuestMemory::refused),
    ];
    for (name, kind, help, of) in families {
        let mut family = text.family(name, kind, help);
        for (tenant, known) in tenants.iter().take(MOST_TENANTS) {
            family.sample(&[("tenant", tenant)], of(&known.guests.memory));
        }
    }
}

fn latency(text: &mut Text, tenants: &[(String, Arc<Tenant>)]) {
    let help = "From an event being there to the actions being back, by tenant.";
    let name = "strowger_decision_latency_microseconds";
    let mut family = text.family(name, Kind::Histogram, help);
    let known = tenants.iter().map(|(name, tenant)| (name, &tenant.guests.latency));
    let asked = known.map(|(name, latency)| (name, latency, latency.buckets()));
    for (name, latency, buckets) in asked.filter(|(.., b)| !b.is_empty()).take(MOST_TENANTS) {
        let mut counts = buckets.iter().peekable();
        let mut below = 0;
        for bound in BOUNDS {
            while let Some((_, count)) = counts.next_if(|(upper, _)| *upper <= bound) {
                below += count;
            }
            family.part("_bucket", &[("tenant", name), ("le", &bound.to_string())], below);
        }
        let all: u64 = buckets.iter().map(|(_, count)| count).sum();
        family.part("_bucket", &[("tenant", name), ("le", "+Inf")], all);
        family.part("_sum", &[("tenant", name)], latency.sum_us());
        family.part("_count", &[("tenant", name)], all);
    }
}
