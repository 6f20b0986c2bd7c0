//! What became of calls is counted on the trunk that had them.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

fn ok(invite: &str, at: &str) -> String {
    let contact = format!("Contact: <sip:c@{at}>\r\n");
    respond(invite, "200 OK", "c", &contact, &sdp("10.0.0.9", 4000, ""))
}

#[test]
fn a_call_that_fails_over_counts_on_both() {
    let mut bench = carriers(in_order(|_| {}));
    let dialog = bench.route(1, "100");
    let (_, first) = bench.invited();
    bench.udp(FIRST, respond(&first, "503 Full", "x", "", ""));
    let (_, second) = bench.invited();
    bench.advance(700);
    bench.udp(SECOND, respond(&second, "180 Ringing", "c", "", ""));
    bench.advance(2_000);
    bench.udp(SECOND, ok(&second, SECOND));
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    let (one, two) = (bench.status(1).figures.outbound, bench.status(2).figures.outbound);
    assert_eq!((one.calls, one.answered, one.rang), (1, 0, 0));
    assert_eq!(one.failed.into_iter().collect::<Vec<_>>(), [("failed_over", 1)]);
    assert_eq!((two.calls, two.answered, two.rang, two.ring_delay_ms), (1, 1, 1, 700));
    assert!(two.failed.is_empty(), "{:?}", two.failed);
}

#[test]
fn unanswered_calls_are_counted_by_cause() {
    let mut bench = carriers(in_order(|_| {}));
    for (number, status) in [(1, "486 Busy Here"), (2, "486 Busy Here"), (3, "404 Not Found")] {
        bench.route(number, "100");
        let (_, invite) = bench.invited();
        bench.udp(FIRST, respond(&invite, status, "x", "", ""));
    }
    let figures = bench.status(1).figures.outbound;
    assert_eq!((figures.calls, figures.answered), (3, 0));
    let failed: Vec<_> = figures.failed.into_iter().collect();
    assert_eq!(failed, [("busy", 2), ("not_found", 1)]);
}

#[test]
fn calls_in_are_counted_apart() {
    let mut bench = carriers(in_order(|_| {}));
    let invite = |call_id: &str| {
        let mut ask = Ask::invite(call_id);
        ask.via = format!("SIP/2.0/UDP {FIRST};branch=z9hG4bK-{call_id}-1");
        ask
    };
    bench.udp(FIRST, invite("refused").text());
    let refused = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.reject(now, refused, 486, None));
    bench.take_events();
    bench.udp(FIRST, invite("answered").text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let figures = bench.status(1).figures;
    assert_eq!((figures.inbound.calls, figures.inbound.answered), (2, 1));
    assert_eq!(figures.inbound.failed.values().sum::<u64>(), 1, "{figures:?}");
    assert_eq!(figures.outbound, CallFigures::default());
}
