//! Where a phone's wish to transfer leads to, and whether the tenant lets it.
//! Whether the call is in a state for it, the call decides.

use super::signalling::caller;
use crate::node::Node;
use crate::tenants::Tenant;
use crate::tenants::config::Destination;
use strowger_call::{LegInput, ReferTo};
use strowger_sip::Refer;

/// What a REFER on a leg of the tenant means.
pub fn referral(node: &Node, tenant: &Tenant, over_trunk: bool, refer: &Refer) -> LegInput {
    LegInput::Referred {
        target: caller(&refer.target),
        to: leads_to(node, tenant, over_trunk, refer),
    }
}

fn leads_to(node: &Node, tenant: &Tenant, over_trunk: bool, refer: &Refer) -> ReferTo {
    let config = tenant.config();
    if over_trunk && !config.limits.trunks_transfer {
        return ReferTo::Nowhere { sip_status: 403 };
    }
    if refer.replaces.is_some() {
        let other = refer.replaces_dialog.and_then(|dialog| node.calls.leg(dialog));
        // A dialog of somebody else's server cannot be joined with from here.
        return match other.filter(|(call, _)| call.tenant == tenant.id) {
            Some((call, leg)) => ReferTo::Leg { call: call.call, leg },
            None => ReferTo::Nowhere { sip_status: 481 },
        };
    }
    if let Some(host) = &refer.elsewhere {
        return ReferTo::Elsewhere { host: host.clone() };
    }
    let target = refer.target.as_str();
    match config.destination(target).or_else(|| config.beyond(target)) {
        Some(Destination::Flow(_) | Destination::Unbound) => ReferTo::Number,
        Some(Destination::Extension) => ReferTo::Target(format!("extension:{target}")),
        Some(Destination::Outside) => ReferTo::Target(format!("number:{target}")),
        Some(Destination::Forbidden) => ReferTo::Nowhere { sip_status: 403 },
        None => ReferTo::Nowhere { sip_status: 404 },
    }
}
