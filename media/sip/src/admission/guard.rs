//! What sources did wrong: a score each, bans that grow, and an end to both.
//!
//! An IPv4 address is one source, an IPv6 network of 64 bits is one: whoever
//! has one address of it has them all. Datagrams carry any sender that an
//! attacker likes, so sources that calls depend on (trunks, the operator's own
//! networks) are never banned. A ban is for what begins: calls that are up go on.

use crate::directory::SourceRule;
use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use strowger_model::Timestamp;

/// Sources remembered; past it the one that was quiet longest is forgotten.
const MAX_SOURCES: usize = 65_536;
/// A source whose last ban ended so long ago starts anew.
const FORGIVEN_AFTER_MS: u64 = 24 * 3_600_000;
/// Points that time takes away: a phone with a wrong password that tries once
/// a minute is a nuisance, not an attack.
const POINT_LASTS_MS: u64 = 6_000;
/// How much longer each ban is than the one before.
const GROWTH: u64 = 4;

/// What a source did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Offence {
    /// It calls itself a known scanner.
    Scanner,
    /// It tried a user name that does not exist.
    UnknownExtension,
    /// It tried a wrong password.
    WrongPassword,
    /// It sent what is no message.
    Malformed,
    /// It wanted to call or register where nobody knows it.
    UnknownSource,
    /// The operator said so.
    Manual,
}

impl Offence {
    fn points(self) -> u64 {
        match self {
            Self::Scanner | Self::Manual => 100,
            Self::UnknownExtension | Self::WrongPassword => 10,
            Self::Malformed | Self::UnknownSource => 5,
        }
    }

    /// Name as it stands in lists and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scanner => "scanner",
            Self::UnknownExtension => "unknown_extension",
            Self::WrongPassword => "wrong_password",
            Self::Malformed => "malformed",
            Self::UnknownSource => "unknown_source",
            Self::Manual => "manual",
        }
    }
}

/// When sources are slowed down and banned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuardRules {
    /// Networks that are never slowed nor banned; besides trunks and ourselves.
    pub never: Vec<SourceRule>,
    /// Points from which refusals are given late.
    pub slow_at: u32,
    /// How late.
    pub slow_ms: u32,
    /// Points from which nothing is answered at all; 0: never.
    pub ban_at: u32,
    /// The first ban; each later one is four times as long.
    pub ban_s: u32,
    /// The longest one.
    pub longest_ban_s: u32,
}

impl Default for GuardRules {
    fn default() -> Self {
        Self {
            never: Vec::new(),
            slow_at: 30,
            slow_ms: 2_000,
            ban_at: 100,
            ban_s: 60,
            longest_ban_s: 86_400,
        }
    }
}

/// A source that is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// The address, or the first one of its IPv6 network.
    pub source: IpAddr,
    /// Until when.
    pub until: Timestamp,
    /// The how manieth it is.
    pub times: u32,
    /// What was the last straw.
    pub offence: Offence,
}

#[derive(Clone, Debug)]
struct Record {
    /// Points as of `at`, in the time that they last.
    points_ms: u64,
    at: Timestamp,
    ban: Option<Ban>,
    times: u32,
    /// Place in the order of forgetting.
    place: u64,
    /// A refusal is on its late way.
    answer_due: bool,
}

#[derive(Debug)]
pub(crate) struct Guard {
    pub(crate) rules: GuardRules,
    records: HashMap<IpAddr, Record>,
    order: BTreeMap<u64, IpAddr>,
    next: u64,
}

impl Guard {
    pub(crate) fn new(rules: GuardRules) -> Self {
        Self { rules, records: HashMap::new(), order: BTreeMap::new(), next: 0 }
    }

    pub(crate) fn is_exempt(&self, source: SocketAddr) -> bool {
        source.ip().is_loopback() || self.rules.never.iter().any(|rule| rule.matches(source))
    }

    pub(crate) fn is_banned(&self, now: Timestamp, source: IpAddr) -> bool {
        // Most systems ban nobody most of the time.
        !self.records.is_empty()
            && self
                .records
                .get(&key(source))
                .and_then(|record| record.ban.as_ref())
                .is_some_and(|ban| ban.until > now)
    }

    /// Remembers an offence; a new ban comes back.
    pub(crate) fn offend(
        &mut self,
        now: Timestamp,
        source: SocketAddr,
        offence: Offence,
    ) -> Option<Ban> {
        if self.is_exempt(source) {
            return None;
        }
        let ban_at = u64::from(self.rules.ban_at) * POINT_LASTS_MS;
        let record = self.touch(now, source.ip());
        record.points_ms += offence.points() * POINT_LASTS_MS;
        let due = ban_at > 0 && record.points_ms >= ban_at;
        if !due || record.ban.as_ref().is_some_and(|ban| ban.until > now) {
            return None;
        }
        self.ban(now, source.ip(), offence, None)
    }

    /// Bans a source, for the time that is next for it if none is given.
    pub(crate) fn ban(
        &mut self,
        now: Timestamp,
        source: IpAddr,
        offence: Offence,
        for_s: Option<u32>,
    ) -> Option<Ban> {
        let (first, longest) = (self.rules.ban_s, self.rules.longest_ban_s);
        let record = self.touch(now, source);
        let grown = u64::from(first).saturating_mul(GROWTH.saturating_pow(record.times));
        let seconds = for_s.map_or(grown.min(u64::from(longest)), u64::from);
        record.times = record.times.saturating_add(1);
        record.points_ms = 0;
        let until = now.plus_ms(seconds.saturating_mul(1_000));
        let ban = Ban { source: key(source), until, times: record.times, offence };
        record.ban = Some(ban.clone());
        Some(ban)
    }

    /// Whether refusals to a source are to be given late.
    pub(crate) fn is_slow(&mut self, now: Timestamp, source: SocketAddr) -> bool {
        let slow_at = u64::from(self.rules.slow_at) * POINT_LASTS_MS;
        if !self.records.contains_key(&key(source.ip())) || self.is_exempt(source) {
            return false;
        }
        self.touch(now, source.ip()).points_ms >= slow_at
    }

    /// Books the one late answer that a source may wait for at a time.
    pub(crate) fn book_answer(&mut self, source: IpAddr) -> bool {
        let record = self.records.get_mut(&key(source));
        record.is_some_and(|record| !std::mem::replace(&mut record.answer_due, true))
    }

    pub(crate) fn answered(&mut self, source: IpAddr) {
        if let Some(record) = self.records.get_mut(&key(source)) {
            record.answer_due = false;
        }
    }

    /// Somebody there proved itself: half of what was done is forgiven, for
    /// one wrong phone must not cost a whole site its telephones.
    pub(crate) fn proven(&mut self, now: Timestamp, source: IpAddr) {
        if self.records.contains_key(&key(source)) {
            let record = self.touch(now, source);
            record.points_ms /= 2;
        }
    }

    pub(crate) fn unban(&mut self, source: IpAddr) -> bool {
        let Some(record) = self.records.remove(&key(source)) else { return false };
        self.order.remove(&record.place);
        record.ban.is_some()
    }

    pub(crate) fn bans(&self, now: Timestamp) -> Vec<Ban> {
        let bans = self.records.values().filter_map(|record| record.ban.clone());
        let mut bans: Vec<_> = bans.filter(|ban| ban.until > now).collect();
        bans.sort_by_key(|ban| (ban.until, ban.source));
        bans
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.records.len()
    }

    /// A source's record as of now, last in the order of forgetting.
    fn touch(&mut self, now: Timestamp, source: IpAddr) -> &mut Record {
        let source = key(source);
        if !self.records.contains_key(&source)
            && self.records.len() >= MAX_SOURCES
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.records.remove(&oldest);
        }
        self.next += 1;
        let place = self.next;
        let record = self.records.entry(source).or_insert(Record {
            points_ms: 0,
            at: now,
            ban: None,
            times: 0,
            place,
            answer_due: false,
        });
        self.order.remove(&record.place);
        self.order.insert(place, source);
        record.place = place;
        record.points_ms = record.points_ms.saturating_sub(now.ms_since(record.at));
        record.at = record.at.max(now);
        let ended = record.ban.as_ref().map(|ban| ban.until);
        if ended.is_some_and(|until| now.ms_since(until) > FORGIVEN_AFTER_MS) {
            (record.ban, record.times) = (None, 0);
        }
        record
    }
}

/// What counts as one source.
fn key(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(ip) => IpAddr::V4(ip),
        IpAddr::V6(ip) => IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() & !0 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn guard() -> Guard {
        Guard::new(GuardRules::default())
    }

    #[test]
    fn bans_grow_and_are_forgiven_after_a_quiet_day() {
        let mut guard = guard();
        let source = at("203.0.113.5:5060");
        let mut now = NOW;
        let mut lengths = Vec::new();
        for _ in 0..8 {
            let ban = guard.offend(now, source, Offence::Scanner).unwrap();
            lengths.push(ban.until.ms_since(now) / 1_000);
            assert!(guard.is_banned(now, source.ip()));
            now = ban.until;
            assert!(!guard.is_banned(now, source.ip()));
        }
        assert_eq!(lengths, [60, 240, 960, 3_840, 15_360, 61_440, 86_400, 86_400]);
        let later = now.plus_ms(FORGIVEN_AFTER_MS + 1);
        let ban = guard.offend(later, source, Offence::Scanner).unwrap();
        assert_eq!((ban.until.ms_since(later), ban.times), (60_000, 1));
    }

    #[test]
    fn mistakes_fade_and_floods_do_not() {
        let mut guard = guard();
        let phone = at("203.0.113.5:5060");
        for minute in 0..1_000 {
            let now = NOW.plus_ms(minute * 60_000);
            assert_eq!(guard.offend(now, phone, Offence::WrongPassword), None);
        }
        let guesser = at("203.0.113.6:5060");
        let tries = (0..100)
            .take_while(|n| {
                guard.offend(NOW.plus_ms(n * 100), guesser, Offence::WrongPassword).is_none()
            })
            .count();
        assert_eq!(tries, 10);
    }

    #[test]
    fn a_network_of_64_bits_is_one_source() {
        let mut guard = guard();
        for host in 0..20 {
            guard.offend(NOW, at(&format!("[2001:db8::{host:x}]:5060")), Offence::Malformed);
        }
        assert!(guard.is_banned(NOW, at("[2001:db8::ffff]:1").ip()));
        assert!(!guard.is_banned(NOW, at("[2001:db8:0:1::1]:1").ip()));
        assert_eq!(guard.len(), 1);
        guard.ban(NOW, at("203.0.113.5:1").ip(), Offence::Manual, Some(5));
        assert!(guard.is_banned(NOW, at("[::ffff:203.0.113.5]:1").ip()), "the same, mapped");
    }

    #[test]
    fn some_are_never_banned() {
        let rules = GuardRules { never: vec!["10.0.0.0/8".parse().unwrap()], ..Default::default() };
        let mut guard = Guard::new(rules);
        for source in ["10.1.2.3:5060", "127.0.0.1:5060", "[::1]:5060"] {
            assert_eq!(guard.offend(NOW, at(source), Offence::Scanner), None, "{source}");
        }
        assert_eq!(guard.len(), 0);
    }

    #[test]
    fn the_table_is_bounded_and_forgets_the_quietest() {
        let mut guard = guard();
        let source = |n: u32| SocketAddr::new(IpAddr::from(n.to_be_bytes()), 5060);
        for n in 0..MAX_SOURCES as u32 + 10 {
            guard.offend(NOW, source(0x0100_0000), Offence::Malformed);
            guard.offend(NOW, source(0x0200_0000 + n), Offence::Malformed);
        }
        assert_eq!(guard.len(), MAX_SOURCES);
        assert_eq!(guard.order.len(), MAX_SOURCES);
        assert!(guard.is_banned(NOW, source(0x0100_0000).ip()), "the busy one is remembered");
    }

    #[test]
    fn a_ban_can_be_lifted_and_set() {
        let mut guard = guard();
        let ip = at("203.0.113.5:1").ip();
        guard.ban(NOW, ip, Offence::Manual, Some(3_600));
        let bans = guard.bans(NOW);
        assert_eq!((bans.len(), bans[0].offence), (1, Offence::Manual));
        assert!(guard.unban(ip) && !guard.is_banned(NOW, ip) && !guard.unban(ip));
        assert!(guard.order.is_empty());
    }
}
