//! The session timer of one dialog (RFC 4028): what was agreed and when to act.

use crate::message::has_option;
use crate::policy::{MIN_SESSION_S, SessionTimer};
use sipx_sip::session::{MinSe, Refresher, SessionExpires};
use sipx_sip::{HeaderName, Headers};
use std::time::Duration;
use strowger_model::Timestamp;

/// How long before its end the side that waits hangs up, so that the BYE still
/// finds the holes in the middle boxes open (§10).
const EARLY_S: u32 = 32;
/// Longest interval believed: a day. A longer one would not fit our timers'
/// purpose and says as much as none.
const MAX_INTERVAL_S: u64 = 86_400;

/// A timer that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Running {
    pub(crate) interval_s: u32,
    pub(crate) we_refresh: bool,
    /// Both sides know of it; without that only a lost dialog ends the call.
    pub(crate) agreed: bool,
    /// When we refresh; timers for other times mean nothing.
    pub(crate) refresh_at: Option<Timestamp>,
    pub(crate) ends_at: Option<Timestamp>,
}

/// The timer of one dialog.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionClock {
    pub(crate) running: Option<Running>,
    /// The shortest interval that the other side told us to ask for.
    pub(crate) min_heard_s: u32,
}

/// What a 2xx of ours grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) interval_s: u32,
    pub(crate) refresher: Refresher,
    pub(crate) supported: bool,
}

/// What a request asks of the session timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Grant(Granted),
    /// Answer 422 with this Min-SE.
    TooBrief(u32),
    /// Not readable: 400.
    Bad,
}

/// Decides what a session refresh request gets (§9, table 2).
pub(crate) fn judge(policy: &SessionTimer, headers: &Headers) -> Request {
    let supported = names_timer(headers);
    let min_s = match headers.typed::<MinSe>() {
        Some(Ok(MinSe(min))) => seconds(min),
        _ => 0,
    };
    let (asked_s, chosen) = match headers.typed::<SessionExpires>() {
        None => (None, None),
        Some(Ok(asked)) => (Some(seconds(asked.interval)), asked.refresher),
        Some(Err(_)) => return Request::Bad,
    };
    if asked_s.is_some_and(|asked| asked < policy.floor_s()) {
        return Request::TooBrief(policy.floor_s());
    }
    // It may be made shorter, but not shorter than they can bear.
    let ours_s = policy.wanted_s().max(min_s);
    let interval_s = asked_s.map_or(ours_s, |asked| asked.min(ours_s));
    // A caller that does not know timers cannot refresh; without a choice of
    // theirs we do it ourselves, because the refresher hears of a dead peer first.
    let refresher = if supported { chosen.unwrap_or(Refresher::Uas) } else { Refresher::Uas };
    Request::Grant(Granted { interval_s, refresher, supported })
}

fn names_timer(headers: &Headers) -> bool {
    has_option(headers, &HeaderName::Supported, "timer")
        || has_option(headers, &HeaderName::Require, "timer")
}

fn seconds(interval: Duration) -> u32 {
    u32::try_from(interval.as_secs().min(MAX_INTERVAL_S)).unwrap_or(u32::MAX)
}

impl SessionClock {
    /// The interval that our next request names.
    pub(crate) fn asked_s(&self, policy: &SessionTimer) -> u32 {
        let wanted = self.running.map_or(policy.wanted_s(), |running| running.interval_s);
        wanted.max(self.min_heard_s)
    }

    /// Who refreshes after our next request, as it stands in it: what holds
    /// shall go on (§7.4); a first request leaves the choice open.
    pub(crate) fn asked_refresher(&self) -> Option<Refresher> {
        self.running.map(|running| match running.we_refresh {
            true => Refresher::Uac,
            false => Refresher::Uas,
        })
    }

    /// The other side wants longer intervals (422, §7.4); whether that is news.
    pub(crate) fn raise(&mut self, headers: &Headers, asked_s: u32) -> bool {
        let Some(Ok(MinSe(min))) = headers.typed::<MinSe>() else { return false };
        let min_s = seconds(min);
        if min_s <= asked_s || min_s <= self.min_heard_s {
            return false;
        }
        self.min_heard_s = min_s;
        true
    }

    /// Starts over after a 2xx of ours.
    pub(crate) fn granted(&mut self, now: Timestamp, granted: Granted) {
        let we_refresh = granted.refresher == Refresher::Uas;
        self.start(now, granted.interval_s, we_refresh, granted.supported);
    }

    /// Starts over after a 2xx of theirs to a request that asked for `asked_s` (§7.2).
    pub(crate) fn answered(&mut self, now: Timestamp, headers: &Headers, asked_s: u32) {
        match headers.typed::<SessionExpires>() {
            Some(Ok(answer)) => {
                let we_refresh = answer.refresher != Some(Refresher::Uas);
                self.start(now, seconds(answer.interval), we_refresh, true);
            }
            // It does not know timers; asking now and then finds a dead one all the same.
            _ => self.start(now, asked_s, true, false),
        }
    }

    /// Goes on in another process: what was left is not known, so it begins anew.
    pub(crate) fn resume(
        &mut self,
        now: Timestamp,
        interval_s: u32,
        we_refresh: bool,
        agreed: bool,
        min_heard_s: u32,
    ) {
        let longest = seconds(Duration::from_secs(MAX_INTERVAL_S));
        self.min_heard_s = min_heard_s.min(longest);
        self.start(now, interval_s.min(longest), we_refresh, agreed);
    }

    fn start(&mut self, now: Timestamp, interval_s: u32, we_refresh: bool, agreed: bool) {
        let interval_s = interval_s.max(MIN_SESSION_S);
        let patience_s = interval_s - EARLY_S.min(interval_s / 3);
        let after = |seconds: u32| now.plus_ms(u64::from(seconds) * 1_000);
        self.running = Some(Running {
            interval_s,
            we_refresh,
            agreed,
            refresh_at: we_refresh.then(|| after(interval_s / 2)),
            ends_at: agreed.then(|| after(patience_s)),
        });
    }
}
