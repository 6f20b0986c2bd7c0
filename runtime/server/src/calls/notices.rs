//! What signalling wants an operator to know: trunks that go and come back,
//! sources that are not answered any more.

use crate::node::Node;
use serde_json::json;
use std::sync::Arc;
use strowger_sip::{Notice, TrunkState};
use tokio::sync::mpsc;

/// Hears notices until signalling stops.
pub async fn run(node: Arc<Node>, mut notices: mpsc::Receiver<Notice>) {
    while let Some(notice) = notices.recv().await {
        match notice {
            Notice::Trace(trace) => node.traces.keep(*trace),
            // Signalling itself sends copies where an operator wants them.
            Notice::Message(_) => {}
            Notice::Banned(ban) => {
                node.metrics.count_event("sip.banned");
                let (source, offence) = (ban.source, ban.offence.name());
                tracing::warn!(%source, offence, times = ban.times, "source banned");
            }
            Notice::Trunk { trunk, state, reason } => {
                let tenant =
                    node.tenants.all().into_iter().find(|tenant| {
                        tenant.config().trunks.iter().any(|known| known.id == trunk)
                    });
                let Some(tenant) = tenant else { continue };
                let (state_name, reason) = (state.name(), reason.name());
                let data = json!({"trunk": trunk, "state": state_name, "reason": reason});
                node.events.tenant(tenant.id, "trunk.changed", || data.clone());
                if state != TrunkState::Up {
                    let mut alarm = data;
                    alarm["name"] = json!(format!("trunk {trunk} is {state_name}"));
                    node.raise_alarm(&alarm);
                }
            }
        }
    }
}
