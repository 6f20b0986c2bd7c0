//! The other side changes the session (RFC 3261 §14.2): hold and resume in
//! both styles, a new address, a refresh. Answered at once; the server is told
//! what changed.

use super::Endpoint;
use super::answer::offer_status;
use super::invite_in::{Offer, read_offer};
use crate::call::{AckFor, Call, Phase, Way};
use crate::counters::Count;
use crate::hop::Hop;
use crate::message::Reply;
use crate::random::hex64;
use sipx_sip::{HeaderName, Request, TransactionKey};
use strowger_model::Timestamp;

/// Seconds after which a re-INVITE that came too early may be tried again
/// (§14.2: 0 to 10).
pub(super) const RETRY_S: u64 = 10;

impl Endpoint {
    pub(super) fn take_reinvite(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        request: Request,
        key: TransactionKey,
        source: Hop,
    ) {
        let id = self.open_server(now, request.clone(), key, None, source);
        let tag = hex64(call.tag);
        // An UPDATE of ours that only refreshes changes nothing that could cross.
        let ours_is_out = call.reinvite.as_ref().is_some_and(|mine| {
            mine.retry_at.is_none() && (mine.way == Way::Invite || call.session.is_offering())
        });
        if ours_is_out {
            self.counters.add(Count::Glare);
            return self.respond(now, id, Reply::new(&request, 491, &tag).build());
        }
        // The one before is not answered, or its answer not acknowledged.
        if call.phase != Phase::Up || call.unacked.is_some() || call.session.is_pending() {
            let wait = self.random.between_ms(0, RETRY_S).to_string();
            let reply = Reply::new(&request, 500, &tag).header(HeaderName::RetryAfter, wait);
            return self.respond(now, id, reply.build());
        }
        let Some(local) = call.session.local().cloned() else {
            return self.respond(now, id, Reply::new(&request, 500, &tag).build());
        };
        if let Some(refusal) = self.timer_refusal(&call.source, &request) {
            let reply = self.timer_reply(&request, &tag, refusal);
            return self.respond(now, id, reply.build());
        }
        call.peer.hear(&request.headers);
        let before = call.session.agreed().cloned();
        let offer = read_offer(&mut call.session, &request);
        if let Some(status) = offer_status(&offer) {
            let mut reply = Reply::new(&request, status, &tag);
            if let Offer::Bad(_, error) = offer {
                self.counters.add(Count::NoCommonCodec);
                reply = reply.header(HeaderName::Warning, self.warning(error));
            }
            return self.respond(now, id, reply.build());
        }
        let offers = matches!(offer, Offer::None);
        let made = if offers {
            call.session.offer(&local)
        } else {
            call.session.answer(&local).map(|(sdp, _)| sdp)
        };
        let Ok(sdp) = made else {
            call.session.roll_back();
            return self.respond(now, id, Reply::new(&request, 488, &tag).build());
        };
        self.refresh_target(now, call, &request, source);
        call.invited = Some(id);
        call.invite = Some(Box::new(request));
        self.accept(now, call, Some(sdp), offers, AckFor::Reinvite);
        if !offers {
            self.report_media(call, before.as_ref());
        }
    }
}
