//! Several carriers and a route over them.

use super::*;

pub const FIRST: &str = "10.0.0.11:5060";
pub const SECOND: &str = "10.0.0.12:5060";
pub const THIRD: &str = "10.0.0.13:5060";

pub fn step(trunk: u128, priority: u16, weight: u16) -> RouteStep {
    RouteStep { trunk: trunk_id(trunk), priority, weight }
}

/// A tenant with three carriers, tried in this order.
pub fn carriers(trunking: Trunking) -> Bench {
    let trunks = vec![trunk(1, 1, FIRST), trunk(2, 1, SECOND), trunk(3, 1, THIRD)];
    let directory = Directory::new(vec![domains(1, "acme.example")], vec![], trunks, None);
    let mut bench = Bench::with(EndpointConfig::new(addr(US)), directory.unwrap());
    bench.act(|endpoint, now| endpoint.set_trunking(now, Arc::new(trunking)));
    bench
}

/// The route over all three, and what else is asked of the tenant.
pub fn in_order(change: impl FnOnce(&mut Trunking)) -> Trunking {
    let route = OutboundRoute {
        steps: vec![step(1, 1, 0), step(2, 2, 0), step(3, 3, 0)],
        fail_over_on: vec![],
    };
    let mut trunking = Trunking::default();
    trunking.tenants.insert(tenant(1), TenantPolicy { route, ..TenantPolicy::default() });
    change(&mut trunking);
    trunking
}

impl Bench {
    /// Places a call over the tenant's route.
    pub fn route(&mut self, number: u64, called: &str) -> DialogKey {
        let dialog = DialogKey::outbound(number);
        let request = InviteRequest {
            target: InviteTarget::Route { tenant: tenant(1), number: called.into() },
            caller: Caller { number: "+441632960000".into(), name: Some("Acme".into()) },
            media: media(6000),
            ring_timeout_ms: 60_000,
            headers: vec![],
        };
        self.act(|endpoint, now| endpoint.invite(now, dialog, request));
        dialog
    }

    /// The INVITE that was sent last, and where to; everything sent is taken.
    pub fn invited(&mut self) -> (SocketAddr, String) {
        let sent = std::mem::take(&mut self.sent);
        let found = sent.into_iter().rfind(|(_, text)| text.starts_with("INVITE"));
        let (hop, text) = found.expect("no INVITE was sent");
        (hop.remote, text)
    }

    pub fn status(&self, trunk: u128) -> TrunkStatus {
        let all = self.endpoint.trunk_statuses(self.now);
        all.into_iter().find(|status| status.trunk == trunk_id(trunk)).unwrap()
    }
}
