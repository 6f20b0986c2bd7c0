//! A tenant's guests on this node, all its calls together: which versions are
//! disabled, how much time they take.

use super::Tenant;
use super::breaker::{Turned, Verdict};
use super::breakers::Breakers;
use super::latency::Latency;
use super::share::Share;
use crate::clock;
use crate::node::Node;
use serde_json::json;
use std::sync::Arc;
use strowger_call::{Fault, FaultKind};
use strowger_guest::GuestMemory;
use strowger_model::{Blame, CallId, Timestamp, VersionId};

/// What is kept of a tenant's guests besides their calls.
#[derive(Debug, Default)]
pub struct Guests {
    /// Versions out of service.
    pub breakers: Breakers,
    /// Time used.
    pub share: Share,
    /// How long decisions take.
    pub latency: Latency,
    /// Memory held.
    pub memory: Arc<GuestMemory>,
}

/// Whether a version's next turn belongs on the background threads.
pub fn is_over_share(
    node: &Node,
    tenant: &Tenant,
    now: Timestamp,
    version: Option<VersionId>,
) -> bool {
    tenant.guests.share.is_over(now, version, || node.crowd.has_others(now, tenant.id))
}

/// Whether a new call may run a version; if not, what its flow has failed of.
pub fn admit(
    node: &Node,
    tenant: &Tenant,
    (flow, version): (&str, VersionId),
    call: CallId,
) -> Option<Fault> {
    let config = tenant.config();
    let rules = &config.limits.guest.breaker;
    let (verdict, turned) =
        tenant.guests.breakers.admit(clock::now(), (flow, version), call, rules);
    tell(node, tenant, flow, version, turned);
    if verdict != Verdict::Fallback {
        return None;
    }
    node.metrics.count_event("version.skipped");
    Some(Fault::new(
        FaultKind::Disabled,
        format!(
            "version {version} of {flow} is disabled because it failed again and again; \
             upload or promote another one, or reset it"
        ),
    ))
}

/// A version has failed in a call.
pub fn failed(
    node: &Node,
    tenant: &Tenant,
    (flow, version): (&str, VersionId),
    call: CallId,
    fault: &Fault,
) {
    // What the operator or we are to blame for says nothing about the version.
    if fault.blame != Blame::Guest || fault.kind == FaultKind::Disabled {
        return;
    }
    let config = tenant.config();
    let rules = &config.limits.guest.breaker;
    let reason = fault.to_string();
    let turned = tenant.guests.breakers.fault(clock::now(), version, call, &reason, rules);
    tell(node, tenant, flow, version, turned);
}

/// A call that began with a version is over.
pub fn over(node: &Node, tenant: &Tenant, (flow, version): (&str, VersionId), call: CallId) {
    let turned = tenant.guests.breakers.call_over(version, call);
    tell(node, tenant, flow, version, turned);
}

/// Puts a flow's versions back into service; how many were out of it.
pub fn reset(node: &Node, tenant: &Tenant, flow: &str) -> usize {
    let back = tenant.guests.breakers.reset(flow);
    for version in &back {
        tell(node, tenant, flow, *version, Some(Turned::On));
    }
    back.len()
}

fn tell(node: &Node, tenant: &Tenant, flow: &str, version: VersionId, turned: Option<Turned>) {
    let alarm = format!("version.disabled {version}");
    match turned {
        None => {}
        Some(Turned::Off { until, times, reason }) => {
            node.metrics.count_event("version.disabled");
            let data = json!({
                "flow": flow, "version": version, "reason": reason, "until": until, "times": times,
            });
            node.events.tenant(tenant.id, "version.disabled", || data.clone());
            let mut alarmed = data;
            alarmed["name"] = alarm.into();
            alarmed["tenant"] = tenant.config().name.clone().into();
            node.raise_alarm(&alarmed);
        }
        Some(Turned::On) => {
            node.metrics.count_event("version.enabled");
            let data = json!({"flow": flow, "version": version});
            node.events.tenant(tenant.id, "version.enabled", || data);
            node.clear_alarm(&alarm);
        }
    }
}
