//! Virtual time for signalling: one endpoint against hand-written messages
//! ([`Bench`]), or two against each other over a wire that loses, delays and
//! doubles ([`World`]).

mod crash;
mod trunking;
mod world;

pub use crash::{go_on, keeping, keeping_config};
pub use trunking::{FIRST, SECOND, THIRD, carriers, in_order, step};
pub use world::{Fault, World};

use bytes::Bytes;
use std::net::SocketAddr;
pub use std::sync::Arc;
use strowger_model::{AgentId, TenantId, Timestamp, TrunkId};
use strowger_sip::*;
use uuid::Uuid;

pub const START: Timestamp = Timestamp(1_700_000_000_000);
/// Longer than any transaction or dialog may linger: 64·T1 for a lost answer,
/// again for its BYE, again for that one's server side.
pub const SETTLE_MS: u64 = 200_000;

pub fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub fn tenant(number: u128) -> TenantId {
    TenantId(Uuid::from_u128(number))
}

pub fn agent(number: u128) -> AgentId {
    AgentId(Uuid::from_u128(number))
}

pub fn trunk_id(number: u128) -> TrunkId {
    TrunkId(Uuid::from_u128(number))
}

pub fn media(port: u16) -> LocalMedia {
    LocalMedia {
        address: SocketAddr::new("10.9.0.1".parse().unwrap(), port),
        codecs: vec![Codec::Pcma, Codec::Pcmu],
        telephone_event: true,
    }
}

pub fn domains(number: u128, domain: &str) -> TenantDomains {
    TenantDomains { tenant: tenant(number), domains: vec![domain.into()] }
}

pub fn extension(number: u128, of: u128, username: &str, realm: &str, password: &str) -> Extension {
    let secret = Secret::from_password(username, &Realm::new(realm), password);
    Extension { agent: agent(number), tenant: tenant(of), username: username.into(), secret }
}

/// A trunk that sends from `source` and is called there.
pub fn trunk(number: u128, of: u128, peer: &str) -> Trunk {
    let peer = addr(peer);
    Trunk {
        id: trunk_id(number),
        tenant: tenant(of),
        sources: vec![peer.to_string().parse().unwrap()],
        inbound: None,
        proxy: Some(Proxy {
            host: peer.ip().to_string(),
            port: Some(peer.port()),
            transport: Transport::Udp,
        }),
        domain: None,
        outbound: None,
        register: false,
    }
}

pub const US: &str = "10.0.0.1:5060";
pub const CARRIER: &str = "10.0.0.2:5060";
pub const PHONE: &str = "203.0.113.9:40001";

/// One tenant with a carrier, and a phone `201` with password `s3cret`.
pub fn directory() -> Directory {
    Directory::new(
        vec![domains(1, "acme.example"), domains(2, "other.example")],
        vec![
            extension(1, 1, "201", "acme.example", "s3cret"),
            extension(2, 2, "201", "other.example", "0ther"),
        ],
        vec![trunk(1, 1, CARRIER)],
        Some(tenant(1)),
    )
    .unwrap()
}

/// One endpoint whose peers are written by hand.
pub struct Bench {
    pub endpoint: Endpoint,
    pub now: Timestamp,
    pub sent: Vec<(Hop, String)>,
    pub events: Vec<SipEvent>,
    pub closed: Vec<ConnectionId>,
    pub notices: Vec<Notice>,
    pub lookups: Vec<NameLookup>,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(EndpointConfig::new(addr(US)), directory())
    }

    pub fn with(config: EndpointConfig, directory: Directory) -> Self {
        let mut bench = Self {
            endpoint: Endpoint::new(config, [42; 32]),
            now: START,
            sent: Vec::new(),
            events: Vec::new(),
            closed: Vec::new(),
            notices: Vec::new(),
            lookups: Vec::new(),
        };
        bench.endpoint.set_directory(START, Arc::new(directory));
        bench.drain();
        bench
    }

    pub fn drain(&mut self) {
        while let Some(output) = self.endpoint.poll() {
            match output {
                Output::Transmit(Transmit { hop, bytes }) => {
                    self.sent.push((hop, String::from_utf8_lossy(&bytes).into_owned()));
                }
                Output::Event(event) => self.events.push(event),
                Output::Close(connection) => self.closed.push(connection),
                Output::Notice(notice) => self.notices.push(notice),
                Output::LookUp(lookup) => self.lookups.push(lookup),
            }
        }
    }

    pub fn udp(&mut self, from: &str, text: impl Into<Vec<u8>>) {
        self.packet(Hop::udp(addr(from)), text);
    }

    pub fn packet(&mut self, source: Hop, text: impl Into<Vec<u8>>) {
        let packet = Packet { source, bytes: Bytes::from(text.into()) };
        self.endpoint.receive(self.now, packet);
        self.drain();
    }

    /// Sends a request and takes the only thing that comes back.
    pub fn ask(&mut self, from: &str, text: &str) -> String {
        self.sent.clear();
        self.udp(from, text);
        assert_eq!(self.sent.len(), 1, "one answer to {text}\ngot {:#?}", self.sent);
        self.sent.remove(0).1
    }

    /// Lets time pass, timer by timer.
    pub fn advance(&mut self, ms: u64) {
        let until = self.now.plus_ms(ms);
        while let Some(at) = self.endpoint.next_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.endpoint.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
    }

    pub fn act(&mut self, work: impl FnOnce(&mut Endpoint, Timestamp)) {
        work(&mut self.endpoint, self.now);
        self.drain();
    }

    pub fn take_events(&mut self) -> Vec<SipEvent> {
        std::mem::take(&mut self.events)
    }

    pub fn take_sent(&mut self) -> Vec<String> {
        std::mem::take(&mut self.sent).into_iter().map(|(_, text)| text).collect()
    }

    /// The start lines of what was sent, taken.
    pub fn take_lines(&mut self) -> Vec<String> {
        self.take_sent().iter().map(|text| first_line(text)).collect()
    }

    /// The call that came in last.
    pub fn incoming(&mut self) -> Incoming {
        let found = self.events.iter().rev().find_map(|event| match event {
            SipEvent::Incoming(incoming) => Some((**incoming).clone()),
            _ => None,
        });
        found.unwrap_or_else(|| panic!("no call came in: {:#?}\n{:#?}", self.events, self.sent))
    }

    /// Whether the last INVITE has made a call, of which nothing was said yet.
    pub fn is_taken(&self) -> bool {
        self.sent.is_empty() && matches!(self.events.last(), Some(SipEvent::Incoming(_)))
    }

    /// After everything has run out nothing may be left.
    pub fn assert_empty(&mut self) {
        self.advance(SETTLE_MS);
        let usage = self.endpoint.usage();
        let left = Usage { registrations: 0, streams: 0, ..usage };
        assert_eq!(left, Usage::default(), "something leaks");
    }

    pub fn count(&self, count: Count) -> u64 {
        self.endpoint.counters().get(count)
    }
}

pub fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// The value of a header, long name.
pub fn header(text: &str, name: &str) -> Option<String> {
    text.lines().take_while(|line| !line.is_empty()).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
    })
}

pub fn headers(text: &str, name: &str) -> Vec<String> {
    text.lines()
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_once(':'))
        .filter(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim().to_owned())
        .collect()
}

pub fn to_tag(text: &str) -> String {
    let to = header(text, "To").unwrap();
    to.split(";tag=").nth(1).unwrap_or_else(|| panic!("no tag in {to}")).to_owned()
}

pub fn body(text: &str) -> &str {
    text.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default()
}

pub fn sdp(address: &str, port: u16, attributes: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n\
         m=audio {port} RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n{attributes}"
    )
}

/// A request under construction, by hand.
#[derive(Clone)]
pub struct Ask {
    pub method: String,
    pub uri: String,
    pub via: String,
    pub from: String,
    pub to: String,
    pub call_id: String,
    pub cseq: u32,
    pub extra: String,
    pub content_type: &'static str,
    pub body: String,
}

impl Ask {
    /// An INVITE of the carrier with an offer.
    pub fn invite(call_id: &str) -> Self {
        Self {
            method: "INVITE".into(),
            uri: "sip:+441632960000@10.0.0.1".into(),
            via: format!("SIP/2.0/UDP {CARRIER};branch=z9hG4bK-{call_id}-1"),
            from: "\"Ann\" <sip:+441632960111@10.0.0.2>;tag=ann".into(),
            to: "<sip:+441632960000@10.0.0.1>".into(),
            call_id: call_id.into(),
            cseq: 1,
            extra: format!("Contact: <sip:ann@{CARRIER}>\r\n"),
            content_type: "application/sdp",
            body: sdp("10.0.0.2", 4000, ""),
        }
    }

    /// The same request with another method, number and branch.
    pub fn next(&self, method: &str, cseq: u32) -> Self {
        let (hop, _) = self.via.split_once(";branch=").unwrap();
        Self {
            method: method.into(),
            cseq,
            via: format!("{hop};branch=z9hG4bK-{}-{method}-{cseq}", self.call_id),
            body: String::new(),
            ..self.clone()
        }
    }

    /// Inside the dialog that `response` made.
    pub fn tagged(mut self, response: &str) -> Self {
        self.to = header(response, "To").unwrap();
        self
    }

    pub fn with(mut self, line: &str) -> Self {
        self.extra.push_str(line);
        self.extra.push_str("\r\n");
        self
    }

    pub fn text(&self) -> String {
        let mut extra = self.extra.clone();
        if !self.body.is_empty() {
            extra.push_str(&format!("Content-Type: {}\r\n", self.content_type));
        }
        format!(
            "{m} {} SIP/2.0\r\nVia: {}\r\nMax-Forwards: 70\r\nFrom: {}\r\nTo: {}\r\n\
             Call-ID: {}\r\nCSeq: {} {m}\r\n{extra}Content-Length: {}\r\n\r\n{}",
            self.uri,
            self.via,
            self.from,
            self.to,
            self.call_id,
            self.cseq,
            self.body.len(),
            self.body,
            m = self.method,
        )
    }
}

/// A response to a request that we sent.
pub fn respond(request: &str, status: &str, tag: &str, extra: &str, body: &str) -> String {
    let mut to = header(request, "To").unwrap();
    if !tag.is_empty() && !to.contains(";tag=") {
        to.push_str(&format!(";tag={tag}"));
    }
    let content = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    let vias: String =
        headers(request, "Via").iter().map(|via| format!("Via: {via}\r\n")).collect();
    format!(
        "SIP/2.0 {status}\r\n{vias}From: {}\r\nTo: {to}\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         {extra}{content}Content-Length: {}\r\n\r\n{body}",
        header(request, "From").unwrap(),
        header(request, "Call-ID").unwrap(),
        header(request, "CSeq").unwrap(),
        body.len(),
    )
}

/// A call of the carrier that we answered and it acknowledged: the bench, the
/// leg, the INVITE and our 200.
pub fn answered() -> (Bench, DialogKey, Ask, String) {
    let mut bench = Bench::new();
    let invite = Ask::invite("call-1");
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().pop().unwrap();
    assert_eq!(first_line(&ok), "SIP/2.0 200 OK");
    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
    bench.take_events();
    (bench, dialog, invite, ok)
}

/// A call that we placed over the carrier: the bench, the leg and our INVITE.
pub fn placed() -> (Bench, DialogKey, String) {
    let mut bench = Bench::new();
    let dialog = DialogKey::outbound(1);
    let request = InviteRequest {
        target: InviteTarget::Trunk { trunk: trunk_id(1), number: "+441632960222".into() },
        caller: Caller { number: "+441632960000".into(), name: Some("Acme \"A\"".into()) },
        media: media(6000),
        ring_timeout_ms: 60_000,
        headers: vec![("X-Call".into(), "7".into()), ("Via".into(), "nope".into())],
    };
    bench.act(|endpoint, now| endpoint.invite(now, dialog, request));
    let invite = bench.take_sent().pop().unwrap();
    (bench, dialog, invite)
}

/// What digest adds to a request, computed apart from the code under test.
pub fn authorize(
    challenge: &str,
    algorithm: Algorithm,
    login: (&str, &str),
    method: &str,
    uri: &str,
    count: u32,
) -> String {
    let field = |name: &str| {
        let start = challenge.find(&format!("{name}=\"")).unwrap() + name.len() + 2;
        challenge[start..].split('"').next().unwrap().to_owned()
    };
    let (realm, nonce) = (field("realm"), field("nonce"));
    let hash = |text: String| match algorithm {
        Algorithm::Md5 => hex(&<md5::Md5 as md5::Digest>::digest(text.as_bytes())),
        Algorithm::Sha256 => hex(&<sha2::Sha256 as sha2::Digest>::digest(text.as_bytes())),
    };
    let ha1 = hash(format!("{}:{realm}:{}", login.0, login.1));
    let ha2 = hash(format!("{method}:{uri}"));
    let nc = format!("{count:08x}");
    let response = hash(format!("{ha1}:{nonce}:{nc}:abc:auth:{ha2}"));
    format!(
        "Digest username=\"{}\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{response}\", algorithm={}, qop=auth, nc={nc}, cnonce=\"abc\"",
        login.0,
        algorithm.name()
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A REGISTER of phone 201.
pub fn register(call_id: &str, cseq: u32, contact: &str, expires: u32) -> Ask {
    Ask {
        method: "REGISTER".into(),
        uri: "sip:acme.example".into(),
        via: format!("SIP/2.0/UDP 192.168.1.5:5060;rport;branch=z9hG4bK-{call_id}-{cseq}"),
        from: "<sip:201@acme.example>;tag=p".into(),
        to: "<sip:201@acme.example>".into(),
        call_id: call_id.into(),
        cseq,
        extra: format!("Contact: {contact}\r\nExpires: {expires}\r\n"),
        content_type: "",
        body: String::new(),
    }
}

impl Bench {
    /// Registers phone 201 under `contact` from `from`; the final response.
    pub fn register(&mut self, from: &str, ask: &Ask) -> String {
        let challenge = self.ask(from, &ask.text());
        assert_eq!(first_line(&challenge), "SIP/2.0 401 Unauthorized");
        let offered = headers(&challenge, "WWW-Authenticate");
        let proof = authorize(
            &offered[0],
            Algorithm::Sha256,
            ("201", "s3cret"),
            "REGISTER",
            "sip:acme.example",
            1,
        );
        let again = ask.next("REGISTER", ask.cseq + 1).with(&format!("Authorization: {proof}"));
        self.ask(from, &again.text())
    }
}
