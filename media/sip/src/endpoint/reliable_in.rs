//! Provisional responses of theirs that we acknowledge, and the early dialogs
//! that they make (RFC 3262 §4, RFC 3261 §13.2.2.1).

use super::Endpoint;
use super::invite_response::{confirm, sdp_of, to_tag};
use crate::call::{Call, Fork, Neighbour};
use crate::event::DialogKey;
use crate::limits::MAX_FORKS;
use crate::message::has_option;
use crate::sdp::Negotiated;
use crate::transaction::ClientOwner;
use sipx_sip::rel::{RAck, RSeq, Received, Sequence};
use sipx_sip::{HeaderName, Method, Response};
use strowger_model::Timestamp;

/// What a provisional response turned out to be.
pub(super) enum Provisional {
    /// Repeated, or ahead of one that is still to come: not heard at all.
    Unheard,
    Heard(Option<Negotiated>),
}

impl Endpoint {
    /// Takes a provisional response of an INVITE of ours; acknowledges it if it
    /// asks for that.
    pub(super) fn hear_provisional(
        &mut self,
        now: Timestamp,
        id: u64,
        call: &mut Call,
        response: &Response,
    ) -> Provisional {
        let required = has_option(&response.headers, &HeaderName::Require, "100rel");
        let rseq = response.headers.typed::<RSeq>().and_then(Result::ok);
        let (true, Some(RSeq(rseq)), Some(tag)) = (required, rseq, to_tag(response)) else {
            return Provisional::Heard(self.hear_unreliable(call, response));
        };
        let Some(index) = self.fork_of(now, id, call, response, &tag) else {
            return Provisional::Unheard;
        };
        let Some(fork) = call.placed.as_mut().and_then(|placed| placed.forks.get_mut(index)) else {
            return Provisional::Unheard;
        };
        if fork.received.accept(rseq) != Received::Acknowledge {
            return Provisional::Unheard;
        }
        call.peer.hear(&response.headers);
        let early = match sdp_of(response) {
            Some(sdp) if fork.session.is_offering() => fork.session.take_answer(sdp).ok(),
            _ => None,
        };
        let Some(cseq) = self.invite_cseq(id) else { return Provisional::Unheard };
        let ack = RAck { rseq, cseq, method: b"INVITE".to_vec() };
        let branch = self.random.number();
        let via = self.via(fork.dialog.hop.transport, branch);
        let number = fork.dialog.next_cseq();
        let ask = fork
            .dialog
            .request(&Method::Prack, number, via)
            .header(HeaderName::RAck, ack.to_string());
        if let Some(request) = ask.build() {
            let owner = ClientOwner::Prack(call.key);
            fork.pracks.push(self.ask(now, request, branch, fork.dialog.hop, owner));
        }
        Provisional::Heard(early)
    }

    pub(super) fn on_prack_outcome(
        &mut self,
        id: u64,
        key: DialogKey,
        response: Option<&Response>,
    ) {
        if response.is_some_and(|response| response.status.is_provisional()) {
            return;
        }
        if let Some(placed) = self.calls.get_mut(&key).and_then(|call| call.placed.as_mut()) {
            placed.forks.iter_mut().for_each(|fork| fork.pracks.retain(|prack| *prack != id));
        }
    }

    fn hear_unreliable(&self, call: &mut Call, response: &Response) -> Option<Negotiated> {
        let sdp = sdp_of(response)?;
        let media = call.session.preview_answer(sdp).ok()?;
        let tag = to_tag(response)?;
        call.placed.as_mut()?.early_sdp = Some((tag, sdp.clone()));
        Some(media)
    }

    /// The early dialog of a response, made if it is new.
    fn fork_of(
        &mut self,
        now: Timestamp,
        id: u64,
        call: &mut Call,
        response: &Response,
        tag: &bytes::Bytes,
    ) -> Option<usize> {
        let cseq = self.invite_cseq(id)?;
        let placed = call.placed.as_mut()?;
        let known = placed.forks.iter().position(|f| f.transaction == id && f.tag == *tag);
        if known.is_some() {
            return known;
        }
        let branch = placed.branches.iter().find(|branch| branch.transaction == id)?;
        if placed.forks.len() >= MAX_FORKS {
            return None;
        }
        let mut dialog = call.dialog.clone();
        dialog.local_cseq = cseq;
        confirm(&mut dialog, response, tag);
        let neighbour = Neighbour::new(branch.hop, &call.source);
        self.aim(now, &mut dialog, neighbour, None);
        let placed = call.placed.as_mut()?;
        placed.forks.push(Fork {
            transaction: id,
            tag: tag.clone(),
            dialog,
            session: call.session.clone(),
            received: Sequence::default(),
            pracks: Vec::new(),
        });
        Some(placed.forks.len() - 1)
    }
}
