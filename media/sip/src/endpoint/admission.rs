//! Letting in, slowing down, shutting out.

use super::Endpoint;
use crate::admission::{Ban, Guard, GuardRules, Offence, Talk, glance, is_scanner, talk};
use crate::counters::Count;
use crate::hop::{ConnectionId, Hop, Transmit, Transport};
use crate::limits::{MAX_LATE_ANSWERS, RETRY_AFTER_S};
use crate::message::{Reply, write_response};
use crate::notice::Notice;
use crate::random::{hex64, parse_hex64};
use crate::timer::TimerKey;
use crate::transaction::MergeKey;
use crate::via::response_hop;
use bytes::Bytes;
use sipx_sip::{HeaderName, Method, Request, Via};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};
use strowger_model::Timestamp;

impl Endpoint {
    /// Changes when sources are slowed down and banned. Who is banned stays so.
    pub fn set_guard(&mut self, rules: GuardRules) {
        self.guard.rules = rules;
    }

    /// Who is not answered now, the next to be free first.
    pub fn bans(&self, now: Timestamp) -> Vec<Ban> {
        self.guard.bans(now)
    }

    /// Shuts a source out for so many seconds.
    pub fn ban(&mut self, now: Timestamp, source: IpAddr, for_s: u32) {
        if let Some(ban) = self.guard.ban(now, source, Offence::Manual, Some(for_s)) {
            self.give_notice(Notice::Banned(ban));
        }
    }

    /// Lets a source in again and forgets what it did. `false` if it was not banned.
    pub fn unban(&mut self, source: IpAddr) -> bool {
        self.guard.unban(source)
    }

    /// Why no new call is taken, if none is.
    pub(super) fn overload(&mut self, now: Timestamp) -> Option<Count> {
        let limits = self.config.limits;
        if self.calls.len() >= limits.calls {
            Some(Count::FullCalls)
        } else if self.congested {
            Some(Count::Congested)
        } else if self.transactions.servers() >= limits.new_transactions() {
            Some(Count::FullTransactions)
        } else if self.rate.as_mut().is_some_and(|rate| !rate.has(now)) {
            Some(Count::CallRate)
        } else {
            None
        }
    }

    /// Whether a packet is dealt with by not looking at it: its source is
    /// banned, or it would start a call while we are full.
    pub(super) fn turn_away(&mut self, now: Timestamp, source: Hop, bytes: &Bytes) -> bool {
        if self.is_shut_out(now, source) && !self.goes_on(bytes) {
            let carries = source.connection.is_some_and(|connection| self.carries(connection));
            let keeps_alive = bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n'));
            // Pieces of a stream are no messages yet; those are looked at one by one.
            if carries && (source.transport.is_stream() || keeps_alive) {
                return false;
            }
            self.counters.add(Count::Banned);
            if let Some(connection) = source.connection.filter(|_| !carries) {
                self.break_stream(connection);
            }
            return true;
        }
        if source.transport.is_stream() || !bytes.starts_with(b"INVITE ") {
            return false;
        }
        let Some(why) = self.overload(now) else { return false };
        let Some(seen) = glance(bytes) else { return false };
        let key = MergeKey {
            call_id: bytes.slice_ref(seen.call_id),
            from_tag: bytes.slice_ref(seen.from_tag),
            cseq: seen.sequence,
        };
        // A call that was let in is repeated: it is no new one.
        if self.transactions.merged(&key) {
            return false;
        }
        let mut hasher = DefaultHasher::new();
        (self.tag_key, seen.call_id, seen.from_tag, seen.sequence).hash(&mut hasher);
        let tag = hex64(hasher.finish());
        let Some((refusal, port)) = seen.refusal(source.remote, &tag, RETRY_AFTER_S) else {
            return false;
        };
        self.counters.add(why);
        self.counters.add(Count::Shed);
        let hop = match source.transport {
            Transport::Udp => Hop::udp(SocketAddr::new(source.remote.ip(), port)),
            _ => source,
        };
        self.transmit(hop, Bytes::from(refusal));
        true
    }

    /// Whether a source is banned. What goes on with it is served nevertheless.
    pub(super) fn is_shut_out(&self, now: Timestamp, source: Hop) -> bool {
        self.guard.is_banned(now, source.remote.ip()) && !self.is_trusted(source.remote)
    }

    /// Whether a message is part of a call that there is, or answers us. It must
    /// never be one that we would ask for a password.
    pub(super) fn goes_on(&self, bytes: &Bytes) -> bool {
        match talk(bytes) {
            Some(Talk::Answer(branch)) => self.transactions.has_asked(branch),
            Some(Talk::Inside(tag)) => {
                parse_hex64(tag).is_some_and(|tag| self.tags.contains_key(&tag))
            }
            Some(Talk::Invite { call_id, from_tag, sequence }) => {
                self.transactions.merged(&MergeKey {
                    call_id: bytes.slice_ref(call_id),
                    from_tag: bytes.slice_ref(from_tag),
                    cseq: sequence,
                })
            }
            None => false,
        }
    }

    /// Whether a phone that proved itself is reached over a connection, or a
    /// call's other end. Asked only for banned sources: it looks at them all.
    fn carries(&self, connection: ConnectionId) -> bool {
        self.registrar.is_over(connection)
            || self.calls.values().any(|call| call.dialog.hop.connection == Some(connection))
    }

    /// Sources that calls depend on: an attacker may write their address into
    /// its datagrams, but not have them banned.
    fn is_trusted(&self, source: SocketAddr) -> bool {
        let at = |trunk: &crate::directory::Trunk| {
            trunk.sources.iter().any(|rule| rule.matches(source))
                || trunk.literal_address().is_some_and(|own| own.ip() == source.ip())
                || self.trunks.is_at(trunk.id, source)
        };
        self.directory.trunks().iter().any(at)
    }

    /// Remembers what a source did.
    pub(super) fn offended(&mut self, now: Timestamp, source: Hop, offence: Offence) {
        if self.is_trusted(source.remote) {
            return;
        }
        if let Some(ban) = self.guard.offend(now, source.remote, offence) {
            self.counters.add(Count::BansMade);
            self.give_notice(Notice::Banned(ban));
        }
    }

    /// Whether a request comes from a program that scans; it gets no answer.
    pub(super) fn is_scan(&mut self, now: Timestamp, request: &Request, source: Hop) -> bool {
        let agent = request.headers.value(&HeaderName::UserAgent);
        let scans = agent.is_some_and(|agent| is_scanner(&agent));
        if scans && !self.guard.is_exempt(source.remote) && !self.is_trusted(source.remote) {
            self.counters.add(Count::Scanner);
            self.offended(now, source, Offence::Scanner);
            return true;
        }
        false
    }

    /// Refuses, late if the source has earned it. One late answer at a time is
    /// all it gets: a guesser's next try waits for it.
    pub(super) fn refuse_guess(
        &mut self,
        now: Timestamp,
        request: &Request,
        source: Hop,
        status: u16,
        add: impl FnOnce(Reply) -> Reply,
    ) {
        if !self.guard.is_slow(now, source.remote) {
            return self.refuse_with(request, source, status, add);
        }
        self.counters.add(Count::Slowed);
        if request.method == Method::Ack
            || self.late.len() >= MAX_LATE_ANSWERS
            || !self.guard.book_answer(source.remote.ip())
        {
            return;
        }
        let Some(Ok(via)) = request.headers.typed::<Via>() else { return };
        let tag = self.stateless_tag(request);
        let Some(response) = add(Reply::new(request, status, &tag)).build() else { return };
        let at = now.plus_ms(u64::from(self.guard.rules.slow_ms));
        let hop = response_hop(&via, source);
        self.late.push_back((
            at,
            source.remote.ip(),
            Transmit { hop, bytes: write_response(&response) },
        ));
        self.timers.set(at, TimerKey::LateAnswer);
    }

    pub(super) fn late_answer_timer(&mut self, now: Timestamp) {
        while let Some((at, ..)) = self.late.front()
            && *at <= now
        {
            let Some((_, source, Transmit { hop, bytes })) = self.late.pop_front() else { return };
            self.guard.answered(source);
            self.transmit(hop, bytes);
        }
    }

    pub(super) fn new_guard() -> Guard {
        Guard::new(GuardRules::default())
    }
}
