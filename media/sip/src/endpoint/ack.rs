//! The ACK of an answer of ours (RFC 3261 §13.2.2.4, §14.2).

use super::{Endpoint, Fate};
use crate::call::{AckFor, Call, Phase, UnackedAnswer};
use crate::counters::Count;
use crate::event::{Side, SipEvent};
use sipx_sip::Request;
use sipx_sip::headers::CSeq;
use strowger_model::{Cause, Timestamp};

impl Endpoint {
    pub(super) fn on_ack(&mut self, now: Timestamp, request: &Request) {
        let Some(key) = self.call_of(request) else { return };
        let Some(Ok(cseq)) = request.headers.typed::<CSeq>() else { return };
        self.with_call(key, |endpoint, call| match call.unacked.take() {
            Some(unacked) if unacked.cseq == cseq.sequence => {
                endpoint.acknowledged(now, call, &unacked, request)
            }
            other => {
                call.unacked = other;
                Fate::Keep
            }
        });
    }

    fn acknowledged(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        unacked: &UnackedAnswer,
        request: &Request,
    ) -> Fate {
        if unacked.then_bye {
            return self.send_bye(now, call, Cause::Normal);
        }
        if call.phase != Phase::Up || !unacked.offers {
            return Fate::Keep;
        }
        let before = call.session.agreed().cloned();
        match call.session.take_answer(request.body()) {
            Ok(media) => {
                match unacked.purpose {
                    AckFor::Call => {
                        call.held = !media.direction.sends();
                        self.emit(SipEvent::Answered {
                            dialog: call.key,
                            media,
                            trunk: call.source.trunk(),
                        });
                    }
                    AckFor::Reinvite => self.report_media(call, before.as_ref()),
                }
                Fate::Keep
            }
            Err(_) => {
                // The answer to our offer cannot be used and cannot be refused any more.
                self.counters.add(Count::NoCommonCodec);
                call.session.roll_back();
                let (dialog, cause) = (call.key, Cause::NoCommonCodec);
                self.emit(SipEvent::HungUp { dialog, cause, by: Side::Neither });
                self.send_bye(now, call, cause)
            }
        }
    }

    /// Says what a new agreement changed, if anything.
    pub(super) fn report_media(
        &mut self,
        call: &mut Call,
        before: Option<&crate::sdp::Negotiated>,
    ) {
        let Some(media) = call.session.agreed().cloned() else { return };
        let dialog = call.key;
        // They hold us if they do not listen although we would talk.
        let held = !media.direction.sends() && call.session.wanted().sends();
        let was_held = std::mem::replace(&mut call.held, held);
        match (was_held, held) {
            (false, true) => self.emit(SipEvent::Held { dialog, media }),
            (true, false) => self.emit(SipEvent::Resumed { dialog, media }),
            _ if before != Some(&media) => self.emit(SipEvent::MediaChanged { dialog, media }),
            _ => {}
        }
    }
}
