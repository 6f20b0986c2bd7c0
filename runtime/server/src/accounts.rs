//! What is counted and booked when a call or a wait is over, or a router has decided.

use crate::clock;
use crate::node::Node;
use crate::rollout::figures;
use crate::tenants::{Tenant, spending};
use strowger_acd::{ContactEnded, Decision};
use strowger_model::{CallRecord, VersionFigures, VersionId};
use strowger_store::{ProgramKind, UsageSums};

/// Takes a finished call into account: metrics, how its version fares, and the
/// tenant's spending.
pub async fn call_over(node: &Node, tenant: &Tenant, flow: &str, record: &CallRecord) {
    let config = tenant.config();
    node.metrics.call_finished(record);
    if record.guest.turns > 0 {
        node.metrics.flow_used(&config.name, &format!("flow/{flow}"), &record.guest);
    }
    watch(node, tenant, ProgramKind::Flow, figures::of_call(record));
    for leg in &record.legs {
        let Some(media) = &leg.media else { continue };
        let trunk = leg.trunk.and_then(|id| config.trunks.iter().find(|trunk| trunk.id == id));
        let trunk = trunk.map(|trunk| trunk.settings.name.as_str()).unwrap_or_default();
        node.metrics.media_used(&config.name, trunk, media);
    }
    spending::book(node, tenant, record).await;
}

/// Takes what a router has done into account: metrics, how its version fares, and
/// the journal of routing. `module` is the router's name there.
pub fn decided(node: &Node, tenant: &Tenant, module: &str, decision: &Decision) {
    node.metrics.decision(&tenant.config().name, module, decision);
    let mut used = UsageSums {
        turns: 1,
        fuel: decision.fuel,
        busy_us: decision.busy_us,
        ..UsageSums::default()
    };
    if decision.fault.is_some() {
        used.faults.insert("router".to_owned(), 1);
    }
    let version = figures::version_of(&decision.router);
    node.metering.add(tenant.id, decision.at, module, version, &used);
    watch(node, tenant, ProgramKind::Router, figures::of_decision(decision));
    node.ledger.decision(decision);
}

/// Takes a contact into account whose wait is over: how the version fares that
/// was to decide about it.
pub fn contact_over(node: &Node, tenant: &Tenant, ended: &ContactEnded) {
    let Some((version, figures)) = figures::of_contact(ended) else { return };
    watch(node, tenant, ProgramKind::Router, Some((version, figures)));
    node.ledger.routed_contact(tenant.id, version, clock::now(), ended);
}

fn watch(
    node: &Node,
    tenant: &Tenant,
    kind: ProgramKind,
    counted: Option<(VersionId, VersionFigures)>,
) {
    if let Some((version, figures)) = counted
        && !node.watch.ended(tenant.id, kind, version, figures)
    {
        node.metrics.count_event("rollout.not_counted");
    }
}
