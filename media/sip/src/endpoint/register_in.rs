//! A phone registers (RFC 3261 §10.3).

use super::Endpoint;
use crate::counters::Count;
use crate::event::SipEvent;
use crate::hop::{Hop, Transport};
use crate::limits::MIN_EXPIRES_S;
use crate::message::Reply;
use crate::random::hex64;
use crate::registrar::{Change, Refusal, Wish};
use bytes::Bytes;
use sipx_sip::headers::{CSeq, ContactValue, Expires};
use sipx_sip::message::TypedHeader;
use sipx_sip::uri::Host;
use sipx_sip::{HeaderName, Request, TransactionKey, Via};
use std::net::SocketAddr;
use strowger_model::Timestamp;

impl Endpoint {
    pub(super) fn take_register(
        &mut self,
        now: Timestamp,
        request: Request,
        key: TransactionKey,
        source: Hop,
    ) {
        let Some(phone) = self.identify_phone(now, &request, source) else { return };
        // From here on a repeated request must get the same answer: its proof
        // is good only once.
        let id = self.open_server(now, request.clone(), key, None, source);
        let tag = hex64(self.random.number());
        let order = request
            .headers
            .value(&HeaderName::CallId)
            .zip(request.headers.typed::<CSeq>().and_then(Result::ok))
            .map(|(call_id, cseq)| (Bytes::from(call_id.into_owned()), cseq.sequence));
        let (Some(change), Some(order)) = (read_change(&request), order) else {
            self.counters.add(Count::BadRequest);
            return self.respond(now, id, Reply::new(&request, 400, &tag).build());
        };
        let hop = contact_hop(&request, &change, source);
        let asks_only = matches!(change, Change::Ask);
        let done = self.registrar.change(now, phone.agent, phone.tenant, change, hop, order);
        let (set, gone) = match done {
            Ok(done) => done,
            Err(refusal) => {
                self.counters.add(Count::RegistrationRefused);
                let reply = match refusal {
                    Refusal::TooBrief => Reply::new(&request, 423, &tag)
                        .header(HeaderName::MinExpires, MIN_EXPIRES_S.to_string()),
                    Refusal::TooMany => Reply::new(&request, 403, &tag),
                    Refusal::OutOfOrder => Reply::new(&request, 500, &tag),
                };
                return self.respond(now, id, reply.build());
            }
        };
        let mut reply = Reply::new(&request, 200, &tag);
        for (uri, left_s) in self.registrar.current(now, phone.agent) {
            let contact = [b"<", &uri[..], format!(">;expires={left_s}").as_bytes()].concat();
            reply = reply.header(HeaderName::Contact, contact);
        }
        self.counters.add(Count::Registered);
        self.respond(now, id, reply.build());
        let (agent, tenant) = (phone.agent, phone.tenant);
        for set in set {
            let (contact, expires_s) = (set.contact, set.expires_s);
            self.emit(SipEvent::Registered { agent, tenant, contact, expires_s });
        }
        if gone {
            self.emit(SipEvent::Unregistered { agent, tenant });
        }
        if !asks_only {
            self.keep_contacts(agent, tenant);
            self.phone_came_back(now, agent, source);
        }
    }
}

/// What a REGISTER asks for; `None` if it makes no sense.
fn read_change(request: &Request) -> Option<Change> {
    let header = match request.headers.typed::<Expires>() {
        Some(expires) => Some(expires.ok()?.0),
        None => None,
    };
    let mut wishes = Vec::new();
    let mut wildcard = false;
    for row in request.headers.get_all(&HeaderName::Contact) {
        for value in ContactValue::decode_list(&row.value()).ok()? {
            match value {
                ContactValue::Wildcard => wildcard = true,
                ContactValue::Address(address) => {
                    let own = match address.param("expires") {
                        Some(text) => std::str::from_utf8(text).ok()?.parse().ok(),
                        None => header,
                    };
                    wishes.push(Wish { uri: address.uri, expires_s: own });
                }
            }
        }
    }
    match (wildcard, wishes.is_empty()) {
        // `*` goes with nothing else, and only to take everything away (§10.2.2).
        (true, true) if header == Some(0) => Some(Change::Clear),
        (true, _) => None,
        (false, true) => Some(Change::Ask),
        (false, false) => Some(Change::Set(wishes)),
    }
}

/// Where a phone will be called: where it was seen, unless it is plainly
/// reachable under the address that it gave.
fn contact_hop(request: &Request, change: &Change, source: Hop) -> Hop {
    let Change::Set(wishes) = change else { return source };
    let [wish] = wishes.as_slice() else { return source };
    let asks_for_port =
        matches!(request.headers.typed::<Via>(), Some(Ok(via)) if via.rport().is_some());
    let same = matches!(wish.uri.host(), Some(Host::Ip(ip)) if *ip == source.remote.ip());
    if source.transport == Transport::Udp && same && !asks_for_port {
        let port = wish.uri.port().unwrap_or(5060);
        return Hop::udp(SocketAddr::new(source.remote.ip(), port));
    }
    source
}
