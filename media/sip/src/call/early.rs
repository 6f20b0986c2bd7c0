//! Before the answer: provisional responses that must arrive (RFC 3262), and
//! the early dialogs of a call that forked on its way.

use super::dialog::Dialog;
use crate::hop::Hop;
use crate::sdp::{LocalMedia, Session};
use bytes::Bytes;
use sipx_sip::rel::{RAck, Sequence};
use strowger_model::Timestamp;

/// What a provisional response of ours says about media.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carries {
    Nothing,
    /// The answer to the INVITE's offer.
    Answer,
    /// Our offer; the PRACK must carry the answer.
    Offer,
}

/// A provisional response that waits for its PRACK.
#[derive(Debug)]
pub(crate) struct Unacked1xx {
    pub(crate) rseq: u32,
    pub(crate) carries: Carries,
    pub(crate) response: Bytes,
    pub(crate) hop: Hop,
    pub(crate) next_at: Timestamp,
    pub(crate) interval_ms: u64,
    pub(crate) give_up_at: Timestamp,
}

/// Reliable provisional responses of ours to one INVITE. Only one is out at a
/// time (§3); of those that wait only the newest is worth sending.
#[derive(Debug)]
pub(crate) struct Reliable {
    /// CSeq of the INVITE.
    pub(crate) cseq: u32,
    pub(crate) next_rseq: u32,
    pub(crate) out: Option<Unacked1xx>,
    pub(crate) queued: Option<(u16, Option<String>, Carries)>,
    /// The answer may not overtake media that is not acknowledged (§5).
    pub(crate) then_answer: Option<Box<LocalMedia>>,
    /// One that the final response overtook; its PRACK may still come.
    pub(crate) overtaken: Option<u32>,
}

impl Reliable {
    /// `first_rseq` lies in the lower half of its range (§3).
    pub(crate) fn new(cseq: u32, first_rseq: u32) -> Self {
        let next_rseq = first_rseq.clamp(1, sipx_sip::rel::MAX_FIRST_RSEQ);
        Self { cseq, next_rseq, out: None, queued: None, then_answer: None, overtaken: None }
    }

    /// Whether media was said that is not acknowledged.
    pub(crate) fn holds_back_answer(&self) -> bool {
        let out = self.out.as_ref().is_some_and(|out| out.carries != Carries::Nothing);
        let queued = self.queued.as_ref().is_some_and(|(.., carries)| *carries != Carries::Nothing);
        out || queued
    }

    /// Takes what a PRACK acknowledges; `None`: nothing of ours.
    pub(crate) fn acknowledge(&mut self, ack: &RAck) -> Option<Carries> {
        if ack.cseq != self.cseq || ack.method != b"INVITE" {
            return None;
        }
        if self.overtaken == Some(ack.rseq) {
            self.overtaken = None;
            return Some(Carries::Nothing);
        }
        let out = self.out.take_if(|out| out.rseq == ack.rseq)?;
        Some(out.carries)
    }

    /// A final response was sent: nothing is repeated any more.
    pub(crate) fn finish(&mut self) {
        self.overtaken = self.out.take().map(|out| out.rseq);
        self.queued = None;
        self.then_answer = None;
    }
}

/// An early dialog of a placed call.
#[derive(Debug)]
pub(crate) struct Fork {
    /// The INVITE that it answers.
    pub(crate) transaction: u64,
    pub(crate) tag: Bytes,
    pub(crate) dialog: Dialog,
    pub(crate) session: Session,
    pub(crate) received: Sequence,
    /// PRACKs of ours that are not answered yet.
    pub(crate) pracks: Vec<u64>,
}
