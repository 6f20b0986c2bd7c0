//! One frame is one message, the way back is the connection, and what hangs on
//! a closed connection is gone (RFC 7118).

use crate::support::*;
use strowger_sip::*;

const BROWSER: &str = "198.51.100.7:55000";

fn web() -> Hop {
    Hop::over(Transport::Wss, addr(BROWSER), ConnectionId(7))
}

fn bench() -> Bench {
    let config =
        EndpointConfig { wss: Some(addr("10.0.0.1:8443")), ..EndpointConfig::new(addr(US)) };
    Bench::with(config, directory())
}

fn asked(bench: &mut Bench, text: &str) -> String {
    bench.sent.clear();
    bench.packet(web(), text);
    assert_eq!(bench.sent.len(), 1, "{:#?}", bench.sent);
    let (hop, text) = bench.sent.remove(0);
    assert_eq!(hop, web(), "it goes back over the connection it came by");
    text
}

fn registered(bench: &mut Bench) {
    let mut ask = register("web", 1, "<sip:x@df7jal.invalid;transport=ws>", 300);
    ask.via = "SIP/2.0/WSS df7jal.invalid;branch=z9hG4bK-web-1".into();
    let challenge = asked(bench, &ask.text());
    let offered = headers(&challenge, "WWW-Authenticate");
    let login = ("201", "s3cret");
    let proof = authorize(&offered[0], Algorithm::Sha256, login, "REGISTER", "sip:acme.example", 1);
    let again = ask.next("REGISTER", 2).with(&format!("Authorization: {proof}"));
    assert_eq!(first_line(&asked(bench, &again.text())), "SIP/2.0 200 OK");
}

fn call_201(bench: &mut Bench) {
    let request = InviteRequest {
        target: InviteTarget::Extension(agent(1)),
        caller: Caller { number: "5".into(), name: None },
        media: media(6000),
        ring_timeout_ms: 30_000,
        headers: vec![],
    };
    bench.act(|endpoint, now| endpoint.invite(now, DialogKey::outbound(1), request));
}

#[test]
fn a_registered_browser_is_called_over_its_connection() {
    let mut bench = bench();
    registered(&mut bench);
    bench.sent.clear();
    call_201(&mut bench);
    let (hop, invite) = bench.sent.remove(0);
    assert_eq!(hop, web());
    assert!(header(&invite, "Via").unwrap().starts_with("SIP/2.0/WSS 10.0.0.1:8443;"));
    assert_eq!(header(&invite, "Contact").unwrap(), "<sip:5@10.0.0.1:8443;transport=ws>");
    // Reliable: nothing is repeated.
    bench.advance(5_000);
    assert!(bench.sent.is_empty(), "{:#?}", bench.sent);
}

#[test]
fn a_closed_connection_takes_its_registrations_away() {
    let mut bench = bench();
    registered(&mut bench);
    bench.take_events();
    bench.act(|endpoint, _| endpoint.connection_closed(ConnectionId(8)));
    assert!(bench.take_events().is_empty(), "that was another one");
    bench.act(|endpoint, _| endpoint.connection_closed(ConnectionId(7)));
    let events = bench.take_events();
    assert!(matches!(events[..], [SipEvent::Unregistered { agent: a, .. }] if a == agent(1)));
    assert_eq!(bench.endpoint.usage().registrations, 0);
    call_201(&mut bench);
    assert!(matches!(bench.take_events()[..], [SipEvent::Failed { .. }]));
}

#[test]
fn pings_are_answered_and_pongs_are_not() {
    let mut bench = bench();
    assert_eq!(asked(&mut bench, "\r\n\r\n"), "\r\n");
    bench.packet(web(), "\r\n");
    assert!(bench.sent.is_empty());
    assert_eq!(bench.count(Count::KeepAlive), 2);
}

#[test]
fn a_broken_frame_is_refused_and_the_connection_stays() {
    let mut bench = bench();
    let broken = Ask::invite("b").text().replace("Content-Length: ", "Content-Length: -");
    assert_eq!(first_line(&asked(&mut bench, &broken)), "SIP/2.0 400 Bad Request");
    bench.packet(web(), "GET / HTTP/1.1\r\n\r\n");
    assert_eq!(bench.count(Count::Junk), 1);
    assert!(bench.closed.is_empty() && bench.sent.is_empty());
}

#[test]
fn trunks_cannot_be_called_over_websockets() {
    let mut carrier = trunk(1, 1, CARRIER);
    carrier.proxy.as_mut().unwrap().transport = Transport::Ws;
    let refused = Directory::new(vec![domains(1, "acme.example")], vec![], vec![carrier], None);
    assert!(matches!(refused, Err(DirectoryError::WebTrunk(_))));
}
