//! Going on with legs of a process that is gone, or ending them towards the
//! other side.
//!
//! An answered leg takes part at once: requests in its dialog find it. Then the
//! other side is asked, by a re-INVITE with our new media, whether it is there
//! still. A leg that was not answered cannot go on: its caller is sent
//! elsewhere, whoever was called is rung no more.

use super::{Endpoint, Fate};
use crate::call::{
    Call, Dialog, DialogRecord, Kept, KeptBranch, KeptIncoming, KeptPlaced, KeptUp, Peer, Phase,
    Placed, Purpose, RecordError, SessionClock, Way,
};
use crate::counters::Count;
use crate::event::{DialogKey, Side, SipEvent, Source};
use crate::hop::Hop;
use crate::limits::{MAX_FORKS, RETRY_AFTER_S};
use crate::message::{Ask, Reply, host_of, user_of};
use crate::random::hex64;
use crate::registrar::ContactRecord;
use crate::sdp::{LocalMedia, MediaOptions, Session};
use crate::timer::TimerKey;
use crate::transaction::{ClientOwner, ServerMachine, branch_of, merge_key};
use sipx_sip::transaction::ServerState;
use sipx_sip::{ClientTransaction, HeaderName, Method, Request, Timers, TransactionKey, Uri, Via};
use strowger_model::{AgentId, Cause, Timestamp};

/// How far the numbers of our requests go ahead of those kept: more than a leg
/// sends in its life, little enough to be taken up thousands of times.
const CSEQ_AHEAD: u32 = 100_000;
/// How long a phone that only its own stream leads to may take to come back.
/// Browsers try again within 30 s at the latest.
const RETURN_MS: u64 = 40_000;
/// A refusal that nobody acknowledged for so long came after our answer. It is
/// sent four times until then.
const REFUSAL_UNHEARD_MS: u64 = 3_600;

/// What becomes of a leg that is taken up.
#[derive(Clone, Debug)]
pub enum TakeUp {
    /// It goes on with this end of its media. A leg that was not answered ends
    /// as with [`Cause::ServerRestart`].
    GoOn {
        /// Our end of the media, perhaps elsewhere than before.
        media: LocalMedia,
        /// As for [`Endpoint::set_media_options`]; an encrypted leg needs keys.
        options: MediaOptions,
    },
    /// It ends: refused, cancelled or hung up.
    End(Cause),
}

/// Why a leg cannot be taken up. Nothing is said to the other side.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TakeUpError {
    /// The record is not one of ours.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A part of it makes no sense.
    #[error("the record of a leg is damaged: {0}; the leg is lost, hang up its other side")]
    Damaged(&'static str),
    /// The key, the leg's tag or its INVITE is in use.
    #[error("the leg is there already; take each leg up once, under a key of its own")]
    Already,
    /// There is no room for another call.
    #[error("the endpoint holds as many calls as it may; raise the limit on calls")]
    Full,
}

/// What is still to be heard of a leg that was taken up.
#[derive(Debug)]
pub(super) enum TakingUp {
    /// The other side was asked; whether with media elsewhere than before.
    Asked { moved: bool },
    /// It must come back by itself.
    Away { moved: bool, until: Timestamp },
    /// Its INVITE was refused.
    Refused { server: u64, dialog: Box<Dialog>, until: Timestamp },
}

impl Endpoint {
    /// Goes on with a leg of a process that is gone, under a key that was never
    /// used before in this one, or ends it. The directory and the policies must
    /// be set.
    ///
    /// An answered leg is told of by [`SipEvent::TakenUp`], or by
    /// [`SipEvent::HungUp`] if the other side does not know it any more or
    /// refuses our new media. A phone that can be reached only over a stream of
    /// its own must come back within 40 s. Any other leg gets its last event at
    /// once.
    pub fn take_up(
        &mut self,
        now: Timestamp,
        key: DialogKey,
        record: &DialogRecord,
        how: TakeUp,
    ) -> Result<(), TakeUpError> {
        self.at(now);
        record.check()?;
        if self.calls.contains_key(&key) || self.take_ups.contains_key(&key) {
            return Err(TakeUpError::Already);
        }
        let source = record.source();
        let (cause, media) = match how {
            TakeUp::GoOn { media, options } => (Cause::ServerRestart, Some((media, options))),
            TakeUp::End(cause) => (cause, None),
        };
        match &record.leg {
            Kept::Incoming(kept) => self.refuse_kept(now, key, &source, kept, cause)?,
            Kept::Placed(kept) => self.cancel_kept(now, key, &source, kept, cause)?,
            Kept::Up(kept) => {
                self.enter_kept(now, key, source, kept)?;
                match media {
                    Some((media, options)) => self.go_on(now, key, media, options),
                    None => self.hang_up(now, key, cause),
                }
            }
        }
        self.next_inbound = self.next_inbound.max(key.inbound_number().unwrap_or(0));
        Ok(())
    }

    /// Takes back where phones are. Those that registered again meanwhile, have
    /// expired, or are in no directory are passed over; how many were taken.
    /// Each is told by [`SipEvent::Registered`].
    pub fn restore_registrations(&mut self, now: Timestamp, kept: Vec<ContactRecord>) -> usize {
        self.at(now);
        let mut taken = 0;
        for record in kept {
            let ContactRecord { agent, tenant, .. } = record;
            let known = self.directory.extension(agent).is_some_and(|e| e.tenant == tenant);
            let left_s = if known { self.registrar.restore(now, &record) } else { None };
            let Some(left_s) = left_s else { continue };
            taken += 1;
            let expires_s = u32::try_from(left_s).unwrap_or(u32::MAX);
            let contact = record.contact;
            self.emit(SipEvent::Registered { agent, tenant, contact, expires_s });
        }
        taken
    }

    /// Enters an answered leg.
    fn enter_kept(
        &mut self,
        now: Timestamp,
        key: DialogKey,
        source: Source,
        kept: &KeptUp,
    ) -> Result<(), TakeUpError> {
        if self.calls.len() >= self.config.limits.calls {
            return Err(TakeUpError::Full);
        }
        let restored = kept.dialog.restore(&source, CSEQ_AHEAD, |t, user| self.contact(t, user));
        let (dialog, tag) = restored.ok_or(TakeUpError::Damaged("its dialog"))?;
        if self.tags.contains_key(&tag) {
            return Err(TakeUpError::Already);
        }
        // What cannot be written now could not be hung up either.
        let probe = dialog.request(&Method::Bye, dialog.local_cseq, "SIP/2.0/UDP x".to_owned());
        probe.build().ok_or(TakeUpError::Damaged("its dialog"))?;
        let mut session = kept.session.restore().ok_or(TakeUpError::Damaged("its session"))?;
        let policy = self.policies.of(&source);
        session.restrict(&policy.codecs, policy.security);
        session.prefer(&policy.preferred);
        let mut clock = SessionClock::default();
        if let (Some(timer), Some(_)) = (kept.timer, policy.session_timer) {
            clock.resume(now, timer.interval_s, timer.we_refresh, timer.agreed, timer.min_s);
        }
        let login = match source {
            Source::Trunk { trunk, .. } => {
                self.directory.trunk(trunk).and_then(|trunk| trunk.outbound.clone())
            }
            Source::Extension { .. } => None,
        };
        let call = Call {
            key,
            tag,
            phase: Phase::Up,
            dialog,
            session,
            source,
            login,
            invited: None,
            invite: None,
            unacked: None,
            placed: kept.placed.then(|| Box::new(answered_long_ago())),
            reinvite: None,
            queued: None,
            peer: Peer { update: kept.update },
            reliable: None,
            referred: None,
            referring: None,
            clock,
            held: kept.held,
            bye_challenges: 0,
            unanswered_until: now,
            repeat_at: now,
            last_provisional: None,
        };
        self.set_session_timers(&call);
        self.counters.add(Count::TakenUp);
        self.add_call(now, call);
        Ok(())
    }

    /// Asks the other side to go on, as soon as there is a way to it.
    fn go_on(&mut self, now: Timestamp, key: DialogKey, media: LocalMedia, options: MediaOptions) {
        self.with_call(key, |endpoint, call| {
            let moved = endpoint.changes_ends(&call.session, &media);
            call.session.set_local(media);
            call.session.set_options(options);
            if is_away(call) {
                let until = now.plus_ms(RETURN_MS);
                endpoint.take_ups.insert(key, TakingUp::Away { moved, until });
                endpoint.timers.set(until, TimerKey::TakeUp(key));
            } else {
                endpoint.ask_to_go_on(now, call, moved);
            }
            Fate::Keep
        });
    }

    /// Whether they must know before we can go on: media elsewhere, or new keys.
    fn changes_ends(&self, session: &Session, media: &LocalMedia) -> bool {
        let secure = session.agreed().is_none_or(|agreed| agreed.srtp.is_some());
        secure || session.local().is_none_or(|before| before.address != media.address)
    }

    fn ask_to_go_on(&mut self, now: Timestamp, call: &mut Call, moved: bool) {
        self.take_ups.insert(call.key, TakingUp::Asked { moved });
        let direction = call.session.wanted();
        self.start_change(now, call, Purpose::TakeUp, Way::Invite, direction);
    }

    /// The other side agreed.
    pub(super) fn taken_up(&mut self, call: &mut Call, media: crate::sdp::Negotiated) {
        self.take_ups.remove(&call.key);
        call.held = !media.direction.sends() && call.session.wanted().sends();
        self.emit(SipEvent::TakenUp { dialog: call.key, media });
    }

    /// The other side knows the dialog but wants no change, or does not decide.
    /// Where nothing had to change that is as good.
    pub(super) fn not_taken_up(&mut self, now: Timestamp, call: &mut Call, status: Option<u16>) {
        let asked = self.take_ups.remove(&call.key);
        let goes_on = matches!(asked, Some(TakingUp::Asked { moved: false })) && status.is_some();
        if let (true, Some(media)) = (goes_on, call.session.agreed().cloned()) {
            return self.emit(SipEvent::TakenUp { dialog: call.key, media });
        }
        let cause = match status {
            Some(488 | 606) => Cause::NoCommonCodec,
            _ => Cause::Unreachable,
        };
        // It was written before, so that it does not end here.
        let _ = self.lose(now, call, cause);
    }

    /// A request in a dialog came over a new stream.
    pub(super) fn came_back(&mut self, now: Timestamp, key: DialogKey, source: Hop) {
        let Some(TakingUp::Away { moved, .. }) = self.take_ups.get(&key) else { return };
        let moved = *moved;
        if source.connection.is_none() {
            return;
        }
        self.with_call(key, |endpoint, call| {
            if call.phase == Phase::Up {
                call.dialog.hop = source;
                call.dialog.contact = endpoint.contact_again(call, source);
                endpoint.ask_to_go_on(now, call, moved);
            }
            Fate::Keep
        });
    }

    /// Our Contact over the transport that they came back by.
    fn contact_again(&self, call: &Call, source: Hop) -> String {
        let contact = sipx_sip::Address::parse(call.dialog.contact.as_bytes(), "Contact");
        let user = contact.ok().and_then(|contact| user_of(&contact.uri)).unwrap_or_default();
        self.contact(source.transport, &user)
    }

    /// A phone registered over a stream: legs that it had can be reached again.
    pub(super) fn phone_came_back(&mut self, now: Timestamp, agent: AgentId, source: Hop) {
        if self.take_ups.is_empty() || source.connection.is_none() {
            return;
        }
        let contacts = self.registrar.contacts(agent);
        let here: Vec<Uri> = contacts
            .filter(|(_, hop)| hop.connection == source.connection)
            .map(|(uri, _)| uri.clone())
            .collect();
        let away =
            self.take_ups.iter().filter(|(_, taking)| matches!(taking, TakingUp::Away { .. }));
        let back: Vec<(DialogKey, Uri)> = away
            .filter_map(|(key, _)| {
                let call = self.calls.get(key)?;
                let its = matches!(call.source, Source::Extension { agent: of, .. } if of == agent);
                let uri = here.iter().find(|uri| is_same_phone(uri, &call.dialog.target))?;
                its.then(|| (*key, uri.clone()))
            })
            .collect();
        for (key, uri) in back {
            if let Some(call) = self.calls.get_mut(&key) {
                call.dialog.target = uri;
            }
            self.came_back(now, key, source);
        }
    }

    /// Refuses a call that was offered and not answered.
    fn refuse_kept(
        &mut self,
        now: Timestamp,
        key: DialogKey,
        source: &Source,
        kept: &KeptIncoming,
        cause: Cause,
    ) -> Result<(), TakeUpError> {
        let restored = kept.dialog.restore(source, CSEQ_AHEAD, |t, user| self.contact(t, user));
        let (dialog, tag) = restored.ok_or(TakeUpError::Damaged("its dialog"))?;
        let mut ask = Ask::new(Method::Invite, dialog.target.clone());
        for via in &kept.vias {
            ask = ask.header(HeaderName::Via, via.0.clone());
        }
        let request = ask
            .header(HeaderName::From, dialog.remote.clone())
            .header(HeaderName::To, dialog.local.clone())
            .header(HeaderName::CallId, dialog.call_id.clone())
            .cseq(kept.cseq, &Method::Invite)
            .build()
            .ok_or(TakeUpError::Damaged("its INVITE"))?;
        let transaction = TransactionKey::from_request(&request)
            .filter(|_| matches!(request.headers.typed::<Via>(), Some(Ok(_))))
            .ok_or(TakeUpError::Damaged("its INVITE"))?;
        if self.transactions.server_by_key(&transaction).is_some() {
            return Err(TakeUpError::Already);
        }
        let (from, merge) = (kept.from.hop(source), merge_key(&request));
        let id = self.open_server(now, request.clone(), transaction, merge, from);
        let status = Some(cause.sip_status()).filter(|status| *status >= 300).unwrap_or(480);
        let mut reply = Reply::new(&request, status, &hex64(tag));
        if status == 503 {
            reply = reply.header(HeaderName::RetryAfter, RETRY_AFTER_S.to_string());
        }
        self.respond(now, id, reply.build());
        let until = now.plus_ms(REFUSAL_UNHEARD_MS);
        let dialog = Box::new(dialog);
        self.take_ups.insert(key, TakingUp::Refused { server: id, dialog, until });
        self.timers.set(until, TimerKey::TakeUp(key));
        self.emit(SipEvent::HungUp { dialog: key, cause, by: Side::Us });
        Ok(())
    }

    /// Takes back a call that was placed and not answered.
    fn cancel_kept(
        &mut self,
        now: Timestamp,
        key: DialogKey,
        source: &Source,
        kept: &KeptPlaced,
        cause: Cause,
    ) -> Result<(), TakeUpError> {
        let branches = kept.branches.iter().take(MAX_FORKS);
        let invites: Vec<(Request, u64, Hop)> = branches
            .map(|branch| {
                let (request, number) = kept_invite(kept, branch)?;
                Some((request, number, branch.hop.hop(source)))
            })
            .collect::<Option<_>>()
            .ok_or(TakeUpError::Damaged("its INVITE"))?;
        if invites.iter().any(|(_, branch, _)| self.transactions.has_branch(*branch)) {
            return Err(TakeUpError::Already);
        }
        for (request, branch, hop) in invites {
            let Some(trying) = Reply::new(&request, 100, "").build() else { continue };
            let reliability = hop.transport.reliability();
            let (mut machine, _sent_already) =
                ClientTransaction::new(request, reliability, Timers::default());
            // It was heard of, as far as anybody knows: a CANCEL may follow (§9.1).
            let _nothing_new = machine.on_response(trying);
            let id = self.transactions.add_client(machine, branch, hop, ClientOwner::Abandoned);
            self.cancel_invite(now, id);
        }
        self.emit(SipEvent::Failed { dialog: key, cause, status: None, trunk: None });
        Ok(())
    }

    pub(super) fn take_up_timer(&mut self, now: Timestamp, at: Timestamp, key: DialogKey) {
        match self.take_ups.remove(&key) {
            Some(TakingUp::Away { until, .. }) if until <= at => {
                self.with_call(key, |endpoint, call| match call.phase {
                    Phase::Up => endpoint.lose(now, call, Cause::Unreachable),
                    _ => Fate::Keep,
                });
            }
            Some(TakingUp::Refused { server, dialog, until }) if until <= at => {
                let unheard = self.transactions.server(server).is_some_and(|server| {
                    matches!(&server.machine, ServerMachine::Live(machine)
                        if machine.state() == ServerState::Completed)
                });
                if unheard {
                    self.hang_up_unheard(now, *dialog);
                }
            }
            Some(other) => drop(self.take_ups.insert(key, other)),
            None => {}
        }
    }

    /// Whoever does not acknowledge a refusal had our answer before it.
    fn hang_up_unheard(&mut self, now: Timestamp, mut dialog: Dialog) {
        let branch = self.random.number();
        let via = self.via(dialog.hop.transport, branch);
        let cseq = dialog.next_cseq();
        if let Some(bye) = dialog.request(&Method::Bye, cseq, via).build() {
            self.ask(now, bye, branch, dialog.hop, ClientOwner::StrayBye);
        }
    }
}

/// Whether the other end is a phone behind a stream that is gone: nobody listens
/// where it came from.
fn is_away(call: &Call) -> bool {
    let transport = call.dialog.hop.transport;
    let phone = matches!(call.source, Source::Extension { .. });
    transport.is_web() || (phone && transport.is_stream() && call.dialog.routes.is_empty())
}

/// A phone keeps name and address; its port goes with the stream.
fn is_same_phone(contact: &Uri, target: &Uri) -> bool {
    user_of(contact) == user_of(target) && host_of(contact) == host_of(target)
}

/// What is left of having been placed.
fn answered_long_ago() -> Placed {
    Placed {
        branches: Vec::new(),
        offer: String::new(),
        extra: Vec::new(),
        options: crate::call::InviteOptions::default(),
        told: super::CallerTold::nobody(),
        tags: Vec::new(),
        cancelled: true,
        ringing: false,
        early: None,
        forks: Vec::new(),
        early_sdp: None,
        refusal: None,
        ring_until: None,
        spare: None,
    }
}

/// The INVITE that is out, as far as its CANCEL and its ACK copy it.
fn kept_invite(kept: &KeptPlaced, branch: &KeptBranch) -> Option<(Request, u64)> {
    let request = Ask::new(Method::Invite, branch.uri.uri()?)
        .header(HeaderName::Via, branch.via.0.clone())
        .header(HeaderName::From, kept.local.0.clone())
        .header(HeaderName::To, kept.remote.0.clone())
        .header(HeaderName::CallId, kept.call_id.0.clone())
        .cseq(branch.cseq, &Method::Invite)
        .build()?;
    let via = request.headers.typed::<Via>()?.ok()?;
    let number = branch_of(via.branch()?)?;
    Some((request, number))
}
