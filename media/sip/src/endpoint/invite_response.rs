//! What comes back to an INVITE of ours (RFC 3261 §13.2.2).

use super::reliable_in::Provisional;
use super::{Endpoint, Fate};
use crate::call::{Call, Dialog, Neighbour, Phase, read_routes};
use crate::counters::Count;
use crate::directory::Login;
use crate::event::{DialogKey, SipEvent};
use crate::hop::Hop;
use crate::limits::{MAX_CHALLENGES, MAX_FORKS};
use crate::message::write_request;
use crate::transaction::{Ack, ClientOwner};
use bytes::Bytes;
use sipx_sip::headers::{CSeq, Contact, ContentType, To};
use sipx_sip::{HeaderName, Method, Response, Uri};
use std::collections::VecDeque;
use strowger_model::{Cause, Timestamp};

/// Stands for "no response at all" when refusals are compared.
const NO_RESPONSE: u16 = 408;

/// More requests than an early dialog ever sees.
const STRAY_CSEQ_STEP: u32 = 1_000;

impl Endpoint {
    /// `None` is a time-out or a transport failure.
    pub(super) fn on_invite_outcome(
        &mut self,
        now: Timestamp,
        id: u64,
        key: DialogKey,
        response: Option<&Response>,
    ) {
        match response {
            Some(response) if response.status.is_success() => self.on_2xx(now, id, key, response),
            Some(response) if response.status.is_provisional() => {
                if self.calls.contains_key(&key) {
                    self.with_call(key, |e, call| e.on_provisional(now, id, call, response));
                } else {
                    // Answered elsewhere and over before this phone said its first word.
                    self.cancel_invite(now, id);
                }
            }
            failure => {
                let uri = self.request_uri(id);
                self.with_call(key, |e, call| e.on_failure(now, id, call, failure, uri));
            }
        }
    }

    fn on_provisional(
        &mut self,
        now: Timestamp,
        id: u64,
        call: &mut Call,
        response: &Response,
    ) -> Fate {
        let dialog = call.key;
        let Some(placed) = &mut call.placed else { return Fate::Keep };
        let Some(branch) = placed.branches.iter_mut().find(|b| b.transaction == id) else {
            return Fate::Keep;
        };
        branch.heard = true;
        if placed.cancelled || call.phase != Phase::Calling {
            self.cancel_branches(now, call);
            return Fate::Keep;
        }
        if response.status.code() == 100 {
            return Fate::Keep;
        }
        if let (Some(tag), Some(placed)) = (to_tag(response), &mut call.placed)
            && placed.tags.len() < MAX_FORKS
            && !placed.tags.contains(&tag)
        {
            placed.tags.push(tag);
        }
        let early = match self.hear_provisional(now, id, call, response) {
            Provisional::Unheard => return Fate::Keep,
            Provisional::Heard(early) => early,
        };
        let Some(placed) = &mut call.placed else { return Fate::Keep };
        // Told when it is news: the first ringing, and media that was not heard
        // before; another fork's replaces the one before it.
        let news = !placed.ringing || (early.is_some() && placed.early != early);
        placed.ringing = true;
        if news {
            placed.early = early.clone().or(placed.early.take());
            self.emit(SipEvent::Ringing { dialog, early, trunk: call.source.trunk() });
        }
        Fate::Keep
    }

    fn on_failure(
        &mut self,
        now: Timestamp,
        id: u64,
        call: &mut Call,
        response: Option<&Response>,
        uri: Option<String>,
    ) -> Fate {
        let Some(placed) = &mut call.placed else { return Fate::Keep };
        let cancelled = placed.cancelled;
        let Some(branch) = placed.branches.iter_mut().find(|b| b.transaction == id) else {
            return Fate::Keep;
        };
        let (target, hop) = (branch.uri.clone(), branch.hop);
        let proof = match (response, &call.login, &uri) {
            (Some(response), Some(login), Some(uri))
                if !cancelled && branch.challenges < MAX_CHALLENGES =>
            {
                self.prove_to(response, login, &Method::Invite, uri)
            }
            _ => None,
        };
        if proof.is_some()
            && let Some(again) = self.send_invite(now, call, &target, hop, proof)
        {
            if let Some(placed) = &mut call.placed
                && let Some(branch) = placed.branches.iter_mut().find(|b| b.transaction == id)
            {
                branch.transaction = again;
                branch.heard = false;
                branch.challenges += 1;
            }
            return Fate::Keep;
        }
        if !cancelled && self.asks_longer(call, response) {
            let again = self.send_invite(now, call, &target, hop, None);
            if let (Some(again), Some(placed)) = (again, &mut call.placed)
                && let Some(branch) = placed.branches.iter_mut().find(|b| b.transaction == id)
            {
                branch.transaction = again;
                branch.heard = false;
                return Fate::Keep;
            }
        }
        if self.fail_over(now, id, call, response) {
            return Fate::Keep;
        }
        let Some(placed) = &mut call.placed else { return Fate::Keep };
        let status = response.map(|response| response.status.code());
        for branch in placed.branches.iter_mut().filter(|b| b.transaction == id) {
            branch.done = true;
        }
        placed.refusal = Some(match placed.refusal {
            Some(so_far) => better_refusal(so_far, status),
            None => status,
        });
        // Somebody refused for everybody (§16.7 step 5).
        if status.is_some_and(|status| status >= 600) {
            self.cancel_branches(now, call);
        }
        self.settle(call)
    }

    /// Drops a call none of whose branches is alive.
    fn settle(&mut self, call: &mut Call) -> Fate {
        let Some(placed) = &call.placed else { return Fate::Keep };
        if placed.branches.iter().any(|branch| !branch.done) {
            return Fate::Keep;
        }
        match call.phase {
            Phase::Calling => {
                let status = placed.refusal.flatten();
                let cause = status.map_or(Cause::Unreachable, Cause::from_sip_status);
                self.emit(SipEvent::Failed {
                    dialog: call.key,
                    cause,
                    status,
                    trunk: call.source.trunk(),
                });
                Fate::Drop
            }
            // Given up by the server, which has been told; or answered on another branch.
            Phase::Closing if placed.cancelled => Fate::Drop,
            _ => Fate::Keep,
        }
    }

    /// An answer. The first one is the call's; every other one is acknowledged
    /// and hung up (§13.2.2.4); repeated ones get their ACK again.
    fn on_2xx(&mut self, now: Timestamp, id: u64, key: DialogKey, response: &Response) {
        let tag = to_tag(response).unwrap_or_default();
        let Some(client) = self.transactions.client(id) else { return };
        let forks = client.acks.len();
        if self.repeat_ack(id, key, &tag) {
            return;
        }
        if forks >= MAX_FORKS {
            self.counters.add(Count::StrayAnswer);
            return;
        }
        let mut wanted = false;
        self.with_call(key, |endpoint, call| {
            wanted = call.phase == Phase::Calling;
            if wanted {
                endpoint.on_answer(now, id, call, response, tag.clone())
            } else {
                endpoint.branch_answered(id, call)
            }
        });
        if !wanted {
            self.hang_up_stray(now, id, response, tag);
        }
    }

    fn on_answer(
        &mut self,
        now: Timestamp,
        id: u64,
        call: &mut Call,
        response: &Response,
        tag: Bytes,
    ) -> Fate {
        let hop = call
            .placed
            .as_ref()
            .and_then(|placed| placed.branches.iter().find(|b| b.transaction == id))
            .map(|branch| branch.hop);
        let Some(hop) = hop else { return Fate::Keep };
        let fork = call.placed.as_mut().and_then(|placed| {
            let index = placed.forks.iter().position(|f| f.transaction == id && f.tag == tag)?;
            Some(placed.forks.swap_remove(index))
        });
        self.drop_early_change(call, Some(&tag));
        if let Some(fork) = fork {
            call.dialog.local_cseq = call.dialog.local_cseq.max(fork.dialog.local_cseq);
            call.dialog.remote_cseq = fork.dialog.remote_cseq;
            call.session = fork.session;
        }
        confirm(&mut call.dialog, response, &tag);
        let neighbour = Neighbour::new(hop, &call.source);
        self.aim(now, &mut call.dialog, neighbour, Some(call.key));
        let cseq = self.invite_cseq(id).unwrap_or(call.dialog.local_cseq);
        self.acknowledge(id, &call.dialog, cseq, tag.clone());
        let body = sdp_of(response).cloned().or_else(|| {
            let early = call.placed.as_ref()?.early_sdp.as_ref();
            early.filter(|(early_tag, _)| *early_tag == tag).map(|(_, sdp)| sdp.clone())
        });
        call.phase = Phase::Up;
        call.peer.hear(&response.headers);
        self.restart_clock(now, call, response, None);
        let _ = self.branch_answered(id, call);
        self.cancel_branches(now, call);
        if let Some(placed) = &mut call.placed {
            // Branches not heard of yet are cancelled when they are.
            placed.cancelled = true;
        }
        let agreed = match call.session.agreed() {
            // Settled before the answer; what a 2xx repeats is not read (RFC 6337 §3.1.1),
            // nor is it the answer to an UPDATE of ours.
            Some(media) => Ok(media.clone()),
            None => call.session.take_answer(&body.unwrap_or_default()),
        };
        match agreed {
            Ok(media) => {
                self.counters.add(Count::Answered);
                call.held = !media.direction.sends();
                self.emit(SipEvent::Answered {
                    dialog: call.key,
                    media,
                    trunk: call.source.trunk(),
                });
                Fate::Keep
            }
            Err(_) => {
                self.counters.add(Count::NoCommonCodec);
                let (dialog, cause) = (call.key, Cause::NoCommonCodec);
                self.emit(SipEvent::Failed {
                    dialog,
                    cause,
                    status: Some(488),
                    trunk: call.source.trunk(),
                });
                self.send_bye(now, call, cause)
            }
        }
    }

    fn branch_answered(&mut self, id: u64, call: &mut Call) -> Fate {
        if let Some(placed) = &mut call.placed {
            for branch in placed.branches.iter_mut().filter(|b| b.transaction == id) {
                branch.done = true;
            }
        }
        self.settle(call)
    }

    /// Acknowledges an answer that nobody wants and ends its dialog.
    pub(super) fn hang_up_stray(
        &mut self,
        now: Timestamp,
        id: u64,
        response: &Response,
        tag: Bytes,
    ) {
        self.counters.add(Count::StrayAnswer);
        let Some(client) = self.transactions.client(id) else { return };
        let hop = client.hop;
        let Some(mut dialog) = dialog_from(client.machine.request(), response, &tag, hop) else {
            return;
        };
        self.aim(now, &mut dialog, Neighbour::stray(hop), None);
        let cseq = dialog.local_cseq;
        self.acknowledge(id, &dialog, cseq, tag);
        let branch = self.random.number();
        let via = self.via(dialog.hop.transport, branch);
        // PRACKs of this early dialog may have used numbers that nobody remembers.
        dialog.local_cseq = dialog.local_cseq.saturating_add(STRAY_CSEQ_STEP);
        let cseq = dialog.next_cseq();
        if let Some(bye) = dialog.request(&Method::Bye, cseq, via).build() {
            self.ask(now, bye, branch, dialog.hop, ClientOwner::StrayBye);
        }
    }

    /// Sends the ACK of an answer and keeps it with the INVITE's transaction.
    pub(super) fn acknowledge(&mut self, id: u64, dialog: &Dialog, cseq: u32, tag: Bytes) {
        let branch = self.random.number();
        let via = self.via(dialog.hop.transport, branch);
        let proof = self.proof_of(id);
        let mut ask = dialog.request(&Method::Ack, cseq, via);
        for (name, value) in proof {
            // An ACK carries the proof that its INVITE was accepted with (§22.1).
            ask = ask.header(name, value);
        }
        let Some(request) = ask.build() else { return };
        let bytes = write_request(&request);
        if let Some(client) = self.transactions.client(id) {
            client.acks.retain(|ack| ack.tag != tag);
            client.acks.push(Ack { tag, bytes: bytes.clone(), hop: dialog.hop, repeats: 0 });
        }
        self.transmit(dialog.hop, bytes);
    }

    fn proof_of(&mut self, id: u64) -> Vec<(HeaderName, Vec<u8>)> {
        let Some(client) = self.transactions.client(id) else { return Vec::new() };
        [HeaderName::Authorization, HeaderName::ProxyAuthorization]
            .into_iter()
            .filter_map(|name| {
                let value = client.machine.request().headers.value(&name)?.into_owned();
                Some((name, value))
            })
            .collect()
    }

    pub(super) fn invite_cseq(&mut self, id: u64) -> Option<u32> {
        let client = self.transactions.client(id)?;
        let cseq: CSeq = client.machine.request().headers.typed()?.ok()?;
        Some(cseq.sequence)
    }

    /// The Request-URI of a transaction, as digest wants it.
    pub(super) fn request_uri(&mut self, id: u64) -> Option<String> {
        let client = self.transactions.client(id)?;
        Some(String::from_utf8_lossy(&client.machine.request().uri.to_bytes()).into_owned())
    }

    /// The header that answers a challenge, if there is one to answer.
    pub(super) fn prove_to(
        &mut self,
        response: &Response,
        login: &Login,
        method: &Method,
        uri: &str,
    ) -> Option<(HeaderName, String)> {
        let cnonce = self.random.hex();
        let method = String::from_utf8_lossy(method.as_bytes());
        crate::digest::answer(response, login, &method, uri, &cnonce)
    }
}

/// The refusal that says most: a declared one before a mere time-out, 6xx
/// before everything, else the lower number (§16.7 step 6).
fn better_refusal(a: Option<u16>, b: Option<u16>) -> Option<u16> {
    let rank = |status: Option<u16>| match status {
        None => (3, NO_RESPONSE),
        Some(status @ 600..) => (0, status),
        Some(status @ (408 | 480)) => (2, status),
        Some(status) => (1, status),
    };
    if rank(b) < rank(a) { b } else { a }
}

pub(super) fn to_tag(response: &Response) -> Option<Bytes> {
    let to = response.headers.typed::<To>()?.ok()?;
    to.tag().map(Bytes::copy_from_slice)
}

pub(super) fn sdp_of(response: &Response) -> Option<&Bytes> {
    let typed = response.headers.typed::<ContentType>();
    let is_sdp = matches!(typed, Some(Ok(content)) if content.is("application", "sdp"));
    (is_sdp && !response.body().is_empty()).then(|| response.body())
}

/// Completes a dialog from the answer (§12.1.2).
pub(super) fn confirm(dialog: &mut Dialog, response: &Response, tag: &Bytes) {
    if let Some(to) = response.headers.value(&HeaderName::To) {
        dialog.remote = Bytes::from(to.into_owned());
    }
    dialog.remote_tag = (!tag.is_empty()).then(|| tag.clone());
    let (routes, target) = confirmed_way(response);
    dialog.routes = routes;
    if let Some(target) = target {
        dialog.target = target;
    }
}

/// The routes and the Contact that an answer gives its dialog.
pub(super) fn confirmed_way(response: &Response) -> (Vec<Uri>, Option<Uri>) {
    let mut routes = read_routes(&response.headers).unwrap_or_default();
    routes.reverse();
    let contact = response.headers.typed::<Contact>().and_then(Result::ok);
    (routes, contact.map(|contact| contact.uri.clone()))
}

/// The dialog of an answer to a call that is gone.
fn dialog_from(
    invite: &sipx_sip::Request,
    response: &Response,
    tag: &Bytes,
    hop: Hop,
) -> Option<Dialog> {
    let copy =
        |name: HeaderName| invite.headers.value(&name).map(|value| Bytes::from(value.into_owned()));
    let cseq: CSeq = invite.headers.typed()?.ok()?;
    let mut dialog = Dialog {
        call_id: copy(HeaderName::CallId)?,
        local: copy(HeaderName::From)?,
        remote: copy(HeaderName::To)?,
        remote_tag: None,
        local_cseq: cseq.sequence,
        remote_cseq: None,
        target: invite.uri.clone(),
        routes: Vec::new(),
        hop,
        spare: VecDeque::new(),
        awaits: None,
        contact: String::new(),
    };
    confirm(&mut dialog, response, tag);
    Some(dialog)
}
