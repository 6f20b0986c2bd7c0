//! From the tenants' rules to what signalling does with calls over trunks: in
//! what order trunks are tried, how much may go over each and whereto, how
//! numbers are written, and how SIP and media are spoken.

use super::Tenant;
use crate::node::Node;
use anyhow::Result;
use std::sync::Arc;
use strowger_sip::{HealthRules, Policies, RouteStep, TenantPolicy, TrunkPolicy, Trunking};
use strowger_store::{Trunk, rules};

/// How often a carrier that calls go out over is asked whether it is there.
const PROBE_EVERY_S: u32 = 30;

/// Hands signalling the routes, limits and policies of all tenants.
pub async fn publish(node: &Node) -> Result<()> {
    let (mut trunking, mut policies) = (Trunking::default(), Policies::default());
    for tenant in node.tenants.all() {
        add(&mut trunking, &mut policies, &tenant);
    }
    node.sip.set_policies(Arc::new(policies)).await?;
    node.sip.set_trunking(Arc::new(trunking)).await?;
    super::spending::publish(node).await
}

fn add(trunking: &mut Trunking, policies: &mut Policies, tenant: &Tenant) {
    let config = tenant.config();
    let mut policy = rules::tenant_policy(&config.rules).unwrap_or_else(|error| {
        // Checked when they were stored: only an older server's checks let them pass.
        tracing::error!(tenant = %tenant.id, %error, "the tenant's rules do not hold: set them anew");
        TenantPolicy::default()
    });
    // A flow that has gone wild must not dial without end.
    policy.limits.calls_out.get_or_insert(config.limits.max_live_calls);
    // Past its quotas a tenant's calls end here, before anything is made of them.
    policy.limits.calls_in.get_or_insert(config.limits.max_live_calls);
    policy.limits.calls_per_s.get_or_insert(config.limits.max_calls_per_second.max(1));
    policy.phones_per_s = Some(config.limits.max_calls_per_second.max(1));
    let outgoing = config.trunks.iter().filter(|trunk| trunk.settings.proxy.is_some());
    let steps = outgoing.map(|trunk| RouteStep {
        trunk: trunk.id,
        priority: u16::try_from(trunk.settings.preference).unwrap_or(u16::MAX),
        weight: trunk.rules.weight,
    });
    policy.route.steps = steps.collect();
    trunking.tenants.insert(tenant.id, policy);
    match rules::phone_policy(&config.rules.phones) {
        Ok(phones) => drop(policies.phones_of.insert(tenant.id, phones)),
        Err(error) => {
            tracing::error!(tenant = %tenant.id, %error, "the rules of phones do not hold");
        }
    }
    for trunk in &config.trunks {
        match (trunk_policy(trunk), rules::leg_policy(&trunk.rules)) {
            (Ok(policy), Ok(leg)) => {
                trunking.trunks.insert(trunk.id, policy);
                policies.trunks.insert(trunk.id, leg);
            }
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(trunk = %trunk.id, %error, "the trunk's rules do not hold: set them anew");
            }
        }
    }
}

fn trunk_policy(trunk: &Trunk) -> strowger_store::Result<TrunkPolicy> {
    let mut policy = rules::trunk_policy(&trunk.rules)?;
    if trunk.settings.max_calls > 0 {
        let most = trunk.settings.max_calls;
        for limit in [&mut policy.limits.calls_in, &mut policy.limits.calls_out] {
            *limit = Some(limit.map_or(most, |own| own.min(most)));
        }
    }
    let asks = trunk.settings.proxy.is_some();
    policy.health =
        HealthRules { probe_every_s: asks.then_some(PROBE_EVERY_S), ..HealthRules::default() };
    Ok(policy)
}
