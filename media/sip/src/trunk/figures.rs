//! What became of the calls over one trunk, counted as they end: a call that
//! fails over counts on every trunk that it was tried over.

use crate::event::SipEvent;
use std::collections::BTreeMap;
use strowger_model::{Cause, TenantId, Timestamp, TrunkId};

/// Stands among the causes for a call that went on over another trunk.
const FAILED_OVER: &str = "failed_over";

/// Calls over one trunk since the server started, one way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFigures {
    /// Calls begun.
    pub calls: u64,
    /// Of these, answered; their share is the answer-seizure ratio (ITU-T E.411).
    pub answered: u64,
    /// Calls that ended unanswered, by the name of their cause; `failed_over`
    /// for those that another trunk was tried for.
    pub failed: BTreeMap<&'static str, u64>,
    /// Calls that rang or were answered at once.
    pub rang: u64,
    /// How long these took to ring, together: the post-dial delay.
    pub ring_delay_ms: u64,
}

/// Both ways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrunkFigures {
    /// Calls that came in.
    pub inbound: CallFigures,
    /// Calls that went out.
    pub outbound: CallFigures,
}

impl TrunkFigures {
    pub(super) fn of(&mut self, out: bool) -> &mut CallFigures {
        if out { &mut self.outbound } else { &mut self.inbound }
    }
}

/// A call that is on a trunk now.
#[derive(Clone, Copy, Debug)]
pub(super) struct OnTrunk {
    pub(super) trunk: TrunkId,
    pub(super) tenant: TenantId,
    pub(super) out: bool,
    since: Timestamp,
    rang: bool,
    answered: bool,
    failed: Option<Cause>,
}

impl OnTrunk {
    pub(super) fn new(now: Timestamp, trunk: TrunkId, tenant: TenantId, out: bool) -> Self {
        Self { trunk, tenant, out, since: now, rang: false, answered: false, failed: None }
    }

    /// Takes note of what the server is told of the call.
    pub(super) fn hear(&mut self, now: Timestamp, event: &SipEvent, figures: &mut CallFigures) {
        match event {
            SipEvent::Ringing { .. } => self.ring(now, figures),
            SipEvent::Answered { .. } => {
                self.ring(now, figures);
                figures.answered += u64::from(!self.answered);
                self.answered = true;
            }
            SipEvent::Failed { cause, .. } | SipEvent::HungUp { cause, .. } => {
                self.failed = Some(*cause);
            }
            SipEvent::Cancelled { .. } => self.failed = Some(Cause::Cancelled),
            _ => {}
        }
    }

    fn ring(&mut self, now: Timestamp, figures: &mut CallFigures) {
        if !self.rang {
            self.rang = true;
            figures.rang += 1;
            figures.ring_delay_ms += now.ms_since(self.since);
        }
    }

    /// The call is over, or goes on elsewhere.
    pub(super) fn end(self, goes_on: bool, figures: &mut CallFigures) {
        if self.answered {
            return;
        }
        // Refused by us without a word to the server.
        let cause = self.failed.unwrap_or(Cause::Rejected).name();
        *figures.failed.entry(if goes_on { FAILED_OVER } else { cause }).or_default() += 1;
    }
}
