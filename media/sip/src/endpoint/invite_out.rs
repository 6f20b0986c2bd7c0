//! Placing a call (RFC 3261 §13.2.1), to every phone of an extension at once
//! or over a trunk, and giving it up (§9.1).

use super::identity::CallerTold;
use super::{Endpoint, Fate};
use crate::call::{Branch, Call, Dialog, InviteOptions, Peer, Phase, Placed, SessionClock, Spare};
use crate::counters::Count;
use crate::directory::Login;
use crate::event::{DialogKey, SipEvent, Source};
use crate::hop::Hop;
use crate::message::{ALLOW, Ask, SDP_TYPE, host_text, sip_uri};
use crate::random::hex64;
use crate::sdp::{LocalMedia, MediaOptions, Session};
use crate::timer::TimerKey;
use crate::transaction::ClientOwner;
use bytes::Bytes;
use sipx_sip::transaction::ClientState;
use sipx_sip::{HeaderName, Method, Request, Uri};
use std::collections::VecDeque;
use strowger_model::{AgentId, Cause, TenantId, Timestamp, TrunkId};

use super::answer::GIVE_UP_MS;

/// Shortest and longest ringing; the longest is where proxies give up anyway (Timer C).
const RING_MS: std::ops::RangeInclusive<u32> = 1_000..=600_000;

/// Who is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InviteTarget {
    /// Every registered phone of an agent's extension; the first to answer gets the call.
    Extension(AgentId),
    /// A number over a trunk.
    Trunk {
        /// Which trunk.
        trunk: TrunkId,
        /// The number or name to call; the trunk's own rules still apply.
        number: String,
    },
    /// A number over whichever trunk of the tenant's route takes it.
    Route {
        /// Whose route.
        tenant: TenantId,
        /// The number to call.
        number: String,
    },
}

/// What the called party is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Number or name in the From address.
    pub number: String,
    /// Display name.
    pub name: Option<String>,
}

/// A call to place.
#[derive(Clone, Debug)]
pub struct InviteRequest {
    /// Who is called.
    pub target: InviteTarget,
    /// What the called party is shown.
    pub caller: Caller,
    /// Our end of the media.
    pub media: LocalMedia,
    /// How long it may ring.
    pub ring_timeout_ms: u32,
    /// Headers to add; only names that begin with `X-` or that the leg's policy
    /// lets pass are sent.
    pub headers: Vec<(String, String)>,
}

/// One place to send an INVITE to.
pub(super) struct Destination {
    pub(super) uri: Uri,
    pub(super) hop: Hop,
}

/// Everything about the target that the INVITE needs.
pub(super) struct Route {
    pub(super) destinations: Vec<Destination>,
    /// Who calls, as it is said there.
    pub(super) told: CallerTold,
    pub(super) to: Uri,
    pub(super) source: Source,
    pub(super) login: Option<Login>,
    /// The session of this call with whoever is there, and its offer.
    pub(super) session: Session,
    pub(super) offer: String,
    pub(super) spare: Option<Box<Spare>>,
}

impl Endpoint {
    /// Places a call under a key that was never used before
    /// ([`DialogKey::outbound`]). Everything else is told by events.
    pub fn invite(&mut self, now: Timestamp, key: DialogKey, request: InviteRequest) {
        self.invite_with(now, key, request, InviteOptions::default());
    }

    /// The same as [`Endpoint::invite`] with what is not said by every call.
    pub fn invite_with(
        &mut self,
        now: Timestamp,
        key: DialogKey,
        request: InviteRequest,
        options: InviteOptions,
    ) {
        let failed = |cause, status| SipEvent::Failed { dialog: key, cause, status, trunk: None };
        if self.calls.contains_key(&key) {
            return;
        }
        if self.calls.len() >= self.config.limits.calls {
            self.counters.add(Count::FullCalls);
            return self.emit(failed(Cause::Congestion, None));
        }
        let mut route = match self.route(now, &request, &options) {
            Ok(route) => route,
            Err(cause) => {
                self.book.placed(None);
                return self.emit(failed(cause, None));
            }
        };
        self.book.placed(Some(key));
        let destinations = std::mem::take(&mut route.destinations);
        let Some(first) = destinations.first() else {
            self.book.leave(key, false);
            return self.emit(failed(Cause::Internal, None));
        };
        let call = self.placed_call(now, key, request, options, first, route);
        self.counters.add(Count::CallsOut);
        let ring_until = call.placed.as_ref().and_then(|placed| placed.ring_until);
        self.add_call(now, call);
        if let Some(at) = ring_until {
            self.timers.set(at, TimerKey::Ring(key));
        }
        self.with_call(key, |endpoint, call| {
            for destination in destinations {
                endpoint.start_branch(now, call, destination);
            }
            if call.placed.as_ref().is_some_and(|placed| !placed.branches.is_empty()) {
                return Fate::Keep;
            }
            endpoint.emit(failed(Cause::Internal, None));
            Fate::Drop
        });
    }

    fn route(
        &mut self,
        now: Timestamp,
        request: &InviteRequest,
        options: &InviteOptions,
    ) -> Result<Route, Cause> {
        match &request.target {
            InviteTarget::Extension(agent) => self.phone_route(*agent, request, options),
            InviteTarget::Trunk { trunk, number } => {
                self.trunk_route(now, *trunk, number, request, options)
            }
            InviteTarget::Route { tenant, number } => {
                self.tenant_route(now, *tenant, number, request, options)
            }
        }
    }

    fn phone_route(
        &mut self,
        agent: AgentId,
        request: &InviteRequest,
        options: &InviteOptions,
    ) -> Result<Route, Cause> {
        let extension = self.directory.extension(agent).ok_or(Cause::NotFound)?;
        let realm = self.directory.realm(extension.tenant).ok_or(Cause::NotFound)?;
        let domain = realm.as_str();
        let destinations: Vec<_> = self
            .registrar
            .contacts(agent)
            .map(|(uri, hop)| Destination { uri: uri.clone(), hop })
            .collect();
        if destinations.is_empty() {
            return Err(Cause::Unreachable);
        }
        let to = sip_uri(Some(&extension.username), &host_text(domain)).ok_or(Cause::Internal)?;
        let told = CallerTold::to_phone(&request.caller, options.withhold, domain);
        let source = Source::Extension { agent, tenant: extension.tenant };
        let (session, offer) = self.first_offer(&source, &request.media, &options.media)?;
        Ok(Route { destinations, told, to, source, login: None, session, offer, spare: None })
    }

    /// The session of a new call and the offer that begins it.
    pub(super) fn first_offer(
        &mut self,
        source: &Source,
        media: &LocalMedia,
        options: &MediaOptions,
    ) -> Result<(Session, String), Cause> {
        let mut session = Session::new(self.random.number());
        let policy = self.policies.of(source);
        session.restrict(&policy.codecs, policy.security);
        session.prefer(&policy.preferred);
        session.set_options(options.clone());
        let offer = session.offer(media).map_err(|_| Cause::Internal)?;
        Ok((session, offer))
    }

    fn placed_call(
        &mut self,
        now: Timestamp,
        key: DialogKey,
        request: InviteRequest,
        options: InviteOptions,
        first: &Destination,
        route: Route,
    ) -> Call {
        let tag = self.random.number();
        let local = format!("{};tag={}", route.told.from, hex64(tag));
        let ring_ms = request.ring_timeout_ms.clamp(*RING_MS.start(), *RING_MS.end());
        let dialog = Dialog {
            call_id: Bytes::from(format!("{}{}", self.random.hex(), self.random.hex())),
            local: Bytes::from(local),
            remote: Bytes::from([&b"<"[..], &route.to.to_bytes(), b">"].concat()),
            remote_tag: None,
            local_cseq: (self.random.number() & 0xffff) as u32,
            remote_cseq: None,
            target: first.uri.clone(),
            routes: Vec::new(),
            hop: first.hop,
            spare: VecDeque::new(),
            awaits: None,
            contact: self.contact(first.hop.transport, &route.told.contact_user),
        };
        Call {
            key,
            tag,
            phase: Phase::Calling,
            dialog,
            session: route.session,
            source: route.source,
            login: route.login,
            invited: None,
            invite: None,
            unacked: None,
            placed: Some(Box::new(Placed {
                branches: Vec::new(),
                offer: route.offer,
                extra: request.headers,
                options,
                told: route.told,
                tags: Vec::new(),
                ringing: false,
                early: None,
                forks: Vec::new(),
                early_sdp: None,
                refusal: None,
                ring_until: Some(now.plus_ms(u64::from(ring_ms))),
                cancelled: false,
                spare: route.spare,
            })),
            reinvite: None,
            queued: None,
            peer: Peer::default(),
            reliable: None,
            referred: None,
            referring: None,
            clock: SessionClock::default(),
            held: false,
            bye_challenges: 0,
            unanswered_until: now,
            repeat_at: now,
            last_provisional: None,
        }
    }

    fn start_branch(&mut self, now: Timestamp, call: &mut Call, destination: Destination) {
        let Destination { uri, hop } = destination;
        let Some(id) = self.send_invite(now, call, &uri, hop, None) else { return };
        self.expect_first_word(now, call, id);
        if let Some(placed) = &mut call.placed {
            placed.branches.push(Branch {
                transaction: id,
                uri,
                hop,
                heard: false,
                done: false,
                challenges: 0,
            });
        }
    }

    /// Sends an INVITE of a placed call, with proof after a challenge.
    pub(super) fn send_invite(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        uri: &Uri,
        hop: Hop,
        proof: Option<(HeaderName, String)>,
    ) -> Option<u64> {
        let branch = self.random.number();
        let cseq = call.dialog.next_cseq();
        let placed = call.placed.as_ref()?;
        let mut ask = Ask::new(Method::Invite, uri.clone())
            .header(HeaderName::Via, self.via(hop.transport, branch))
            .header(HeaderName::From, call.dialog.local.clone())
            .header(HeaderName::To, call.dialog.remote.clone())
            .header(HeaderName::CallId, call.dialog.call_id.clone())
            .cseq(cseq, &Method::Invite)
            .header(HeaderName::Contact, call.dialog.contact.clone())
            .header(HeaderName::Allow, ALLOW);
        ask = self.pass_headers(ask, &call.source, &placed.extra);
        ask = self.assert_identity(ask, &call.source, &placed.told);
        if let Some((name, value)) = proof {
            ask = ask.header(name, value);
        }
        if let Some(replaces) = &placed.options.replaces {
            // Whoever does not know how would make a second call of it.
            ask = ask
                .header(HeaderName::Replaces, replaces.text())
                .header(HeaderName::Require, "replaces");
        }
        if let Some(by) = placed.options.referred_by.as_deref().and_then(plain_uri) {
            ask = ask.header(HeaderName::ReferredBy, format!("<{by}>"));
        }
        ask = self.offer_extensions(ask, call);
        let request = ask.body(SDP_TYPE, placed.offer.clone()).build()?;
        self.keep(call.key);
        Some(self.ask(now, request, branch, hop, ClientOwner::Invite(call.key)))
    }

    /// It rang long enough.
    pub(super) fn ring_timer(&mut self, now: Timestamp, at: Timestamp, key: DialogKey) {
        self.with_call(key, |endpoint, call| {
            let due = call.placed.as_ref().is_some_and(|placed| placed.ring_until == Some(at));
            if call.phase != Phase::Calling || !due {
                return Fate::Keep;
            }
            let cause = Cause::NoAnswer;
            endpoint.emit(SipEvent::Failed {
                dialog: key,
                cause,
                status: None,
                trunk: call.source.trunk(),
            });
            endpoint.abandon(now, call)
        });
    }

    /// Gives up a placed call whose end the server has been told.
    pub(super) fn abandon(&mut self, now: Timestamp, call: &mut Call) -> Fate {
        call.phase = Phase::Closing;
        let Some(placed) = &mut call.placed else { return Fate::Drop };
        placed.cancelled = true;
        if placed.branches.iter().all(|branch| branch.done) {
            return Fate::Drop;
        }
        self.cancel_branches(now, call);
        Fate::Keep
    }

    /// Cancels every branch that still rings.
    pub(super) fn cancel_branches(&mut self, now: Timestamp, call: &Call) {
        let Some(placed) = &call.placed else { return };
        for branch in placed.branches.iter().filter(|branch| branch.heard && !branch.done) {
            self.cancel_invite(now, branch.transaction);
        }
    }

    /// Sends the CANCEL of an INVITE that has been heard of; one that overtook
    /// its INVITE would be lost (§9.1). Without a final response for 64·T1 the
    /// INVITE counts as cancelled.
    pub(super) fn cancel_invite(&mut self, now: Timestamp, id: u64) {
        let Some(client) = self.transactions.client(id) else { return };
        if client.cancelled || client.state() != ClientState::Proceeding {
            return;
        }
        client.cancelled = true;
        let hop = client.hop;
        let cancel = cancel_of(client.machine.request());
        self.timers.set(now.plus_ms(GIVE_UP_MS), TimerKey::Cancelled(id));
        if let Some((cancel, branch)) = cancel {
            self.ask(now, cancel, branch, hop, ClientOwner::Cancel);
        }
    }

    pub(super) fn cancelled_timer(&mut self, now: Timestamp, id: u64) {
        let Some(client) = self.transactions.client(id) else { return };
        if client.state() != ClientState::Proceeding {
            return;
        }
        let owner = client.owner;
        self.transactions.remove_client(id);
        if let ClientOwner::Invite(call) = owner {
            self.on_invite_outcome(now, id, call, None);
        }
    }
}

/// An address as it may stand in angle brackets.
fn plain_uri(text: &str) -> Option<String> {
    let uri = Uri::parse(Bytes::from(text.to_owned())).ok()?;
    let text = String::from_utf8(uri.to_bytes().to_vec()).ok()?;
    (!text.contains(['<', '>', '"', ' '])).then_some(text)
}

/// The CANCEL of an INVITE: the same but for its method (§9.1).
fn cancel_of(invite: &Request) -> Option<(Request, u64)> {
    let copy =
        |name: HeaderName| invite.headers.value(&name).map(|value| Bytes::from(value.into_owned()));
    let via: sipx_sip::Via = invite.headers.typed()?.ok()?;
    let branch = crate::random::parse_hex64(via.branch()?.strip_prefix(b"z9hG4bK")?)?;
    let cseq: sipx_sip::CSeq = invite.headers.typed()?.ok()?;
    let request = Ask::new(Method::Cancel, invite.uri.clone())
        .header(HeaderName::Via, copy(HeaderName::Via)?)
        .header(HeaderName::From, copy(HeaderName::From)?)
        .header(HeaderName::To, copy(HeaderName::To)?)
        .header(HeaderName::CallId, copy(HeaderName::CallId)?)
        .cseq(cseq.sequence, &Method::Cancel)
        .build()?;
    Some((request, branch))
}
