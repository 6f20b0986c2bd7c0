//! What the server says to a caller: ringing, early media, answer, refusal.

use super::invite_in::Offer;
use super::{Endpoint, Fate};
use crate::call::{AckFor, Call, Carries, Phase, UnackedAnswer};
use crate::counters::Count;
use crate::event::{DialogKey, Side, SipEvent};
use crate::limits::PROVISIONAL_REPEAT_MS;
use crate::message::{ALLOW, Reply, write_response};
use crate::random::hex64;
use crate::sdp::{LocalMedia, MediaOptions, SessionError};
use crate::timer::TimerKey;
use sipx_sip::headers::CSeq;
use sipx_sip::{HeaderName, Request};
use strowger_model::{Cause, Timestamp};

/// RFC 3261's T1, T2 and 64·T1 in milliseconds.
pub(super) const T1_MS: u64 = 500;
const T2_MS: u64 = 4_000;
pub(super) const GIVE_UP_MS: u64 = 64 * T1_MS;

impl Endpoint {
    /// Says what a leg's media may be besides plain G.711, from the next offer or
    /// answer on; before [`Endpoint::early_media`] or [`Endpoint::answer`].
    pub fn set_media_options(&mut self, dialog: DialogKey, options: MediaOptions) {
        if let Some(call) = self.calls.get_mut(&dialog) {
            call.session.set_options(options);
        }
    }

    /// Tells a caller that it rings (180).
    pub fn ring(&mut self, now: Timestamp, dialog: DialogKey) {
        self.with_call(dialog, |endpoint, call| {
            if call.phase == Phase::Incoming && call.session.agreed().is_none() {
                endpoint.progress(now, call, 180, None, Carries::Nothing);
            }
            Fate::Keep
        });
    }

    /// Lets a caller hear us before the answer (183 with our media); told by
    /// [`SipEvent::Ringing`]. A caller that made no offer gets ours if it
    /// acknowledges provisional responses (RFC 3262 §5), and is told of when its
    /// answer is here; any other can only be shown that it rings.
    pub fn early_media(&mut self, now: Timestamp, dialog: DialogKey, local: &LocalMedia) {
        self.with_call(dialog, |endpoint, call| {
            let settled = call.session.agreed().is_some() || call.session.is_offering();
            if call.phase != Phase::Incoming || settled {
                return Fate::Keep;
            }
            if !call.session.is_offered() {
                let offer = call.reliable.is_some().then(|| call.session.offer(local));
                match offer {
                    Some(Ok(sdp)) => endpoint.progress(now, call, 183, Some(sdp), Carries::Offer),
                    _ => endpoint.progress(now, call, 180, None, Carries::Nothing),
                }
                return Fate::Keep;
            }
            match call.session.answer(local) {
                Ok((sdp, media)) => {
                    endpoint.progress(now, call, 183, Some(sdp), Carries::Answer);
                    endpoint.emit(SipEvent::Ringing {
                        dialog,
                        early: Some(media),
                        trunk: call.source.trunk(),
                    });
                    Fate::Keep
                }
                Err(error) => endpoint.refuse_session(now, call, error),
            }
        });
    }

    /// Answers a call (200); told by [`SipEvent::Answered`], for a late offer
    /// only when the caller's answer is here.
    pub fn answer(&mut self, now: Timestamp, dialog: DialogKey, local: &LocalMedia) {
        self.with_call(dialog, |endpoint, call| {
            if call.phase != Phase::Incoming {
                return Fate::Keep;
            }
            if let Some(reliable) = &mut call.reliable
                && reliable.holds_back_answer()
            {
                reliable.then_answer = Some(Box::new(local.clone()));
                return Fate::Keep;
            }
            endpoint.answer_now(now, call, local)
        });
    }

    /// Answers a call that nothing holds back.
    pub(super) fn answer_now(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        local: &LocalMedia,
    ) -> Fate {
        let made = if call.session.is_offered() {
            call.session.answer(local).map(|(sdp, _)| (Some(sdp), false))
        } else if call.session.agreed().is_some() {
            // The answer in the 183 stands; the 200 repeats it (RFC 6337 §3.1.1)
            // unless the caller has acknowledged it.
            let repeated = call.session.last_sent().filter(|_| call.reliable.is_none());
            Ok((repeated, false))
        } else {
            call.session.offer(local).map(|sdp| (Some(sdp), true))
        };
        match made {
            Ok((sdp, offers)) => {
                if let Some(reliable) = &mut call.reliable {
                    reliable.finish();
                }
                self.accept(now, call, sdp, offers, AckFor::Call);
                call.phase = Phase::Up;
                self.counters.add(Count::Answered);
                if let (false, Some(media)) = (offers, call.session.agreed().cloned()) {
                    call.held = !media.direction.sends();
                    self.emit(SipEvent::Answered {
                        dialog: call.key,
                        media,
                        trunk: call.source.trunk(),
                    });
                }
                Fate::Keep
            }
            Err(error) => self.refuse_session(now, call, error),
        }
    }

    /// Refuses a call with a final response of 300 to 699.
    pub fn reject(&mut self, now: Timestamp, dialog: DialogKey, status: u16, reason: Option<&str>) {
        self.with_call(dialog, |endpoint, call| {
            if call.phase != Phase::Incoming {
                return Fate::Keep;
            }
            let status = if (300..700).contains(&status) { status } else { 480 };
            endpoint.refuse_call(now, call, status, reason, |reply| reply);
            let cause = Cause::from_sip_status(status);
            endpoint.emit(SipEvent::HungUp { dialog, cause, by: Side::Us });
            Fate::Drop
        });
    }

    /// Sends a final refusal of the pending INVITE.
    pub(super) fn refuse_call(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        status: u16,
        reason: Option<&str>,
        add: impl FnOnce(Reply) -> Reply,
    ) {
        if let (Some(id), Some(invite)) = (call.invited.take(), call.invite.take()) {
            let reason = reason.unwrap_or_else(|| crate::message::reason_phrase(status));
            let reply = Reply::with_reason(&invite, status, reason, &hex64(call.tag));
            self.respond(now, id, add(reply).build());
        }
    }

    pub(super) fn refuse_session(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        error: SessionError,
    ) -> Fate {
        self.counters.add(Count::NoCommonCodec);
        let warning = self.warning(error);
        self.refuse_call(now, call, 488, None, |r| r.header(HeaderName::Warning, warning));
        let (dialog, cause) = (call.key, Cause::NoCommonCodec);
        self.emit(SipEvent::HungUp { dialog, cause, by: Side::Neither });
        Fate::Drop
    }

    fn progress(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        status: u16,
        sdp: Option<String>,
        carries: Carries,
    ) {
        if status > 100 {
            call.last_provisional = Some((status, sdp.clone()));
        }
        if status > 100 && call.reliable.is_some() {
            self.send_reliably(now, call, status, sdp, carries);
        } else {
            self.send_provisional(now, call, status, sdp);
        }
        call.repeat_at = now.plus_ms(PROVISIONAL_REPEAT_MS);
        self.timers.set(call.repeat_at, TimerKey::Unanswered(call.key));
    }

    fn send_provisional(&mut self, now: Timestamp, call: &Call, status: u16, sdp: Option<String>) {
        let (Some(id), Some(invite)) = (call.invited, call.invite.as_deref()) else { return };
        let mut reply = match status {
            100 => Reply::new(invite, 100, ""),
            _ => dialog_reply(call, invite, status),
        };
        if let Some(sdp) = sdp {
            reply = reply.sdp(sdp);
        }
        self.respond(now, id, reply.build());
    }

    /// Repeats what a waiting caller was told, or gives the call up.
    pub(super) fn unanswered_timer(&mut self, now: Timestamp, at: Timestamp, key: DialogKey) {
        self.with_call(key, |endpoint, call| {
            if call.phase != Phase::Incoming {
                return Fate::Keep;
            }
            if now >= call.unanswered_until {
                endpoint.refuse_call(now, call, 480, None, |reply| reply);
                let cause = Cause::NoAnswer;
                endpoint.emit(SipEvent::HungUp { dialog: key, cause, by: Side::Neither });
                return Fate::Drop;
            }
            if call.repeat_at == at {
                // One timer a minute, not one of ten minutes per call: most
                // calls are answered long before and their timers stay behind.
                let (status, sdp) = call.last_provisional.clone().unwrap_or((100, None));
                // Media that was acknowledged is not said again.
                let sdp = sdp.filter(|_| call.reliable.is_none());
                endpoint.progress(now, call, status, sdp, Carries::Nothing);
            }
            Fate::Keep
        });
    }

    /// Sends a 2xx to the pending INVITE and repeats it until its ACK (§13.3.1.4).
    pub(super) fn accept(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        sdp: Option<String>,
        offers: bool,
        purpose: AckFor,
    ) {
        let (Some(id), Some(invite)) = (call.invited.take(), call.invite.take()) else { return };
        let mut reply = dialog_reply(call, &invite, 200);
        if let Some(sdp) = sdp {
            reply = reply.sdp(sdp);
        }
        let Some(response) = self.grant_timer(now, call, &invite, reply).build() else { return };
        let Some(hop) = self.transactions.server(id).map(|server| server.hop) else { return };
        let Some(Ok(CSeq { sequence: cseq, .. })) = invite.headers.typed::<CSeq>() else { return };
        let next_at = now.plus_ms(T1_MS);
        call.unacked = Some(UnackedAnswer {
            response: write_response(&response),
            hop,
            cseq,
            next_at,
            interval_ms: T1_MS,
            give_up_at: now.plus_ms(GIVE_UP_MS),
            offers,
            purpose,
            then_bye: false,
        });
        self.timers.set(next_at, TimerKey::Answer(call.key));
        self.respond(now, id, Some(response));
    }

    pub(super) fn answer_timer(&mut self, now: Timestamp, at: Timestamp, key: DialogKey) {
        self.with_call(key, |endpoint, call| {
            let Some(unacked) = &mut call.unacked else { return Fate::Keep };
            if unacked.next_at != at {
                return Fate::Keep;
            }
            if now >= unacked.give_up_at {
                call.unacked = None;
                endpoint.counters.add(Count::NeverAcknowledged);
                return endpoint.lose(now, call, Cause::Unreachable);
            }
            unacked.interval_ms = (unacked.interval_ms * 2).min(T2_MS);
            unacked.next_at = now.plus_ms(unacked.interval_ms).min(unacked.give_up_at);
            endpoint.timers.set(unacked.next_at, TimerKey::Answer(key));
            let (hop, response) = (unacked.hop, unacked.response.clone());
            endpoint.transmit(hop, response);
            Fate::Keep
        });
    }
}

/// A response inside a dialog or one that makes it: our tag and Contact, and
/// the way it came (§12.1.1).
pub(super) fn dialog_reply(call: &Call, request: &Request, status: u16) -> Reply {
    Reply::new(request, status, &hex64(call.tag))
        .headers(request.headers.get_all(&HeaderName::RecordRoute))
        .header(HeaderName::Contact, call.dialog.contact.clone())
        .header(HeaderName::Allow, ALLOW)
}

/// The status of an offer that cannot be used inside a dialog.
pub(super) fn offer_status(offer: &Offer) -> Option<u16> {
    match offer {
        Offer::Bad(status, _) => Some(*status),
        Offer::OtherType => Some(415),
        Offer::None | Offer::Good(_) => None,
    }
}
