//! An extension with several phones: all ring, the first answer wins.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

const PHONES: [&str; 2] = ["203.0.113.9:40001", "203.0.113.9:40002"];

/// Both phones of 201 are called; the bench, the leg and both INVITEs.
fn ringing() -> (Bench, DialogKey, Vec<String>) {
    let mut bench = Bench::new();
    for (number, phone) in PHONES.iter().enumerate() {
        let contact = format!("<sip:201@192.168.1.{number}:5060>");
        bench.register(phone, &register(&format!("r{number}"), 1, &contact, 3600));
    }
    bench.sent.clear();
    bench.take_events();
    let dialog = DialogKey::outbound(1);
    let request = InviteRequest {
        target: InviteTarget::Extension(agent(1)),
        caller: Caller { number: "1".into(), name: None },
        media: media(6000),
        ring_timeout_ms: 20_000,
        headers: vec![],
    };
    bench.act(|endpoint, now| endpoint.invite(now, dialog, request));
    let sent: Vec<_> = std::mem::take(&mut bench.sent);
    assert_eq!(sent.len(), 2);
    let mut invites = Vec::new();
    for phone in PHONES {
        let found = sent.iter().find(|(hop, _)| hop.remote == addr(phone)).unwrap();
        invites.push(found.1.clone());
    }
    (bench, dialog, invites)
}

fn ok(invite: &str, tag: &str) -> String {
    let contact = format!("Contact: <sip:{tag}@192.168.1.7:5060>\r\n");
    respond(invite, "200 OK", tag, &contact, &sdp("192.168.1.7", 4000, ""))
}

#[test]
fn the_first_answer_wins_and_the_other_phone_stops_ringing() {
    let (mut bench, dialog, invites) = ringing();
    bench.udp(PHONES[0], respond(&invites[0], "180 Ringing", "a", "", ""));
    bench.udp(PHONES[1], respond(&invites[1], "180 Ringing", "b", "", ""));
    assert_eq!(bench.take_events().len(), 1, "it rings, once");
    bench.udp(PHONES[0], ok(&invites[0], "a"));
    let sent = std::mem::take(&mut bench.sent);
    assert!(sent[0].1.starts_with("ACK sip:a@") && sent[0].0.remote == addr(PHONES[0]));
    assert!(sent[1].1.starts_with("CANCEL ") && sent[1].0.remote == addr(PHONES[1]));
    assert!(matches!(bench.take_events()[..], [SipEvent::Answered { .. }]));
    bench.udp(PHONES[1], respond(&sent[1].1, "200 OK", "b", "", ""));
    bench.udp(PHONES[1], respond(&invites[1], "487 Terminated", "b", "", ""));
    assert!(bench.take_events().is_empty());
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    bench.assert_empty();
}

#[test]
fn a_second_answer_is_acknowledged_and_hung_up() {
    let (mut bench, dialog, invites) = ringing();
    bench.udp(PHONES[0], ok(&invites[0], "a"));
    bench.sent.clear();
    bench.take_events();
    bench.udp(PHONES[1], ok(&invites[1], "b"));
    let lines = bench.take_lines();
    assert!(lines[0].starts_with("ACK sip:b@") && lines[1].starts_with("BYE sip:b@"), "{lines:?}");
    assert!(bench.take_events().is_empty());
    assert_eq!(bench.count(Count::StrayAnswer), 1);
    assert_eq!(bench.endpoint.usage().calls, 1, "the first one goes on");
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    bench.assert_empty();
}

#[test]
fn a_fork_behind_one_phone_is_hung_up_too() {
    let (mut bench, dialog, invites) = ringing();
    bench.udp(PHONES[0], ok(&invites[0], "a"));
    bench.sent.clear();
    bench.udp(PHONES[0], ok(&invites[0], "fork"));
    let lines = bench.take_lines();
    assert!(lines[0].starts_with("ACK sip:fork@") && lines[1].starts_with("BYE sip:fork@"));
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    bench.assert_empty();
}

#[test]
fn one_refusal_leaves_the_other_ringing_and_both_end_it() {
    let (mut bench, _, invites) = ringing();
    bench.udp(PHONES[0], respond(&invites[0], "486 Busy", "a", "", ""));
    assert!(bench.take_events().is_empty());
    bench.udp(PHONES[1], respond(&invites[1], "480 Away", "b", "", ""));
    let events = bench.take_events();
    assert!(
        matches!(events[..], [SipEvent::Failed { cause: Cause::Busy, status: Some(486), .. }]),
        "what says most is told: {events:?}"
    );
    bench.assert_empty();
}

#[test]
fn a_decline_for_everybody_stops_all() {
    let (mut bench, _, invites) = ringing();
    bench.udp(PHONES[1], respond(&invites[1], "180 Ringing", "b", "", ""));
    bench.take_events();
    bench.sent.clear();
    bench.udp(PHONES[0], respond(&invites[0], "603 Decline", "a", "", ""));
    assert!(bench.take_lines().iter().any(|line| line.starts_with("CANCEL ")));
    bench.udp(PHONES[1], respond(&invites[1], "487 Terminated", "b", "", ""));
    assert!(matches!(bench.take_events()[..], [SipEvent::Failed { status: Some(603), .. }]));
    bench.assert_empty();
}

#[test]
fn a_phone_that_first_speaks_when_all_is_over_is_cancelled() {
    let (mut bench, dialog, invites) = ringing();
    bench.udp(PHONES[0], ok(&invites[0], "a"));
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    let bye = bench.take_sent().into_iter().find(|text| text.starts_with("BYE")).unwrap();
    bench.udp(PHONES[0], respond(&bye, "200 OK", "", "", ""));
    assert_eq!(bench.endpoint.usage().calls, 0);
    bench.udp(PHONES[1], respond(&invites[1], "180 Ringing", "b", "", ""));
    assert!(bench.take_lines().iter().any(|line| line.starts_with("CANCEL ")));
    bench.assert_empty();
}
