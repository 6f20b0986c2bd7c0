//! When we are full a new call is refused at once and cheaply; whoever talks
//! already is served.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

fn bench(change: impl FnOnce(&mut Limits)) -> Bench {
    let mut config = EndpointConfig::new(addr(US));
    change(&mut config.limits);
    Bench::with(config, directory())
}

fn assert_shed(bench: &mut Bench, call_id: &str, why: Count) {
    let before = (bench.count(Count::Shed), bench.count(why), bench.endpoint.usage());
    let refusal = bench.ask(CARRIER, &Ask::invite(call_id).text());
    assert_eq!(first_line(&refusal), "SIP/2.0 503 Service Unavailable");
    assert_eq!(header(&refusal, "Retry-After").unwrap(), "5");
    assert!(!to_tag(&refusal).is_empty());
    let after = (bench.count(Count::Shed), bench.count(why), bench.endpoint.usage());
    assert_eq!(after, (before.0 + 1, before.1 + 1, before.2), "it leaves nothing behind");
    assert_eq!(bench.ask(CARRIER, &Ask::invite(call_id).text()), refusal, "and again the same");
    let ack = Ask::invite(call_id).next("ACK", 1).tagged(&refusal);
    bench.udp(CARRIER, ack.text());
    assert!(bench.sent.is_empty());
}

#[test]
fn too_many_in_a_second() {
    let mut bench = bench(|limits| limits.calls_per_s = Some(2));
    for number in 0..2 {
        bench.udp(CARRIER, Ask::invite(&format!("c{number}")).text());
        assert!(bench.is_taken());
    }
    assert_shed(&mut bench, "c2", Count::CallRate);
    // A call that was let in may repeat itself.
    bench.udp(CARRIER, Ask::invite("c0").text());
    assert!(bench.sent.is_empty());
    bench.advance(500);
    bench.take_sent();
    bench.udp(CARRIER, Ask::invite("c3").text());
    assert!(bench.is_taken());
}

#[test]
fn too_many_at_a_time() {
    let mut bench = bench(|limits| limits.calls = 1);
    let invite = Ask::invite("one");
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.take_sent();
    assert_shed(&mut bench, "two", Count::FullCalls);
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
    let bye = bench.ask(CARRIER, &invite.next("BYE", 2).tagged(&ok).text());
    assert_eq!(first_line(&bye), "SIP/2.0 200 OK");
    assert!(matches!(
        bench.take_events().pop(),
        Some(SipEvent::HungUp { cause: Cause::Normal, .. })
    ));
}

#[test]
fn the_server_does_not_keep_up() {
    let mut bench = bench(|_| {});
    bench.endpoint.set_congested(true);
    assert_shed(&mut bench, "c", Count::Congested);
    bench.endpoint.set_congested(false);
    bench.udp(CARRIER, Ask::invite("d").text());
    bench.incoming();
}

#[test]
fn the_last_transactions_are_for_calls_that_are_up() {
    let (mut bench, _, invite, ok) = {
        let mut bench = bench(|limits| limits.transactions = 10);
        let invite = Ask::invite("up");
        bench.udp(CARRIER, invite.text());
        let dialog = bench.incoming().dialog;
        bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
        let ok = bench.take_sent().pop().unwrap();
        bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
        (bench, dialog, invite, ok)
    };
    for number in 0..8 {
        bench.udp(CARRIER, Ask::invite(&format!("c{number}")).text());
    }
    bench.take_sent();
    assert_shed(&mut bench, "late", Count::FullTransactions);
    let bye = bench.ask(CARRIER, &invite.next("BYE", 2).tagged(&ok).text());
    assert_eq!(first_line(&bye), "SIP/2.0 200 OK");
}
