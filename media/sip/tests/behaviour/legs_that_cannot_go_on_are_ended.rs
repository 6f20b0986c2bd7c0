//! What was not answered, or shall not go on, is ended towards the other side.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

fn offered() -> (Bench, DialogKey, Ask) {
    let mut bench = keeping();
    let mut invite = Ask::invite("call-1");
    invite.via = format!(
        "SIP/2.0/UDP {CARRIER};rport;branch=z9hG4bK-call-1-1\r\nVia: SIP/2.0/UDP far;branch=z9hG4bKfar"
    );
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    (bench, dialog, invite)
}

fn placed_to(agents: usize) -> (Bench, DialogKey, Vec<(Hop, String)>) {
    let mut bench = keeping();
    for number in 0..agents {
        let contact = format!("<sip:201@192.168.1.{number}:5060>");
        let from = format!("203.0.113.9:4000{number}");
        bench.register(&from, &register(&format!("r{number}"), 1, &contact, 3600));
    }
    bench.sent.clear();
    bench.take_events();
    let dialog = DialogKey::outbound(1);
    let target = match agents {
        0 => InviteTarget::Trunk { trunk: trunk_id(1), number: "+441632960222".into() },
        _ => InviteTarget::Extension(agent(1)),
    };
    let request = InviteRequest {
        target,
        caller: Caller { number: "1".into(), name: None },
        media: media(6000),
        ring_timeout_ms: 20_000,
        headers: vec![],
    };
    bench.act(|endpoint, now| endpoint.invite(now, dialog, request));
    let invites = std::mem::take(&mut bench.sent);
    (bench, dialog, invites)
}

#[test]
fn a_caller_without_answer_is_sent_elsewhere() {
    let (mut bench, dialog, invite) = offered();
    bench.act(|endpoint, now| endpoint.ring(now, dialog));
    let ringing = bench.take_sent().pop().unwrap();
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &bench.kept(dialog), go_on(6000));
    let (hop, busy) = next.sent.remove(0);
    assert_eq!(hop, Hop::udp(addr(CARRIER)));
    assert_eq!(first_line(&busy), "SIP/2.0 503 Service Unavailable");
    assert!(header(&busy, "Retry-After").is_some());
    for name in ["From", "To", "Call-ID", "CSeq"] {
        assert_eq!(header(&busy, name), header(&ringing, name), "{name}");
    }
    assert_eq!(headers(&busy, "Via"), headers(&ringing, "Via"));
    let news = next.news();
    assert!(
        matches!(news[..], [SipEvent::HungUp { cause: Cause::ServerRestart, by: Side::Us, .. }]),
        "{news:?}"
    );
    // Repeated until it is acknowledged, and then no more.
    next.advance(600);
    assert_eq!(next.take_lines(), ["SIP/2.0 503 Service Unavailable"]);
    let mut ack = invite.next("ACK", 1).tagged(&busy);
    ack.via.clone_from(&invite.via);
    next.udp(CARRIER, ack.text());
    next.advance(10_000);
    assert!(next.take_lines().is_empty());
    next.assert_empty();
}

#[test]
fn a_caller_is_told_what_the_server_says() {
    let (bench, dialog, _) = offered();
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &bench.kept(dialog), TakeUp::End(Cause::Busy));
    assert_eq!(next.take_lines(), ["SIP/2.0 486 Busy Here"]);
}

#[test]
fn an_answer_that_the_record_does_not_know_of_is_hung_up() {
    // The call was answered a moment before the crash, and that was not kept.
    let (mut bench, dialog, invite) = offered();
    let record = bench.kept(dialog);
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().pop().unwrap();
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &record, go_on(6000));
    next.take_sent();
    next.advance(4_000);
    let sent = next.take_sent();
    let bye = sent.iter().find(|text| text.starts_with("BYE")).unwrap();
    assert_eq!(header(bye, "From"), header(&ok, "To"));
    assert_eq!(header(bye, "To"), Some(invite.from));
    assert_eq!(first_line(bye), format!("BYE sip:ann@{CARRIER} SIP/2.0"));
    next.udp(CARRIER, respond(bye, "200 OK", "", "", ""));
    next.assert_empty();
}

#[test]
fn phones_that_ring_are_rung_no_more() {
    let (mut bench, dialog, invites) = placed_to(2);
    let told = bench.events.iter().filter(|e| matches!(e, SipEvent::Keep { .. })).count();
    assert_eq!(told, 1, "one record for both");
    bench.udp("203.0.113.9:40000", respond(&invites[0].1, "180 Ringing", "a", "", ""));
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &bench.kept(dialog), go_on(6000));
    let cancels = std::mem::take(&mut next.sent);
    assert_eq!(cancels.len(), 2);
    for (hop, invite) in &invites {
        let (_, cancel) = cancels.iter().find(|(to, _)| to == hop).unwrap();
        assert!(cancel.starts_with("CANCEL "), "{cancel}");
        assert_eq!(first_line(cancel).replace("CANCEL", "INVITE"), first_line(invite));
        for name in ["Via", "From", "To", "Call-ID"] {
            assert_eq!(header(cancel, name), header(invite, name), "{name}");
        }
        let number =
            |text: &str| header(text, "CSeq").unwrap().split(' ').next().unwrap().to_owned();
        assert_eq!(number(cancel), number(invite));
        next.udp("203.0.113.9:40000", respond(cancel, "200 OK", "a", "", ""));
        next.udp("203.0.113.9:40000", respond(invite, "487 Terminated", "a", "", ""));
        let ack = next.take_sent().pop().unwrap();
        assert!(ack.starts_with("ACK ") && header(&ack, "Via") == header(invite, "Via"));
    }
    let news = next.news();
    assert!(matches!(news[..], [SipEvent::Failed { cause: Cause::ServerRestart, .. }]), "{news:?}");
    next.assert_empty();
}

#[test]
fn whoever_answers_all_the_same_is_hung_up() {
    let (bench, dialog, invites) = placed_to(0);
    let invite = &invites[0].1;
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &bench.kept(dialog), TakeUp::End(Cause::Cancelled));
    assert!(next.take_lines()[0].starts_with("CANCEL "));
    let contact = format!("Contact: <sip:bob@{CARRIER}>\r\n");
    let ok = respond(invite, "200 OK", "bob", &contact, &sdp("10.0.0.2", 4000, ""));
    next.udp(CARRIER, ok.clone());
    let sent = next.take_sent();
    assert!(sent[0].starts_with(&format!("ACK sip:bob@{CARRIER}")), "{sent:#?}");
    assert!(sent[1].starts_with(&format!("BYE sip:bob@{CARRIER}")), "{sent:#?}");
    assert_eq!(header(&sent[1], "To"), header(&ok, "To"));
    // The answer comes again: so does its ACK, and nothing else.
    next.udp(CARRIER, ok);
    assert_eq!(next.take_sent(), [sent[0].clone()]);
    next.udp(CARRIER, respond(&sent[1], "200 OK", "", "", ""));
    next.assert_empty();
}

#[test]
fn a_lost_cancel_is_repeated_and_given_up() {
    let (bench, dialog, _) = placed_to(0);
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &bench.kept(dialog), go_on(6000));
    next.advance(5_000);
    let lines = next.take_lines();
    assert!(lines.len() >= 3 && lines.iter().all(|line| line.starts_with("CANCEL")), "{lines:?}");
    next.assert_empty();
}

#[test]
fn the_carrier_that_the_call_went_on_to_is_cancelled() {
    let mut bench = carriers(in_order(|_| {}));
    let trunks = vec![trunk(1, 1, FIRST), trunk(2, 1, SECOND), trunk(3, 1, THIRD)];
    let all = Directory::new(vec![domains(1, "acme.example")], vec![], trunks, None).unwrap();
    let all = Arc::new(all);
    bench.endpoint = Endpoint::new(keeping_config(), [42; 32]);
    bench.act(|endpoint, now| {
        endpoint.set_directory(now, all.clone());
        endpoint.set_trunking(now, Arc::new(in_order(|_| {})));
    });
    let dialog = bench.route(1, "+441632960222");
    let (_, first) = bench.invited();
    bench.udp(FIRST, respond(&first, "503 No", "x", "", ""));
    let (to, second) = bench.invited();
    assert_eq!(to, addr(SECOND));
    let mut next = bench.crashed(all);
    next.take_up(dialog, &bench.kept(dialog), go_on(6000));
    let (hop, cancel) = next.sent.remove(0);
    assert_eq!(hop.remote, addr(SECOND));
    assert_eq!(header(&cancel, "Via"), header(&second, "Via"));
    assert_eq!(header(&cancel, "Call-ID"), header(&second, "Call-ID"));
}

#[test]
fn an_answered_leg_that_nobody_wants_is_hung_up() {
    let (mut bench, dialog, invite) = offered();
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &bench.kept(dialog), TakeUp::End(Cause::ServerRestart));
    let sent = next.take_sent();
    assert_eq!(sent.len(), 1, "{sent:#?}");
    assert!(sent[0].starts_with("BYE "));
    assert_eq!(header(&sent[0], "Reason").unwrap(), "Q.850;cause=41");
    next.udp(CARRIER, respond(&sent[0], "200 OK", "", "", ""));
    assert!(matches!(next.news()[..], [SipEvent::HungUp { by: Side::Us, .. }]));
    next.assert_empty();
}
