//! A call that one carrier does not take goes to the next, and stays one call.

use crate::support::*;
use strowger_sip::*;

fn ok(invite: &str, at: &str) -> String {
    let contact = format!("Contact: <sip:c@{at}>\r\n");
    respond(invite, "200 OK", "c", &contact, &sdp("10.0.0.9", 4000, ""))
}

#[test]
fn unavailable_means_the_next_trunk() {
    let mut bench = carriers(in_order(|_| {}));
    let dialog = bench.route(1, "100");
    let (at, first) = bench.invited();
    assert_eq!(at, addr(FIRST));
    bench.udp(FIRST, respond(&first, "100 Trying", "", "", ""));
    bench.udp(FIRST, respond(&first, "503 Full", "x", "", ""));
    let (at, second) = bench.invited();
    assert_eq!(at, addr(SECOND));
    assert_eq!(first_line(&second), "INVITE sip:100@10.0.0.12 SIP/2.0");
    assert_ne!(header(&first, "Call-ID"), header(&second, "Call-ID"), "another carrier's call");
    assert!(bench.take_events().is_empty(), "the server has heard nothing of it");
    bench.udp(SECOND, ok(&second, SECOND));
    let events = bench.take_events();
    assert!(matches!(events[..], [SipEvent::Answered { dialog: d, .. }] if d == dialog));
    let (ack, text) = bench.sent.pop().unwrap();
    assert!(text.starts_with("ACK") && ack.remote == addr(SECOND), "{text}");
    assert_eq!((bench.status(1).calls_out, bench.status(2).calls_out), (0, 1));
    assert_eq!(bench.count(Count::FailedOver), 1);
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, strowger_model::Cause::Normal));
    let bye = bench.take_sent().pop().unwrap();
    bench.udp(SECOND, respond(&bye, "200 OK", "", "", ""));
    bench.assert_empty();
    assert_eq!(bench.status(2).calls_out, 0);
}

#[test]
fn silence_is_not_waited_out_and_a_late_answer_rings_nobody() {
    let mut bench = carriers(in_order(|_| {}));
    bench.route(1, "100");
    let (_, first) = bench.invited();
    bench.advance(4_000);
    let (at, second) = bench.invited();
    assert_eq!(at, addr(SECOND));
    bench.udp(SECOND, respond(&second, "180 Ringing", "c", "", ""));
    bench.take_sent();
    // The first one wakes up: it is cancelled, and hung up if that is too late.
    bench.udp(FIRST, respond(&first, "180 Ringing", "late", "", ""));
    assert!(bench.take_lines()[0].starts_with("CANCEL"));
    bench.udp(FIRST, ok(&first, FIRST).replace("tag=c", "tag=late"));
    let lines = bench.take_lines();
    assert!(lines.iter().any(|line| line.starts_with("ACK")), "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("BYE")), "{lines:?}");
    let events = bench.take_events();
    assert!(matches!(events[..], [SipEvent::Ringing { .. }]), "{events:?}");
    bench.udp(SECOND, ok(&second, SECOND));
    assert!(matches!(bench.take_events()[..], [SipEvent::Answered { .. }]));
}

#[test]
fn what_the_called_party_says_is_final() {
    for status in ["486 Busy", "404 Who", "603 No", "480 Away"] {
        let mut bench = carriers(in_order(|_| {}));
        bench.route(1, "100");
        let (_, first) = bench.invited();
        bench.udp(FIRST, respond(&first, status, "x", "", ""));
        assert!(matches!(bench.take_events()[..], [SipEvent::Failed { status: Some(_), .. }]));
        assert!(bench.take_lines().iter().all(|line| line.starts_with("ACK")));
        bench.assert_empty();
    }
}

#[test]
fn after_ringing_the_call_is_the_carriers() {
    let mut bench = carriers(in_order(|_| {}));
    bench.route(1, "100");
    let (_, first) = bench.invited();
    bench.udp(FIRST, respond(&first, "180 Ringing", "x", "", ""));
    bench.udp(FIRST, respond(&first, "503 Oops", "x", "", ""));
    let events = bench.take_events();
    assert!(matches!(
        events[..],
        [SipEvent::Ringing { .. }, SipEvent::Failed { status: Some(503), .. }]
    ));
}

#[test]
fn configured_statuses_go_on_too() {
    let mut bench = carriers(in_order(|trunking| {
        trunking.tenants.get_mut(&tenant(1)).unwrap().route.fail_over_on = vec![500];
    }));
    bench.route(1, "100");
    let (_, first) = bench.invited();
    bench.udp(FIRST, respond(&first, "500 Oops", "x", "", ""));
    let (at, second) = bench.invited();
    assert_eq!(at, addr(SECOND));
    bench.udp(SECOND, respond(&second, "502 Oops", "x", "", ""));
    assert!(matches!(bench.take_events()[..], [SipEvent::Failed { status: Some(502), .. }]));
}

#[test]
fn when_nobody_takes_it_the_last_word_is_told() {
    let mut bench = carriers(in_order(|_| {}));
    bench.route(1, "100");
    for peer in [FIRST, SECOND, THIRD] {
        let (at, invite) = bench.invited();
        assert_eq!(at, addr(peer));
        bench.udp(peer, respond(&invite, "503 Full", "x", "", ""));
    }
    assert!(matches!(bench.take_events()[..], [SipEvent::Failed { status: Some(503), .. }]));
    bench.assert_empty();
}

#[test]
fn every_address_of_a_trunk_is_tried_before_the_next_trunk() {
    let mut named = trunk(1, 1, FIRST);
    (named.proxy.as_mut().unwrap().host, named.proxy.as_mut().unwrap().port) =
        ("carrier.example".into(), None);
    let trunks = vec![named, trunk(2, 1, SECOND), trunk(3, 1, THIRD)];
    let directory = Directory::new(vec![domains(1, "acme.example")], vec![], trunks, None);
    let mut bench = carriers(in_order(|_| {}));
    bench.act(|endpoint, now| endpoint.set_directory(now, directory.unwrap().into()));
    let found = |rank, at| Located {
        transport: Transport::Udp,
        rank,
        weight: 0,
        addresses: vec![addr(at)],
    };
    let found = vec![found(2, "192.0.2.2:5060"), found(1, "192.0.2.1:5070")];
    bench.act(|endpoint, now| endpoint.set_trunk_targets(now, trunk_id(1), found));
    bench.route(1, "100");
    let (at, first) = bench.invited();
    assert_eq!(at, addr("192.0.2.1:5070"));
    let hop = Hop::udp(at);
    bench.act(|endpoint, now| endpoint.transport_failed(now, &hop));
    let (at, second) = bench.invited();
    assert_eq!(at, addr("192.0.2.2:5060"));
    assert_eq!(header(&first, "Call-ID"), header(&second, "Call-ID"), "the same carrier's call");
    bench.udp("192.0.2.2:5060", respond(&second, "408 Timeout", "x", "", ""));
    assert_eq!(bench.invited().0, addr(SECOND));
}

#[test]
fn calls_are_shared_by_weight() {
    let mut bench = carriers(in_order(|trunking| {
        trunking.tenants.get_mut(&tenant(1)).unwrap().route.steps =
            vec![step(1, 1, 1), step(2, 1, 3), step(3, 2, 100)];
    }));
    let mut first = [0; 2];
    for number in 0..400 {
        let dialog = bench.route(number, "100");
        let at = bench.invited().0;
        first[usize::from(at == addr(SECOND))] += 1;
        assert_ne!(at, addr(THIRD), "it is only there if the others fail");
        bench.act(|endpoint, now| endpoint.hang_up(now, dialog, strowger_model::Cause::Cancelled));
    }
    assert!((260..=340).contains(&first[1]), "{first:?}");
}
