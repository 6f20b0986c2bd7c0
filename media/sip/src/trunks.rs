//! What is known about trunks beyond the directory: addresses and registrations.

use crate::directory::Trunk;
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
    /// What the names of proxies resolved to, best first.
    resolved: HashMap<TrunkId, Vec<SocketAddr>>,
}

impl TrunkTable {
    pub(crate) fn set_addresses(&mut self, trunk: TrunkId, addresses: Vec<SocketAddr>) {
        if addresses.is_empty() {
            self.resolved.remove(&trunk);
        } else {
            self.resolved.insert(trunk, addresses);
        }
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(TrunkId) -> bool) {
        self.resolved.retain(|trunk, _| keep(*trunk));
    }

    /// Where a trunk's requests go.
    pub(crate) fn address(&self, trunk: &Trunk) -> Option<SocketAddr> {
        trunk
            .literal_address()
            .or_else(|| self.resolved.get(&trunk.id).and_then(|all| all.first()).copied())
    }

    /// Whether a packet comes from a trunk's resolved proxy, from any port.
    pub(crate) fn is_at(&self, trunk: TrunkId, source: SocketAddr) -> bool {
        let resolved = self.resolved.get(&trunk);
        let by_lease = self.leases.get(&trunk).and_then(|lease| lease.trunk.literal_address());
        resolved.into_iter().flatten().chain(&by_lease).any(|known| known.ip() == source.ip())
    }
}
