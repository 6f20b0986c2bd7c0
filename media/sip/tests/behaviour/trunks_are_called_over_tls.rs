//! TLS is a stream whose far end must bear the trunk's name.

use crate::support::*;
use strowger_sip::*;

fn bench() -> Bench {
    let mut carrier = trunk(1, 1, "10.0.0.2:5061");
    let proxy = carrier.proxy.as_mut().unwrap();
    (proxy.transport, proxy.port) = (Transport::Tls, None);
    let directory = Directory::new(vec![domains(1, "acme.example")], vec![], vec![carrier], None);
    let config =
        EndpointConfig { tls: Some(addr("10.0.0.1:5061")), ..EndpointConfig::new(addr(US)) };
    Bench::with(config, directory.unwrap())
}

fn call(bench: &mut Bench) -> (Hop, String) {
    let request = InviteRequest {
        target: InviteTarget::Trunk { trunk: trunk_id(1), number: "100".into() },
        caller: Caller { number: "200".into(), name: None },
        media: media(6000),
        ring_timeout_ms: 60_000,
        headers: vec![],
    };
    bench.act(|endpoint, now| endpoint.invite(now, DialogKey::outbound(1), request));
    bench.sent.remove(0)
}

#[test]
fn the_hop_names_the_trunk_and_its_port_is_5061() {
    let mut bench = bench();
    let (hop, invite) = call(&mut bench);
    assert_eq!((hop.transport, hop.remote), (Transport::Tls, addr("10.0.0.2:5061")));
    assert_eq!(hop.trunk, Some(trunk_id(1)));
    assert!(header(&invite, "Via").unwrap().starts_with("SIP/2.0/TLS 10.0.0.1:5061;rport;"));
    assert_eq!(header(&invite, "Contact").unwrap(), "<sip:200@10.0.0.1:5061;transport=tls>");
    // A Contact without parameters does not lead out of TLS again.
    let source = Hop::over(Transport::Tls, addr("10.0.0.2:5061"), ConnectionId(3));
    let answer = respond(
        &invite,
        "200 OK",
        "c",
        "Contact: <sip:c@10.0.0.2>\r\n",
        &sdp("10.0.0.2", 4000, ""),
    );
    bench.packet(source, answer);
    let (ack, text) = bench.sent.remove(0);
    assert!(text.starts_with("ACK"), "{text}");
    assert_eq!((ack.transport, ack.remote), (Transport::Tls, addr("10.0.0.2:5061")));
    assert_eq!(ack.trunk, Some(trunk_id(1)));
}

#[test]
fn a_lost_stream_fails_only_what_nobody_has_answered() {
    let mut bench = bench();
    let (hop, invite) = call(&mut bench);
    let other = Hop { remote: addr("10.0.0.9:5061"), ..hop };
    bench.act(|endpoint, now| endpoint.stream_lost(now, &other));
    assert!(bench.take_events().is_empty());
    let back = Hop::over(Transport::Tls, hop.remote, ConnectionId(1));
    bench.packet(back, respond(&invite, "100 Trying", "", "", ""));
    bench.act(|endpoint, now| endpoint.stream_lost(now, &hop));
    assert!(bench.take_events().is_empty(), "it is being worked on over there");
    let mut bench = self::bench();
    let (hop, _) = call(&mut bench);
    bench.act(|endpoint, now| endpoint.stream_lost(now, &hop));
    assert!(matches!(bench.take_events()[..], [SipEvent::Failed { status: None, .. }]));
    bench.assert_empty();
}
