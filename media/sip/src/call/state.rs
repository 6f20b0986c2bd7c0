//! Where a call leg stands.

use super::clock::SessionClock;
use super::dialog::Dialog;
use super::early::{Fork, Reliable};
use super::refer::{ReferIn, ReferOut};
use super::replaces::Replaces;
use crate::directory::Login;
use crate::endpoint::{Caller, CallerTold};
use crate::event::{DialogKey, Source};
use crate::hop::{Hop, Transport};
use crate::sdp::{Direction, LocalMedia, MediaOptions, Negotiated, Session};
use bytes::Bytes;
use sipx_sip::{Request, Uri};
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
    pub(crate) heard: bool,
    pub(crate) done: bool,
    pub(crate) challenges: u8,
}

/// What a call may be placed with besides what every call has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InviteOptions {
    /// The dialog that the called party shall put this call in the place of
    /// (RFC 3891); it refuses if it does not know how.
    pub replaces: Option<Replaces>,
    /// On whose behalf it is placed (RFC 3892): the address that
    /// [`crate::Refer::referred_by`] named.
    pub referred_by: Option<String>,
    /// The whole Request-URI over a trunk, if number and domain do not say it
    /// all: what a Refer-To named. It is sent as it is, over every trunk tried.
    pub request_uri: Option<String>,
    /// The caller withholds its number: the called party sees `anonymous`
    /// (RFC 3323), the carrier what [`crate::IdentityPolicy`] says.
    pub withhold: bool,
    /// Its media, where it is not plain G.711.
    pub media: MediaOptions,
}

/// What only a placed call has.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) branches: Vec<Branch>,
    pub(crate) offer: String,
    pub(crate) extra: Vec<(String, String)>,
    pub(crate) options: InviteOptions,
    /// Who calls, as the place that has the call now is told.
    pub(crate) told: CallerTold,
    /// The tags heard in provisional responses.
    pub(crate) tags: Vec<Bytes>,
    pub(crate) cancelled: bool,
    pub(crate) ringing: bool,
    /// Media before the answer, as last reported.
    pub(crate) early: Option<Negotiated>,
    /// The early dialogs that we acknowledged.
    pub(crate) forks: Vec<Fork>,
    /// Session description of the last provisional response, by To tag: some
    /// gateways leave it out of the 200.
    pub(crate) early_sdp: Option<(Bytes, Bytes)>,
    /// The refusal to report if every branch fails; `Some(None)`: no response.
    pub(crate) refusal: Option<Option<u16>>,
    pub(crate) ring_until: Option<Timestamp>,
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
    /// Every trunk gets an offer of its own: its policy may want it encrypted.
    pub(crate) media: LocalMedia,
    pub(crate) tries_left: u8,
}

/// What we change a session for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The server wants media to flow another way, and is told what came of it.
    Direct,
    /// The session timer is half over; nobody is told unless the call is lost.
    Refresh,
    /// The leg goes on in this process, and the server is told whether it does.
    TakeUp,
}

/// With what we change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// A re-INVITE.
    Invite,
    /// An UPDATE (RFC 3311); without a body if it only refreshes.
    Update,
}

/// A change of the session that we asked for.
#[derive(Debug)]
pub(crate) struct Reinvite {
    pub(crate) purpose: Purpose,
    pub(crate) way: Way,
    pub(crate) direction: Direction,
    /// The early dialog of a placed call that it is about.
    pub(crate) fork: Option<Bytes>,
    /// What was wanted before, if it is refused.
    pub(crate) before: Direction,
    /// The request that is out.
    pub(crate) transaction: Option<u64>,
    /// Set while it waits to be tried again after a 491.
    pub(crate) retry_at: Option<Timestamp>,
    pub(crate) give_up_at: Timestamp,
    pub(crate) challenges: u8,
    pub(crate) tries: u8,
    /// The session interval that it asked for, if any.
    pub(crate) asked_s: u32,
}

/// What the other side said it can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) update: bool,
}

impl Peer {
    /// Reads Allow, if there is one; what was said before else still holds.
    pub(crate) fn hear(&mut self, headers: &sipx_sip::Headers) {
        if headers.get_all(&sipx_sip::HeaderName::Allow).next().is_some() {
            self.update = sipx_sip::update::peer_allows(headers);
        }
    }
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
    /// What the server wants next, while a refresh of ours is out.
    pub(crate) queued: Option<Direction>,
    /// A transfer that they ask for, and one that we asked for.
    pub(crate) referred: Option<Box<ReferIn>>,
    pub(crate) referring: Option<Box<ReferOut>>,
    pub(crate) peer: Peer,
    /// Set while provisional responses of ours must be acknowledged.
    pub(crate) reliable: Option<Box<Reliable>>,
    pub(crate) clock: SessionClock,
    /// Whether the other side holds us, as last reported.
    pub(crate) held: bool,
    pub(crate) bye_challenges: u8,
    /// When an incoming call is given up unanswered, and when it is next repeated.
    pub(crate) unanswered_until: Timestamp,
    pub(crate) repeat_at: Timestamp,
    pub(crate) last_provisional: Option<(u16, Option<String>)>,
}

impl Call {
    /// Which early dialog of a placed call has this tag.
    pub(crate) fn fork(&self, tag: &[u8]) -> Option<usize> {
        let placed = self.placed.as_ref().filter(|_| self.phase == Phase::Calling)?;
        placed.forks.iter().position(|fork| fork.tag == tag)
    }

    /// The early dialog of a placed call whose media is heard, if it was agreed
    /// reliably.
    pub(crate) fn heard_fork(&self) -> Option<&Fork> {
        let placed = self.placed.as_ref().filter(|_| self.phase == Phase::Calling)?;
        let heard = placed.early.as_ref()?;
        placed.forks.iter().rev().find(|fork| fork.session.agreed() == Some(heard))
    }

    /// Whether something reliable was said before the answer, by either side, that
    /// is not settled: an offer might overtake it. For the early dialog worked on.
    pub(crate) fn early_is_open(&self) -> bool {
        let fork = self.placed.as_ref().zip(self.fork_of_change());
        let asks = fork.and_then(|(placed, index)| placed.forks.get(index));
        asks.is_some_and(|fork| !fork.pracks.is_empty())
            || self.reliable.as_ref().is_some_and(|reliable| reliable.holds_back_answer())
    }

    /// The early dialog that a change of ours is about.
    pub(crate) fn fork_of_change(&self) -> Option<usize> {
        self.fork(self.reinvite.as_ref()?.fork.as_ref()?)
    }

    /// Works on an early dialog, or again on the call itself.
    pub(crate) fn swap_fork(&mut self, fork: Option<usize>) {
        let placed = self.placed.as_mut().zip(fork);
        if let Some(fork) = placed.and_then(|(placed, index)| placed.forks.get_mut(index)) {
            std::mem::swap(&mut self.dialog, &mut fork.dialog);
            std::mem::swap(&mut self.session, &mut fork.session);
        }
    }
}
