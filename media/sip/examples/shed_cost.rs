//! What refusing a new call costs when we are full: `cargo run --release
//! --example shed_cost -p strowger-sip`.

use bytes::Bytes;
use std::time::Instant;
use strowger_model::Timestamp;
use strowger_sip::{Endpoint, EndpointConfig, Hop, Packet};

const CALLS: u32 = 200_000;

fn main() {
    let mut config = EndpointConfig::new(([10, 0, 0, 1], 5060).into());
    config.limits.calls = 0;
    let mut endpoint = Endpoint::new(config, [1; 32]);
    let peer = Hop::udp(([10, 0, 0, 2], 5060).into());
    let body = "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n\
                m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n";
    for (how, mark) in [("at a glance", ""), ("read properly", ", SIP/2.0/UDP second")] {
        let started = Instant::now();
        for number in 0..CALLS {
            let text = format!(
                "INVITE sip:100@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:5060;\
                 branch=z9hG4bK{number}{mark}\r\nMax-Forwards: 70\r\n\
                 From: <sip:a@10.0.0.2>;tag={number}\r\nTo: <sip:100@10.0.0.1>\r\n\
                 Call-ID: {number}@x\r\nCSeq: 1 INVITE\r\nContact: <sip:a@10.0.0.2>\r\n\
                 User-Agent: example\r\nAllow: INVITE, ACK, BYE, CANCEL\r\n\
                 Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
            endpoint.receive(Timestamp(1_000), Packet { source: peer, bytes: Bytes::from(text) });
            while endpoint.poll().is_some() {}
        }
        let each = started.elapsed().as_nanos() as f64 / f64::from(CALLS) / 1_000.0;
        println!("{how}: {each:.2} µs per INVITE, making its text included");
    }
}
