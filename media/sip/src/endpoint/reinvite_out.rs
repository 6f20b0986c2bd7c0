//! We change the session (RFC 3261 §14.1, RFC 3311): hold, resume, refresh.

use super::answer::GIVE_UP_MS;
use super::invite_response::{sdp_of, to_tag};
use super::{Endpoint, Fate};
use crate::call::{Call, Phase, Purpose, Reinvite, Way};
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
/// Longest Retry-After obeyed; a peer may not park our change for ever.
const MAX_RETRY_AFTER_S: u64 = 10;

impl Endpoint {
    /// Asks the other side to let media flow this way from now on:
    /// `SendOnly` holds it (music may go on), `SendRecv` takes it back.
    /// Told by [`SipEvent::Reinvited`] or [`SipEvent::ReinviteFailed`].
    pub fn reinvite(&mut self, now: Timestamp, dialog: DialogKey, direction: Direction) {
        self.change(now, dialog, Way::Invite, direction);
    }

    /// The same as [`Endpoint::reinvite`] by UPDATE (RFC 3311), which needs no
    /// three-way handshake; by re-INVITE if the peer does not allow UPDATE. Before
    /// the answer it changes early media that was agreed reliably, of a placed call
    /// in the early dialog that is heard.
    pub fn update(&mut self, now: Timestamp, dialog: DialogKey, direction: Direction) {
        self.change(now, dialog, Way::Update, direction);
    }

    fn change(&mut self, now: Timestamp, dialog: DialogKey, way: Way, direction: Direction) {
        self.with_call(dialog, |endpoint, call| {
            if call.phase == Phase::Closing {
                // Its last event was told; nothing may follow that.
                return Fate::Keep;
            }
            let by_itself =
                call.reinvite.as_ref().is_some_and(|mine| mine.purpose != Purpose::Direct);
            if call.phase == Phase::Up && by_itself {
                // The server did not ask for that one; its wish comes next.
                if call.queued.replace(direction).is_some() {
                    endpoint.emit(SipEvent::ReinviteFailed { dialog, status: None });
                }
                return Fate::Keep;
            }
            let way = if call.peer.update { way } else { Way::Invite };
            let possible = call.phase == Phase::Up || endpoint.may_change_early(call, way);
            if !possible || call.reinvite.is_some() {
                endpoint.emit(SipEvent::ReinviteFailed { dialog, status: None });
                return Fate::Keep;
            }
            endpoint.start_change(now, call, Purpose::Direct, way, direction);
            Fate::Keep
        });
    }

    pub(super) fn start_change(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        purpose: Purpose,
        way: Way,
        direction: Direction,
    ) {
        let heard = call.heard_fork();
        call.reinvite = Some(Reinvite {
            purpose,
            way,
            direction,
            fork: heard.map(|fork| fork.tag.clone()),
            before: heard.map_or(&call.session, |fork| &fork.session).wanted(),
            transaction: None,
            retry_at: None,
            give_up_at: now.plus_ms(2 * GIVE_UP_MS),
            challenges: 0,
            tries: 0,
            asked_s: 0,
        });
        let fork = call.fork_of_change();
        call.swap_fork(fork);
        self.try_reinvite(now, call, None);
        call.swap_fork(fork);
    }

    /// Sends the request, or waits while an INVITE of theirs is under way, or what
    /// was said before the answer is not acknowledged.
    fn try_reinvite(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        proof: Option<(HeaderName, String)>,
    ) {
        let asked_s = self.asked_interval_s(call);
        let early_is_open = call.early_is_open();
        let Some(mine) = &mut call.reinvite else { return };
        if call.unacked.is_some() || call.session.is_pending() || early_is_open {
            let at = now.plus_ms(self.random.between_ms(200, 1_000));
            mine.retry_at = Some(at);
            self.timers.set(at, TimerKey::Reinvite(call.key));
            return;
        }
        mine.retry_at = None;
        mine.asked_s = asked_s;
        let (method, bare) = match (mine.way, mine.purpose) {
            (Way::Invite, _) => (Method::Invite, false),
            (Way::Update, purpose) => (Method::Update, purpose == Purpose::Refresh),
        };
        call.session.want(mine.direction);
        self.timers.set(mine.give_up_at, TimerKey::Reinvite(call.key));
        let mut offer = None;
        if !bare {
            let local = call.session.local().cloned();
            let Some(Ok(sdp)) = local.map(|local| call.session.offer(&local)) else {
                return self.reinvite_failed(now, call, None);
            };
            offer = Some(sdp);
        }
        let branch = self.random.number();
        let via = self.via(call.dialog.hop.transport, branch);
        let cseq = call.dialog.next_cseq();
        let mut ask = call
            .dialog
            .request(&method, cseq, via)
            .header(HeaderName::Contact, call.dialog.contact.clone())
            .header(HeaderName::Allow, ALLOW);
        ask = self.offer_extensions(ask, call);
        if let Some(sdp) = offer {
            ask = ask.body(SDP_TYPE, sdp);
        }
        if let Some((name, value)) = proof {
            ask = ask.header(name, value);
        }
        let Some(request) = ask.build() else { return self.reinvite_failed(now, call, None) };
        let id = self.ask(now, request, branch, call.dialog.hop, ClientOwner::Reinvite(call.key));
        if let Some(mine) = &mut call.reinvite {
            mine.transaction = Some(id);
        }
    }

    /// The change came to nothing; what held before still holds.
    fn reinvite_failed(&mut self, now: Timestamp, call: &mut Call, status: Option<u16>) {
        let Some(mine) = call.reinvite.take() else { return };
        if mine.retry_at.is_none() && call.session.is_offering() {
            call.session.roll_back();
        }
        call.session.want(mine.before);
        match mine.purpose {
            _ if call.phase == Phase::Closing => {}
            Purpose::Direct => {
                self.emit(SipEvent::ReinviteFailed { dialog: call.key, status });
            }
            Purpose::Refresh => {}
            Purpose::TakeUp => self.not_taken_up(now, call, status),
        }
        self.change_queued(now, call);
    }

    /// Does what the server asked for meanwhile.
    fn change_queued(&mut self, now: Timestamp, call: &mut Call) {
        if let Some(direction) = call.queued.take().filter(|_| call.phase == Phase::Up) {
            self.start_change(now, call, Purpose::Direct, Way::Invite, direction);
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
        let is_invite = self.is_invite(id);
        self.with_call(key, |endpoint, call| {
            let status = response.map(|response| response.status.code());
            if let (true, Some(response), Some(200..=299)) = (is_invite, response, status)
                && !endpoint.acknowledge_again(id, call, response)
            {
                return Fate::Keep;
            }
            if call.reinvite.as_ref().and_then(|mine| mine.transaction) != Some(id) {
                // Given up, or the call is over.
                return Fate::Keep;
            }
            let fork = call.fork_of_change();
            call.swap_fork(fork);
            let fate = match (response, status) {
                (_, Some(100..=199)) => Fate::Keep,
                (Some(response), Some(200..=299)) => endpoint.reinvited(now, call, response),
                (Some(response), Some(401 | 407)) => {
                    endpoint.reinvite_challenged(now, call, response, uri.as_deref())
                }
                (_, Some(491)) => {
                    let (from, to) =
                        if call.placed.is_some() { OWNER_RETRY_MS } else { OTHER_RETRY_MS };
                    let wait_ms = endpoint.random.between_ms(from, to);
                    endpoint.reinvite_again(now, call, wait_ms, 491);
                    Fate::Keep
                }
                (Some(response), Some(500)) if retry_after_s(response).is_some() => {
                    let wait_s = retry_after_s(response).unwrap_or(0).min(MAX_RETRY_AFTER_S);
                    endpoint.reinvite_again(now, call, wait_s * 1_000, 500);
                    Fate::Keep
                }
                (Some(_), Some(422)) if endpoint.asks_longer(call, response) => {
                    endpoint.reinvite_again(now, call, 0, 422);
                    Fate::Keep
                }
                // It allowed UPDATE and does not know it after all.
                (_, Some(status @ (405 | 501))) if endpoint.falls_back(call) => {
                    call.peer.update = false;
                    endpoint.reinvite_again(now, call, 0, status);
                    Fate::Keep
                }
                // The dialog is gone for them (§12.2.1.2).
                (_, Some(481 | 408) | None) if call.phase == Phase::Up => {
                    lose_quietly(call);
                    endpoint.reinvite_failed(now, call, status);
                    endpoint.lose(now, call, Cause::Unreachable)
                }
                _ => {
                    endpoint.reinvite_failed(now, call, status);
                    Fate::Keep
                }
            };
            call.swap_fork(fork);
            fate
        });
    }

    fn is_invite(&mut self, id: u64) -> bool {
        self.transactions
            .client(id)
            .is_some_and(|client| client.machine.request().method == Method::Invite)
    }

    fn falls_back(&self, call: &mut Call) -> bool {
        match &mut call.reinvite {
            Some(mine) if mine.way == Way::Update && call.phase == Phase::Up => {
                mine.way = Way::Invite;
                true
            }
            _ => false,
        }
    }

    /// Acknowledges an answer; whether it is the first copy of it.
    fn acknowledge_again(&mut self, id: u64, call: &Call, response: &Response) -> bool {
        let known = self.transactions.client(id).and_then(|client| client.acks.first_mut());
        if let Some(ack) = known {
            let again = (ack.hop, ack.bytes.clone());
            self.transmit(again.0, again.1);
            return false;
        }
        let tag = to_tag(response).unwrap_or_default();
        let cseq = self.invite_cseq(id).unwrap_or(call.dialog.local_cseq);
        self.acknowledge(id, &call.dialog, cseq, tag);
        true
    }

    fn reinvited(&mut self, now: Timestamp, call: &mut Call, response: &Response) -> Fate {
        if call.phase == Phase::Closing {
            return Fate::Keep;
        }
        call.peer.hear(&response.headers);
        if call.phase == Phase::Up {
            let asked_s = call.reinvite.as_ref().map(|mine| mine.asked_s);
            self.restart_clock(now, call, response, asked_s);
        }
        if !call.session.is_offering() {
            // An UPDATE that only refreshed.
            call.reinvite = None;
            self.change_queued(now, call);
            return Fate::Keep;
        }
        let before = call.session.agreed().cloned();
        let body = sdp_of(response).cloned().unwrap_or_default();
        match call.session.take_answer(&body) {
            Ok(media) => {
                match call.reinvite.take().map(|mine| mine.purpose) {
                    Some(Purpose::Refresh) => self.report_media(call, before.as_ref()),
                    Some(Purpose::TakeUp) => self.taken_up(call, media),
                    _ => {
                        call.held = !media.direction.sends() && call.session.wanted().sends();
                        if let Some(placed) = &mut call.placed {
                            placed.early = Some(media.clone());
                        }
                        self.emit(SipEvent::Reinvited { dialog: call.key, media });
                    }
                }
                self.change_queued(now, call);
                Fate::Keep
            }
            Err(_) => {
                self.counters.add(Count::NoCommonCodec);
                call.queued = None;
                lose_quietly(call);
                self.reinvite_failed(now, call, Some(488));
                match call.phase {
                    Phase::Up => self.lose(now, call, Cause::NoCommonCodec),
                    _ => Fate::Keep,
                }
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
        let method = match call.reinvite.as_ref().map(|mine| mine.way) {
            Some(Way::Update) => Method::Update,
            _ => Method::Invite,
        };
        let proof =
            login.zip(uri).and_then(|(login, uri)| self.prove_to(response, &login, &method, uri));
        let again = call.reinvite.as_ref().is_some_and(|mine| mine.challenges < MAX_CHALLENGES);
        if proof.is_none() || !again || call.phase == Phase::Closing {
            self.reinvite_failed(now, call, Some(response.status.code()));
            return Fate::Keep;
        }
        if let Some(mine) = &mut call.reinvite {
            mine.challenges += 1;
        }
        if call.session.is_offering() {
            call.session.roll_back();
        }
        self.try_reinvite(now, call, proof);
        Fate::Keep
    }

    /// Tries again later, but not for ever.
    fn reinvite_again(&mut self, now: Timestamp, call: &mut Call, wait_ms: u64, status: u16) {
        let at = now.plus_ms(wait_ms);
        let Some(mine) = &mut call.reinvite else { return };
        mine.tries += 1;
        if mine.tries >= MAX_TRIES || call.phase == Phase::Closing {
            return self.reinvite_failed(now, call, Some(status));
        }
        mine.transaction = None;
        mine.retry_at = Some(at);
        let before = mine.before;
        if call.session.is_offering() {
            call.session.roll_back();
        }
        call.session.want(before);
        self.timers.set(at, TimerKey::Reinvite(call.key));
    }

    pub(super) fn reinvite_timer(&mut self, now: Timestamp, at: Timestamp, key: DialogKey) {
        self.with_call(key, |endpoint, call| {
            let fork = call.fork_of_change();
            let Some(mine) = &call.reinvite else { return Fate::Keep };
            let (give_up_at, retry_at) = (mine.give_up_at, mine.retry_at);
            if call.phase == Phase::Closing {
                return Fate::Keep;
            }
            call.swap_fork(fork);
            if give_up_at <= at {
                // Provisional responses for ever, or no end of crossing.
                endpoint.cancel_change(now, call);
                endpoint.reinvite_failed(now, call, None);
            } else if retry_at == Some(at) {
                endpoint.try_reinvite(now, call, None);
            }
            call.swap_fork(fork);
            Fate::Keep
        });
    }

    /// A re-INVITE that nobody waits for any more must not stay open.
    pub(super) fn cancel_change(&mut self, now: Timestamp, call: &Call) {
        if let Some(id) = call.reinvite.as_ref().and_then(|mine| mine.transaction)
            && self.is_invite(id)
        {
            self.cancel_invite(now, id);
        }
    }
}

/// The leg is lost whatever it was asked for: only that is told.
fn lose_quietly(call: &mut Call) {
    if let Some(mine) = call.reinvite.as_mut().filter(|mine| mine.purpose == Purpose::TakeUp) {
        mine.purpose = Purpose::Refresh;
    }
}

fn retry_after_s(response: &Response) -> Option<u64> {
    let value = response.headers.value(&HeaderName::RetryAfter)?;
    let digits: Vec<u8> =
        value.trim_ascii_start().iter().copied().take_while(u8::is_ascii_digit).collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}
