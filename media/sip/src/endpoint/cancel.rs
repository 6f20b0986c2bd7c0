//! The caller gives up (RFC 3261 §9.2).

use super::{Endpoint, Fate};
use crate::call::Phase;
use crate::counters::Count;
use crate::event::SipEvent;
use crate::hop::Hop;
use crate::message::Reply;
use crate::random::hex64;
use sipx_sip::{Request, TransactionKey};
use strowger_model::Timestamp;

impl Endpoint {
    pub(super) fn take_cancel(
        &mut self,
        now: Timestamp,
        request: Request,
        key: TransactionKey,
        source: Hop,
    ) {
        if let Some(id) = self.transactions.server_by_key(&key) {
            self.repeat(now, id, &request);
            return;
        }
        let invite = TransactionKey::for_cancelled_invite(&request)
            .and_then(|key| self.transactions.server_by_key(&key));
        let Some(invite) = invite else {
            // Also what a caller hears whose INVITE we refused without state.
            self.counters.add(Count::NoSuchDialog);
            self.refuse(&request, source, 481);
            return;
        };
        let call = self.transactions.server(invite).and_then(|server| server.call);
        let tag = call.and_then(|key| self.calls.get(&key)).map(|call| hex64(call.tag));
        let tag = tag.unwrap_or_else(|| self.stateless_tag(&request));
        let id = self.open_server(now, request.clone(), key, None, source);
        self.respond(now, id, Reply::new(&request, 200, &tag).build());
        let Some(dialog) = call else { return };
        self.with_call(dialog, |endpoint, call| {
            // After our final answer a CANCEL changes nothing.
            if call.phase != Phase::Incoming || call.invited != Some(invite) {
                return Fate::Keep;
            }
            endpoint.refuse_call(now, call, 487, None, |reply| reply);
            endpoint.emit(SipEvent::Cancelled { dialog });
            Fate::Drop
        });
    }
}
