//! Which trunk and which of its addresses a call goes to, and where it goes
//! when they do not take it (RFC 3263 §4.3).
//!
//! The call stays the same for the server: it has heard nothing of a try that
//! came to nothing. Once anything rings the call is that carrier's.

use super::Endpoint;
use super::identity::CallerTold;
use super::invite_out::{Destination, InviteRequest, Route};
use crate::call::{Call, InviteOptions, Peer, Phase, SessionClock, Spare};
use crate::counters::Count;
use crate::directory::Trunk;
use crate::event::{DialogKey, Source};
use crate::hop::{Hop, Transport};
use crate::message::{host_text, sip_uri};
use crate::random::hex64;
use crate::timer::TimerKey;
use crate::transaction::ClientOwner;
use crate::trunk::{Refusal, TrunkState};
use bytes::Bytes;
use sipx_sip::transaction::ClientState;
use sipx_sip::{HeaderName, Response, Uri};
use std::collections::VecDeque;
use strowger_model::{Cause, TenantId, Timestamp, TrunkId};

/// INVITEs of one call, challenges not counted; by then the caller has given up.
const MAX_TRIES: u8 = 8;
/// Refusals that say "not here" rather than "not this call" (RFC 3263 §4.3).
const NOT_HERE: [u16; 2] = [408, 503];

impl Endpoint {
    /// A call over one trunk, which the server chose: health does not matter.
    pub(super) fn trunk_route(
        &mut self,
        now: Timestamp,
        trunk: TrunkId,
        number: &str,
        request: &InviteRequest,
        options: &InviteOptions,
    ) -> Result<Route, Cause> {
        let tenant = self.directory.trunk(trunk).ok_or(Cause::NotFound)?.tenant;
        named_uri(options)?;
        self.charge(now, tenant, number)?;
        let spare = Spare {
            targets: VecDeque::new(),
            trunks: VecDeque::from([trunk]),
            last_resort: VecDeque::new(),
            fail_over_on: Vec::new(),
            tenant,
            called: number.to_owned(),
            caller: request.caller.clone(),
            media: request.media.clone(),
            tries_left: MAX_TRIES,
        };
        self.next_route(now, Box::new(spare), options)
    }

    /// A call over a tenant's route: trunks that are up first, in the order of
    /// priority and weight; held ones if nothing else is left; never one that
    /// is down.
    pub(super) fn tenant_route(
        &mut self,
        now: Timestamp,
        tenant: TenantId,
        number: &str,
        request: &InviteRequest,
        options: &InviteOptions,
    ) -> Result<Route, Cause> {
        named_uri(options)?;
        let route = self.book.tenant(tenant).route.clone();
        self.charge(now, tenant, number)?;
        let random = &mut self.random;
        let ordered = route.order(|n| random.between_ms(0, n));
        let (mut trunks, mut last_resort) = (VecDeque::new(), VecDeque::new());
        for trunk in ordered {
            let own = self.directory.trunk(trunk).is_some_and(|known| known.tenant == tenant);
            match self.book.state(trunk) {
                _ if !own => {}
                TrunkState::Up => trunks.push_back(trunk),
                TrunkState::Held => last_resort.push_back(trunk),
                TrunkState::Down => self.book.refuse(trunk, Refusal::Down),
            }
        }
        let spare = Spare {
            targets: VecDeque::new(),
            trunks,
            last_resort,
            fail_over_on: route.fail_over_on,
            tenant,
            called: number.to_owned(),
            caller: request.caller.clone(),
            media: request.media.clone(),
            tries_left: MAX_TRIES,
        };
        self.next_route(now, Box::new(spare), options)
    }

    /// The tenant's own limits, prefixes and budget.
    fn charge(&mut self, now: Timestamp, tenant: TenantId, number: &str) -> Result<(), Cause> {
        self.book.admit_tenant(now, tenant, Some(number)).map_err(|why| {
            self.counters.add(Count::TrunkLimit);
            cause_of(why)
        })
    }

    /// The next trunk that takes the call, with everything that an INVITE over
    /// it needs.
    fn next_route(
        &mut self,
        now: Timestamp,
        mut spare: Box<Spare>,
        options: &InviteOptions,
    ) -> Result<Route, Cause> {
        let directory = self.directory.clone();
        let mut why = None;
        while let Some(id) = spare.trunks.pop_front().or_else(|| spare.last_resort.pop_front()) {
            let Some(trunk) = directory.trunk(id) else { continue };
            if let Err(refusal) = self.book.admit_trunk(now, id, spare.tenant, Some(&spare.called))
            {
                self.counters.add(Count::TrunkLimit);
                why = Some(cause_of(refusal));
                continue;
            }
            match self.route_over(trunk, &mut spare, options) {
                Ok(mut route) => {
                    route.spare = Some(spare);
                    return Ok(route);
                }
                Err(cause) => {
                    // Without an offer that its policy allows it is not the address.
                    if cause != Cause::Internal {
                        self.book.refuse(id, Refusal::NoAddress);
                    }
                    why = why.or(Some(cause));
                }
            }
        }
        Err(why.unwrap_or(Cause::Unreachable))
    }

    fn route_over(
        &mut self,
        trunk: &Trunk,
        spare: &mut Spare,
        options: &InviteOptions,
    ) -> Result<Route, Cause> {
        trunk.proxy.as_ref().ok_or(Cause::Unreachable)?;
        let random = &mut self.random;
        let targets = self.trunks.targets(trunk, |n| random.between_ms(0, n));
        let no_tcp = self.config.tcp.is_none();
        spare.targets =
            targets.into_iter().filter(|(t, _)| !(no_tcp && *t == Transport::Tcp)).collect();
        let (transport, remote) = spare.targets.pop_front().ok_or(Cause::Unreachable)?;
        let policy = self.book.trunk(trunk.id);
        let number = policy.called_out.apply(&spare.called);
        let to = sip_uri(Some(&number), &host_text(trunk.domain())).ok_or(Cause::NotFound)?;
        let told = CallerTold::over_trunk(&spare.caller, options.withhold, trunk, policy);
        let uri = named_uri(options)?.unwrap_or_else(|| to.clone());
        let hop = Hop::to_trunk(trunk.id, transport, remote);
        let source = Source::Trunk { trunk: trunk.id, tenant: trunk.tenant };
        let (session, offer) = self.first_offer(&source, &spare.media, &options.media)?;
        Ok(Route {
            destinations: vec![Destination { uri, hop }],
            told,
            to,
            source,
            login: trunk.outbound.clone(),
            session,
            offer,
            spare: None,
        })
    }

    /// An INVITE came to nothing: sends it elsewhere if that may help. `true`
    /// if the call goes on.
    pub(super) fn fail_over(
        &mut self,
        now: Timestamp,
        id: u64,
        call: &mut Call,
        response: Option<&Response>,
    ) -> bool {
        let Source::Trunk { trunk, .. } = call.source else { return false };
        let status = response.map(|response| response.status.code());
        let not_here = status.is_none_or(|status| NOT_HERE.contains(&status));
        let Some(placed) = &mut call.placed else { return false };
        if call.phase != Phase::Calling || placed.cancelled || placed.ringing {
            return false;
        }
        if not_here {
            let wait_s = response.and_then(retry_after_s);
            self.trunk_changes(now, trunk, |h, rules| h.call_failed(now, rules, wait_s));
        }
        let Some(placed) = &mut call.placed else { return false };
        let Some(mut spare) = placed.spare.take() else { return false };
        let another_trunk =
            not_here || status.is_some_and(|status| spare.fail_over_on.contains(&status));
        if !another_trunk || spare.tries_left <= 1 {
            return false;
        }
        spare.tries_left -= 1;
        let next = spare.targets.pop_front().filter(|_| not_here);
        if let Some((transport, remote)) = next {
            placed.spare = Some(spare);
            let uri = placed.branches.iter().find(|b| b.transaction == id).map(|b| b.uri.clone());
            let Some(uri) = uri else { return false };
            return self.try_again(now, id, call, uri, Hop::to_trunk(trunk, transport, remote));
        }
        let Ok(route) = self.next_route(now, spare, &placed.options) else { return false };
        self.change_trunk(now, call, route).is_some_and(|destination| {
            self.try_again(now, id, call, destination.uri, destination.hop)
        })
    }

    /// Makes a call another trunk's: to its carrier it is a new one.
    fn change_trunk(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        route: Route,
    ) -> Option<Destination> {
        let destination = route.destinations.into_iter().next()?;
        self.book.leave(call.key, true);
        if let Source::Trunk { trunk, tenant } = route.source {
            self.book.enter(now, call.key, (trunk, tenant), true);
        }
        call.source = route.source;
        call.login = route.login;
        call.session = route.session;
        // What the last carrier said it can do says nothing of this one.
        (call.peer, call.clock) = (Peer::default(), SessionClock::default());
        let contact = self.contact(destination.hop.transport, &route.told.contact_user);
        let dialog = &mut call.dialog;
        dialog.call_id = Bytes::from(format!("{}{}", self.random.hex(), self.random.hex()));
        dialog.local = Bytes::from(format!("{};tag={}", route.told.from, hex64(call.tag)));
        dialog.remote = Bytes::from([&b"<"[..], &route.to.to_bytes(), b">"].concat());
        dialog.contact = contact;
        self.trace.begin(call.key, &dialog.call_id);
        if let Some(placed) = &mut call.placed {
            (placed.told, placed.offer) = (route.told, route.offer);
            placed.spare = route.spare;
        }
        Some(destination)
    }

    /// Sends the INVITE to another place, in the stead of the one that failed.
    fn try_again(
        &mut self,
        now: Timestamp,
        id: u64,
        call: &mut Call,
        uri: sipx_sip::Uri,
        hop: Hop,
    ) -> bool {
        (call.dialog.target, call.dialog.hop) = (uri.clone(), hop);
        self.drop_early_change(call, None);
        if let Some(placed) = &mut call.placed {
            // The early dialogs of a try that failed are over with it.
            placed.tags.clear();
            placed.forks.clear();
            placed.early_sdp = None;
        }
        let Some(again) = self.send_invite(now, call, &uri, hop, None) else { return false };
        self.counters.add(Count::FailedOver);
        self.expect_first_word(now, call, again);
        if let Some(placed) = &mut call.placed
            && let Some(branch) = placed.branches.iter_mut().find(|b| b.transaction == id)
        {
            (branch.transaction, branch.uri, branch.hop) = (again, uri, hop);
            (branch.heard, branch.done, branch.challenges) = (false, false, 0);
        }
        true
    }

    /// A trunk's carrier took a call as far as saying something about it.
    pub(super) fn trunk_heard(&mut self, now: Timestamp, key: DialogKey, response: &Response) {
        let status = response.status.code();
        if status == 100 || NOT_HERE.contains(&status) {
            return;
        }
        if let Some(Source::Trunk { trunk, .. }) = self.calls.get(&key).map(|call| call.source) {
            self.book.health(now, trunk).call_passed();
        }
    }

    /// If there is another way, silence is not waited out.
    pub(super) fn expect_first_word(&mut self, now: Timestamp, call: &Call, id: u64) {
        let Source::Trunk { trunk, .. } = call.source else { return };
        let Some(spare) = call.placed.as_ref().and_then(|placed| placed.spare.as_ref()) else {
            return;
        };
        if spare.targets.is_empty() && spare.trunks.is_empty() && spare.last_resort.is_empty() {
            return;
        }
        let patience = u64::from(self.book.trunk(trunk).first_word_ms);
        self.timers.set(now.plus_ms(patience), TimerKey::FirstWord(call.key, id));
    }

    pub(super) fn first_word_timer(&mut self, now: Timestamp, key: DialogKey, id: u64) {
        let Some(client) = self.transactions.client(id) else { return };
        if client.state() != ClientState::Calling {
            return;
        }
        self.with_call(key, |endpoint, call| {
            if endpoint.fail_over(now, id, call, None)
                && let Some(client) = endpoint.transactions.client(id)
            {
                client.owner = ClientOwner::Abandoned;
            }
            super::Fate::Keep
        });
    }

    /// A carrier that was given up answers after all: it must not ring anybody.
    pub(super) fn on_abandoned_outcome(
        &mut self,
        now: Timestamp,
        id: u64,
        response: Option<&Response>,
    ) {
        let Some(response) = response else { return };
        if response.status.is_provisional() {
            self.cancel_invite(now, id);
        } else if response.status.is_success() {
            let tag = super::invite_response::to_tag(response).unwrap_or_default();
            let acks = self.transactions.client(id).map(|client| &client.acks);
            let known = acks.and_then(|acks| acks.iter().find(|ack| ack.tag == tag));
            if let Some((bytes, hop)) = known.map(|ack| (ack.bytes.clone(), ack.hop)) {
                return self.transmit(hop, bytes);
            }
            self.hang_up_stray(now, id, response, tag);
        }
    }
}

/// The whole Request-URI that the server named, if it did.
fn named_uri(options: &InviteOptions) -> Result<Option<Uri>, Cause> {
    let named = options.request_uri.as_ref();
    let uri = named.map(|uri| Uri::parse(Bytes::from(uri.clone()))).transpose();
    uri.map_err(|_| Cause::NotFound)
}

fn cause_of(why: Refusal) -> Cause {
    match why {
        Refusal::Rate | Refusal::CallsIn | Refusal::CallsOut => Cause::Congestion,
        Refusal::NotAllowed | Refusal::Denied | Refusal::NoPrice | Refusal::OverBudget => {
            Cause::Forbidden
        }
        Refusal::Down | Refusal::NoAddress => Cause::Unreachable,
    }
}

fn retry_after_s(response: &Response) -> Option<u32> {
    let value = response.headers.value(&HeaderName::RetryAfter)?;
    let digits = value.split(|b| !b.is_ascii_digit()).next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
