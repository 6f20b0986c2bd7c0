//! Full is full: new calls get 503 with Retry-After, what is up goes on.

use crate::support::*;
use strowger_sip::*;

fn bench(change: impl FnOnce(&mut Limits)) -> Bench {
    let mut config = EndpointConfig::new(addr(US));
    change(&mut config.limits);
    Bench::with(config, directory())
}

/// What a new call is told at once: nothing if it is taken.
fn call(bench: &mut Bench, id: &str) -> Option<String> {
    bench.sent.clear();
    bench.udp(CARRIER, Ask::invite(id).text());
    bench.sent.last().map(|(_, text)| text.clone())
}

#[test]
fn calls() {
    let mut bench = bench(|limits| limits.calls = 2);
    assert_eq!(call(&mut bench, "1"), None);
    assert_eq!(call(&mut bench, "2"), None);
    let refused = call(&mut bench, "3").unwrap();
    assert_eq!(first_line(&refused), "SIP/2.0 503 Service Unavailable");
    assert_eq!(header(&refused, "Retry-After").unwrap(), "5");
    assert_eq!(bench.count(Count::FullCalls), 1);
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.reject(now, dialog, 486, None));
    assert_eq!(call(&mut bench, "4"), None);
    let request = InviteRequest {
        target: InviteTarget::Trunk { trunk: trunk_id(1), number: "1".into() },
        caller: Caller { number: "2".into(), name: None },
        media: media(6000),
        ring_timeout_ms: 60_000,
        headers: vec![],
    };
    bench.take_events();
    bench.act(|endpoint, now| endpoint.invite(now, DialogKey::outbound(1), request));
    assert!(matches!(bench.take_events()[..], [SipEvent::Failed { .. }]));
}

#[test]
fn transactions() {
    let mut bench = bench(|limits| limits.transactions = 1);
    assert_eq!(call(&mut bench, "1"), None);
    assert_eq!(first_line(&call(&mut bench, "2").unwrap()), "SIP/2.0 503 Service Unavailable");
    assert_eq!(bench.count(Count::FullTransactions), 1);
    bench.advance(200);
    let known = call(&mut bench, "1").unwrap();
    assert_eq!(first_line(&known), "SIP/2.0 100 Trying", "what is under way goes on");
}

#[test]
fn a_server_that_does_not_keep_up() {
    let (mut bench, _, invite, ok) = answered();
    bench.endpoint.set_congested(true);
    assert_eq!(first_line(&call(&mut bench, "new").unwrap()), "SIP/2.0 503 Service Unavailable");
    let options = Ask::invite("o").next("OPTIONS", 1).text();
    assert_eq!(first_line(&bench.ask(CARRIER, &options)), "SIP/2.0 503 Service Unavailable");
    let bye = invite.next("BYE", 2).tagged(&ok);
    assert_eq!(first_line(&bench.ask(CARRIER, &bye.text())), "SIP/2.0 200 OK");
    bench.endpoint.set_congested(false);
    assert_eq!(call(&mut bench, "new2"), None);
}

#[test]
fn registrations() {
    let mut bench = bench(|limits| limits.registrations = 1);
    let one = register("1", 1, "<sip:201@192.168.1.1>", 60);
    assert_eq!(first_line(&bench.register(PHONE, &one)), "SIP/2.0 200 OK");
    let two = register("2", 1, "<sip:201@192.168.1.2>", 60);
    assert_eq!(first_line(&bench.register(PHONE, &two)), "SIP/2.0 403 Forbidden");
    let again = register("1", 3, "<sip:201@192.168.1.1>", 60);
    assert_eq!(first_line(&bench.register(PHONE, &again)), "SIP/2.0 200 OK");
}

#[test]
fn forked_answers() {
    let (mut bench, _, invite) = placed();
    for number in 0..40 {
        let contact = format!("Contact: <sip:f{number}@10.0.0.2:5060>\r\n");
        let answer = sdp("10.0.0.2", 4000, "");
        bench.udp(CARRIER, respond(&invite, "200 OK", &format!("f{number}"), &contact, &answer));
    }
    let acks = bench.take_lines().iter().filter(|line| line.starts_with("ACK ")).count();
    assert_eq!(acks, limits::MAX_FORKS);
}
