//! BYE, both ways (RFC 3261 §15).

use super::{Endpoint, Fate};
use crate::call::{Call, Phase};
use crate::event::{DialogKey, Side, SipEvent};
use crate::limits::MAX_CHALLENGES;
use crate::message::Reply;
use crate::random::hex64;
use crate::transaction::ClientOwner;
use sipx_sip::{HeaderName, Method, Request, Response};
use strowger_model::{Cause, Timestamp};

impl Endpoint {
    /// Sends a BYE; the call is dropped when it is answered or given up.
    pub(super) fn send_bye(&mut self, now: Timestamp, call: &mut Call, cause: Cause) -> Fate {
        self.send_bye_with(now, call, cause, None)
    }

    fn send_bye_with(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        cause: Cause,
        proof: Option<(HeaderName, String)>,
    ) -> Fate {
        call.phase = Phase::Closing;
        call.unacked = None;
        self.cancel_change(now, call);
        self.forget_refer(now, call);
        let branch = self.random.number();
        let via = self.via(call.dialog.hop.transport, branch);
        let cseq = call.dialog.next_cseq();
        let mut ask = call
            .dialog
            .request(&Method::Bye, cseq, via)
            .header(HeaderName::Reason, format!("Q.850;cause={}", cause.q850()));
        if let Some((name, value)) = proof {
            ask = ask.header(name, value);
        }
        let Some(request) = ask.build() else { return Fate::Drop };
        self.ask(now, request, branch, call.dialog.hop, ClientOwner::Bye(call.key));
        Fate::Keep
    }

    pub(super) fn on_bye_outcome(
        &mut self,
        now: Timestamp,
        id: u64,
        key: DialogKey,
        response: Option<&Response>,
    ) {
        if response.is_some_and(|response| response.status.is_provisional()) {
            return;
        }
        let uri = self.request_uri(id);
        self.with_call(key, |endpoint, call| {
            let proof = response.and_then(|response| {
                let login = call.login.as_ref()?;
                endpoint.prove_to(response, login, &Method::Bye, uri.as_deref()?)
            });
            match proof {
                Some(proof) if call.bye_challenges < MAX_CHALLENGES => {
                    call.bye_challenges += 1;
                    endpoint.send_bye_with(now, call, Cause::Normal, Some(proof))
                }
                _ => Fate::Drop,
            }
        });
    }

    /// They hang up. Crossing BYEs are both answered.
    pub(super) fn take_bye(&mut self, now: Timestamp, call: &mut Call, id: u64, request: &Request) {
        self.respond(now, id, Reply::new(request, 200, &hex64(call.tag)).build());
        let dialog = call.key;
        self.cancel_change(now, call);
        self.forget_refer(now, call);
        match call.phase {
            Phase::Incoming => {
                // A caller may end an early dialog with BYE instead of CANCEL.
                self.refuse_call(now, call, 487, None, |reply| reply);
                self.emit(SipEvent::Cancelled { dialog });
            }
            Phase::Up => {
                // An INVITE of theirs that is still open ends with the call (§15.1.2).
                self.refuse_call(now, call, 487, None, |reply| reply);
                let cause = reason_of(request);
                self.emit(SipEvent::HungUp { dialog, cause, by: Side::Them });
            }
            Phase::Calling | Phase::Closing => {}
        }
    }
}

/// Why they hang up, if they say (RFC 3326).
fn reason_of(request: &Request) -> Cause {
    let cause = request.headers.get_all(&HeaderName::Reason).find_map(|header| {
        let value = header.value();
        let text = std::str::from_utf8(&value).ok()?;
        let mut parts = text.split(';').map(str::trim);
        if !parts.next()?.eq_ignore_ascii_case("Q.850") {
            return None;
        }
        parts.find_map(|part| part.strip_prefix("cause=")?.trim().parse::<u16>().ok())
    });
    match cause {
        Some(17) => Cause::Busy,
        Some(18 | 19) => Cause::NoAnswer,
        Some(20 | 27 | 38) => Cause::Unreachable,
        Some(34 | 42 | 44) => Cause::Congestion,
        Some(102) => Cause::MediaTimeout,
        _ => Cause::Normal,
    }
}
