//! From the tenants' trunks to what signalling does with outgoing calls: in what
//! order trunks are tried, and how much may go over each.

use super::Tenant;
use crate::node::Node;
use anyhow::Result;
use std::sync::Arc;
use strowger_sip::{
    CallLimits, HealthRules, OutboundRoute, RouteStep, TenantPolicy, TrunkPolicy, Trunking,
};
use strowger_store::Trunk;

/// How often a carrier that calls go out over is asked whether it is there.
const PROBE_EVERY_S: u32 = 30;
/// Refusals that another carrier may not repeat: its own trouble, not the
/// called party's (RFC 3261 §21.5).
const FAIL_OVER_ON: [u16; 3] = [500, 502, 504];

/// Hands signalling the routes and limits of all tenants.
pub async fn publish(node: &Node) -> Result<()> {
    let mut trunking = Trunking::default();
    for tenant in node.tenants.all() {
        add(&mut trunking, &tenant);
    }
    Ok(node.sip.set_trunking(Arc::new(trunking)).await?)
}

fn add(trunking: &mut Trunking, tenant: &Tenant) {
    let config = tenant.config();
    let outgoing = config.trunks.iter().filter(|trunk| trunk.settings.proxy.is_some());
    let steps = outgoing.map(|trunk| RouteStep {
        trunk: trunk.id,
        priority: u16::try_from(trunk.settings.preference).unwrap_or(u16::MAX),
        weight: 1,
    });
    let route = OutboundRoute { steps: steps.collect(), fail_over_on: FAIL_OVER_ON.to_vec() };
    trunking.tenants.insert(tenant.id, TenantPolicy { route, ..TenantPolicy::default() });
    for trunk in &config.trunks {
        trunking.trunks.insert(trunk.id, policy(trunk));
    }
}

fn policy(trunk: &Trunk) -> TrunkPolicy {
    let most = Some(trunk.settings.max_calls).filter(|&most| most > 0);
    let asks = trunk.settings.proxy.is_some();
    TrunkPolicy {
        limits: CallLimits { calls_in: most, calls_out: most, ..CallLimits::default() },
        health: HealthRules {
            probe_every_s: asks.then_some(PROBE_EVERY_S),
            ..HealthRules::default()
        },
        ..TrunkPolicy::default()
    }
}
