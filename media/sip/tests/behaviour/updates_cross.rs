//! UPDATEs of ours, and what crosses them.

use crate::support::*;
use strowger_sip::*;

/// A call that came in from a peer that allows UPDATE, up.
fn up() -> (Bench, DialogKey, Ask, String) {
    let mut bench = Bench::new();
    let invite = Ask::invite("u").with("Allow: INVITE, UPDATE");
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
    bench.take_events();
    (bench, dialog, invite, ok)
}

fn held(bench: &mut Bench, dialog: DialogKey) -> String {
    bench.act(|endpoint, now| endpoint.update(now, dialog, Direction::SendOnly));
    let update = bench.take_sent().pop().unwrap();
    assert!(update.starts_with("UPDATE ") && body(&update).contains("a=sendonly"), "{update}");
    update
}

#[test]
fn ours_holds_without_an_ack() {
    let (mut bench, dialog, ..) = up();
    let update = held(&mut bench, dialog);
    let answer = sdp("10.0.0.2", 4000, "a=recvonly\r\n");
    bench.udp(CARRIER, respond(&update, "200 OK", "", "", &answer));
    assert!(bench.take_sent().is_empty());
    assert!(matches!(bench.take_events()[..], [SipEvent::Reinvited { .. }]));
}

#[test]
fn a_peer_that_does_not_allow_it_is_reinvited() {
    let (mut bench, dialog, ..) = answered();
    bench.take_sent();
    bench.act(|endpoint, now| endpoint.update(now, dialog, Direction::SendOnly));
    assert!(bench.take_sent()[0].starts_with("INVITE "));
}

#[test]
fn theirs_while_ours_is_out_is_glare_in_every_mixture() {
    for ours_by_update in [true, false] {
        for theirs in ["UPDATE", "INVITE"] {
            let (mut bench, dialog, invite, ok) = up();
            bench.act(|endpoint, now| match ours_by_update {
                true => endpoint.update(now, dialog, Direction::SendOnly),
                false => endpoint.reinvite(now, dialog, Direction::SendOnly),
            });
            let mut ask = invite.next(theirs, 2).tagged(&ok);
            ask.body = sdp("10.0.0.2", 4000, "");
            let answer = bench.ask(CARRIER, &ask.text());
            assert_eq!(first_line(&answer), "SIP/2.0 491 Request Pending", "{theirs}");
            assert_eq!(bench.count(Count::Glare), 1);
            assert!(bench.take_events().is_empty());
        }
    }
}

#[test]
fn ours_is_tried_again_when_they_say() {
    for (status, extra, wait_ms) in
        [("491 Pending", "", 2_000), ("500 Later", "Retry-After: 3 (soon)\r\n", 3_000)]
    {
        let (mut bench, dialog, ..) = up();
        let first = held(&mut bench, dialog);
        bench.udp(CARRIER, respond(&first, status, "", extra, ""));
        if status.starts_with("500") {
            bench.advance(wait_ms - 10);
            assert!(bench.take_sent().is_empty());
        }
        bench.advance(wait_ms);
        let again = bench.take_sent().pop().unwrap();
        assert!(again.starts_with("UPDATE ") && body(&again).contains("a=sendonly"));
        bench.udp(CARRIER, respond(&again, "500 No", "", "", ""));
        let events = bench.take_events();
        assert!(
            matches!(events[..], [SipEvent::ReinviteFailed { status: Some(500), .. }]),
            "no Retry-After, no other try: {events:?}"
        );
    }
}

#[test]
fn an_offer_that_waits_in_their_late_reinvite_is_not_crossed() {
    let (mut bench, dialog, invite, ok) = up();
    // Their re-INVITE without an offer: ours is in the 200, the answer in the ACK.
    let late = invite.next("INVITE", 2).tagged(&ok);
    bench.ask(CARRIER, &late.text());
    let mut crossing = invite.next("UPDATE", 3).tagged(&ok);
    crossing.body = sdp("10.0.0.2", 4000, "");
    assert!(bench.ask(CARRIER, &crossing.text()).starts_with("SIP/2.0 491 "));
    bench.sent.clear();
    bench.act(|endpoint, now| endpoint.update(now, dialog, Direction::SendOnly));
    assert!(bench.take_sent().is_empty(), "waits");
    let mut ack = late.next("ACK", 2);
    ack.body = sdp("10.0.0.2", 4000, "");
    bench.udp(CARRIER, ack.text());
    bench.advance(1_001);
    assert!(bench.take_sent().iter().any(|text| text.starts_with("UPDATE ")));
}
