//! We change the session (RFC 3261 §14.1): hold, resume.

use super::answer::GIVE_UP_MS;
use super::invite_response::{sdp_of, to_tag};
use super::{Endpoint, Fate};
use crate::call::{Call, Phase, Reinvite};
use crate::counters::Count;
use crate::event::{DialogKey, SipEvent};
use crate::limits::MAX_CHALLENGES;
use crate::message::{ALLOW, SDP_TYPE};
use crate::sdp::Direction;
use crate::timer::TimerKey;
use crate::transaction::ClientOwner;
use sipx_sip::{HeaderName, Method, Response};
use strowger_model::{Cause, Timestamp};

/// Tries after crossing re-INVITEs; both sides wait different random times,
/// so more than this is somebody who never gives way.
const MAX_TRIES: u8 = 5;
/// A 491 is tried again after this long by the side that owns the Call-ID,
/// and by the other one (§14.1).
const OWNER_RETRY_MS: (u64, u64) = (2_100, 4_000);
const OTHER_RETRY_MS: (u64, u64) = (0, 2_000);

impl Endpoint {
    /// Asks the other side to let media flow this way from now on:
    /// `SendOnly` holds it (music may go on), `SendRecv` takes it back.
    /// Told by [`SipEvent::Reinvited`] or [`SipEvent::ReinviteFailed`].
    pub fn reinvite(&mut self, now: Timestamp, dialog: DialogKey, direction: Direction) {
        self.with_call(dialog, |endpoint, call| {
            if call.phase != Phase::Up || call.reinvite.is_some() {
                endpoint.emit(SipEvent::ReinviteFailed { dialog, status: None });
                return Fate::Keep;
            }
            call.reinvite = Some(Reinvite {
                direction,
                before: call.session.wanted(),
                retry_at: None,
                give_up_at: now.plus_ms(2 * GIVE_UP_MS),
                challenges: 0,
                tries: 0,
            });
            endpoint.try_reinvite(now, call, None);
            Fate::Keep
        });
    }

    /// Sends the re-INVITE, or waits while an INVITE of theirs is under way.
    fn try_reinvite(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        proof: Option<(HeaderName, String)>,
    ) {
        let Some(mine) = &mut call.reinvite else { return };
        if call.unacked.is_some() || call.session.is_pending() {
            let at = now.plus_ms(self.random.between_ms(200, 1_000));
            mine.retry_at = Some(at);
            self.timers.set(at, TimerKey::Reinvite(call.key));
            return;
        }
        mine.retry_at = None;
        call.session.want(mine.direction);
        self.timers.set(mine.give_up_at, TimerKey::Reinvite(call.key));
        let local = call.session.local().cloned();
        let Some(Ok(sdp)) = local.map(|local| call.session.offer(&local)) else {
            return self.reinvite_failed(call, None);
        };
        let branch = self.random.number();
        let via = self.via(call.dialog.hop.transport, branch);
        let cseq = call.dialog.next_cseq();
        let mut ask = call
            .dialog
            .request(&Method::Invite, cseq, via)
            .header(HeaderName::Contact, call.dialog.contact.clone())
            .header(HeaderName::Allow, ALLOW)
            .body(SDP_TYPE, sdp);
        if let Some((name, value)) = proof {
            ask = ask.header(name, value);
        }
        match ask.build() {
            Some(request) => {
                let owner = ClientOwner::Reinvite(call.key);
                self.ask(now, request, branch, call.dialog.hop, owner);
            }
            None => self.reinvite_failed(call, None),
        }
    }

    fn reinvite_failed(&mut self, call: &mut Call, status: Option<u16>) {
        if let Some(mine) = call.reinvite.take() {
            if mine.retry_at.is_none() {
                call.session.roll_back();
            }
            call.session.want(mine.before);
            if call.phase == Phase::Up {
                self.emit(SipEvent::ReinviteFailed { dialog: call.key, status });
            }
        }
    }

    pub(super) fn on_reinvite_outcome(
        &mut self,
        now: Timestamp,
        id: u64,
        key: DialogKey,
        response: Option<&Response>,
    ) {
        let uri = self.request_uri(id);
        self.with_call(key, |endpoint, call| {
            let status = response.map(|response| response.status.code());
            match (response, status) {
                (_, Some(100..=199)) => Fate::Keep,
                (Some(response), Some(200..=299)) => endpoint.reinvited(now, id, call, response),
                (Some(response), Some(401 | 407)) => {
                    endpoint.reinvite_challenged(now, call, response, uri.as_deref())
                }
                (_, Some(491)) => {
                    endpoint.reinvite_crossed(now, call);
                    Fate::Keep
                }
                // The dialog is gone for them (§12.2.1.2).
                (_, Some(481 | 408) | None) if call.phase == Phase::Up => {
                    endpoint.reinvite_failed(call, status);
                    endpoint.lose(now, call, Cause::Unreachable)
                }
                _ => {
                    endpoint.reinvite_failed(call, status);
                    Fate::Keep
                }
            }
        });
    }

    fn reinvited(&mut self, now: Timestamp, id: u64, call: &mut Call, response: &Response) -> Fate {
        let tag = to_tag(response).unwrap_or_default();
        let known = self
            .transactions
            .client(id)
            .and_then(|client| client.acks.first().map(|(_, ack, hop)| (ack.clone(), *hop)));
        if let Some((ack, hop)) = known {
            self.transmit(hop, ack);
            return Fate::Keep;
        }
        let cseq = self.invite_cseq(id).unwrap_or(call.dialog.local_cseq);
        let dialog = call.dialog.clone();
        self.acknowledge(id, &dialog, cseq, tag);
        let pending = call.reinvite.as_ref().is_some_and(|mine| mine.retry_at.is_none());
        if !pending || call.phase != Phase::Up {
            return Fate::Keep;
        }
        let body = sdp_of(response).cloned().unwrap_or_default();
        match call.session.take_answer(&body) {
            Ok(media) => {
                call.reinvite = None;
                call.held = !media.direction.sends() && call.session.wanted().sends();
                self.emit(SipEvent::Reinvited { dialog: call.key, media });
                Fate::Keep
            }
            Err(_) => {
                self.counters.add(Count::NoCommonCodec);
                self.reinvite_failed(call, Some(488));
                self.lose(now, call, Cause::NoCommonCodec)
            }
        }
    }

    fn reinvite_challenged(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        response: &Response,
        uri: Option<&str>,
    ) -> Fate {
        let login = call.login.clone();
        let proof = login
            .zip(uri)
            .and_then(|(login, uri)| self.prove_to(response, &login, &Method::Invite, uri));
        let again = call.reinvite.as_ref().is_some_and(|mine| mine.challenges < MAX_CHALLENGES);
        if proof.is_none() || !again || call.phase != Phase::Up {
            self.reinvite_failed(call, Some(response.status.code()));
            return Fate::Keep;
        }
        if let Some(mine) = &mut call.reinvite {
            mine.challenges += 1;
        }
        call.session.roll_back();
        self.try_reinvite(now, call, proof);
        Fate::Keep
    }

    fn reinvite_crossed(&mut self, now: Timestamp, call: &mut Call) {
        // A call that we placed has our Call-ID.
        let (from, to) = if call.placed.is_some() { OWNER_RETRY_MS } else { OTHER_RETRY_MS };
        let at = now.plus_ms(self.random.between_ms(from, to));
        let Some(mine) = &mut call.reinvite else { return };
        mine.tries += 1;
        if mine.tries >= MAX_TRIES || call.phase != Phase::Up {
            return self.reinvite_failed(call, Some(491));
        }
        mine.retry_at = Some(at);
        call.session.roll_back();
        call.session.want(mine.before);
        self.timers.set(at, TimerKey::Reinvite(call.key));
    }

    pub(super) fn reinvite_timer(&mut self, now: Timestamp, at: Timestamp, key: DialogKey) {
        self.with_call(key, |endpoint, call| {
            let Some(mine) = &call.reinvite else { return Fate::Keep };
            if call.phase != Phase::Up {
                return Fate::Keep;
            }
            if mine.give_up_at <= at {
                // Provisional responses for ever, or no end of crossing.
                endpoint.reinvite_failed(call, None);
            } else if mine.retry_at == Some(at) {
                endpoint.try_reinvite(now, call, None);
            }
            Fate::Keep
        });
    }
}
