//! We change the media of a call before its answer (RFC 3311 §5.1): by UPDATE, once
//! an offer and its answer went through reliably (RFC 3262 §5). How it is sent and
//! what comes back is as with any other change, see `reinvite_out`.

use super::Endpoint;
use crate::call::{Call, Phase, Way};
use crate::event::SipEvent;
use bytes::Bytes;

impl Endpoint {
    /// Whether a call that is not answered may be changed this way.
    pub(super) fn may_change_early(&self, call: &Call, way: Way) -> bool {
        let agreed = match call.phase {
            // Of what was said unreliably we do not know whether it was heard.
            Phase::Incoming => call.reliable.is_some() && call.session.agreed().is_some(),
            Phase::Calling => call.heard_fork().is_some(),
            Phase::Up | Phase::Closing => false,
        };
        way == Way::Update && agreed
    }

    /// Forgets a change of ours in an early dialog other than `kept`: it is over.
    pub(super) fn drop_early_change(&mut self, call: &mut Call, kept: Option<&Bytes>) {
        let other = |fork: &Bytes| Some(fork) != kept;
        let fork = call.reinvite.as_ref().and_then(|mine| mine.fork.as_ref());
        if call.phase == Phase::Calling && fork.is_some_and(other) {
            call.reinvite = None;
            self.emit(SipEvent::ReinviteFailed { dialog: call.key, status: None });
        }
    }
}
