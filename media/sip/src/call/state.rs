//! Where a call leg stands.

use super::dialog::Dialog;
use crate::directory::Login;
use crate::endpoint::Caller;
use crate::event::{DialogKey, Source};
use crate::hop::Hop;
use crate::hop::Transport;
use crate::sdp::{Direction, Session};
use bytes::Bytes;
use sipx_sip::{HeaderName, Request, Uri};
use std::collections::VecDeque;
use std::net::SocketAddr;
use strowger_model::{TenantId, Timestamp, TrunkId};

/// Where a call leg stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Received, not answered.
    Incoming,
    /// Placed, not answered.
    Calling,
    /// Answered.
    Up,
    /// Over for the server; the last messages are on their way.
    Closing,
}

/// What an ACK will complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AckFor {
    /// The call's first INVITE.
    Call,
    /// A later one.
    Reinvite,
}

/// A 2xx of ours that is repeated until its ACK comes (RFC 3261 §13.3.1.4).
#[derive(Debug)]
pub(crate) struct UnackedAnswer {
    pub(crate) response: Bytes,
    pub(crate) hop: Hop,
    pub(crate) cseq: u32,
    pub(crate) next_at: Timestamp,
    pub(crate) interval_ms: u64,
    pub(crate) give_up_at: Timestamp,
    /// It carries our offer, so the ACK must carry the answer.
    pub(crate) offers: bool,
    pub(crate) purpose: AckFor,
    /// Hang up as soon as the ACK is here: a BYE may not overtake it (§15).
    pub(crate) then_bye: bool,
}

/// One INVITE of a placed call; an extension with several phones has several.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) transaction: u64,
    pub(crate) uri: Uri,
    pub(crate) hop: Hop,
    pub(crate) phone: bool,
    pub(crate) heard: bool,
    pub(crate) done: bool,
    pub(crate) challenges: u8,
}

/// What only a placed call has.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) branches: Vec<Branch>,
    pub(crate) offer: String,
    pub(crate) extra: Vec<(String, String)>,
    pub(crate) cancelled: bool,
    pub(crate) ringing: bool,
    pub(crate) early: bool,
    /// Session description of the last provisional response, by To tag: some
    /// gateways leave it out of the 200.
    pub(crate) early_sdp: Option<(Bytes, Bytes)>,
    /// The refusal to report if every branch fails; `Some(None)`: no response.
    pub(crate) refusal: Option<Option<u16>>,
    pub(crate) ring_until: Option<Timestamp>,
    /// Headers about who calls, which the trunk's policy asks for.
    pub(crate) identity: Vec<(HeaderName, String)>,
    /// Where else the call may go; `None` for phones.
    pub(crate) spare: Option<Box<Spare>>,
}

/// Where else a call over trunks may go.
#[derive(Debug)]
pub(crate) struct Spare {
    /// The other addresses of the trunk that has it now.
    pub(crate) targets: VecDeque<(Transport, SocketAddr)>,
    /// The other trunks of the route.
    pub(crate) trunks: VecDeque<TrunkId>,
    /// Held ones, if there is no other.
    pub(crate) last_resort: VecDeque<TrunkId>,
    /// Refusals after which the next trunk is tried.
    pub(crate) fail_over_on: Vec<u16>,
    pub(crate) tenant: TenantId,
    /// As the server wants it called and shown, before any translation.
    pub(crate) called: String,
    pub(crate) caller: Caller,
    pub(crate) tries_left: u8,
}

/// A re-INVITE of ours.
#[derive(Debug)]
pub(crate) struct Reinvite {
    pub(crate) direction: Direction,
    /// What was wanted before, if it is refused.
    pub(crate) before: Direction,
    /// Set while it waits to be tried again after a 491.
    pub(crate) retry_at: Option<Timestamp>,
    pub(crate) give_up_at: Timestamp,
    pub(crate) challenges: u8,
    pub(crate) tries: u8,
}

#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) key: DialogKey,
    /// Our tag.
    pub(crate) tag: u64,
    pub(crate) phase: Phase,
    pub(crate) dialog: Dialog,
    pub(crate) session: Session,
    pub(crate) source: Source,
    /// What we prove ourselves with inside the dialog.
    pub(crate) login: Option<Login>,
    /// The unanswered INVITE of theirs, first or later: its transaction.
    pub(crate) invited: Option<u64>,
    pub(crate) invite: Option<Box<Request>>,
    pub(crate) unacked: Option<UnackedAnswer>,
    pub(crate) placed: Option<Box<Placed>>,
    pub(crate) reinvite: Option<Reinvite>,
    /// Whether the other side holds us, as last reported.
    pub(crate) held: bool,
    pub(crate) bye_challenges: u8,
    /// When an incoming call is given up unanswered, and when it is next repeated.
    pub(crate) unanswered_until: Timestamp,
    pub(crate) repeat_at: Timestamp,
    pub(crate) last_provisional: Option<(u16, Option<String>)>,
}
