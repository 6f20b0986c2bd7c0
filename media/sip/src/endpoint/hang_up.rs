//! Ending a call, whatever state it is in.

use super::{Endpoint, Fate};
use crate::call::{AckFor, Call, Phase};
use crate::event::{DialogKey, Side, SipEvent};
use strowger_model::{Cause, Timestamp};

impl Endpoint {
    /// Ends a call: refuses it, cancels it or hangs it up. The last event
    /// follows at once; what is left to be said on the wire is said without
    /// the server.
    pub fn hang_up(&mut self, now: Timestamp, dialog: DialogKey, cause: Cause) {
        self.with_call(dialog, |endpoint, call| match call.phase {
            Phase::Incoming => {
                let status = Some(cause.sip_status()).filter(|status| *status >= 300);
                endpoint.refuse_call(now, call, status.unwrap_or(480), None, |reply| reply);
                endpoint.emit(SipEvent::HungUp { dialog, cause, by: Side::Us });
                Fate::Drop
            }
            Phase::Calling => {
                let cause = if cause == Cause::Normal { Cause::Cancelled } else { cause };
                endpoint.emit(SipEvent::Failed {
                    dialog,
                    cause,
                    status: None,
                    trunk: call.source.trunk(),
                });
                endpoint.abandon(now, call)
            }
            Phase::Up => {
                endpoint.emit(SipEvent::HungUp { dialog, cause, by: Side::Us });
                endpoint.close(now, call, cause)
            }
            Phase::Closing => Fate::Keep,
        });
    }

    /// Gives a placed call up before its answer; the same as
    /// [`Endpoint::hang_up`], named for what it means there.
    pub fn cancel(&mut self, now: Timestamp, dialog: DialogKey) {
        self.hang_up(now, dialog, Cause::Cancelled);
    }

    /// The other end is gone or breaks the rules: one BYE, and the server is told.
    pub(super) fn lose(&mut self, now: Timestamp, call: &mut Call, cause: Cause) -> Fate {
        if call.phase != Phase::Closing {
            self.emit(SipEvent::HungUp { dialog: call.key, cause, by: Side::Neither });
        }
        self.send_bye(now, call, cause)
    }

    /// Hangs up, as soon as a BYE may be sent.
    fn close(&mut self, now: Timestamp, call: &mut Call, cause: Cause) -> Fate {
        call.phase = Phase::Closing;
        self.forget_refer(now, call);
        match &mut call.unacked {
            Some(unacked) if unacked.purpose == AckFor::Call => {
                unacked.then_bye = true;
                Fate::Keep
            }
            _ => self.send_bye(now, call, cause),
        }
    }
}
