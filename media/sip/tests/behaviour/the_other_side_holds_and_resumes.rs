//! Re-INVITEs and UPDATEs of the other side.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

/// Sends a re-INVITE with this body, acknowledges its answer, returns both.
fn reinvite(bench: &mut Bench, call: &(Ask, String), cseq: u32, body: &str) -> String {
    let mut ask = call.0.next("INVITE", cseq).tagged(&call.1);
    ask.body = body.into();
    let answer = bench.ask(CARRIER, &ask.text());
    bench.udp(CARRIER, ask.next("ACK", cseq).text());
    answer
}

#[test]
fn every_style_of_hold_is_understood() {
    for (address, attributes, ours, direction) in [
        ("10.0.0.2", "a=sendonly\r\n", "a=recvonly", Direction::RecvOnly),
        ("10.0.0.2", "a=inactive\r\n", "a=inactive", Direction::Inactive),
        ("0.0.0.0", "", "a=recvonly", Direction::RecvOnly),
        ("0.0.0.0", "a=inactive\r\n", "a=inactive", Direction::Inactive),
    ] {
        let (mut bench, dialog, invite, ok) = answered();
        let call = (invite.clone(), ok);
        let answer = reinvite(&mut bench, &call, 2, &sdp(address, 4000, attributes));
        assert!(body(&answer).contains(ours), "{attributes}: {answer}");
        let events = bench.take_events();
        assert!(
            matches!(&events[..], [SipEvent::Held { media, .. }] if media.direction == direction),
            "{events:?}"
        );
        reinvite(&mut bench, &call, 3, &sdp(address, 4000, attributes));
        assert!(bench.take_events().is_empty(), "held already");
        reinvite(&mut bench, &call, 4, &invite.body);
        let events = bench.take_events();
        assert!(
            matches!(&events[..], [SipEvent::Resumed { media, .. }] if media.direction == Direction::SendRecv),
            "{events:?}"
        );
        bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
        bench.assert_empty();
    }
}

#[test]
fn hold_for_the_whole_session_counts_too() {
    let (mut bench, _, invite, ok) = answered();
    let held = invite.body.replace("t=0 0\r\n", "t=0 0\r\na=sendonly\r\n");
    let answer = reinvite(&mut bench, &(invite, ok), 2, &held);
    assert!(body(&answer).contains("a=recvonly"));
    assert!(matches!(bench.take_events()[..], [SipEvent::Held { .. }]));
}

#[test]
fn a_call_that_comes_in_held_is_resumed() {
    let mut bench = Bench::new();
    let mut invite = Ask::invite("h");
    let plain = std::mem::replace(&mut invite.body, sdp("10.0.0.2", 4000, "a=sendonly\r\n"));
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
    bench.take_events();
    reinvite(&mut bench, &(invite, ok), 2, &plain);
    assert!(matches!(bench.take_events()[..], [SipEvent::Resumed { .. }]));
}

#[test]
fn a_move_is_told_and_a_refresh_is_not() {
    let (mut bench, _, invite, ok) = answered();
    let call = (invite.clone(), ok);
    reinvite(&mut bench, &call, 2, &invite.body);
    assert!(bench.take_events().is_empty());
    reinvite(&mut bench, &call, 3, &sdp("10.0.0.77", 4500, ""));
    let events = bench.take_events();
    assert!(
        matches!(&events[..], [SipEvent::MediaChanged { media, .. }] if media.remote == addr("10.0.0.77:4500")),
        "{events:?}"
    );
}

#[test]
fn an_offer_that_cannot_be_used_leaves_what_was() {
    let (mut bench, _, invite, ok) = answered();
    let call = (invite.clone(), ok);
    let bad = invite.body.replace("0 8 101", "18");
    let answer = reinvite(&mut bench, &call, 2, &bad);
    assert_eq!(first_line(&answer), "SIP/2.0 488 Not Acceptable Here");
    assert!(header(&answer, "Warning").unwrap().starts_with("305 "));
    assert!(bench.take_events().is_empty());
    assert_eq!(first_line(&reinvite(&mut bench, &call, 3, &invite.body)), "SIP/2.0 200 OK");
}

#[test]
fn a_reinvite_without_offer_gets_ours() {
    let (mut bench, _, invite, ok) = answered();
    let ask = invite.next("INVITE", 2).tagged(&ok);
    let answer = bench.ask(CARRIER, &ask.text());
    assert!(body(&answer).contains("m=audio 6000 RTP/AVP 8 0 101"));
    let mut ack = ask.next("ACK", 2);
    ack.body = sdp("10.0.0.2", 4000, "a=sendonly\r\n");
    bench.udp(CARRIER, ack.text());
    assert!(matches!(bench.take_events()[..], [SipEvent::Held { .. }]));
}

#[test]
fn a_second_one_before_the_ack_must_wait() {
    let (mut bench, _, invite, ok) = answered();
    let mut first = invite.next("INVITE", 2).tagged(&ok);
    first.body = invite.body.clone();
    bench.ask(CARRIER, &first.text());
    let mut second = invite.next("INVITE", 3).tagged(&ok);
    second.body = invite.body.clone();
    let answer = bench.ask(CARRIER, &second.text());
    assert_eq!(first_line(&answer), "SIP/2.0 500 Server Internal Error");
    assert!(header(&answer, "Retry-After").is_some());
}

#[test]
fn updates_refresh_and_renegotiate() {
    let (mut bench, _, invite, ok) = answered();
    let update = invite.next("UPDATE", 2).tagged(&ok);
    assert_eq!(first_line(&bench.ask(CARRIER, &update.text())), "SIP/2.0 200 OK");
    assert!(bench.take_events().is_empty());
    let mut hold = invite.next("UPDATE", 3).tagged(&ok);
    hold.body = sdp("10.0.0.2", 4000, "a=sendonly\r\n");
    assert!(body(&bench.ask(CARRIER, &hold.text())).contains("a=recvonly"));
    assert!(matches!(bench.take_events()[..], [SipEvent::Held { .. }]));
}

#[test]
fn options_inside_a_dialog_are_answered() {
    let (mut bench, _, invite, ok) = answered();
    let options = invite.next("OPTIONS", 2).tagged(&ok);
    assert_eq!(first_line(&bench.ask(CARRIER, &options.text())), "SIP/2.0 200 OK");
}
