//! Requests inside a dialog go where the peer's host names lead (RFC 3263).

use crate::support::*;
use std::net::SocketAddr;
use strowger_model::Cause;
use strowger_sip::*;

const FIRST_NODE: &str = "10.0.0.21:5060";
const SECOND_NODE: &str = "10.0.0.22:5060";

fn found(transport: Transport, addresses: &[&str]) -> Option<Vec<Located>> {
    let addresses: Vec<SocketAddr> = addresses.iter().map(|at| addr(at)).collect();
    Some(vec![Located { transport, rank: 0, weight: 0, addresses }])
}

fn ok(invite: &str, headers: &str) -> String {
    respond(invite, "200 OK", "c", headers, &sdp("10.0.0.9", 4000, ""))
}

/// Answers the only question that is open.
fn locate(bench: &mut Bench, found: Option<Vec<Located>>) {
    assert_eq!(bench.lookups.len(), 1, "{:?}", bench.lookups);
    let lookup = bench.lookups.remove(0);
    bench.act(|endpoint, now| endpoint.name_located(now, lookup.id, found));
}

fn sent_to(bench: &mut Bench) -> (SocketAddr, String) {
    let (hop, text) = bench.sent.pop().expect("nothing was sent");
    (hop.remote, text)
}

fn bye(bench: &mut Bench, dialog: DialogKey) -> (SocketAddr, String) {
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    sent_to(bench)
}

#[test]
fn the_ack_waits_for_the_name_and_goes_there() {
    let (mut bench, dialog, invite) = placed();
    let answer = ok(&invite, "Contact: <sip:c@node.carrier.example:5070>\r\n");
    bench.udp(CARRIER, answer.clone());
    assert!(bench.sent.is_empty(), "it is not known where to: {:#?}", bench.sent);
    let asked = bench.lookups[0].location.question();
    assert_eq!(asked, Some(Question::Addresses("node.carrier.example".into())));
    // It comes again meanwhile.
    bench.udp(CARRIER, answer.clone());
    assert!(bench.sent.is_empty());
    locate(&mut bench, found(Transport::Udp, &["10.0.0.21:5070"]));
    assert!(matches!(bench.take_events()[..], [SipEvent::Answered { .. }]));
    assert_eq!(bench.sent.len(), 2, "one ACK for each copy");
    for (hop, ack) in bench.sent.drain(..) {
        assert_eq!(hop, Hop::udp(addr("10.0.0.21:5070")));
        assert_eq!(first_line(&ack), "ACK sip:c@node.carrier.example:5070 SIP/2.0");
    }
    let (at, text) = bye(&mut bench, dialog);
    assert_eq!(at, addr("10.0.0.21:5070"));
    bench.udp("10.0.0.21:5070", respond(&text, "200 OK", "", "", ""));
    assert!(bench.lookups.is_empty(), "what is known is not asked again");
    bench.assert_empty();
}

#[test]
fn ringing_asks_early_so_that_nothing_waits() {
    let (mut bench, _, invite) = placed();
    let contact = "Contact: <sip:c@node.carrier.example>\r\n";
    bench.udp(CARRIER, respond(&invite, "180 Ringing", "c", contact, ""));
    assert!(matches!(bench.take_events()[..], [SipEvent::Ringing { .. }]), "heard at once");
    locate(&mut bench, found(Transport::Udp, &[FIRST_NODE]));
    bench.udp(CARRIER, ok(&invite, contact));
    let (at, ack) = sent_to(&mut bench);
    assert!(ack.starts_with("ACK") && at == addr(FIRST_NODE), "{at} {ack}");
}

#[test]
fn a_reliable_ringing_is_acknowledged_at_the_name() {
    let (mut bench, _, invite) = placed();
    let extra = "Contact: <sip:c@node.carrier.example>\r\nRequire: 100rel\r\nRSeq: 1\r\n";
    bench.udp(CARRIER, respond(&invite, "180 Ringing", "c", extra, ""));
    assert!(bench.sent.is_empty() && bench.take_events().is_empty());
    locate(&mut bench, found(Transport::Udp, &[FIRST_NODE]));
    let (at, prack) = sent_to(&mut bench);
    assert!(prack.starts_with("PRACK") && at == addr(FIRST_NODE), "{at} {prack}");
}

#[test]
fn the_first_route_is_what_counts() {
    let (mut bench, dialog, invite) = placed();
    let headers = "Record-Route: <sip:far.example;lr>\r\n\
                   Record-Route: <sip:edge.example;transport=tcp;lr>\r\n\
                   Contact: <sip:c@192.0.2.77>\r\n";
    bench.udp(CARRIER, ok(&invite, headers));
    let asked = bench.lookups[0].location.question();
    assert_eq!(asked, Some(Question::Srv("_sip._tcp.edge.example".into())));
    locate(&mut bench, found(Transport::Tcp, &["10.0.0.21:5060"]));
    let (hop, ack) = bench.sent.pop().unwrap();
    assert_eq!(hop, Hop::tcp(addr(FIRST_NODE), None));
    assert_eq!(first_line(&ack), "ACK sip:c@192.0.2.77 SIP/2.0");
    assert!(header(&ack, "Via").unwrap().starts_with("SIP/2.0/TCP"), "{ack}");
    assert_eq!(routes(&ack), ["<sip:edge.example;transport=tcp;lr>", "<sip:far.example;lr>"]);
    assert_eq!(bye(&mut bench, dialog).0, addr(FIRST_NODE));
}

fn routes(text: &str) -> Vec<String> {
    headers(text, "Route")
}

#[test]
fn a_caller_with_a_name_is_hung_up_where_it_leads() {
    let mut bench = Bench::new();
    let mut invite = Ask::invite("named");
    invite.extra = "Contact: <sip:ann@pbx.carrier.example>\r\n".into();
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    assert_eq!(
        bench.lookups[0].location.question(),
        Some(Question::Naptr("pbx.carrier.example".into())),
        "without transport or port the domain chooses"
    );
    locate(&mut bench, found(Transport::Udp, &[FIRST_NODE, SECOND_NODE]));
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let (at, answer) = sent_to(&mut bench);
    assert_eq!(at, addr(CARRIER), "responses go back where the request came from");
    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&answer).text());
    let (at, first) = bye(&mut bench, dialog);
    assert_eq!(at, addr(FIRST_NODE));
    bench.take_sent();
    // Nobody is there: the same request goes to the next address.
    bench.act(|endpoint, now| endpoint.transport_failed(now, &Hop::udp(addr(FIRST_NODE))));
    let (at, second) = sent_to(&mut bench);
    assert_eq!(at, addr(SECOND_NODE));
    assert_eq!(first_line(&first), first_line(&second));
    assert_eq!(header(&first, "CSeq"), header(&second, "CSeq"));
    assert_ne!(header(&first, "Via"), header(&second, "Via"), "a transaction of its own");
    // At last the neighbour that the call came from.
    bench.udp(SECOND_NODE, respond(&second, "503 Down", "", "", ""));
    let (at, third) = sent_to(&mut bench);
    assert_eq!(at, addr(CARRIER));
    bench.udp(CARRIER, respond(&third, "200 OK", "", "", ""));
    assert_eq!(bench.count(Count::FailedOver), 2);
    bench.assert_empty();
}

#[test]
fn silence_is_followed_by_the_next_address() {
    let (mut bench, dialog, invite) = placed();
    bench.udp(CARRIER, ok(&invite, "Contact: <sip:c@node.carrier.example>\r\n"));
    locate(&mut bench, found(Transport::Udp, &[FIRST_NODE, SECOND_NODE]));
    bench.act(|endpoint, now| endpoint.reinvite(now, dialog, Direction::SendOnly));
    let (at, _) = sent_to(&mut bench);
    assert_eq!(at, addr(FIRST_NODE));
    bench.take_sent();
    bench.advance(33_000);
    let (at, again) = sent_to(&mut bench);
    assert!(again.starts_with("INVITE") && at == addr(SECOND_NODE), "{at} {again}");
    bench.take_events();
    let contact = "Contact: <sip:c@node.carrier.example>\r\n";
    bench.udp(SECOND_NODE, ok(&again, contact));
    let (at, ack) = sent_to(&mut bench);
    assert!(ack.starts_with("ACK") && at == addr(SECOND_NODE), "{at} {ack}");
    assert!(matches!(bench.take_events()[..], [SipEvent::Reinvited { .. }]));
    assert_eq!(bye(&mut bench, dialog).0, addr(SECOND_NODE), "the call stays there");
}

#[test]
fn an_ack_that_does_not_arrive_tries_the_next_address() {
    let (mut bench, _, invite) = placed();
    let answer = ok(&invite, "Contact: <sip:c@node.carrier.example>\r\n");
    bench.udp(CARRIER, answer.clone());
    locate(&mut bench, found(Transport::Udp, &[FIRST_NODE, SECOND_NODE]));
    let mut acks = Vec::new();
    for _ in 0..4 {
        acks.push(sent_to(&mut bench).0);
        bench.udp(CARRIER, answer.clone());
    }
    let (one, two) = (addr(FIRST_NODE), addr(SECOND_NODE));
    assert_eq!(acks, [one, one, two, two], "a lost packet is likelier than a dead proxy");
    assert_eq!(bench.events.iter().filter(|e| matches!(e, SipEvent::Answered { .. })).count(), 1);
}

#[test]
fn without_an_answer_the_neighbour_is_the_way() {
    for answer in [Some(Vec::new()), None] {
        let (mut bench, dialog, invite) = placed();
        bench.udp(CARRIER, ok(&invite, "Contact: <sip:c@node.carrier.example>\r\n"));
        locate(&mut bench, answer);
        let (at, ack) = sent_to(&mut bench);
        assert!(ack.starts_with("ACK") && at == addr(CARRIER), "{at} {ack}");
        assert_eq!(bye(&mut bench, dialog).0, addr(CARRIER));
    }
    // Nor does a resolver that says nothing at all hold a call.
    let (mut bench, _, invite) = placed();
    bench.udp(CARRIER, ok(&invite, "Contact: <sip:c@node.carrier.example>\r\n"));
    bench.advance(5_000);
    assert_eq!(sent_to(&mut bench).0, addr(CARRIER));
}

#[test]
fn a_name_behind_somebody_elses_nat_is_no_way() {
    let outside = "198.51.100.7:5060";
    let directory = Directory::new(
        vec![domains(1, "acme.example")],
        vec![],
        vec![trunk(1, 1, outside)],
        Some(tenant(1)),
    )
    .unwrap();
    let mut bench = Bench::with(EndpointConfig::new(addr(US)), directory);
    let mut invite = Ask::invite("nat");
    invite.via = format!("SIP/2.0/UDP {outside};branch=z9hG4bK-nat-1");
    invite.extra = "Contact: <sip:ann@office.example>\r\n".into();
    bench.udp(outside, invite.text());
    let dialog = bench.incoming().dialog;
    locate(&mut bench, found(Transport::Udp, &["192.168.1.5:5060", "127.0.0.1:5060"]));
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let answer = bench.take_sent().pop().unwrap();
    bench.udp(outside, invite.next("ACK", 1).tagged(&answer).text());
    assert_eq!(bye(&mut bench, dialog).0, addr(outside));
}

#[test]
fn a_phone_is_reached_where_it_was_seen_whatever_it_calls_itself() {
    let mut bench = Bench::new();
    let mut invite = Ask::invite("p");
    invite.uri = "sip:9001@acme.example".into();
    invite.from = "<sip:201@acme.example>;tag=p".into();
    invite.via = "SIP/2.0/UDP 192.168.1.5:5060;rport;branch=z9hG4bK-p-1".into();
    invite.extra = "Contact: <sip:201@phone.local>\r\n".into();
    let challenge = bench.ask(PHONE, &invite.text());
    let offered = &headers(&challenge, "Proxy-Authenticate")[0];
    let login = ("201", "s3cret");
    let proof = authorize(offered, Algorithm::Sha256, login, "INVITE", &invite.uri, 1);
    let mut again = invite.next("INVITE", 2).with(&format!("Proxy-Authorization: {proof}"));
    again.body = invite.body.clone();
    bench.udp(PHONE, again.text());
    let dialog = bench.incoming().dialog;
    assert!(bench.lookups.is_empty());
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let answer = bench.take_sent().pop().unwrap();
    bench.udp(PHONE, again.next("ACK", 2).tagged(&answer).text());
    assert_eq!(bye(&mut bench, dialog).0, addr(PHONE));
}

#[test]
fn strangers_make_us_look_up_nothing() {
    let mut bench = Bench::new();
    let mut invite = Ask::invite("stranger");
    invite.via = "SIP/2.0/UDP 192.0.2.66:5060;branch=z9hG4bK-s".into();
    invite.extra = "Contact: <sip:x@victim.example>\r\n".into();
    bench.udp("192.0.2.66:5060", invite.text());
    assert!(bench.lookups.is_empty());
}
