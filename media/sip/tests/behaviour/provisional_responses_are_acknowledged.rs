//! 100rel, both ways, with and without offers and answers.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

fn required(call_id: &str, body: &str) -> Ask {
    let mut invite = Ask::invite(call_id).with("Require: 100rel").with("Allow: UPDATE, PRACK");
    invite.body = body.into();
    invite
}

fn came(invite: &Ask) -> (Bench, DialogKey) {
    let mut bench = Bench::new();
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.take_sent();
    bench.take_events();
    (bench, dialog)
}

fn prack(invite: &Ask, provisional: &str, cseq: u32) -> Ask {
    let rseq = header(provisional, "RSeq").unwrap();
    let mut ask = invite.next("PRACK", cseq).tagged(provisional);
    ask.extra = format!("RAck: {rseq} 1 INVITE\r\n");
    ask
}

fn offer() -> String {
    sdp("10.0.0.2", 4000, "")
}

#[test]
fn ringing_is_repeated_until_its_prack() {
    let invite = required("r", &offer());
    let (mut bench, dialog) = came(&invite);
    bench.act(|endpoint, now| endpoint.ring(now, dialog));
    let ringing = bench.take_sent().pop().unwrap();
    assert_eq!(header(&ringing, "Require").unwrap(), "100rel");
    bench.advance(3_600);
    assert_eq!(bench.take_sent(), vec![ringing.clone(); 3], "after 0.5, 1.5 and 3.5 s");
    // A second one waits for the first one's PRACK.
    bench.act(|endpoint, now| endpoint.early_media(now, dialog, &media(6000)));
    assert!(bench.take_sent().is_empty());
    let wrong = invite.next("PRACK", 2).tagged(&ringing).with("RAck: 1 1 INVITE");
    assert!(bench.ask(CARRIER, &wrong.text()).starts_with("SIP/2.0 481 "));
    bench.udp(CARRIER, prack(&invite, &ringing, 3).text());
    let sent = bench.take_sent();
    assert_eq!(first_line(&sent[0]), "SIP/2.0 200 OK");
    assert_eq!(first_line(&sent[1]), "SIP/2.0 183 Session Progress");
    let number = |text: &str| header(text, "RSeq").unwrap().parse::<u32>().unwrap();
    assert_eq!(number(&sent[1]), number(&ringing) + 1);
    // An answer may not overtake media that is not acknowledged.
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    assert!(bench.take_sent().is_empty());
    bench.udp(CARRIER, prack(&invite, &sent[1], 4).text());
    let sent = bench.take_sent();
    assert_eq!(first_line(&sent[1]), "SIP/2.0 200 OK");
    assert!(body(&sent[1]).is_empty(), "settled before");
    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&sent[1]).text());
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    bench.assert_empty();
}

#[test]
fn a_caller_that_acknowledges_nothing_is_refused() {
    let (mut bench, dialog) = came(&required("n", &offer()));
    bench.act(|endpoint, now| endpoint.ring(now, dialog));
    bench.advance(33_000);
    assert!(bench.take_lines().last().unwrap().starts_with("SIP/2.0 504 "));
    let events = bench.take_events();
    assert!(matches!(events[..], [SipEvent::HungUp { by: Side::Neither, .. }]), "{events:?}");
    bench.assert_empty();
}

#[test]
fn an_answer_may_overtake_mere_ringing() {
    let invite = required("o", &offer());
    let (mut bench, dialog) = came(&invite);
    bench.act(|endpoint, now| endpoint.ring(now, dialog));
    let ringing = bench.take_sent().pop().unwrap();
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().pop().unwrap();
    assert!(body(&ok).contains("m=audio 6000"));
    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
    assert!(bench.ask(CARRIER, &prack(&invite, &ringing, 2).text()).starts_with("SIP/2.0 200 "));
    assert!(bench.ask(CARRIER, &prack(&invite, &ringing, 3).text()).starts_with("SIP/2.0 481 "));
}

#[test]
fn a_late_offer_is_settled_before_the_answer() {
    let invite = required("l", "");
    let (mut bench, dialog) = came(&invite);
    bench.act(|endpoint, now| endpoint.early_media(now, dialog, &media(6000)));
    let early = bench.take_sent().pop().unwrap();
    assert!(body(&early).contains("m=audio 6000 RTP/AVP 8 0 101"), "our offer");
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let mut ack = prack(&invite, &early, 2);
    ack.body = sdp("10.0.0.2", 4000, "");
    bench.udp(CARRIER, ack.text());
    let sent = bench.take_sent();
    assert_eq!(header(&sent[0], "CSeq").unwrap(), "2 PRACK");
    assert_eq!(header(&sent[1], "CSeq").unwrap(), "1 INVITE");
    assert!(body(&sent[1]).is_empty());
    let events = bench.take_events();
    assert!(
        matches!(events[..], [SipEvent::Ringing { early: Some(_), .. }, SipEvent::Answered { .. }]),
        "{events:?}"
    );
}

#[test]
fn a_prack_may_offer_and_an_update_may_too() {
    let invite = required("p", &offer());
    let (mut bench, dialog) = came(&invite);
    // Before their first offer is answered another one comes too early.
    bench.act(|endpoint, now| endpoint.ring(now, dialog));
    let ringing = bench.take_sent().pop().unwrap();
    let mut early = invite.next("UPDATE", 2).tagged(&ringing);
    early.body = offer();
    let answer = bench.ask(CARRIER, &early.text());
    assert!(answer.starts_with("SIP/2.0 500 ") && header(&answer, "Retry-After").is_some());
    bench.udp(CARRIER, prack(&invite, &ringing, 3).text());
    bench.act(|endpoint, now| endpoint.early_media(now, dialog, &media(6000)));
    let progress = bench.take_sent().pop().unwrap();
    bench.take_events();
    let mut ack = prack(&invite, &progress, 4);
    ack.body = sdp("10.0.0.2", 4100, "");
    assert!(body(&bench.ask(CARRIER, &ack.text())).contains("m=audio 6000"));
    let mut update = invite.next("UPDATE", 5).tagged(&ringing);
    update.body = sdp("10.0.0.2", 4200, "");
    assert!(body(&bench.ask(CARRIER, &update.text())).contains("m=audio 6000"));
    let ports: Vec<u16> = bench
        .take_events()
        .iter()
        .map(|event| match event {
            SipEvent::Ringing { early: Some(media), .. } => media.remote.port(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ports, [4100, 4200]);
}

#[test]
fn policy_decides_whether_we_do_it_unasked_or_at_all() {
    for (reliable, status, repeated) in [
        (Reliability::WhenSupported, "SIP/2.0 180 Ringing", true),
        (Reliability::WhenRequired, "SIP/2.0 180 Ringing", false),
    ] {
        let mut bench = Bench::new();
        let leg = LegPolicy { reliable, ..LegPolicy::default() };
        let policies = Policies { other_trunks: leg, ..Policies::default() };
        bench.act(|endpoint, _| endpoint.set_policies(Arc::new(policies)));
        bench.udp(CARRIER, Ask::invite("s").with("Supported: 100rel").text());
        let dialog = bench.incoming().dialog;
        bench.act(|endpoint, now| endpoint.ring(now, dialog));
        let ringing = bench.take_sent().pop().unwrap();
        assert_eq!(first_line(&ringing), status);
        assert_eq!(header(&ringing, "RSeq").is_some(), repeated);
    }
    let mut bench = Bench::new();
    let leg = LegPolicy { reliable: Reliability::Never, ..LegPolicy::default() };
    let policies = Policies { other_trunks: leg, ..Policies::default() };
    bench.act(|endpoint, _| endpoint.set_policies(Arc::new(policies)));
    let answer = bench.ask(CARRIER, &required("never", &offer()).text());
    assert_eq!(first_line(&answer), "SIP/2.0 420 Bad Extension");
    assert_eq!(header(&answer, "Unsupported").unwrap(), "100rel");
}

const CONTACT: &str = "Contact: <sip:b@10.0.0.2:5060>\r\nAllow: UPDATE\r\n";

fn reliable(rseq: u32) -> String {
    format!("{CONTACT}Require: 100rel\r\nRSeq: {rseq}\r\n")
}

#[test]
fn theirs_are_acknowledged_once_and_in_order() {
    let (mut bench, _, invite) = placed();
    assert!(header(&invite, "Supported").unwrap().contains("100rel"));
    let number = header(&invite, "CSeq").unwrap();
    let ringing = respond(&invite, "180 Ringing", "b", &reliable(7), "");
    bench.udp(CARRIER, ringing.clone());
    let prack = bench.take_sent().pop().unwrap();
    assert!(prack.starts_with("PRACK sip:b@10.0.0.2:5060 "));
    assert_eq!(header(&prack, "RAck").unwrap(), format!("7 {number}"));
    assert!(header(&prack, "To").unwrap().ends_with(";tag=b"));
    bench.udp(CARRIER, respond(&prack, "200 OK", "", "", ""));
    bench.udp(CARRIER, ringing);
    bench.udp(CARRIER, respond(&invite, "183 Later", "b", &reliable(9), &offer()));
    assert!(bench.take_sent().is_empty(), "repeated, and ahead of its turn");
    assert!(matches!(bench.take_events()[..], [SipEvent::Ringing { early: None, .. }]));
    bench.udp(CARRIER, respond(&invite, "183 Now", "b", &reliable(8), &offer()));
    assert!(bench.take_sent()[0].starts_with("PRACK "));
    assert!(matches!(bench.take_events()[..], [SipEvent::Ringing { early: Some(_), .. }]));
    // Settled: the 200 needs no body.
    bench.udp(CARRIER, respond(&invite, "200 OK", "b", CONTACT, ""));
    let ack = bench.take_sent().pop().unwrap();
    assert!(ack.starts_with("ACK "));
    assert!(matches!(bench.take_events()[..], [SipEvent::Answered { .. }]));
}

#[test]
fn every_fork_has_its_own_early_media_and_the_second_answer_is_hung_up() {
    let (mut bench, dialog, invite) = placed();
    for (tag, port) in [("a", 4100), ("b", 4200)] {
        let answer = sdp("10.0.0.2", port, "");
        bench.udp(CARRIER, respond(&invite, "183 Early", tag, &reliable(1), &answer));
        let prack = bench.take_sent().pop().unwrap();
        assert!(header(&prack, "To").unwrap().ends_with(tag));
        let events = bench.take_events();
        assert!(
            matches!(&events[..], [SipEvent::Ringing { early: Some(m), .. }] if m.remote.port() == port),
            "{events:?}"
        );
    }
    // An UPDATE in the first one's early dialog moves its media.
    let update = Ask {
        method: "UPDATE".into(),
        uri: "sip:x@10.0.0.1".into(),
        via: format!("SIP/2.0/UDP {CARRIER};branch=z9hG4bK-u"),
        from: format!("{};tag=a", header(&invite, "To").unwrap()),
        to: header(&invite, "From").unwrap(),
        call_id: header(&invite, "Call-ID").unwrap(),
        cseq: 1,
        extra: String::new(),
        content_type: "application/sdp",
        body: sdp("10.0.0.2", 4101, ""),
    };
    assert!(body(&bench.ask(CARRIER, &update.text())).contains("m=audio 6000"));
    let events = bench.take_events();
    assert!(
        matches!(&events[..], [SipEvent::Ringing { early: Some(m), .. }] if m.remote.port() == 4101)
    );
    let stranger = Ask { from: update.from.replace("=a", "=z"), cseq: 2, ..update.clone() };
    assert!(bench.ask(CARRIER, &stranger.next("UPDATE", 2).text()).starts_with("SIP/2.0 481 "));
    bench.udp(CARRIER, respond(&invite, "200 OK", "a", CONTACT, ""));
    bench.take_sent();
    let events = bench.take_events();
    assert!(
        matches!(&events[..], [SipEvent::Answered { media, .. }] if media.remote.port() == 4101),
        "{events:?}"
    );
    bench.udp(CARRIER, respond(&invite, "200 OK", "b", CONTACT, &sdp("10.0.0.2", 4200, "")));
    let sent = bench.take_sent();
    assert!(sent[0].starts_with("ACK ") && sent[1].starts_with("BYE "));
    let number = |text: &str| {
        header(text, "CSeq").unwrap()[..].split(' ').next().unwrap().parse::<u32>().unwrap()
    };
    assert!(number(&sent[1]) > number(&sent[0]) + 1, "above what PRACKs used");
    assert!(bench.take_events().is_empty());
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    bench.assert_empty();
}

#[test]
fn early_media_is_told_again_when_it_changes() {
    let (mut bench, _, invite) = placed();
    for (port, told) in [(4100, true), (4100, false), (4300, true)] {
        let answer = sdp("10.0.0.2", port, "");
        bench.udp(CARRIER, respond(&invite, "183 Early", "a", CONTACT, &answer));
        assert_eq!(bench.take_events().len(), usize::from(told), "{port}");
    }
    bench.udp(CARRIER, respond(&invite, "180 Ringing", "a", CONTACT, ""));
    assert!(bench.take_events().is_empty());
}
