//! What is counted and booked when a call is over.

use crate::node::Node;
use crate::rollout::figures;
use crate::tenants::{Tenant, spending};
use strowger_model::CallRecord;

/// Takes a finished call into account: metrics, how its version fares, and the
/// tenant's spending.
pub async fn call_over(node: &Node, tenant: &Tenant, flow: &str, record: &CallRecord) {
    let config = tenant.config();
    node.metrics.call_finished(record);
    if record.guest.turns > 0 {
        node.metrics.flow_used(&config.name, &format!("flow/{flow}"), &record.guest);
    }
    if let Some((version, figures)) = figures::of_call(record)
        && !node.watch.ended(tenant.id, version, figures)
    {
        node.metrics.count_event("rollout.not_counted");
    }
    for leg in &record.legs {
        let Some(media) = &leg.media else { continue };
        let trunk = leg.trunk.and_then(|id| config.trunks.iter().find(|trunk| trunk.id == id));
        let trunk = trunk.map(|trunk| trunk.settings.name.as_str()).unwrap_or_default();
        node.metrics.media_used(&config.name, trunk, media);
    }
    spending::book(node, tenant, record).await;
}
