//! What is known about trunks beyond the directory: addresses and registrations.

use crate::directory::Trunk;
use crate::hop::Transport;
use crate::trunk::{Located, order_targets};
use bytes::Bytes;
use std::collections::HashMap;
use std::net::SocketAddr;
use strowger_model::{Timestamp, TrunkId};

/// One registration of ours.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(crate) trunk: Trunk,
    pub(crate) call_id: Bytes,
    pub(crate) tag: u64,
    pub(crate) cseq: u32,
    pub(crate) expires_s: u32,
    /// As last told to the server.
    pub(crate) ok: Option<bool>,
    pub(crate) failures: u32,
    pub(crate) challenges: u8,
    /// When it is registered next; timers for other times mean nothing.
    pub(crate) next_at: Timestamp,
    /// When the next empty packet keeps the NAT open.
    pub(crate) keep_alive_at: Option<Timestamp>,
    /// The directory no longer wants it: the last REGISTER takes it away.
    pub(crate) leaving: bool,
}

#[derive(Debug, Default)]
pub(crate) struct TrunkTable {
    pub(crate) leases: HashMap<TrunkId, Lease>,
    /// Where the names of proxies lead.
    resolved: HashMap<TrunkId, Vec<Located>>,
}

impl TrunkTable {
    pub(crate) fn set_located(&mut self, trunk: TrunkId, found: Vec<Located>) {
        if found.iter().all(|target| target.addresses.is_empty()) {
            self.resolved.remove(&trunk);
        } else {
            self.resolved.insert(trunk, found);
        }
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(TrunkId) -> bool) {
        self.resolved.retain(|trunk, _| keep(*trunk));
    }

    /// Where a trunk's requests go: every address in the order of one call.
    pub(crate) fn targets(
        &self,
        trunk: &Trunk,
        draw: impl FnMut(u64) -> u64,
    ) -> Vec<(Transport, SocketAddr)> {
        if let (Some(address), Some(proxy)) = (trunk.literal_address(), &trunk.proxy) {
            return vec![(proxy.transport, address)];
        }
        self.resolved.get(&trunk.id).map(|all| order_targets(all, draw)).unwrap_or_default()
    }

    /// Where a trunk's registration goes: to the first of the best.
    pub(crate) fn address(&self, trunk: &Trunk) -> Option<(Transport, SocketAddr)> {
        self.targets(trunk, |_| 0).first().copied()
    }

    /// Whether a packet comes from a trunk's resolved proxy, from any port.
    pub(crate) fn is_at(&self, trunk: TrunkId, source: SocketAddr) -> bool {
        let resolved = self.resolved.get(&trunk).into_iter().flatten();
        let by_lease = self.leases.get(&trunk).and_then(|lease| lease.trunk.literal_address());
        resolved
            .flat_map(|target| &target.addresses)
            .chain(&by_lease)
            .any(|known| known.ip() == source.ip())
    }
}
