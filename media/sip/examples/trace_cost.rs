//! What keeping the messages of calls costs, and keeping what another process
//! would go on with: `cargo run --release --example
//! trace_cost -p strowger-sip`.

use bytes::Bytes;
use std::sync::Arc;
use std::time::Instant;
use strowger_model::{Cause, TenantId, Timestamp, TrunkId};
use strowger_sip::{
    Codec, Directory, Endpoint, EndpointConfig, Hop, LocalMedia, Output, Packet, Proxy, SipEvent,
    TenantDomains, TracePolicy, Transport, Trunk,
};

const CALLS: u32 = 20_000;
const ROUNDS: u32 = 5;
const CARRIER: &str = "10.0.0.2:5060";

fn main() {
    let policies = [
        ("off", TracePolicy::Off, false),
        ("start lines", TracePolicy::FirstLine, false),
        ("masked", TracePolicy::Masked, false),
        ("records, as JSON", TracePolicy::Off, true),
    ];
    // In turns, so that a busy machine is unfair to none of them.
    let mut best = [f64::MAX; 4];
    for _ in 0..ROUNDS {
        for ((_, policy, keeps), best) in policies.iter().zip(&mut best) {
            *best = best.min(round(*policy, *keeps));
        }
    }
    for ((name, ..), best) in policies.iter().zip(best) {
        println!("{name}: {best:.2} µs per call (INVITE, 100, 200, ACK, BYE, 200)");
    }
}

/// Microseconds per call.
fn round(policy: TracePolicy, keeps: bool) -> f64 {
    let mut endpoint = endpoint(policy, keeps);
    let started = Instant::now();
    for number in 0..CALLS {
        call(&mut endpoint, number);
    }
    started.elapsed().as_nanos() as f64 / f64::from(CALLS) / 1_000.0
}

fn endpoint(policy: TracePolicy, keeps: bool) -> Endpoint {
    let mut config = EndpointConfig::new(([10, 0, 0, 1], 5060).into());
    config.limits.calls_per_s = None;
    config.keep_dialogs = keeps;
    let mut endpoint = Endpoint::new(config, [1; 32]);
    let tenant = TenantId(uuid::Uuid::from_u128(1));
    let trunk = Trunk {
        id: TrunkId(uuid::Uuid::from_u128(2)),
        tenant,
        sources: CARRIER.parse().into_iter().collect(),
        inbound: None,
        proxy: Some(Proxy { host: "10.0.0.2".into(), port: Some(5060), transport: Transport::Udp }),
        domain: None,
        outbound: None,
        register: false,
    };
    let domains = TenantDomains { tenant, domains: vec!["acme.example".into()] };
    let directory = Directory::new(vec![domains], Vec::new(), vec![trunk], None);
    if let Ok(directory) = directory {
        endpoint.set_directory(Timestamp(0), Arc::new(directory));
    }
    endpoint.set_tracing(policy, None);
    endpoint
}

fn call(endpoint: &mut Endpoint, number: u32) {
    let now = Timestamp(1_000 + u64::from(number) * 10);
    let body = "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n\
                m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n\
                a=fmtp:101 0-15\r\na=sendrecv\r\n";
    send(endpoint, now, &request(number, "INVITE", 1, "", body));
    let (_, dialog) = drain(endpoint);
    let Some(dialog) = dialog else { return };
    let media = LocalMedia {
        address: ([10, 0, 0, 1], 6_000).into(),
        codecs: Codec::ALL.to_vec(),
        telephone_event: true,
    };
    endpoint.answer(now, dialog, &media);
    let (ok, _) = drain(endpoint);
    let tag = ok.split("\r\nTo: ").nth(1).and_then(|to| to.split(";tag=").nth(1));
    let tag = tag.and_then(|tag| tag.split("\r\n").next()).unwrap_or_default().to_owned();
    send(endpoint, now, &request(number, "ACK", 1, &tag, ""));
    drain(endpoint);
    send(endpoint, now, &request(number, "BYE", 2, &tag, ""));
    drain(endpoint);
    endpoint.hang_up(now, dialog, Cause::Normal);
    // Old transactions end, as they would on a live server.
    endpoint.handle_timeout(now);
    drain(endpoint);
}

fn request(number: u32, method: &str, cseq: u32, tag: &str, body: &str) -> String {
    let to_tag = if tag.is_empty() { String::new() } else { format!(";tag={tag}") };
    let kind = if body.is_empty() { "" } else { "Content-Type: application/sdp\r\n" };
    format!(
        "{method} sip:100@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:5060;\
         branch=z9hG4bK{method}{number}\r\nMax-Forwards: 70\r\n\
         From: <sip:a@10.0.0.2>;tag={number}\r\nTo: <sip:100@10.0.0.1>{to_tag}\r\n\
         Call-ID: {number}@x\r\nCSeq: {cseq} {method}\r\nContact: <sip:a@10.0.0.2:5060>\r\n\
         User-Agent: example\r\nAllow: INVITE, ACK, BYE, CANCEL\r\n{kind}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn send(endpoint: &mut Endpoint, now: Timestamp, text: &str) {
    let source = Hop::udp(([10, 0, 0, 2], 5060).into());
    endpoint.receive(now, Packet { source, bytes: Bytes::copy_from_slice(text.as_bytes()) });
}

/// The last message sent, and the call offered, if any.
fn drain(endpoint: &mut Endpoint) -> (String, Option<strowger_sip::DialogKey>) {
    let (mut sent, mut offered) = (String::new(), None);
    while let Some(output) = endpoint.poll() {
        match output {
            Output::Transmit(transmit) => {
                sent = String::from_utf8_lossy(&transmit.bytes).into_owned();
            }
            Output::Event(SipEvent::Incoming(incoming)) => offered = Some(incoming.dialog),
            Output::Event(SipEvent::Keep { record, .. }) => {
                std::hint::black_box(record.to_json());
            }
            _ => {}
        }
    }
    (sent, offered)
}
