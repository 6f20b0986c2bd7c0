//! One endpoint in virtual time with a tenant, a carrier and a phone around it.

use super::wire::{check_message, header};
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::Arc;
use strowger_model::{AgentId, TenantId, Timestamp, TrunkId};
use strowger_sip::{
    Caller, DialogKey, Directory, Endpoint, EndpointConfig, Extension, GuardRules, Hop,
    InviteRequest, InviteTarget, LocalMedia, Login, Output, Packet, Proxy, Realm, Secret, SipEvent,
    TenantDomains, Transmit, Transport, Trunk, Usage,
};
use uuid::Uuid;

pub(crate) const US: &str = "10.0.0.1:5060";
pub(crate) const CARRIER: &str = "10.0.0.2:5060";
pub(crate) const PHONE: &str = "203.0.113.9:40001";
pub(crate) const STRANGER: &str = "198.51.100.66:6666";
pub(crate) const PASSWORD: &str = "s3cret-of-201";
pub(crate) const TRUNK_PASSWORD: &str = "s3cret-of-trunk";
pub(crate) const TRUNK: TrunkId = TrunkId(Uuid::from_u128(7));
/// Timers that may fire while time passes; each transaction and dialog has a
/// handful, so more is one that sets itself again and again.
const MAX_TIMERS: usize = 20_000;
/// Messages and events that one message may cause: answers on every fork, the
/// end of a call with its BYE, and no more.
const MAX_OUTPUTS: usize = 64;

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().expect("a constant of ours")
}

pub(crate) fn media() -> LocalMedia {
    LocalMedia {
        address: address("10.9.0.1:6000"),
        codecs: strowger_sip::Codec::ALL.to_vec(),
        telephone_event: true,
    }
}

/// The endpoint and what it has said.
pub(crate) struct House {
    pub(crate) endpoint: Endpoint,
    pub(crate) now: Timestamp,
    pub(crate) events: Vec<SipEvent>,
    /// The last message sent with each of these start lines.
    pub(crate) last_response: String,
    pub(crate) last_request: String,
    /// What the last step sent.
    pub(crate) sent: Vec<(Hop, String)>,
}

impl House {
    pub(crate) fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        let mut house = Self {
            endpoint: Endpoint::new(EndpointConfig::new(address(US)), bytes),
            now: Timestamp(1_700_000_000_000),
            events: Vec::new(),
            last_response: String::new(),
            last_request: String::new(),
            sent: Vec::new(),
        };
        // What bans do has tests of its own; here they would hide the parsers.
        let never = ["0.0.0.0/0".parse().expect("a network")].into();
        house.endpoint.set_guard(GuardRules { never, ..GuardRules::default() });
        house.endpoint.set_directory(house.now, Arc::new(directory()));
        house.drain();
        house
    }

    pub(crate) fn receive(&mut self, source: Hop, bytes: Vec<u8>) {
        self.endpoint.receive(self.now, Packet { source, bytes: Bytes::from(bytes) });
        self.drain();
    }

    pub(crate) fn act(&mut self, work: impl FnOnce(&mut Endpoint, Timestamp)) {
        work(&mut self.endpoint, self.now);
        self.drain();
    }

    /// Calls a number over the carrier. The call counts as known from here on,
    /// whether the carrier ever says anything or not.
    pub(crate) fn place(&mut self, dialog: DialogKey) {
        let request = InviteRequest {
            target: InviteTarget::Trunk { trunk: TRUNK, number: "+441632960222".into() },
            caller: Caller { number: "+441632960000".into(), name: None },
            media: media(),
            ring_timeout_ms: 60_000,
            headers: Vec::new(),
        };
        self.act(|endpoint, now| endpoint.invite(now, dialog, request));
        if !self.events.iter().any(|event| event.dialog() == Some(dialog)) {
            self.events.push(SipEvent::Ringing { dialog, early: None, trunk: None });
        }
    }

    /// Lets time pass, timer by timer.
    pub(crate) fn wait(&mut self, ms: u64) {
        let until = self.now.plus_ms(ms);
        for _ in 0..MAX_TIMERS {
            match self.endpoint.next_timeout() {
                Some(at) if at <= until => {
                    self.now = self.now.max(at);
                    self.endpoint.handle_timeout(self.now);
                    self.drain();
                }
                _ => {
                    self.now = until;
                    return;
                }
            }
        }
        panic!("timers without end");
    }

    fn drain(&mut self) {
        self.sent.clear();
        let mut outputs = 0;
        while let Some(output) = self.endpoint.poll() {
            outputs += 1;
            assert!(outputs <= MAX_OUTPUTS, "one step causes outputs without end");
            match output {
                Output::Transmit(Transmit { hop, bytes }) => self.note(hop, &bytes),
                Output::Event(event) => self.events.push(event),
                Output::Close(_) | Output::Notice(_) | Output::LookUp(_) => {}
            }
        }
    }

    fn note(&mut self, hop: Hop, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        // Keep-alives of streams and NATs are no messages.
        if !text.trim().is_empty() {
            let start = check_message(bytes);
            if !start.starts_with("SIP/2.0 ") {
                self.last_request.clone_from(&text);
            } else if header(&text, "To").is_some_and(|to| to.contains("tag=")) {
                self.last_response.clone_from(&text);
            }
        }
        self.sent.push((hop, text));
    }

    /// Everybody hangs up and everything times out: nothing may be left, and
    /// every call has ended exactly once.
    pub(crate) fn close(mut self, connections: &[strowger_sip::ConnectionId]) {
        let mut calls: Vec<_> = self.events.iter().filter_map(SipEvent::dialog).collect();
        calls.sort_unstable();
        calls.dedup();
        for call in &calls {
            self.act(|e, now| e.hang_up(now, *call, strowger_model::Cause::Normal));
        }
        // Longer than any registration, nonce, session or transaction.
        self.wait(4_000_000);
        for connection in connections {
            self.endpoint.connection_closed(*connection);
        }
        assert_eq!(self.endpoint.usage(), Usage::default(), "something is left");
        for call in calls {
            let ends = self.events.iter().filter(|e| e.dialog() == Some(call) && e.is_last());
            assert_eq!(ends.count(), 1, "ends of {call:?} in {:#?}", self.events);
            let last = self.events.iter().rev().find(|event| event.dialog() == Some(call));
            assert!(last.is_some_and(SipEvent::is_last), "{call:?} goes on after its end");
        }
    }
}

fn directory() -> Directory {
    let tenant = TenantId(Uuid::from_u128(1));
    let login = Login { username: "us".into(), password: TRUNK_PASSWORD.into() };
    let carrier = address(CARRIER);
    let trunk = Trunk {
        id: TRUNK,
        tenant,
        sources: vec![carrier.ip().to_string().parse().expect("an address")],
        inbound: None,
        proxy: Some(Proxy {
            host: carrier.ip().to_string(),
            port: Some(carrier.port()),
            transport: Transport::Udp,
        }),
        domain: None,
        outbound: Some(login),
        register: false,
    };
    let secret = Secret::from_password("201", &Realm::new("acme.example"), PASSWORD);
    let extension =
        Extension { agent: AgentId(Uuid::from_u128(2)), tenant, username: "201".into(), secret };
    let domains = TenantDomains { tenant, domains: vec!["acme.example".into()] };
    Directory::new(vec![domains], vec![extension], vec![trunk], Some(tenant))
        .expect("a directory without contradictions")
}
