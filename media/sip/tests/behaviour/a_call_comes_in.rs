//! A call comes in, is told, answered, and ended by either side.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

#[test]
fn a_call_that_is_answered_at_once_is_not_told_to_wait() {
    let mut bench = Bench::new();
    bench.udp(CARRIER, Ask::invite("quick").text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    bench.advance(400);
    assert_eq!(bench.take_lines(), ["SIP/2.0 200 OK"]);
}

#[test]
fn trying_ringing_early_media_and_the_answer_come_in_order() {
    let mut bench = Bench::new();
    let invite = Ask::invite("a");
    bench.udp(CARRIER, invite.text());
    bench.advance(199);
    assert!(bench.sent.is_empty(), "most calls are answered by now: {:?}", bench.sent);
    bench.advance(1);
    assert_eq!(bench.take_lines(), ["SIP/2.0 100 Trying"]);
    let incoming = bench.incoming();
    assert_eq!(incoming.source, Source::Trunk { trunk: trunk_id(1), tenant: tenant(1) });
    assert_eq!(incoming.from, "+441632960111");
    assert_eq!(incoming.display_name.as_deref(), Some("Ann"));
    assert_eq!(
        (incoming.to.as_str(), incoming.to_header.as_str()),
        ("+441632960000", "+441632960000")
    );
    assert_eq!(incoming.offer.unwrap().codecs, [Codec::Pcmu, Codec::Pcma]);
    let dialog = incoming.dialog;

    bench.act(|endpoint, now| endpoint.ring(now, dialog));
    bench.act(|endpoint, now| endpoint.early_media(now, dialog, &media(6000)));
    let sent = bench.take_sent();
    assert_eq!(first_line(&sent[0]), "SIP/2.0 180 Ringing");
    assert_eq!(first_line(&sent[1]), "SIP/2.0 183 Session Progress");
    assert!(body(&sent[1]).contains("m=audio 6000 RTP/AVP 0 101"), "{}", sent[1]);
    assert_eq!(to_tag(&sent[0]), to_tag(&sent[1]));

    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().remove(0);
    assert_eq!(first_line(&ok), "SIP/2.0 200 OK");
    assert_eq!(body(&ok), body(&sent[1]), "the answer in the 183 stands");
    assert_eq!(to_tag(&ok), to_tag(&sent[0]));
    let answered = bench.events.iter().find_map(|event| match event {
        SipEvent::Answered { media, .. } => Some(media.clone()),
        _ => None,
    });
    let answered = answered.unwrap();
    assert_eq!(answered.codec, Codec::Pcmu, "the caller's first choice");
    assert_eq!(answered.remote, addr("10.0.0.2:4000"));
    assert_eq!(answered.dtmf_payload, Some(101));

    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
    bench.advance(40_000);
    assert_eq!(bench.take_lines(), [""; 0], "acknowledged answers are not repeated");
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    let bye = bench.take_sent().remove(0);
    assert_eq!(first_line(&bye), format!("BYE sip:ann@{CARRIER} SIP/2.0"));
    assert_eq!(header(&bye, "Reason").unwrap(), "Q.850;cause=16");
    assert_eq!(header(&bye, "To").unwrap(), header(&ok, "From").unwrap());
    assert_eq!(header(&bye, "From").unwrap(), header(&ok, "To").unwrap());
    bench.udp(CARRIER, respond(&bye, "200 OK", "", "", ""));
    bench.assert_empty();
    let last: Vec<_> = bench.events.iter().filter(|event| event.is_last()).collect();
    assert!(
        matches!(last[..], [SipEvent::HungUp { cause: Cause::Normal, by: Side::Us, .. }]),
        "{last:?}"
    );
}

#[test]
fn the_caller_hangs_up_and_says_why() {
    let (mut bench, dialog, invite, ok) = answered();
    let bye = invite.next("BYE", 2).tagged(&ok).with("Reason: Q.850;cause=34;text=\"full\"");
    assert_eq!(first_line(&bench.ask(CARRIER, &bye.text())), "SIP/2.0 200 OK");
    let event = bench.take_events().remove(0);
    assert!(
        matches!(event, SipEvent::HungUp { dialog: d, cause: Cause::Congestion, by: Side::Them } if d == dialog)
    );
    assert_eq!(first_line(&bench.ask(CARRIER, &bye.text())), "SIP/2.0 200 OK", "repeated");
    assert!(bench.take_events().is_empty());
    bench.assert_empty();
}

#[test]
fn byes_may_cross() {
    let (mut bench, dialog, invite, ok) = answered();
    bench.sent.clear();
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    let ours = bench.take_sent().remove(0);
    let theirs = invite.next("BYE", 2).tagged(&ok);
    assert_eq!(first_line(&bench.ask(CARRIER, &theirs.text())), "SIP/2.0 200 OK");
    bench.udp(CARRIER, respond(&ours, "481 Gone", "", "", ""));
    assert_eq!(bench.take_events().iter().filter(|event| event.is_last()).count(), 1);
    bench.assert_empty();
}

#[test]
fn a_refusal_is_repeated_until_it_is_acknowledged() {
    let mut bench = Bench::new();
    let invite = Ask::invite("r");
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.act(|e, now| e.reject(now, dialog, 486, Some("Busy\r\nX: injected")));
    let busy = bench.take_sent().pop().unwrap();
    assert_eq!(first_line(&busy), "SIP/2.0 486 Busy Here", "a broken reason is replaced");
    bench.advance(1_600);
    assert_eq!(bench.take_lines().len(), 2, "after 0.5 s and 1.5 s");
    let mut ack = invite.next("ACK", 1).tagged(&busy);
    ack.via = invite.via.clone();
    bench.udp(CARRIER, ack.text());
    bench.advance(10_000);
    assert_eq!(bench.take_lines(), [""; 0]);
    bench.assert_empty();
}

#[test]
fn a_call_that_nobody_answers_is_kept_ringing_and_then_given_up() {
    let mut bench = Bench::new();
    bench.udp(CARRIER, Ask::invite("u").text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.ring(now, dialog));
    bench.take_sent();
    bench.advance(125_000);
    assert_eq!(bench.take_lines(), ["SIP/2.0 180 Ringing"; 2], "proxies want one a minute");
    bench.advance(limits::MAX_UNANSWERED_MS);
    assert!(bench.take_lines().contains(&"SIP/2.0 480 Temporarily Unavailable".to_owned()));
    bench.assert_empty();
}

#[test]
fn commands_for_a_leg_that_is_over_do_nothing() {
    let (mut bench, dialog, invite, ok) = answered();
    bench.udp(CARRIER, invite.next("BYE", 2).tagged(&ok).text());
    bench.take_sent();
    bench.take_events();
    bench.act(|endpoint, now| {
        endpoint.ring(now, dialog);
        endpoint.early_media(now, dialog, &media(1));
        endpoint.answer(now, dialog, &media(1));
        endpoint.reject(now, dialog, 486, None);
        endpoint.hang_up(now, dialog, Cause::Normal);
        endpoint.reinvite(now, dialog, Direction::SendOnly);
        endpoint.send_digit(now, dialog, '1', 100);
    });
    assert!(bench.take_sent().is_empty());
    assert!(bench.take_events().is_empty());
    bench.assert_empty();
}

#[test]
fn requests_follow_the_recorded_route() {
    for (route, target_first) in [
        ("<sip:10.0.0.7;lr>, <sip:10.0.0.8:5070;lr>", true),
        ("<sip:10.0.0.7>, <sip:10.0.0.8:5070;lr>", false),
    ] {
        let mut bench = Bench::new();
        let invite = Ask::invite("rr").with(&format!("Record-Route: {route}"));
        bench.udp(CARRIER, invite.text());
        let dialog = bench.incoming().dialog;
        bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
        let ok = bench.take_sent().pop().unwrap();
        assert_eq!(header(&ok, "Record-Route").unwrap(), route);
        bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
        bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
        let (hop, bye) = bench.sent.pop().unwrap();
        assert_eq!(hop, Hop::udp(addr("10.0.0.7:5060")));
        let routes = headers(&bye, "Route");
        if target_first {
            assert_eq!(first_line(&bye), format!("BYE sip:ann@{CARRIER} SIP/2.0"));
            assert_eq!(routes, ["<sip:10.0.0.7;lr>", "<sip:10.0.0.8:5070;lr>"]);
        } else {
            assert_eq!(first_line(&bye), "BYE sip:10.0.0.7 SIP/2.0");
            assert_eq!(routes, ["<sip:10.0.0.8:5070;lr>", "<sip:ann@10.0.0.2:5060>"]);
        }
    }
}
