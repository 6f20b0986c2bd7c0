//! A 200 is repeated until its ACK comes; if it never does the call is hung up.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

fn unacknowledged() -> (Bench, DialogKey, Ask) {
    let mut bench = Bench::new();
    let invite = Ask::invite("n");
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    bench.take_sent();
    bench.take_events();
    (bench, dialog, invite)
}

#[test]
fn it_is_repeated_with_growing_pauses_for_32_seconds() {
    let (mut bench, _, _) = unacknowledged();
    let mut at = Vec::new();
    for tick in 1..320 {
        bench.advance(100);
        for line in bench.take_lines() {
            assert_eq!(line, "SIP/2.0 200 OK");
            at.push(tick * 100);
        }
        assert!(bench.take_events().is_empty());
    }
    let expected = [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
    assert_eq!(at, expected);
}

#[test]
fn then_it_is_hung_up() {
    let (mut bench, dialog, _) = unacknowledged();
    bench.advance(32_001);
    let last = bench.take_lines().pop().unwrap();
    assert!(last.starts_with("BYE "), "{last}");
    let events = bench.take_events();
    assert!(
        matches!(events[..], [SipEvent::HungUp { dialog: d, cause: Cause::Unreachable, by: Side::Neither }] if d == dialog),
        "{events:?}"
    );
    assert_eq!(bench.count(Count::NeverAcknowledged), 1);
    bench.assert_empty();
}

#[test]
fn our_bye_waits_for_the_ack() {
    let (mut bench, dialog, invite) = unacknowledged();
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    assert!(bench.take_sent().is_empty(), "a BYE must not overtake the ACK");
    assert_eq!(bench.take_events().len(), 1, "the server is told at once");
    bench.advance(600);
    let ok = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
    let lines = bench.take_lines();
    assert!(lines[0].starts_with("BYE "), "{lines:?}");
    bench.assert_empty();
}
