//! Asking trunks whether they are there (OPTIONS, RFC 3261 §11).

use super::Endpoint;
use crate::hop::Hop;
use crate::message::{Ask, host_text, sip_uri};
use crate::timer::TimerKey;
use crate::transaction::ClientOwner;
use sipx_sip::{HeaderName, Method, Response};
use strowger_model::{Timestamp, TrunkId};

/// Shortest pause between two probes; more would be load without use.
const LEAST_EVERY_S: u32 = 5;

impl Endpoint {
    /// Starts probing what shall be probed and is not; the first probes are
    /// spread so that a restart does not ask everybody at once.
    pub(super) fn sync_probes(&mut self, now: Timestamp) {
        let directory = self.directory.clone();
        for trunk in directory.trunks() {
            let every = self.book.trunk(trunk.id).health.probe_every_s;
            match every {
                Some(every_s) if trunk.proxy.is_some() => {
                    if !self.book.probes.contains_key(&trunk.id) {
                        let spread = u64::from(every_s.max(LEAST_EVERY_S)) * 1_000;
                        let pause = self.random.between_ms(0, spread);
                        self.probe_at(now.plus_ms(pause), trunk.id);
                    }
                }
                _ => {
                    self.book.probes.remove(&trunk.id);
                }
            }
        }
    }

    fn probe_at(&mut self, at: Timestamp, trunk: TrunkId) {
        self.book.probes.insert(trunk, at);
        self.timers.set(at, TimerKey::Probe(trunk));
    }

    pub(super) fn probe_timer(&mut self, now: Timestamp, at: Timestamp, trunk: TrunkId) {
        if self.book.probes.get(&trunk) == Some(&at) {
            self.probe(now, trunk, 0);
        }
    }

    /// Asks the trunk's address with this number; without one, the round is lost.
    fn probe(&mut self, now: Timestamp, id: TrunkId, number: u8) {
        let directory = self.directory.clone();
        let Some(trunk) = directory.trunk(id) else { return };
        let targets = self.trunks.targets(trunk, |_| 0);
        let Some((transport, remote)) = targets.get(usize::from(number)).copied() else {
            return self.probed(now, id, false);
        };
        let hop = Hop::to_trunk(id, transport, remote);
        let branch = self.random.number();
        let domain = host_text(trunk.domain());
        let own = self.own_address(transport);
        let Some(uri) = sip_uri(None, &domain) else { return self.probed(now, id, false) };
        let request = Ask::new(Method::Options, uri)
            .header(HeaderName::Via, self.via(transport, branch))
            .header(HeaderName::From, format!("<sip:{own}>;tag={}", self.random.hex()))
            .header(HeaderName::To, format!("<sip:{domain}>"))
            .header(HeaderName::CallId, self.random.hex())
            .cseq(1, &Method::Options)
            .header(HeaderName::Contact, format!("<sip:{own}{}>", transport.contact_param()))
            .header(HeaderName::Accept, crate::message::SDP_TYPE)
            .build();
        match request {
            Some(request) => {
                self.ask(now, request, branch, hop, ClientOwner::Probe(id, number));
            }
            None => self.probed(now, id, false),
        }
    }

    /// Whoever answers is there, whatever it says, unless it says that it
    /// takes nothing (503) or that nobody behind it answers (408).
    pub(super) fn on_probe_outcome(
        &mut self,
        now: Timestamp,
        id: TrunkId,
        number: u8,
        response: Option<&Response>,
    ) {
        let status = response.map(|response| response.status.code());
        match status {
            Some(100..=199) => {}
            Some(503 | 408) | None => self.probe(now, id, number.saturating_add(1)),
            Some(_) => self.probed(now, id, true),
        }
    }

    fn probed(&mut self, now: Timestamp, id: TrunkId, ok: bool) {
        self.trunk_changes(now, id, |health, rules| health.probed(now, rules, ok));
        let Some(every_s) = self.book.trunk(id).health.probe_every_s else { return };
        if self.book.probes.contains_key(&id) {
            self.probe_at(now.plus_ms(u64::from(every_s.max(LEAST_EVERY_S)) * 1_000), id);
        }
    }
}
