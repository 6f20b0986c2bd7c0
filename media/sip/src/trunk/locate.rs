//! Where a proxy's name leads (RFC 3263 §4): which questions to ask, and what
//! the answers mean. Who asks the name servers is told one question at a time.

use super::order::weighted;
use crate::hop::Transport;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

/// Records of each kind that are looked at; honest domains have two to four.
const MAX_SERVICES: usize = 8;
const MAX_SERVERS: usize = 16;
const MAX_ADDRESSES: usize = 8;
/// Questions per name, so that no zone sends us around for ever.
const MAX_QUESTIONS: usize = 32;

/// What to ask a name server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// NAPTR records of a name (RFC 3403).
    Naptr(String),
    /// SRV records of a name (RFC 2782).
    Srv(String),
    /// A and AAAA records of a name.
    Addresses(String),
}

/// A NAPTR record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naptr {
    /// Lower first.
    pub order: u16,
    /// Among equals of order, lower first.
    pub preference: u16,
    /// `s` leads to SRV records.
    pub flags: String,
    /// `SIP+D2U`, `SIP+D2T` or `SIPS+D2T`.
    pub service: String,
    /// The next name.
    pub replacement: String,
}

/// An SRV record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Srv {
    /// Lower first.
    pub priority: u16,
    /// Share among equals.
    pub weight: u16,
    /// Port.
    pub port: u16,
    /// Host; `.` means that the service is not offered.
    pub target: String,
}

/// What a name server said. No records is an answer too; a name server that
/// does not answer is not (ask again later).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Question::Naptr`].
    Naptr(Vec<Naptr>),
    /// To [`Question::Srv`].
    Srv(Vec<Srv>),
    /// To [`Question::Addresses`].
    Addresses(Vec<IpAddr>),
}

/// One server that a name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// What carries the messages.
    pub transport: Transport,
    /// Lower is tried first.
    pub rank: u32,
    /// Share among equals.
    pub weight: u16,
    /// Its addresses; the next one only if the one before fails.
    pub addresses: Vec<SocketAddr>,
}

#[derive(Clone, Debug)]
enum Step {
    Naptr,
    Srv { transport: Transport, name: String, service: u32 },
    Addresses { transport: Transport, name: String, port: u16, rank: u32, weight: u16 },
}

/// The way from a name to servers, under way.
#[derive(Clone, Debug)]
pub struct Location {
    host: String,
    transport: Transport,
    steps: VecDeque<Step>,
    /// Nothing more specific was found: the name's own addresses are next.
    falls_back: bool,
    asked: usize,
    found: Vec<Located>,
}

impl Location {
    /// Starts with a proxy as configured. With `choose`, the domain says by
    /// NAPTR which transports it wants; `transport` is what is used if it says
    /// nothing, and a secure one is never exchanged for an open one.
    pub fn new(host: &str, port: Option<u16>, transport: Transport, choose: bool) -> Self {
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let mut location = Self {
            transport,
            steps: VecDeque::new(),
            falls_back: false,
            asked: 0,
            found: Vec::new(),
            host: host.clone(),
        };
        let own_port = port.unwrap_or(transport.default_port());
        if let Ok(ip) = host.parse::<IpAddr>() {
            let addresses = vec![SocketAddr::new(ip, own_port)];
            location.found.push(Located { transport, rank: 0, weight: 0, addresses });
        } else if port.is_some() {
            // A port leaves nothing to be asked but the address (§4.2).
            location.push_host(own_port);
        } else if choose {
            location.steps.push_back(Step::Naptr);
            location.falls_back = true;
        } else {
            location.push_srv(transport, 0);
            location.falls_back = true;
        }
        location
    }

    fn push_host(&mut self, port: u16) {
        let (transport, name) = (self.transport, self.host.clone());
        self.steps.push_back(Step::Addresses { transport, name, port, rank: 0, weight: 0 });
    }

    fn push_srv(&mut self, transport: Transport, service: u32) {
        let prefix = match transport {
            Transport::Udp => "_sip._udp",
            Transport::Tls | Transport::Wss => "_sips._tcp",
            Transport::Tcp | Transport::Ws => "_sip._tcp",
        };
        let name = format!("{prefix}.{}", self.host);
        self.steps.push_back(Step::Srv { transport, name, service });
    }

    /// What to ask next; `None` when all is known.
    pub fn question(&self) -> Option<Question> {
        Some(match self.steps.front()? {
            Step::Naptr => Question::Naptr(self.host.clone()),
            Step::Srv { name, .. } => Question::Srv(name.clone()),
            Step::Addresses { name, .. } => Question::Addresses(name.clone()),
        })
    }

    /// Takes the answer to the question that is open; one of another kind
    /// counts as no records.
    pub fn answer(&mut self, answer: Answer) {
        let Some(step) = self.steps.pop_front() else { return };
        self.asked += 1;
        match (step, answer) {
            (Step::Naptr, Answer::Naptr(records)) => self.take_services(records),
            (Step::Naptr, _) => self.take_services(Vec::new()),
            (Step::Srv { transport, service, .. }, Answer::Srv(records)) => {
                self.take_servers(transport, service, records);
            }
            (
                Step::Addresses { transport, port, rank, weight, .. },
                Answer::Addresses(mut addresses),
            ) => {
                // An order that does not change from look-up to look-up, v4 first.
                addresses.sort_by_key(|ip| (ip.is_ipv6(), *ip));
                addresses.dedup();
                addresses.truncate(MAX_ADDRESSES);
                let addresses: Vec<_> =
                    addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
                if !addresses.is_empty() {
                    self.found.push(Located { transport, rank, weight, addresses });
                }
            }
            _ => {}
        }
        if self.steps.is_empty() && self.falls_back {
            self.falls_back = false;
            self.push_host(self.transport.default_port());
        }
        if self.asked >= MAX_QUESTIONS {
            self.steps.clear();
        }
    }

    fn take_services(&mut self, mut records: Vec<Naptr>) {
        records.sort_by_key(|record| (record.order, record.preference));
        let usable = records.into_iter().filter(|r| r.flags.eq_ignore_ascii_case("s"));
        let usable = usable.filter_map(|record| Some((service(&record.service)?, record)));
        let secure = self.transport.is_secure();
        let usable: Vec<_> =
            usable.filter(|(t, _)| !secure || t.is_secure()).take(MAX_SERVICES).collect();
        if usable.is_empty() {
            // Every transport that we know is asked for, ours first (§4.1).
            self.push_srv(self.transport, 0);
            let others = [Transport::Udp, Transport::Tcp, Transport::Tls];
            for (place, other) in others.into_iter().enumerate() {
                if other != self.transport && !secure {
                    self.push_srv(other, place as u32 + 1);
                }
            }
        }
        for (place, (transport, record)) in usable.into_iter().enumerate() {
            let name = record.replacement.trim_end_matches('.').to_owned();
            self.steps.push_back(Step::Srv { transport, name, service: place as u32 });
        }
    }

    fn take_servers(&mut self, transport: Transport, service: u32, mut records: Vec<Srv>) {
        // "Not offered here" is an answer: the name's own address is not tried.
        self.falls_back &= records.is_empty();
        records.sort_by_key(|record| record.priority);
        for record in records.into_iter().take(MAX_SERVERS) {
            let name = record.target.trim_end_matches('.').to_owned();
            if name.is_empty() {
                continue;
            }
            let rank = service << 16 | u32::from(record.priority);
            let (port, weight) = (record.port, record.weight);
            self.steps.push_back(Step::Addresses { transport, name, port, rank, weight });
        }
    }

    /// What was found; empty if the name leads nowhere.
    pub fn into_found(self) -> Vec<Located> {
        self.found
    }
}

fn service(text: &str) -> Option<Transport> {
    match text.to_ascii_uppercase().as_str() {
        "SIP+D2U" => Some(Transport::Udp),
        "SIP+D2T" => Some(Transport::Tcp),
        "SIPS+D2T" => Some(Transport::Tls),
        _ => None,
    }
}

/// The addresses in the order in which one call tries them (§4.2, §4.3).
pub(crate) fn order_targets(
    found: &[Located],
    draw: impl FnMut(u64) -> u64,
) -> Vec<(Transport, SocketAddr)> {
    let items = found.iter().map(|target| (target.rank, target.weight, target)).collect();
    weighted(items, draw)
        .into_iter()
        .flat_map(|target| target.addresses.iter().map(|address| (target.transport, *address)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    /// A name server that knows a few records.
    struct Zone(HashMap<Question, Answer>);

    impl Zone {
        fn resolve(&self, mut location: Location) -> (Vec<Located>, Vec<Question>) {
            let mut asked = Vec::new();
            while let Some(question) = location.question() {
                let none = match &question {
                    Question::Naptr(_) => Answer::Naptr(vec![]),
                    Question::Srv(_) => Answer::Srv(vec![]),
                    Question::Addresses(_) => Answer::Addresses(vec![]),
                };
                location.answer(self.0.get(&question).cloned().unwrap_or(none));
                asked.push(question);
                assert!(asked.len() <= MAX_QUESTIONS);
            }
            (location.into_found(), asked)
        }
    }

    fn host(name: &str, last: u8) -> (Question, Answer) {
        let ip = IpAddr::from([192, 0, 2, last]);
        (Question::Addresses(name.into()), Answer::Addresses(vec![ip]))
    }

    fn srv(name: &str, records: &[(u16, u16, u16, &str)]) -> (Question, Answer) {
        let records = records.iter().map(|&(priority, weight, port, target)| Srv {
            priority,
            weight,
            port,
            target: target.into(),
        });
        (Question::Srv(name.into()), Answer::Srv(records.collect()))
    }

    fn naptr(name: &str, records: &[(u16, u16, &str, &str)]) -> (Question, Answer) {
        let records = records.iter().map(|&(order, preference, service, to)| Naptr {
            order,
            preference,
            flags: "S".into(),
            service: service.into(),
            replacement: to.into(),
        });
        (Question::Naptr(name.into()), Answer::Naptr(records.collect()))
    }

    fn zone() -> Zone {
        Zone(HashMap::from([
            naptr(
                "example.com",
                &[
                    (60, 50, "SIP+D2U", "_sip._udp.example.com."),
                    (50, 50, "SIPS+D2T", "_sips._tcp.example.com."),
                    (90, 50, "SIP+D2T", "_sip._tcp.example.com."),
                    (1, 1, "E2U+web", "elsewhere."),
                ],
            ),
            srv("_sips._tcp.example.com", &[(0, 1, 5061, "a.example.com.")]),
            srv(
                "_sip._udp.example.com",
                &[(1, 0, 5060, "b.example.com."), (0, 2, 5070, "a.example.com.")],
            ),
            srv("_sip._tcp.example.com", &[(0, 0, 0, ".")]),
            host("a.example.com", 1),
            host("b.example.com", 2),
            host("example.com", 9),
            host("plain.example", 7),
        ]))
    }

    fn order(found: &[Located]) -> Vec<(Transport, String)> {
        let order = order_targets(found, |n| n);
        order.into_iter().map(|(transport, address)| (transport, address.to_string())).collect()
    }

    fn located(
        host: &str,
        port: Option<u16>,
        transport: Transport,
        choose: bool,
    ) -> Vec<(Transport, String)> {
        order(&zone().resolve(Location::new(host, port, transport, choose)).0)
    }

    #[test]
    fn the_domain_chooses_the_transport() {
        use Transport::{Tls, Udp};
        let all = located("example.com", None, Udp, true);
        let wanted = [(Tls, "192.0.2.1:5061"), (Udp, "192.0.2.1:5070"), (Udp, "192.0.2.2:5060")];
        assert_eq!(all, wanted.map(|(transport, at)| (transport, at.to_owned())));
        let secure = located("example.com", None, Tls, true);
        assert_eq!(secure, [(Tls, "192.0.2.1:5061".to_owned())], "never less than asked for");
    }

    #[test]
    fn a_configured_transport_asks_for_its_servers_only() {
        let (found, asked) =
            zone().resolve(Location::new("example.com", None, Transport::Udp, false));
        assert_eq!(asked[0], Question::Srv("_sip._udp.example.com".into()));
        assert_eq!(order(&found)[0].1, "192.0.2.1:5070");
        assert_eq!(located("example.com", None, Transport::Tcp, false), [], "it says: not here");
    }

    #[test]
    fn without_servers_the_name_itself_is_called() {
        let udp = located("plain.example", None, Transport::Udp, true);
        assert_eq!(udp, [(Transport::Udp, "192.0.2.7:5060".into())]);
        let tls = located("plain.example", None, Transport::Tls, false);
        assert_eq!(tls, [(Transport::Tls, "192.0.2.7:5061".into())]);
        assert_eq!(located("nowhere.example", None, Transport::Udp, true), []);
    }

    #[test]
    fn a_port_or_an_address_leaves_nothing_to_ask() {
        let (found, asked) =
            zone().resolve(Location::new("example.com", Some(5099), Transport::Udp, true));
        assert_eq!(asked, [Question::Addresses("example.com".into())]);
        assert_eq!(order(&found)[0].1, "192.0.2.9:5099");
        let (found, asked) =
            zone().resolve(Location::new("[2001:db8::1]", None, Transport::Tls, true));
        assert!(asked.is_empty());
        assert_eq!(order(&found)[0].1, "[2001:db8::1]:5061");
    }

    #[test]
    fn weights_share_the_calls() {
        let found = |weight, last: u8| Located {
            transport: Transport::Udp,
            rank: 0,
            weight,
            addresses: vec![SocketAddr::new(IpAddr::from([192, 0, 2, last]), 5060)],
        };
        let found = [found(25, 1), found(75, 2)];
        let mut random = crate::random::Random::new([3; 32]);
        let first = (0..4_000).filter(|_| {
            let order = order_targets(&found, |n| random.between_ms(0, n));
            order[0].1 == found[1].addresses[0]
        });
        let first = first.count();
        assert!((2_850..3_150).contains(&first), "{first}");
    }
}
