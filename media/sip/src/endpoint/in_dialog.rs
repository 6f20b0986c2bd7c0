//! Requests inside a dialog (RFC 3261 §12.2.2).

use super::invite_in::{is_plain_sdp, read_offer};
use super::{Endpoint, Fate};
use crate::call::{Call, Phase, next_hop};
use crate::counters::Count;
use crate::event::{DialogKey, Source};
use crate::hop::Hop;
use crate::message::{ALLOW, Reply, SDP_TYPE};
use crate::random::{hex64, parse_hex64};
use sipx_sip::headers::{CSeq, Contact, From, To};
use sipx_sip::{HeaderName, Method, Request, TransactionKey};
use strowger_model::Timestamp;

impl Endpoint {
    /// The call whose dialog a request names with both tags and Call-ID.
    pub(super) fn call_of(&self, request: &Request) -> Option<DialogKey> {
        let to = request.headers.typed::<To>()?.ok()?;
        let key = *self.tags.get(&parse_hex64(to.tag()?)?)?;
        let dialog = &self.calls.get(&key)?.dialog;
        let call_id = request.headers.value(&HeaderName::CallId)?;
        let from = request.headers.typed::<From>()?.ok()?;
        // Phones of RFC 2543 have no tag; then neither may the request.
        let same_tag = dialog.remote_tag.as_deref() == from.tag();
        (dialog.call_id == *call_id && same_tag).then_some(key)
    }

    pub(super) fn take_in_dialog(
        &mut self,
        now: Timestamp,
        request: Request,
        key: TransactionKey,
        source: Hop,
    ) {
        let Some(dialog) = self.call_of(&request) else {
            self.counters.add(Count::NoSuchDialog);
            self.refuse(&request, source, 481);
            return;
        };
        let Some(Ok(cseq)) = request.headers.typed::<CSeq>() else { return };
        self.with_call(dialog, |endpoint, call| {
            if call.dialog.remote_cseq.is_some_and(|last| cseq.sequence <= last) {
                endpoint.refuse(&request, source, 500);
                return Fate::Keep;
            }
            call.dialog.remote_cseq = Some(cseq.sequence);
            endpoint.dispatch_in_dialog(now, call, request, key, source)
        });
    }

    fn dispatch_in_dialog(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        request: Request,
        key: TransactionKey,
        source: Hop,
    ) -> Fate {
        // Once we hung up only the crossing BYE is of interest.
        if call.phase == Phase::Closing && request.method != Method::Bye {
            self.refuse(&request, source, 481);
            return Fate::Keep;
        }
        match request.method {
            Method::Invite => {
                self.take_reinvite(now, call, request, key, source);
                Fate::Keep
            }
            Method::Bye => {
                let id = self.open_server(now, request.clone(), key, None, source);
                let closing = call.phase == Phase::Closing;
                self.take_bye(now, call, id, &request);
                // Our own BYE, if one is out, ends by itself.
                if closing { Fate::Keep } else { Fate::Drop }
            }
            Method::Info => {
                let id = self.open_server(now, request.clone(), key, None, source);
                self.take_info(now, call, id, &request);
                Fate::Keep
            }
            Method::Update => {
                let id = self.open_server(now, request.clone(), key, None, source);
                self.take_update(now, call, id, &request, source);
                Fate::Keep
            }
            _ => {
                // OPTIONS inside a dialog is how some carriers ask whether we live.
                let status = if request.method == Method::Options { 200 } else { 405 };
                self.refuse_with(&request, source, status, |reply| {
                    reply.header(HeaderName::Allow, ALLOW).header(HeaderName::Accept, SDP_TYPE)
                });
                Fate::Keep
            }
        }
    }

    /// A change without INVITE (RFC 3311): a new Contact, perhaps an offer.
    fn take_update(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        id: u64,
        request: &Request,
        source: Hop,
    ) {
        let tag = hex64(call.tag);
        let busy = call.session.is_pending() || call.session.local().is_none();
        let status = match (request.body().is_empty(), is_plain_sdp(request)) {
            (true, _) => 200,
            (false, false) => 415,
            (false, true) if busy => 491,
            (false, true) => 200,
        };
        if status != 200 {
            return self.respond(now, id, Reply::new(request, status, &tag).build());
        }
        if let Some(refusal) = self.timer_refusal(&call.source, request) {
            let reply = self.timer_reply(request, &tag, refusal);
            return self.respond(now, id, reply.build());
        }
        call.peer.hear(&request.headers);
        refresh_target(call, request, source);
        let before = call.session.agreed().cloned();
        let offer = read_offer(&mut call.session, request);
        if let Some(status) = super::answer::offer_status(&offer) {
            return self.respond(now, id, Reply::new(request, status, &tag).build());
        }
        let mut reply = super::answer::dialog_reply(call, request, 200);
        if call.phase == Phase::Up {
            reply = self.grant_timer(now, call, request, reply);
        }
        if let (true, Some(local)) = (call.session.is_offered(), call.session.local().cloned()) {
            match call.session.answer(&local) {
                Ok((sdp, _)) => reply = reply.sdp(sdp),
                Err(_) => {
                    call.session.roll_back();
                    return self.respond(now, id, Reply::new(request, 488, &tag).build());
                }
            }
        }
        self.respond(now, id, reply.build());
        self.report_media(call, before.as_ref());
    }
}

/// A request that refreshes the target says where they are now (§12.2.2).
pub(super) fn refresh_target(call: &mut Call, request: &Request, source: Hop) {
    if let Some(Ok(contact)) = request.headers.typed::<Contact>() {
        call.dialog.target = contact.uri.clone();
        let phone = matches!(call.source, Source::Extension { .. });
        let Hop { transport, .. } = call.dialog.hop;
        // A phone behind a NAT may have come back with another port.
        let neighbour = if source.transport == transport { source } else { call.dialog.hop };
        call.dialog.hop = next_hop(&call.dialog.routes, &call.dialog.target, neighbour, phone);
    }
}
