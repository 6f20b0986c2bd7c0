//! The other side transfers (RFC 3515, RFC 3892): the server is told, decides,
//! and its progress goes back as NOTIFYs.

use super::{Endpoint, Fate};
use crate::call::{Call, Phase, ReferIn, Replaces};
use crate::directory::Trunk;
use crate::event::{DialogKey, Refer, SipEvent, Source};
use crate::message::{Reply, host_of, reason_phrase, user_of};
use crate::random::hex64;
use crate::timer::TimerKey;
use crate::transaction::ClientOwner;
use sipx_sip::headers::CSeq;
use sipx_sip::uri::Scheme;
use sipx_sip::{Address, HeaderName, Method, Request, Response};
use strowger_model::Timestamp;

/// A REFER is a request like any other: an answer that comes after 32 s comes
/// too late, and this leaves time for it to travel.
const DECIDE_MS: u64 = 20_000;
/// How long the subscription is said to last; longer than any ringing.
const SUBSCRIPTION_S: u32 = 600;

impl Endpoint {
    /// Accepts the transfer that [`SipEvent::Referred`] told of (202).
    pub fn accept_refer(&mut self, now: Timestamp, dialog: DialogKey) {
        self.with_call(dialog, |endpoint, call| {
            let Some(refer) = &mut call.referred else { return Fate::Keep };
            let Some((id, request)) = refer.undecided.take() else { return Fate::Keep };
            let silent = refer.silent;
            let mut reply = Reply::new(&request, 202, &hex64(call.tag))
                .header(HeaderName::Contact, call.dialog.contact.clone());
            if silent {
                reply = reply.header(HeaderName::ReferSub, "false");
                call.referred = None;
            }
            endpoint.respond(now, id, reply.build());
            endpoint.notify_referrer(now, call, 100);
            Fate::Keep
        });
    }

    /// Refuses the transfer.
    pub fn reject_refer(&mut self, now: Timestamp, dialog: DialogKey, status: u16) {
        self.with_call(dialog, |endpoint, call| {
            let status = if (300..700).contains(&status) { status } else { 603 };
            endpoint.refuse_refer(now, call, status);
            Fate::Keep
        });
    }

    /// Says how the accepted transfer goes, as the status of the new call; one
    /// of 200 or more is the last.
    pub fn refer_progress(&mut self, now: Timestamp, dialog: DialogKey, status: u16) {
        self.with_call(dialog, |endpoint, call| {
            if call.referred.as_ref().is_some_and(|refer| refer.undecided.is_none()) {
                endpoint.notify_referrer(now, call, status.clamp(100, 699));
            }
            Fate::Keep
        });
    }

    fn refuse_refer(&mut self, now: Timestamp, call: &mut Call, status: u16) {
        let Some(refer) = &mut call.referred else { return };
        if let Some((id, request)) = refer.undecided.take() {
            call.referred = None;
            self.respond(now, id, Reply::new(&request, status, &hex64(call.tag)).build());
        }
    }

    /// The call ends: whoever waits for a decision gets one.
    pub(super) fn forget_refer(&mut self, now: Timestamp, call: &mut Call) {
        self.refuse_refer(now, call, 481);
        call.referred = None;
    }

    pub(super) fn refer_timer(&mut self, now: Timestamp, at: Timestamp, key: DialogKey) {
        self.with_call(key, |endpoint, call| {
            if call.referred.as_ref().is_some_and(|refer| refer.decide_by == at) {
                endpoint.refuse_refer(now, call, 603);
            }
            if call.referring.as_ref().is_some_and(|mine| mine.until == at) {
                endpoint.refer_ended(call, 408);
            }
            Fate::Keep
        });
    }

    pub(super) fn take_refer(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        id: u64,
        request: Request,
    ) {
        let tag = hex64(call.tag);
        let busy = call.referred.as_ref().is_some_and(|refer| !refer.done);
        let read = match call.phase {
            Phase::Up if busy => Err(491),
            Phase::Up => self.read_refer(call, &request),
            _ => Err(403),
        };
        let refer = match read {
            Ok(refer) => refer,
            Err(status) => {
                return self.respond(now, id, Reply::new(&request, status, &tag).build());
            }
        };
        let number = request.headers.typed::<CSeq>().and_then(Result::ok);
        let unwanted = request
            .headers
            .value(&HeaderName::ReferSub)
            .is_some_and(|value| value.trim_ascii().eq_ignore_ascii_case(b"false"));
        let decide_by = now.plus_ms(DECIDE_MS);
        self.timers.set(decide_by, TimerKey::Refer(call.key));
        call.referred = Some(Box::new(ReferIn {
            undecided: Some((id, Box::new(request))),
            decide_by,
            id: number.map_or(0, |cseq| cseq.sequence),
            silent: unwanted,
            notifying: false,
            queued: None,
            done: false,
        }));
        self.emit(SipEvent::Referred { dialog: call.key, refer: Box::new(refer) });
    }

    fn read_refer(&self, call: &Call, request: &Request) -> Result<Refer, u16> {
        let mut all = request.headers.get_all(&HeaderName::ReferTo);
        let (Some(first), None) = (all.next(), all.next()) else { return Err(400) };
        let address = Address::parse(&first.value(), "Refer-To").map_err(|_| 400_u16)?;
        let mut uri = address.uri;
        if !matches!(uri.scheme(), Scheme::Sip | Scheme::Sips | Scheme::Tel) {
            return Err(416);
        }
        // Other methods would let a peer send what it likes in our name.
        let method = uri.params().and_then(|params| params.get("method"));
        let method = method.and_then(|param| param.value().map(|value| value.to_vec()));
        if method.is_some_and(|method| !method.eq_ignore_ascii_case(b"INVITE")) {
            return Err(403);
        }
        let named = uri.headers().and_then(|headers| headers.get("Replaces"));
        let replaces = match named.and_then(|param| param.value().map(|value| value.to_vec())) {
            Some(escaped) => {
                let text = unescape(&escaped).ok_or(400_u16)?;
                Some(Replaces::parse(&text).ok_or(400_u16)?)
            }
            None => None,
        };
        uri.remove_header("Replaces");
        let ours = replaces.as_ref().and_then(|r| self.replaced_dialog(r, &call.source).ok());
        let referred_by = request
            .headers
            .value(&HeaderName::ReferredBy)
            .and_then(|value| Address::parse(&value, "Referred-By").ok())
            .map(|address| String::from_utf8_lossy(&address.uri.to_bytes()).into_owned());
        let mut target = user_of(&uri).unwrap_or_default();
        if let Source::Trunk { trunk, .. } = call.source {
            target = self.book.trunk(trunk).called_in.apply(&target);
        }
        let host = host_of(&uri).filter(|host| !self.is_here(call, host));
        Ok(Refer {
            target,
            elsewhere: host,
            uri: String::from_utf8_lossy(&uri.to_bytes()).into_owned(),
            replaces,
            replaces_dialog: ours,
            referred_by,
        })
    }

    /// Whether a number at this host is one that we are asked for: it is us, the
    /// tenant's domain, what the peer calls us, or the trunk that asks.
    fn is_here(&self, call: &Call, host: &str) -> bool {
        let tenant = call.source.tenant();
        let called = Address::parse(&call.dialog.local, "From").ok();
        let trunk = call.source.trunk().and_then(|trunk| self.directory.trunk(trunk));
        let names_trunk = |trunk: &Trunk| {
            let proxy = trunk.proxy.as_ref().map(|proxy| proxy.host.as_str());
            let seen = host == call.dialog.hop.remote.ip().to_string();
            let named = [trunk.domain.as_deref(), proxy];
            seen || named.into_iter().flatten().any(|name| name.eq_ignore_ascii_case(host))
        };
        self.is_ours(host)
            || self.directory.tenant_of(host, false) == Some(tenant)
            || called.and_then(|address| host_of(&address.uri)).as_deref() == Some(host)
            || trunk.is_some_and(names_trunk)
    }

    /// Sends a NOTIFY, or says it after the one that is out.
    fn notify_referrer(&mut self, now: Timestamp, call: &mut Call, status: u16) {
        let Some(refer) = &mut call.referred else { return };
        if refer.done || call.phase != Phase::Up {
            return;
        }
        if refer.notifying {
            refer.queued = Some(status);
            return;
        }
        refer.notifying = true;
        refer.done = status >= 200;
        let state = match refer.done {
            true => "terminated;reason=noresource".to_owned(),
            false => format!("active;expires={SUBSCRIPTION_S}"),
        };
        let event = format!("refer;id={}", refer.id);
        let branch = self.random.number();
        let via = self.via(call.dialog.hop.transport, branch);
        let cseq = call.dialog.next_cseq();
        let ask = call
            .dialog
            .request(&Method::Notify, cseq, via)
            .header(HeaderName::Contact, call.dialog.contact.clone())
            .header(HeaderName::Event, event)
            .header(HeaderName::SubscriptionState, state)
            .body(
                "message/sipfrag;version=2.0",
                format!("SIP/2.0 {status} {}\r\n", reason_phrase(status)),
            );
        if let Some(request) = ask.build() {
            self.ask(now, request, branch, call.dialog.hop, ClientOwner::Notify(call.key));
        }
    }

    pub(super) fn on_notify_outcome(
        &mut self,
        now: Timestamp,
        key: DialogKey,
        response: Option<&Response>,
    ) {
        let status = response.map(|response| response.status.code());
        if status.is_some_and(|status| status < 200) {
            return;
        }
        self.with_call(key, |endpoint, call| {
            let Some(refer) = &mut call.referred else { return Fate::Keep };
            refer.notifying = false;
            let gone = !matches!(status, Some(200..=299));
            match refer.queued.take() {
                // They do not want to hear any more of it.
                _ if gone || refer.done => call.referred = None,
                Some(status) => endpoint.notify_referrer(now, call, status),
                None => {}
            }
            Fate::Keep
        });
    }
}

/// Resolves the escapes of a header inside an address.
fn unescape(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let value = digit(bytes.next())? * 16 + digit(bytes.next())?;
        out.push(u8::try_from(value).ok()?);
    }
    Some(out)
}
