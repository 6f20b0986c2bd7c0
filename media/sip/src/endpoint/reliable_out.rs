//! Provisional responses of ours that must arrive, and their PRACKs (RFC 3262 §3).

use super::answer::{GIVE_UP_MS, T1_MS, dialog_reply};
use super::invite_in::{is_plain_sdp, read_offer};
use super::{Endpoint, Fate};
use crate::call::{Call, Carries, Phase, Reliable, Unacked1xx};
use crate::counters::Count;
use crate::event::{DialogKey, Side, SipEvent, Source};
use crate::message::{Reply, has_option, write_response};
use crate::policy::Reliability;
use crate::random::hex64;
use crate::sdp::SessionError;
use crate::timer::TimerKey;
use sipx_sip::rel::RAck;
use sipx_sip::{HeaderName, Request};
use strowger_model::{Cause, Timestamp};

impl Endpoint {
    /// How provisional responses to an INVITE will be sent.
    pub(super) fn reliability(
        &mut self,
        source: &Source,
        invite: &Request,
    ) -> Option<Box<Reliable>> {
        let required = has_option(&invite.headers, &HeaderName::Require, "100rel");
        let supported = has_option(&invite.headers, &HeaderName::Supported, "100rel");
        let wanted = match self.policies.of(source).reliable {
            Reliability::Never => false,
            Reliability::WhenRequired => required,
            Reliability::WhenSupported => required || supported,
        };
        let cseq: sipx_sip::CSeq = invite.headers.typed()?.ok()?;
        let first = (self.random.number() & 0x3fff_ffff) as u32;
        wanted.then(|| Box::new(Reliable::new(cseq.sequence, first)))
    }

    /// Sends a provisional response that is repeated until its PRACK; waits
    /// while another one is out.
    pub(super) fn send_reliably(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        status: u16,
        sdp: Option<String>,
        carries: Carries,
    ) {
        let reply = match call.invite.as_deref() {
            Some(invite) => dialog_reply(call, invite, status),
            None => return,
        };
        let hop = call.invited.and_then(|id| self.transactions.server(id)).map(|s| s.hop);
        let (Some(reliable), Some(id), Some(hop)) = (&mut call.reliable, call.invited, hop) else {
            return;
        };
        if reliable.out.is_some() {
            reliable.queued = Some((status, sdp, carries));
            return;
        }
        let rseq = reliable.next_rseq;
        let mut reply =
            reply.header(HeaderName::Require, "100rel").header(HeaderName::RSeq, rseq.to_string());
        if let Some(sdp) = sdp {
            reply = reply.sdp(sdp);
        }
        let Some(response) = reply.build() else { return };
        reliable.next_rseq = rseq.saturating_add(1);
        let next_at = now.plus_ms(T1_MS);
        reliable.out = Some(Unacked1xx {
            rseq,
            carries,
            response: write_response(&response),
            hop,
            next_at,
            interval_ms: T1_MS,
            give_up_at: now.plus_ms(GIVE_UP_MS),
        });
        self.timers.set(next_at, TimerKey::Reliable(call.key));
        self.respond(now, id, Some(response));
    }

    pub(super) fn reliable_timer(&mut self, now: Timestamp, at: Timestamp, key: DialogKey) {
        self.with_call(key, |endpoint, call| {
            let out = call.reliable.as_mut().and_then(|reliable| reliable.out.as_mut());
            let Some(out) = out.filter(|out| out.next_at == at) else { return Fate::Keep };
            if call.phase != Phase::Incoming {
                return Fate::Keep;
            }
            if now >= out.give_up_at {
                endpoint.counters.add(Count::NeverAcknowledged);
                endpoint.refuse_call(now, call, 504, None, |reply| reply);
                let cause = Cause::Unreachable;
                endpoint.emit(SipEvent::HungUp { dialog: key, cause, by: Side::Neither });
                return Fate::Drop;
            }
            // Doubled without a ceiling, unlike an answer (§3).
            out.interval_ms *= 2;
            out.next_at = now.plus_ms(out.interval_ms).min(out.give_up_at);
            endpoint.timers.set(out.next_at, TimerKey::Reliable(key));
            let (hop, response) = (out.hop, out.response.clone());
            endpoint.transmit(hop, response);
            Fate::Keep
        });
    }

    pub(super) fn take_prack(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        id: u64,
        request: &Request,
    ) -> Fate {
        let tag = hex64(call.tag);
        let ack = match request.headers.typed::<RAck>() {
            Some(Ok(ack)) => ack,
            _ => {
                self.respond(now, id, Reply::new(request, 400, &tag).build());
                return Fate::Keep;
            }
        };
        let acknowledged = call.reliable.as_mut().and_then(|reliable| reliable.acknowledge(&ack));
        let Some(carries) = acknowledged else {
            self.respond(now, id, Reply::new(request, 481, &tag).build());
            return Fate::Keep;
        };
        let read = match carries {
            Carries::Offer => {
                self.respond(now, id, Reply::new(request, 200, &tag).build());
                self.read_prack_answer(call, request)
            }
            Carries::Nothing | Carries::Answer => {
                let reply = self.answer_prack(call, request, Reply::new(request, 200, &tag));
                self.respond(now, id, reply.build());
                Ok(())
            }
        };
        if let Err(error) = read {
            return self.refuse_session(now, call, error);
        }
        self.after_prack(now, call)
    }

    fn read_prack_answer(
        &mut self,
        call: &mut Call,
        request: &Request,
    ) -> Result<(), SessionError> {
        let media = call.session.take_answer(request.body())?;
        call.held = !media.direction.sends();
        self.emit(SipEvent::Ringing {
            dialog: call.key,
            early: Some(media),
            trunk: call.source.trunk(),
        });
        Ok(())
    }

    /// A PRACK may make an offer of its own once the first one is settled (§5).
    fn answer_prack(&mut self, call: &mut Call, request: &Request, ok: Reply) -> Reply {
        if request.body().is_empty() {
            return ok;
        }
        let refused = |status| Reply::new(request, status, &hex64(call.tag));
        if !is_plain_sdp(request) {
            return refused(415);
        }
        if call.session.is_offering() {
            // It crosses an UPDATE of ours.
            self.counters.add(Count::Glare);
            return refused(491);
        }
        let Some(local) = call.session.local().cloned().filter(|_| !call.session.is_pending())
        else {
            return refused(488);
        };
        let before = call.session.agreed().cloned();
        let _ = read_offer(&mut call.session, request);
        if !call.session.is_offered() {
            return refused(488);
        }
        match call.session.answer(&local) {
            Ok((sdp, media)) => {
                if call.phase == Phase::Up {
                    // The answer to the INVITE overtook it.
                    self.report_media(call, before.as_ref());
                } else {
                    call.held = !media.direction.sends();
                    self.emit(SipEvent::Ringing {
                        dialog: call.key,
                        early: Some(media),
                        trunk: call.source.trunk(),
                    });
                }
                ok.sdp(sdp)
            }
            Err(_) => {
                call.session.roll_back();
                refused(488)
            }
        }
    }

    /// What waited for the PRACK.
    fn after_prack(&mut self, now: Timestamp, call: &mut Call) -> Fate {
        if call.phase != Phase::Incoming {
            return Fate::Keep;
        }
        let Some(reliable) = &mut call.reliable else { return Fate::Keep };
        if let Some((status, sdp, carries)) = reliable.queued.take() {
            self.send_reliably(now, call, status, sdp, carries);
            return Fate::Keep;
        }
        match reliable.then_answer.take() {
            Some(local) => self.answer_now(now, call, &local),
            None => Fate::Keep,
        }
    }
}
