//! Registering with carriers (RFC 3261 §10.2): kept fresh, kept reachable,
//! tried again with growing pauses.

use super::Endpoint;
use crate::directory::Trunk;
use crate::event::SipEvent;
use crate::hop::{Hop, Transport};
use crate::limits::MAX_CHALLENGES;
use crate::message::{Ask, host_text, sip_uri};
use crate::random::hex64;
use crate::timer::TimerKey;
use crate::transaction::ClientOwner;
use crate::trunk::Located;
use crate::trunks::Lease;
use bytes::Bytes;
use sipx_sip::headers::{Contact, Expires};
use sipx_sip::{HeaderName, Method, Response};
use std::net::SocketAddr;
use strowger_model::{Timestamp, TrunkId};

/// What we ask for: short enough that a restarted carrier finds us soon.
const ASKED_EXPIRES_S: u32 = 300;
/// First and longest pause after a failure.
const RETRY_FROM_MS: u64 = 2_000;
const RETRY_TO_MS: u64 = 300_000;
/// NATs forget a UDP flow after 30 s of silence at the earliest (RFC 4787 §4.3
/// asks for two minutes; many do not).
const KEEP_ALIVE_MS: u64 = 25_000;
/// Longest first pause, so that a restart does not register everything at once.
const FIRST_SPREAD_MS: u64 = 500;

impl Endpoint {
    /// What a trunk's proxy name resolved to; best first, empty if to nothing.
    pub fn set_trunk_addresses(
        &mut self,
        now: Timestamp,
        trunk: TrunkId,
        addresses: Vec<SocketAddr>,
    ) {
        let proxy = self.directory.trunk(trunk).and_then(|trunk| trunk.proxy.as_ref());
        let transport = proxy.map_or(Transport::Udp, |proxy| proxy.transport);
        self.set_trunk_targets(
            now,
            trunk,
            vec![Located { transport, rank: 0, weight: 0, addresses }],
        );
    }

    /// Where a trunk's proxy name leads ([`crate::Location`]). Whoever owns the
    /// sockets repeats this as names change.
    pub fn set_trunk_targets(&mut self, now: Timestamp, trunk: TrunkId, found: Vec<Located>) {
        let was = self.directory.trunk(trunk).and_then(|t| self.trunks.address(t));
        self.trunks.set_located(trunk, found);
        let is = self.directory.trunk(trunk).and_then(|t| self.trunks.address(t));
        if was != is && is.is_some() && self.trunks.leases.contains_key(&trunk) {
            self.register_at(now, trunk);
        }
    }

    /// Brings the registrations in line with the directory.
    pub(super) fn sync_trunks(&mut self, now: Timestamp) {
        let directory = self.directory.clone();
        self.trunks.retain(|trunk| directory.trunk(trunk).is_some());
        self.book.retain(
            |trunk| directory.trunk(trunk).is_some(),
            |tenant| directory.realm(tenant).is_some(),
        );
        self.sync_probes(now);
        let stale: Vec<TrunkId> = self
            .trunks
            .leases
            .iter()
            .filter(|(id, lease)| directory.trunk(**id) != Some(&lease.trunk))
            .map(|(id, _)| *id)
            .collect();
        for id in stale {
            self.leave(now, id);
        }
        for trunk in directory.trunks().iter().filter(|trunk| trunk.register) {
            if !self.trunks.leases.contains_key(&trunk.id) {
                let next_at = now.plus_ms(self.random.between_ms(0, FIRST_SPREAD_MS));
                let lease = self.new_lease(trunk, next_at);
                self.trunks.leases.insert(trunk.id, lease);
                self.timers.set(next_at, TimerKey::Trunk(trunk.id));
            }
        }
    }

    /// Takes every registration of ours away, before a shutdown.
    pub fn unregister_trunks(&mut self, now: Timestamp) {
        let all: Vec<TrunkId> = self.trunks.leases.keys().copied().collect();
        for id in all {
            self.leave(now, id);
        }
    }

    fn new_lease(&mut self, trunk: &Trunk, next_at: Timestamp) -> Lease {
        Lease {
            trunk: trunk.clone(),
            call_id: Bytes::from(format!("{}{}", self.random.hex(), self.random.hex())),
            tag: self.random.number(),
            cseq: 0,
            expires_s: ASKED_EXPIRES_S,
            ok: None,
            failures: 0,
            challenges: 0,
            next_at,
            keep_alive_at: None,
            leaving: false,
        }
    }

    fn leave(&mut self, now: Timestamp, id: TrunkId) {
        let Some(mut lease) = self.trunks.leases.remove(&id) else { return };
        if lease.ok == Some(true) {
            lease.leaving = true;
            lease.challenges = 0;
            self.send_register(now, &mut lease, None);
            // Kept out of the table: the same trunk may be registered anew at
            // once. A challenge to this last request is not answered.
        }
        if lease.ok.is_some() {
            self.emit(SipEvent::TrunkRegistered { trunk: id, ok: false, status: None });
        }
    }

    fn register_at(&mut self, at: Timestamp, id: TrunkId) {
        if let Some(lease) = self.trunks.leases.get_mut(&id) {
            lease.next_at = at;
            self.timers.set(at, TimerKey::Trunk(id));
        }
    }

    pub(super) fn trunk_timer(&mut self, now: Timestamp, at: Timestamp, id: TrunkId) {
        let Some(mut lease) = self.trunks.leases.remove(&id) else { return };
        if lease.next_at == at {
            lease.challenges = 0;
            self.send_register(now, &mut lease, None);
        }
        self.trunks.leases.insert(id, lease);
    }

    fn hop_of(&self, trunk: &Trunk) -> Option<Hop> {
        let (transport, remote) = self.trunks.address(trunk)?;
        Some(Hop::to_trunk(trunk.id, transport, remote))
    }

    fn send_register(
        &mut self,
        now: Timestamp,
        lease: &mut Lease,
        proof: Option<(HeaderName, String)>,
    ) {
        let id = lease.trunk.id;
        let Some(hop) = self.hop_of(&lease.trunk) else {
            return self.register_failed(now, lease, None);
        };
        let request = self.register_request(lease, hop, proof);
        match request {
            Some((request, branch)) => {
                self.ask(now, request, branch, hop, ClientOwner::Register(id));
            }
            None => self.register_failed(now, lease, None),
        }
    }

    fn register_request(
        &mut self,
        lease: &mut Lease,
        hop: Hop,
        proof: Option<(HeaderName, String)>,
    ) -> Option<(sipx_sip::Request, u64)> {
        let branch = self.random.number();
        let domain = host_text(lease.trunk.domain());
        let user = lease.trunk.outbound.as_ref()?.username.clone();
        let own = sip_uri(Some(&user), &domain)?;
        lease.cseq += 1;
        let own = String::from_utf8_lossy(&own.to_bytes()).into_owned();
        let expires_s = if lease.leaving { 0 } else { lease.expires_s };
        let mut ask = Ask::new(Method::Register, sip_uri(None, &domain)?)
            .header(HeaderName::Via, self.via(hop.transport, branch))
            .header(HeaderName::From, format!("<{own}>;tag={}", hex64(lease.tag)))
            .header(HeaderName::To, format!("<{own}>"))
            .header(HeaderName::CallId, lease.call_id.clone())
            .cseq(lease.cseq, &Method::Register)
            .header(HeaderName::Contact, self.contact(hop.transport, &user))
            .header(HeaderName::Expires, expires_s.to_string());
        if let Some((name, value)) = proof {
            ask = ask.header(name, value);
        }
        Some((ask.build()?, branch))
    }

    pub(super) fn on_register_outcome(
        &mut self,
        now: Timestamp,
        transaction: u64,
        id: TrunkId,
        response: Option<&Response>,
    ) {
        if response.is_some_and(|response| response.status.is_provisional()) {
            return;
        }
        let uri = self.request_uri(transaction).unwrap_or_default();
        let call_id = self.call_id_of(transaction);
        let Some(mut lease) = self.trunks.leases.remove(&id) else { return };
        // The last word of a registration that was replaced says nothing about the new one.
        if call_id.as_ref() == Some(&lease.call_id) {
            self.register_outcome(now, &mut lease, response, &uri);
        }
        self.trunks.leases.insert(id, lease);
    }

    fn call_id_of(&mut self, transaction: u64) -> Option<Bytes> {
        let client = self.transactions.client(transaction)?;
        let value = client.machine.request().headers.value(&HeaderName::CallId)?;
        Some(Bytes::from(value.into_owned()))
    }

    fn register_outcome(
        &mut self,
        now: Timestamp,
        lease: &mut Lease,
        response: Option<&Response>,
        uri: &str,
    ) {
        let Some(response) = response else { return self.register_failed(now, lease, None) };
        let status = response.status.code();
        match status {
            200..=299 => self.registered(now, lease, response),
            401 | 407 if lease.challenges < MAX_CHALLENGES => {
                lease.challenges += 1;
                let login = lease.trunk.outbound.clone();
                let proof =
                    login.and_then(|login| self.prove_to(response, &login, &Method::Register, uri));
                match proof {
                    Some(proof) => self.send_register(now, lease, Some(proof)),
                    None => self.register_failed(now, lease, Some(status)),
                }
            }
            423 => {
                let least = response.headers.value(&HeaderName::MinExpires);
                let least = least.and_then(|v| std::str::from_utf8(&v).ok()?.trim().parse().ok());
                match least {
                    Some(least) if least > lease.expires_s && least <= 86_400 => {
                        lease.expires_s = least;
                        self.send_register(now, lease, None);
                    }
                    _ => self.register_failed(now, lease, Some(status)),
                }
            }
            _ => self.register_failed(now, lease, Some(status)),
        }
    }

    fn registered(&mut self, now: Timestamp, lease: &mut Lease, response: &Response) {
        lease.failures = 0;
        let granted_s = granted(response).unwrap_or(lease.expires_s).max(30);
        // Refreshed in time for one lost try of 32 s, or at half of a short grant.
        let refresh_s = (granted_s / 2).max(granted_s.saturating_sub(60));
        lease.next_at = now.plus_ms(u64::from(refresh_s) * 1000);
        self.timers.set(lease.next_at, TimerKey::Trunk(lease.trunk.id));
        let over_udp =
            lease.trunk.proxy.as_ref().is_some_and(|proxy| proxy.transport == Transport::Udp);
        if over_udp && lease.keep_alive_at.is_none() {
            let at = now.plus_ms(KEEP_ALIVE_MS);
            lease.keep_alive_at = Some(at);
            self.timers.set(at, TimerKey::KeepAlive(lease.trunk.id));
        }
        self.tell(now, lease, true, Some(response.status.code()));
    }

    fn register_failed(&mut self, now: Timestamp, lease: &mut Lease, status: Option<u16>) {
        if lease.leaving {
            return;
        }
        lease.failures = lease.failures.saturating_add(1);
        lease.keep_alive_at = None;
        let pause = RETRY_FROM_MS << (lease.failures - 1).min(10);
        let pause = pause.min(RETRY_TO_MS);
        lease.next_at = now.plus_ms(self.random.between_ms(pause / 2, pause));
        self.timers.set(lease.next_at, TimerKey::Trunk(lease.trunk.id));
        self.tell(now, lease, false, status);
    }

    fn tell(&mut self, now: Timestamp, lease: &mut Lease, ok: bool, status: Option<u16>) {
        if lease.ok != Some(ok) {
            lease.ok = Some(ok);
            self.emit(SipEvent::TrunkRegistered { trunk: lease.trunk.id, ok, status });
        }
        if !lease.leaving {
            self.trunk_changes(now, lease.trunk.id, |health, _| health.registered(now, ok));
        }
    }

    pub(super) fn keep_alive_timer(&mut self, now: Timestamp, at: Timestamp, id: TrunkId) {
        let Some(lease) = self.trunks.leases.get_mut(&id) else { return };
        if lease.keep_alive_at != Some(at) {
            return;
        }
        let next = now.plus_ms(KEEP_ALIVE_MS);
        lease.keep_alive_at = Some(next);
        let trunk = lease.trunk.clone();
        self.timers.set(next, TimerKey::KeepAlive(id));
        if let Some(hop) = self.hop_of(&trunk) {
            self.transmit(hop, Bytes::from_static(b"\r\n\r\n"));
        }
    }
}

/// What the carrier granted: the Contact's own time, else the Expires header.
fn granted(response: &Response) -> Option<u32> {
    let own = response
        .headers
        .typed_all::<Contact>()
        .filter_map(Result::ok)
        .find_map(|contact| std::str::from_utf8(contact.param("expires")?).ok()?.parse().ok());
    own.or_else(|| Some(response.headers.typed::<Expires>()?.ok()?.0))
}
