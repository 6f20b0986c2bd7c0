//! Session timers (RFC 4028), both roles: asked for and granted with every
//! INVITE and UPDATE, refreshed at half time, ended by BYE when nobody did.

use super::{Endpoint, Fate};
use crate::call::{Call, Phase, Purpose, TimerRequest, Way, judge_timer};
use crate::counters::Count;
use crate::event::{DialogKey, Source};
use crate::hop::Hop;
use crate::message::{Ask, Reply};
use crate::policy::SessionTimer;
use crate::timer::TimerKey;
use sipx_sip::session::{Refresher, SessionExpires};
use sipx_sip::{HeaderName, Request, Response};
use std::time::Duration;
use strowger_model::{Cause, Timestamp};

/// A refresh that was refused, or found another change under way, is tried
/// again after this long.
const REFRESH_AGAIN_MS: u64 = 10_000;

/// Why a request's session interval is refused.
pub(super) enum TimerRefusal {
    TooBrief(u32),
    Bad,
}

impl Endpoint {
    fn timer_policy(&self, source: &Source) -> Option<SessionTimer> {
        self.policies.of(source).session_timer
    }

    /// Whether a request's session interval must be refused.
    pub(super) fn timer_refusal(
        &mut self,
        source: &Source,
        request: &Request,
    ) -> Option<TimerRefusal> {
        let policy = self.timer_policy(source)?;
        match judge_timer(&policy, &request.headers) {
            TimerRequest::Grant(_) => None,
            TimerRequest::TooBrief(min_s) => {
                self.counters.add(Count::TooBrief);
                Some(TimerRefusal::TooBrief(min_s))
            }
            TimerRequest::Bad => Some(TimerRefusal::Bad),
        }
    }

    /// A refusal with a transaction.
    pub(super) fn timer_reply(&self, request: &Request, tag: &str, refusal: TimerRefusal) -> Reply {
        match refusal {
            TimerRefusal::TooBrief(min_s) => {
                Reply::new(request, 422, tag).header(HeaderName::MinSe, min_s.to_string())
            }
            TimerRefusal::Bad => Reply::new(request, 400, tag),
        }
    }

    /// A refusal without one.
    pub(super) fn refuse_timer(&mut self, request: &Request, source: Hop, refusal: TimerRefusal) {
        match refusal {
            TimerRefusal::TooBrief(min_s) => self.refuse_with(request, source, 422, |reply| {
                reply.header(HeaderName::MinSe, min_s.to_string())
            }),
            TimerRefusal::Bad => self.refuse(request, source, 400),
        }
    }

    /// What an INVITE or UPDATE of ours asks for.
    pub(super) fn ask_timer(&self, ask: Ask, call: &Call) -> Ask {
        let Some(policy) = self.timer_policy(&call.source) else { return ask };
        let wanted = SessionExpires {
            interval: Duration::from_secs(u64::from(call.clock.asked_s(&policy))),
            refresher: call.clock.asked_refresher(),
        };
        let min_s = policy.floor_s().max(call.clock.min_heard_s);
        ask.header(HeaderName::SessionExpires, wanted.to_string())
            .header(HeaderName::MinSe, min_s.to_string())
    }

    /// What [`Endpoint::ask_timer`] asked for.
    pub(super) fn asked_interval_s(&self, call: &Call) -> u32 {
        self.timer_policy(&call.source).map_or(0, |policy| call.clock.asked_s(&policy))
    }

    /// Writes into a 2xx what its request gets, and starts the clock over.
    pub(super) fn grant_timer(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        request: &Request,
        reply: Reply,
    ) -> Reply {
        let reply = self.show_extensions(call, reply);
        let Some(policy) = self.timer_policy(&call.source) else { return reply };
        let TimerRequest::Grant(granted) = judge_timer(&policy, &request.headers) else {
            return reply;
        };
        call.clock.granted(now, granted);
        self.set_session_timers(call);
        let shown = SessionExpires {
            interval: Duration::from_secs(u64::from(granted.interval_s)),
            refresher: Some(granted.refresher),
        };
        let reply = reply.header(HeaderName::SessionExpires, shown.to_string());
        // The caller must read the answer to know that it is its turn (§9).
        match granted.supported && granted.refresher == Refresher::Uac {
            true => reply.header(HeaderName::Require, "timer"),
            false => reply,
        }
    }

    /// Starts the clock over after a 2xx of theirs; `asked_s` of the request if
    /// it was not the call's first.
    pub(super) fn restart_clock(
        &mut self,
        now: Timestamp,
        call: &mut Call,
        response: &Response,
        asked_s: Option<u32>,
    ) {
        if self.timer_policy(&call.source).is_some() {
            let asked_s = asked_s.unwrap_or_else(|| self.asked_interval_s(call));
            call.clock.answered(now, &response.headers, asked_s);
            self.set_session_timers(call);
        }
    }

    pub(super) fn set_session_timers(&mut self, call: &Call) {
        let Some(running) = call.clock.running else { return };
        for at in running.refresh_at.into_iter().chain(running.ends_at) {
            self.timers.set(at, TimerKey::Session(call.key));
        }
    }

    /// Whether a refusal asks for a longer interval that can be granted (§7.4).
    pub(super) fn asks_longer(&self, call: &mut Call, response: Option<&Response>) -> bool {
        let refused = response.filter(|response| response.status.code() == 422);
        let asked_s = self.asked_interval_s(call);
        refused.is_some_and(|response| call.clock.raise(&response.headers, asked_s))
    }

    pub(super) fn session_timer(&mut self, now: Timestamp, at: Timestamp, key: DialogKey) {
        self.with_call(key, |endpoint, call| {
            let Some(running) = call.clock.running else { return Fate::Keep };
            if call.phase != Phase::Up {
                return Fate::Keep;
            }
            if running.ends_at == Some(at) {
                endpoint.counters.add(Count::SessionExpired);
                return endpoint.lose(now, call, Cause::Unreachable);
            }
            if running.refresh_at == Some(at) {
                endpoint.refresh_later(now, call);
                if call.reinvite.is_none() {
                    let way = if call.peer.update { Way::Update } else { Way::Invite };
                    let direction = call.session.wanted();
                    endpoint.start_change(now, call, Purpose::Refresh, way, direction);
                }
            }
            Fate::Keep
        });
    }

    /// If the refresh comes to nothing there is another one.
    fn refresh_later(&mut self, now: Timestamp, call: &mut Call) {
        let again = now.plus_ms(REFRESH_AGAIN_MS);
        if let Some(running) = &mut call.clock.running {
            running.refresh_at = Some(again);
            self.timers.set(again, TimerKey::Session(call.key));
        }
    }
}
