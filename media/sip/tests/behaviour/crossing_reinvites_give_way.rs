//! Re-INVITEs of ours: hold, resume, and what happens when both sides ask at once.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

#[test]
fn we_hold_and_resume() {
    let (mut bench, dialog, _, ok) = answered();
    bench.take_sent();
    for (direction, theirs, expected) in [
        (Direction::SendOnly, "a=recvonly\r\n", Direction::SendOnly),
        (Direction::SendRecv, "a=sendrecv\r\n", Direction::SendRecv),
    ] {
        bench.act(|endpoint, now| endpoint.reinvite(now, dialog, direction));
        let invite = bench.take_sent().pop().unwrap();
        assert_eq!(to_tag(&invite), "ann");
        assert_eq!(header(&invite, "From"), header(&ok, "To"));
        assert!(body(&invite).contains(if direction.receives() { "sendrecv" } else { "sendonly" }));
        assert!(body(&invite).contains("m=audio 6000 RTP/AVP 8 0 101"));
        let answer = sdp("10.0.0.2", 4000, theirs);
        bench.udp(CARRIER, respond(&invite, "200 OK", "", "", &answer));
        assert!(bench.take_lines()[0].starts_with("ACK "));
        let events = bench.take_events();
        assert!(
            matches!(&events[..], [SipEvent::Reinvited { media, .. }] if media.direction == expected),
            "{events:?}"
        );
    }
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    bench.assert_empty();
}

#[test]
fn versions_grow_only_when_something_changed() {
    let (mut bench, dialog, invite, ok) = answered();
    let version = |text: &str| -> u64 {
        let line = body(text).lines().find(|line| line.starts_with("o=")).unwrap().to_owned();
        line.split(' ').nth(2).unwrap().parse().unwrap()
    };
    let first = version(&ok);
    let mut refresh = invite.next("INVITE", 2).tagged(&ok);
    refresh.body = invite.body.clone();
    let same = bench.ask(CARRIER, &refresh.text());
    assert_eq!(version(&same), first, "a refresh changes nothing");
    bench.udp(CARRIER, refresh.next("ACK", 2).text());
    bench.act(|endpoint, now| endpoint.reinvite(now, dialog, Direction::SendOnly));
    let held = bench.take_sent().pop().unwrap();
    assert_eq!(version(&held), first + 1);
}

#[test]
fn theirs_while_ours_is_out_is_refused_with_491() {
    let (mut bench, dialog, invite, ok) = answered();
    bench.act(|endpoint, now| endpoint.reinvite(now, dialog, Direction::SendOnly));
    let mut theirs = invite.next("INVITE", 2).tagged(&ok);
    theirs.body = invite.body.clone();
    let answer = bench.ask(CARRIER, &theirs.text());
    assert_eq!(first_line(&answer), "SIP/2.0 491 Request Pending");
    assert_eq!(bench.count(Count::Glare), 1);
}

#[test]
fn ours_is_tried_again_after_a_491() {
    let (mut bench, dialog, _, _) = answered();
    bench.take_sent();
    bench.act(|endpoint, now| endpoint.reinvite(now, dialog, Direction::SendOnly));
    let first = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, respond(&first, "491 Pending", "", "", ""));
    bench.take_sent();
    bench.advance(2_100);
    let again = bench.take_sent().into_iter().find(|text| text.starts_with("INVITE")).unwrap();
    assert_ne!(header(&again, "CSeq"), header(&first, "CSeq"));
    assert!(body(&again).contains("sendonly"));
    let answer = sdp("10.0.0.2", 4000, "a=recvonly\r\n");
    bench.udp(CARRIER, respond(&again, "200 OK", "", "", &answer));
    assert!(matches!(bench.take_events()[..], [SipEvent::Reinvited { .. }]));
}

#[test]
fn a_peer_that_never_gives_way_is_not_asked_for_ever() {
    let (mut bench, dialog, _, _) = answered();
    bench.act(|endpoint, now| endpoint.reinvite(now, dialog, Direction::SendOnly));
    for _ in 0..20 {
        let sent = bench.take_sent();
        if let Some(invite) = sent.iter().find(|text| text.starts_with("INVITE")) {
            bench.udp(CARRIER, respond(invite, "491 Pending", "", "", ""));
        }
        bench.advance(2_100);
    }
    let events = bench.take_events();
    assert!(
        matches!(events[..], [SipEvent::ReinviteFailed { status: Some(491), .. }]),
        "{events:?}"
    );
}

#[test]
fn a_refused_reinvite_leaves_what_was() {
    let (mut bench, dialog, invite, ok) = answered();
    bench.take_sent();
    bench.act(|endpoint, now| endpoint.reinvite(now, dialog, Direction::SendOnly));
    let ours = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, respond(&ours, "488 No", "", "", ""));
    let events = bench.take_events();
    assert!(
        matches!(events[..], [SipEvent::ReinviteFailed { status: Some(488), .. }]),
        "{events:?}"
    );
    let mut theirs = invite.next("INVITE", 2).tagged(&ok);
    theirs.body = invite.body.clone();
    assert!(body(&bench.ask(CARRIER, &theirs.text())).contains("sendrecv"));
}

#[test]
fn a_peer_that_forgot_the_dialog_loses_it() {
    let (mut bench, dialog, _, _) = answered();
    bench.take_sent();
    bench.act(|endpoint, now| endpoint.reinvite(now, dialog, Direction::SendOnly));
    let ours = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, respond(&ours, "481 Gone", "", "", ""));
    let last = bench.take_events().pop().unwrap();
    assert!(matches!(last, SipEvent::HungUp { cause: Cause::Unreachable, by: Side::Neither, .. }));
    bench.assert_empty();
}
