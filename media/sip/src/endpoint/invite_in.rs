//! A call comes in (RFC 3261 §13.3).

use super::identity::{passed, read_caller};
use super::{Endpoint, Fate};
use crate::call::{Call, Dialog, Neighbour, Peer, Phase, SessionClock, next_hop, read_routes};
use crate::counters::Count;
use crate::event::{DialogKey, Incoming, SipEvent, Source};
use crate::hop::Hop;
use crate::limits::{MAX_UNANSWERED_MS, PROVISIONAL_REPEAT_MS};
use crate::message::{SDP_TYPE, user_of};
use crate::policy::LegPolicy;
use crate::random::hex64;
use crate::sdp::{RemoteMedia, Session, SessionError};
use crate::timer::TimerKey;
use crate::transaction::merge_key;
use bytes::Bytes;
use sipx_sip::headers::{CSeq, Contact, ContentType, From, MaxForwards, To};
use sipx_sip::{Address, HeaderName, Request, TransactionKey};
use std::collections::VecDeque;
use strowger_model::Timestamp;

/// What the offer in an INVITE or UPDATE turned out to be.
pub(super) enum Offer {
    /// There is none.
    None,
    Good(RemoteMedia),
    /// Not readable or not acceptable; answer so.
    Bad(u16, SessionError),
    /// A body that is no session description.
    OtherType,
}

impl Endpoint {
    pub(super) fn take_invite(
        &mut self,
        now: Timestamp,
        request: Request,
        key: TransactionKey,
        source: Hop,
    ) {
        let merge = merge_key(&request);
        if merge.as_ref().is_some_and(|merge| self.transactions.merged(merge)) {
            self.counters.add(Count::Merged);
            self.refuse(&request, source, 482);
            return;
        }
        if matches!(request.headers.typed::<MaxForwards>(), Some(Ok(MaxForwards(0)))) {
            // We place calls of our own on behalf of this one: a loop ends here.
            self.counters.add(Count::TooManyHops);
            self.refuse(&request, source, 483);
            return;
        }
        if let Some(why) = self.overload(now) {
            self.counters.add(why);
            self.refuse_busy(&request, source);
            return;
        }
        let Some(caller) = self.identify_caller(now, &request, source) else { return };
        if !self.admit_incoming(now, caller) {
            self.refuse_busy(&request, source);
            return;
        }
        let replaces = match self.replaced(&request, &caller) {
            Ok(replaces) => replaces,
            Err(status) => return self.refuse(&request, source, status),
        };
        let Some((mut dialog, tag)) = self.dialog_of(&request, source, &caller) else {
            self.counters.add(Count::BadRequest);
            self.refuse(&request, source, 400);
            return;
        };
        if !self.policy_knows_required(&caller, &request, source) {
            return;
        }
        if let Some(refusal) = self.timer_refusal(&caller, &request) {
            return self.refuse_timer(&request, source, refusal);
        }
        let mut session = Session::new(self.random.number());
        let policy = self.policies.of(&caller);
        session.restrict(&policy.codecs, policy.security);
        session.prefer(&policy.preferred);
        let offer = match read_offer(&mut session, &request) {
            Offer::None => None,
            Offer::Good(media) => Some(media),
            Offer::OtherType => return self.refuse_type(&request, source),
            Offer::Bad(status, error) => return self.refuse_offer(&request, source, status, error),
        };
        // The transaction says 100 by itself if nothing else is said within 200 ms (§17.2.1):
        // most calls are answered long before.
        let id = self.open_server(now, request.clone(), key, merge, source);
        self.next_inbound += 1;
        let dialog_key = DialogKey::inbound(self.next_inbound);
        self.aim(now, &mut dialog, Neighbour::new(source, &caller), Some(dialog_key));
        if let Some(server) = self.transactions.server(id) {
            server.call = Some(dialog_key);
        }
        let mut incoming = incoming(dialog_key, &request, caller, offer, self.policies.of(&caller));
        incoming.replaces = replaces;
        if let Source::Extension { agent, .. } = caller
            && let Some(extension) = self.directory.extension(agent)
        {
            // A phone may write what it likes into From; it is who it proved to be.
            incoming.from.clone_from(&extension.username);
        }
        if let Source::Trunk { trunk, .. } = caller {
            let policy = self.book.trunk(trunk);
            incoming.from = policy.caller_in.apply(&incoming.from);
            incoming.to = policy.called_in.apply(&incoming.to);
            incoming.to_header = policy.called_in.apply(&incoming.to_header);
        }
        let reliable = self.reliability(&caller, &request);
        let mut peer = Peer::default();
        peer.hear(&request.headers);
        let unanswered_until = now.plus_ms(MAX_UNANSWERED_MS);
        let repeat_at = now.plus_ms(PROVISIONAL_REPEAT_MS);
        self.timers.set(repeat_at, TimerKey::Unanswered(dialog_key));
        self.counters.add(Count::CallsIn);
        if let Some(rate) = &mut self.rate {
            rate.take(now);
        }
        self.add_call(
            now,
            Call {
                key: dialog_key,
                tag,
                phase: Phase::Incoming,
                dialog,
                session,
                source: caller,
                login: None,
                invited: Some(id),
                invite: Some(Box::new(request)),
                unacked: None,
                placed: None,
                reinvite: None,
                queued: None,
                peer,
                reliable,
                referred: None,
                referring: None,
                clock: SessionClock::default(),
                held: false,
                bye_challenges: 0,
                unanswered_until,
                repeat_at,
                last_provisional: None,
            },
        );
        self.emit(SipEvent::Incoming(Box::new(incoming)));
        self.keep(dialog_key);
        self.with_call(dialog_key, |_, _| Fate::Keep);
    }

    /// The dialog that an answer will make of an INVITE (§12.1.1).
    fn dialog_of(
        &mut self,
        request: &Request,
        source: Hop,
        caller: &Source,
    ) -> Option<(Dialog, u64)> {
        let contact = request.headers.typed::<Contact>()?.ok()?;
        let from = request.headers.typed::<From>()?.ok()?;
        let cseq = request.headers.typed::<CSeq>()?.ok()?;
        let routes = read_routes(&request.headers)?;
        let tag = self.random.number();
        let mut local = request.headers.value(&HeaderName::To)?.into_owned();
        local.extend_from_slice(format!(";tag={}", hex64(tag)).as_bytes());
        let hop = next_hop(&routes, &contact.uri, Neighbour::new(source, caller));
        let user = user_of(&request.uri).unwrap_or_default();
        let dialog = Dialog {
            call_id: owned(request, &HeaderName::CallId)?,
            local: Bytes::from(local),
            remote: owned(request, &HeaderName::From)?,
            remote_tag: from.tag().map(Bytes::copy_from_slice),
            local_cseq: (self.random.number() & 0xffff) as u32,
            remote_cseq: Some(cseq.sequence),
            target: contact.uri.clone(),
            routes,
            hop,
            spare: VecDeque::new(),
            awaits: None,
            contact: self.contact(hop.transport, &user),
        };
        Some((dialog, tag))
    }

    pub(super) fn refuse_type(&mut self, request: &Request, source: Hop) {
        self.counters.add(Count::MediaType);
        self.refuse_with(request, source, 415, |reply| {
            reply
                .header(HeaderName::Accept, SDP_TYPE)
                .header(HeaderName::AcceptEncoding, "identity")
        });
    }

    pub(super) fn refuse_offer(
        &mut self,
        request: &Request,
        source: Hop,
        status: u16,
        error: SessionError,
    ) {
        self.counters.add(Count::NoCommonCodec);
        let warning = self.warning(error);
        self.refuse_with(request, source, status, |r| r.header(HeaderName::Warning, warning));
    }

    /// Why a session description was refused, for people (§20.43).
    pub(super) fn warning(&self, error: SessionError) -> String {
        let code = match error {
            SessionError::NoCommonCodec => 305,
            _ => 399,
        };
        format!("{code} {} \"{error}\"", self.config.udp)
    }
}

fn owned(request: &Request, name: &HeaderName) -> Option<Bytes> {
    request.headers.value(name).map(|value| Bytes::from(value.into_owned()))
}

/// Hands the offer in a request to its session.
pub(super) fn read_offer(session: &mut Session, request: &Request) -> Offer {
    if request.body().is_empty() {
        return Offer::None;
    }
    if !is_plain_sdp(request) {
        return Offer::OtherType;
    }
    match session.take_offer(request.body()) {
        Ok(media) => Offer::Good(media),
        Err(error @ SessionError::Unreadable) => Offer::Bad(400, error),
        Err(error) => Offer::Bad(488, error),
    }
}

/// Whether the body is a session description that is not packed.
pub(super) fn is_plain_sdp(request: &Request) -> bool {
    let packed = request
        .headers
        .value(&HeaderName::ContentEncoding)
        .is_some_and(|encoding| !encoding.eq_ignore_ascii_case(b"identity"));
    let typed = request.headers.typed::<ContentType>();
    !packed && matches!(typed, Some(Ok(content)) if content.is("application", "sdp"))
}

fn incoming(
    dialog: DialogKey,
    request: &Request,
    source: Source,
    offer: Option<RemoteMedia>,
    policy: &LegPolicy,
) -> Incoming {
    let caller = read_caller(request, &source, policy);
    let to_header = request
        .headers
        .typed::<To>()
        .and_then(Result::ok)
        .and_then(|to| user_of(&to.uri))
        .unwrap_or_default();
    Incoming {
        dialog,
        source,
        from: caller.user.unwrap_or_else(|| "anonymous".to_owned()),
        display_name: caller.display_name,
        withheld: caller.withheld,
        headers: passed(request, policy),
        to: user_of(&request.uri).unwrap_or_default(),
        to_header,
        request_uri: String::from_utf8_lossy(&request.uri.to_bytes()).into_owned(),
        offer,
        replaces: None,
        referred_by: request
            .headers
            .value(&HeaderName::ReferredBy)
            .and_then(|value| Address::parse(&value, "Referred-By").ok())
            .map(|address| String::from_utf8_lossy(&address.uri.to_bytes()).into_owned()),
        call_id: request
            .headers
            .value(&HeaderName::CallId)
            .map(|value| String::from_utf8_lossy(&value).into_owned())
            .unwrap_or_default(),
    }
}
