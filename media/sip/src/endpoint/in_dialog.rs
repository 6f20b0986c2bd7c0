//! Requests inside a dialog (RFC 3261 §12.2.2).

use super::invite_in::{is_plain_sdp, read_offer};
use super::keep::place_of;
use super::reinvite_in::RETRY_S;
use super::{Endpoint, Fate};
use crate::call::{Call, Neighbour, Phase};
use crate::counters::Count;
use crate::event::{DialogKey, SipEvent};
use crate::hop::Hop;
use crate::message::{ALLOW, Reply, SDP_TYPE};
use crate::random::{hex64, parse_hex64};
use crate::sdp::Negotiated;
use sipx_sip::headers::{CSeq, Contact, From, To};
use sipx_sip::{HeaderName, Method, Request, TransactionKey};
use strowger_model::Timestamp;

impl Endpoint {
    /// The call whose dialog a request names with both tags and Call-ID.
    pub(super) fn call_of(&self, request: &Request) -> Option<DialogKey> {
        let to = request.headers.typed::<To>()?.ok()?;
        let key = *self.tags.get(&parse_hex64(to.tag()?)?)?;
        let call = self.calls.get(&key)?;
        let dialog = &call.dialog;
        let call_id = request.headers.value(&HeaderName::CallId)?;
        let from = request.headers.typed::<From>()?.ok()?;
        // Phones of RFC 2543 have no tag; then neither may the request.
        let same_tag = dialog.remote_tag.as_deref() == from.tag();
        let early = from.tag().is_some_and(|tag| call.fork(tag).is_some());
        (dialog.call_id == *call_id && (same_tag || early)).then_some(key)
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
        let tag = request.headers.typed::<From>().and_then(Result::ok);
        let tag = tag.as_ref().and_then(|from| from.tag());
        let refreshes =
            self.config.keep_dialogs && matches!(request.method, Method::Invite | Method::Update);
        self.with_call(dialog, |endpoint, call| {
            let place = refreshes.then(|| place_of(call));
            // A request in an early dialog works on that fork's dialog and session.
            let fork = tag.and_then(|tag| call.fork(tag));
            call.swap_fork(fork);
            let fate = endpoint.take_numbered(now, call, request, key, source, cseq.sequence);
            call.swap_fork(fork);
            if place.is_some_and(|place| place != place_of(call)) {
                endpoint.keep(call.key);
            }
            fate
        });
        self.came_back(now, dialog, source);
    }

    /// Numbers must grow (§12.2.2).
    fn take_numbered(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        request: Request,
        key: TransactionKey,
        source: Hop,
        cseq: u32,
    ) -> Fate {
        if call.dialog.remote_cseq.is_some_and(|last| cseq <= last) {
            self.refuse(&request, source, 500);
            return Fate::Keep;
        }
        call.dialog.remote_cseq = Some(cseq);
        self.dispatch_in_dialog(now, call, request, key, source)
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
        // Before our answer to theirs or theirs to ours only media may change.
        let early = call.phase == Phase::Calling;
        if early && !matches!(request.method, Method::Update | Method::Options) {
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
            Method::Prack => {
                let id = self.open_server(now, request.clone(), key, None, source);
                self.take_prack(now, call, id, &request)
            }
            Method::Refer => {
                let id = self.open_server(now, request.clone(), key, None, source);
                self.take_refer(now, call, id, request);
                Fate::Keep
            }
            Method::Notify => {
                let id = self.open_server(now, request.clone(), key, None, source);
                self.take_notify(now, call, id, &request);
                Fate::Keep
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
        // What crosses ours is glare; what comes before their first offer is
        // answered comes too early (RFC 3311 §5.2).
        let early = call.session.is_offered() || call.session.local().is_none();
        let status = match (request.body().is_empty(), is_plain_sdp(request)) {
            (true, _) => 200,
            (false, false) => 415,
            (false, true) if call.session.is_offering() => 491,
            (false, true) if early => 500,
            (false, true) => 200,
        };
        if status == 491 {
            self.counters.add(Count::Glare);
        }
        if status == 500 {
            let wait = self.random.between_ms(0, RETRY_S).to_string();
            let reply = Reply::new(request, 500, &tag).header(HeaderName::RetryAfter, wait);
            return self.respond(now, id, reply.build());
        }
        if status != 200 {
            return self.respond(now, id, Reply::new(request, status, &tag).build());
        }
        if let Some(refusal) = self.timer_refusal(&call.source, request) {
            let reply = self.timer_reply(request, &tag, refusal);
            return self.respond(now, id, reply.build());
        }
        call.peer.hear(&request.headers);
        self.refresh_target(now, call, request, source);
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
        match call.phase {
            Phase::Up => self.report_media(call, before.as_ref()),
            _ => self.report_early(call, before.as_ref()),
        }
    }
}

impl Endpoint {
    /// Media before the answer changed.
    fn report_early(&mut self, call: &mut Call, before: Option<&Negotiated>) {
        let Some(media) = call.session.agreed().cloned() else { return };
        call.held = !media.direction.sends();
        if before != Some(&media) {
            if let Some(placed) = &mut call.placed {
                placed.early = Some(media.clone());
            }
            self.emit(SipEvent::Ringing {
                dialog: call.key,
                early: Some(media),
                trunk: call.source.trunk(),
            });
        }
    }
}

impl Endpoint {
    /// A request that refreshes the target says where they are now (§12.2.2).
    pub(super) fn refresh_target(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        request: &Request,
        source: Hop,
    ) {
        if let Some(Ok(contact)) = request.headers.typed::<Contact>() {
            call.dialog.target = contact.uri.clone();
            let Hop { transport, .. } = call.dialog.hop;
            // A phone behind a NAT may have come back with another port.
            let hop = if source.transport == transport { source } else { call.dialog.hop };
            let neighbour = Neighbour::new(hop, &call.source);
            self.aim(now, &mut call.dialog, neighbour, Some(call.key));
        }
    }
}
