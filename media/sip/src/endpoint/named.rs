//! Requests inside a dialog whose next hop is a host name (RFC 3261 §8.1.2,
//! RFC 3263 §4): where they go, and where they go when nobody is there.
//!
//! The answer to an INVITE of ours waits until its name is known, since its
//! ACK cannot wait. A call that came in has time: until its caller's name is
//! known, requests go to the neighbour that it came from.

use super::Endpoint;
use super::invite_response::{confirmed_way, to_tag};
use crate::call::{Dialog, Neighbour, is_private, next_hop, next_name};
use crate::counters::Count;
use crate::event::{DialogKey, Source};
use crate::hop::{Hop, Transport};
use crate::message::has_option;
use crate::names::{Known, LookupId, Name, PATIENCE_MS};
use crate::timer::TimerKey;
use crate::transaction::ClientOwner;
use crate::trunk::{Located, order_targets};
use sipx_sip::{ClientTransaction, Header, HeaderName, Method, Response, Timers};
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use strowger_model::Timestamp;

/// Repetitions of an answer of theirs that get the same ACK again: one lost
/// packet is likelier than a proxy that is gone.
const SAME_ACKS: u8 = 1;

impl Endpoint {
    /// Where a name of [`crate::Output::LookUp`] leads; `None` if nobody could
    /// be asked.
    pub fn name_located(&mut self, now: Timestamp, lookup: LookupId, found: Option<Vec<Located>>) {
        self.at(now);
        let waiting = self.names.located(now, lookup, found);
        for call in waiting.calls {
            self.with_call(call, |endpoint, call| {
                if let Some(neighbour) = call.dialog.awaits.take() {
                    endpoint.aim(now, &mut call.dialog, neighbour, None);
                }
                super::Fate::Keep
            });
        }
        for (id, response) in waiting.responses {
            self.take_response(now, id, response);
        }
    }

    /// Decides where a dialog's requests go from now on. A call that is named
    /// is told again once a name is looked up.
    pub(super) fn aim(
        &mut self,
        now: Timestamp,
        dialog: &mut Dialog,
        neighbour: Neighbour,
        call: Option<DialogKey>,
    ) {
        let before = dialog.hop;
        dialog.awaits = None;
        dialog.spare.clear();
        dialog.hop = next_hop(&dialog.routes, &dialog.target, neighbour);
        let Some(name) = next_name(&dialog.routes, &dialog.target, neighbour) else { return };
        match self.find_name(now, &name) {
            Known::Found(found) => {
                let mut hops = self.hops(&name, &found, neighbour, before);
                if let Some(first) = hops.pop_front() {
                    (dialog.hop, dialog.spare) = (first, hops);
                }
            }
            Known::Asked(lookup) => {
                if let Some(call) = call {
                    dialog.awaits = Some(neighbour);
                    self.names.wait(lookup, call);
                }
            }
            Known::Full => {}
        }
    }

    fn find_name(&mut self, now: Timestamp, name: &Name) -> Known {
        let (known, question) = self.names.find(now, name);
        if let Some(question) = question {
            self.timers.set(now.plus_ms(PATIENCE_MS), TimerKey::Name(question.id));
            self.outputs.push_back(super::Output::LookUp(question));
        }
        known
    }

    /// The servers behind a name in the order in which they are tried: first the
    /// one that the dialog was with before, at last the neighbour. None if it
    /// leads to nobody that can be reached.
    fn hops(
        &mut self,
        name: &Name,
        found: &[Located],
        neighbour: Neighbour,
        before: Hop,
    ) -> VecDeque<Hop> {
        let random = &mut self.random;
        let targets = order_targets(found, |n| random.between_ms(0, n));
        let mut hops: VecDeque<Hop> = targets
            .into_iter()
            .filter(|(_, remote)| can_reach(remote.ip(), neighbour.hop.remote.ip()))
            .filter_map(|target| hop_to(name, target, neighbour))
            .filter(|hop| hop.transport != Transport::Tcp || self.config.tcp.is_some())
            .collect();
        let same = |hop: &Hop| (hop.transport, hop.remote) == (before.transport, before.remote);
        if let Some(hop) = hops.iter().position(same).and_then(|place| hops.remove(place)) {
            hops.push_front(hop);
        }
        let weaker = name.transport.is_secure() && !neighbour.hop.transport.is_secure();
        if !hops.is_empty() && !hops.contains(&neighbour.hop) && !weaker {
            hops.push_back(neighbour.hop);
        }
        hops
    }

    /// A response of theirs: one that must be acknowledged at an address that
    /// is not known yet waits until it is.
    pub(super) fn hold_response(
        &mut self,
        now: Timestamp,
        id: u64,
        response: Response,
    ) -> Option<Response> {
        let Some((name, urgent)) = self.name_behind(id, &response) else { return Some(response) };
        match self.find_name(now, &name) {
            Known::Asked(lookup) if urgent => self.names.hold(lookup, id, response),
            _ => Some(response),
        }
    }

    /// The name that a response makes the next hop of its dialog, and whether
    /// something goes there at once.
    fn name_behind(&mut self, id: u64, response: &Response) -> Option<(Name, bool)> {
        let status = response.status.code();
        if !(101..300).contains(&status) {
            return None;
        }
        let client = self.transactions.client(id)?;
        let key = match client.owner {
            ClientOwner::Invite(key) => Some(key),
            ClientOwner::Abandoned => None,
            _ => return None,
        };
        let tag = to_tag(response)?;
        if client.acks.iter().any(|ack| ack.tag == tag) {
            return None;
        }
        let hop = client.hop;
        let source = key.and_then(|key| self.calls.get(&key)).map(|call| call.source);
        let neighbour = source.map_or(Neighbour::stray(hop), |source| Neighbour::new(hop, &source));
        let (routes, target) = confirmed_way(response);
        let name = next_name(&routes, &target?, neighbour)?;
        let reliable = has_option(&response.headers, &HeaderName::Require, "100rel");
        Some((name, status >= 200 || reliable))
    }

    /// A request inside a dialog found nobody: asks the same of the next server
    /// (RFC 3263 §4.3). `true` if it goes on.
    pub(super) fn ask_elsewhere(
        &mut self,
        now: Timestamp,
        id: u64,
        owner: ClientOwner,
        response: Option<&Response>,
    ) -> bool {
        let key = match owner {
            ClientOwner::Reinvite(key)
            | ClientOwner::Bye(key)
            | ClientOwner::Refer(key)
            | ClientOwner::Notify(key)
            | ClientOwner::Info(key) => key,
            _ => return false,
        };
        let Some(client) = self.transactions.client(id) else { return false };
        let mut request = client.machine.request().clone();
        let tried = client.hop;
        let gone = match response {
            None => true,
            // A refused INVITE's transaction lives on for its ACK.
            Some(response) => response.status.code() == 503 && request.method != Method::Invite,
        };
        let Some(call) = self.calls.get_mut(&key).filter(|_| gone) else { return false };
        if call.dialog.hop == tried {
            let Some(next) = call.dialog.spare.pop_front() else { return false };
            call.dialog.hop = next;
        }
        let hop = call.dialog.hop;
        let branch = self.random.number();
        let Ok(via) = Header::build(HeaderName::Via, self.via(hop.transport, branch)) else {
            return false;
        };
        request.headers.remove_first(&HeaderName::Via);
        request.headers.insert(0, via);
        let reliability = hop.transport.reliability();
        let (machine, todo) = ClientTransaction::new(request, reliability, Timers::default());
        if !self.transactions.replace_client(id, machine, branch, hop) {
            return false;
        }
        self.counters.add(Count::FailedOver);
        self.run_client(now, id, todo);
        true
    }

    /// An answer of theirs came again: so does its ACK, to the next server once
    /// the one that had it seems gone. `false` if it was never acknowledged.
    pub(super) fn repeat_ack(&mut self, id: u64, key: DialogKey, tag: &[u8]) -> bool {
        let Some(client) = self.transactions.client(id) else { return false };
        let Some(ack) = client.acks.iter_mut().find(|ack| ack.tag == tag) else { return false };
        ack.repeats = ack.repeats.saturating_add(1);
        let (bytes, hop, worn) = (ack.bytes.clone(), ack.hop, ack.repeats > SAME_ACKS);
        let cseq = self.invite_cseq(id);
        let dialog = self.calls.get_mut(&key).map(|call| &mut call.dialog);
        let dialog = dialog.filter(|dialog| worn && dialog.remote_tag.as_deref() == Some(tag));
        if let (Some(dialog), Some(cseq)) = (dialog, cseq)
            && dialog.hop == hop
            && let Some(next) = dialog.spare.pop_front()
        {
            dialog.hop = next;
            let dialog = dialog.clone();
            self.counters.add(Count::FailedOver);
            self.acknowledge(id, &dialog, cseq, dialog.remote_tag.clone().unwrap_or_default());
            return true;
        }
        self.transmit(hop, bytes);
        true
    }
}

impl Neighbour {
    /// Who sent or was sent a leg's messages.
    pub(crate) fn new(hop: Hop, source: &Source) -> Self {
        match *source {
            Source::Trunk { trunk, .. } => Self { hop, phone: false, trunk: Some(trunk) },
            Source::Extension { .. } => Self { hop, phone: true, trunk: None },
        }
    }

    /// Of a call that nobody knows any more.
    pub(crate) fn stray(hop: Hop) -> Self {
        Self { hop, phone: false, trunk: hop.trunk }
    }
}

/// Addresses of our own network are no way for somebody outside of it to aim
/// us, nor do they lead anywhere when they are of somebody else's.
fn can_reach(ip: IpAddr, neighbour: IpAddr) -> bool {
    let private = is_private(ip) && !is_private(neighbour) && !neighbour.is_loopback();
    let inner = ip.is_loopback() && !neighbour.is_loopback();
    !(private || inner || ip.is_unspecified() || ip.is_multicast())
}

/// One server's hop. Inside TLS a stream is opened for a trunk only, whose
/// proxy's name the other end must prove (RFC 5922 §7).
fn hop_to(
    name: &Name,
    (transport, remote): (Transport, SocketAddr),
    neighbour: Neighbour,
) -> Option<Hop> {
    let Neighbour { hop, trunk, .. } = neighbour;
    let same_host = remote.ip() == hop.remote.ip();
    if same_host && hop.transport == Transport::Tls {
        return Some(hop);
    }
    // A peer that says nothing of a transport keeps to the one it came over.
    let keeps = same_host && !name.is_told && name.port.is_some();
    let transport = if keeps { hop.transport } else { transport };
    let trunk = match transport {
        Transport::Udp | Transport::Tcp => None,
        Transport::Tls => Some(trunk?),
        Transport::Ws | Transport::Wss => return None,
    };
    let connection = hop.connection.filter(|_| same_host && transport == hop.transport);
    Some(Hop { transport, remote, connection: connection.filter(|_| transport.is_stream()), trunk })
}
