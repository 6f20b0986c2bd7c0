//! What is told of each trunk and tenant, from signalling's own figures.

use super::text::{Kind, Text};
use strowger_sip::{CallFigures, Refusal, TrunkState, TrunkStatus};

/// A trunk with the names that people know it by.
#[derive(Clone, Debug)]
pub struct NamedTrunk {
    /// Name of its tenant.
    pub tenant: String,
    /// Its own.
    pub name: String,
    /// Whether our registration holds; none: we do not register.
    pub registered: Option<bool>,
    /// How it is doing.
    pub status: TrunkStatus,
}

/// What a tenant's calls were refused for, over all its trunks.
#[derive(Clone, Debug)]
pub struct NamedTenant {
    /// Its name.
    pub name: String,
    /// Refusals by reason.
    pub refused: Vec<(Refusal, u64)>,
}

/// Writes every trunk and tenant.
pub fn render(text: &mut Text, trunks: &[NamedTrunk], tenants: &[NamedTenant]) {
    let counter = Kind::Counter;
    counts(text, trunks, "strowger_trunk_calls_total", "Calls begun.", |f| f.calls);
    counts(text, trunks, "strowger_trunk_calls_answered_total", "Calls answered.", |f| f.answered);
    let help = "Calls that rang or were answered at once.";
    counts(text, trunks, "strowger_trunk_calls_rang_total", help, |f| f.rang);
    let help = "Post-dial delay of the calls that rang, together.";
    counts(text, trunks, "strowger_trunk_ring_delay_milliseconds_total", help, |f| f.ring_delay_ms);
    let help = "Calls that ended unanswered, by cause.";
    let mut family = text.family("strowger_trunk_calls_failed_total", counter, help);
    for trunk in trunks {
        for (way, figures) in ways(trunk) {
            for (cause, count) in &figures.failed {
                let [tenant, name] = labels(trunk);
                family.sample(&[tenant, name, ("direction", way), ("cause", cause)], count);
            }
        }
    }
    let help = "Calls that a trunk was not given, by reason.";
    let mut family = text.family("strowger_trunk_calls_refused_total", counter, help);
    for trunk in trunks {
        for (reason, count) in &trunk.status.refused {
            let [tenant, name] = labels(trunk);
            family.sample(&[tenant, name, ("reason", reason.name())], count);
        }
    }
    let help = "Calls that a tenant's own rules refused, by reason.";
    let mut family = text.family("strowger_tenant_calls_refused_total", counter, help);
    for tenant in tenants {
        for (reason, count) in &tenant.refused {
            family.sample(&[("tenant", &tenant.name), ("reason", reason.name())], count);
        }
    }
    now(text, trunks);
}

/// What holds at this moment.
fn now(text: &mut Text, trunks: &[NamedTrunk]) {
    let mut family = text.family("strowger_trunk_calls", Kind::Gauge, "Calls on a trunk now.");
    for trunk in trunks {
        let [tenant, name] = labels(trunk);
        family.sample(&[tenant, name, ("direction", "inbound")], trunk.status.calls_in);
        family.sample(&[tenant, name, ("direction", "outbound")], trunk.status.calls_out);
    }
    let help = "Whether a trunk is given calls: 1 yes, 0 no.";
    let mut family = text.family("strowger_trunk_up", Kind::Gauge, help);
    for trunk in trunks {
        let up = u8::from(trunk.status.state == TrunkState::Up);
        family.sample(&labels(trunk), up);
    }
    let help = "Whether we are registered at a trunk that we register at.";
    let mut family = text.family("strowger_trunk_registered", Kind::Gauge, help);
    for trunk in trunks {
        if let Some(registered) = trunk.registered {
            family.sample(&labels(trunk), u8::from(registered));
        }
    }
}

fn counts(
    text: &mut Text,
    trunks: &[NamedTrunk],
    name: &'static str,
    help: &str,
    count: impl Fn(&CallFigures) -> u64,
) {
    let mut family = text.family(name, Kind::Counter, help);
    for trunk in trunks {
        for (way, figures) in ways(trunk) {
            let [tenant, name] = labels(trunk);
            family.sample(&[tenant, name, ("direction", way)], count(figures));
        }
    }
}

fn ways(trunk: &NamedTrunk) -> [(&'static str, &CallFigures); 2] {
    let figures = &trunk.status.figures;
    [("inbound", &figures.inbound), ("outbound", &figures.outbound)]
}

fn labels(trunk: &NamedTrunk) -> [(&'static str, &str); 2] {
    [("tenant", &trunk.tenant), ("trunk", &trunk.name)]
}
