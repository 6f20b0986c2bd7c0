//! OPTIONS probes and failing calls say how a trunk is doing; routes go by it.

use crate::support::*;
use strowger_sip::*;

fn probed() -> Bench {
    carriers(in_order(|trunking| {
        let health =
            HealthRules { probe_every_s: Some(30), fall: 2, rise: 2, hold_after: 2, hold_s: 60 };
        trunking.trunks.insert(trunk_id(1), TrunkPolicy { health, ..TrunkPolicy::default() });
    }))
}

fn states(bench: &mut Bench) -> Vec<(TrunkState, TrunkReason)> {
    let all = std::mem::take(&mut bench.notices).into_iter();
    all.filter_map(|notice| match notice {
        Notice::Trunk { trunk, state, reason } if trunk == trunk_id(1) => Some((state, reason)),
        _ => None,
    })
    .collect()
}

fn probe(bench: &mut Bench) -> String {
    for _ in 0..80 {
        bench.advance(1_000);
        let sent = bench.take_sent();
        if let Some(probe) = sent.into_iter().rfind(|text| text.starts_with("OPTIONS")) {
            return probe;
        }
    }
    panic!("no probe");
}

#[test]
fn a_silent_trunk_goes_down_and_comes_back() {
    let mut bench = probed();
    let asked = probe(&mut bench);
    assert_eq!(first_line(&asked), "OPTIONS sip:10.0.0.11 SIP/2.0");
    bench.udp(FIRST, respond(&asked, "404 Not here", "x", "", ""));
    assert!(states(&mut bench).is_empty(), "whoever answers is there");
    // Two rounds of 32 s without an answer, and the pauses between.
    bench.advance(140_000);
    assert_eq!(states(&mut bench), [(TrunkState::Down, TrunkReason::ProbesFailed)]);
    bench.take_sent();
    bench.route(1, "100");
    assert_eq!(bench.invited().0, addr(SECOND), "a trunk that is down gets no call");
    assert!(bench.status(1).refused.contains(&(Refusal::Down, 1)));
    for _ in 0..2 {
        let asked = probe(&mut bench);
        bench.udp(FIRST, respond(&asked, "200 OK", "x", "", ""));
    }
    assert_eq!(states(&mut bench), [(TrunkState::Up, TrunkReason::ProbesAnswered)]);
    bench.route(2, "100");
    assert_eq!(bench.invited().0, addr(FIRST));
}

#[test]
fn failing_calls_hold_a_trunk_for_a_while() {
    let mut bench = probed();
    for number in 0..2 {
        bench.route(number, "100");
        let (at, invite) = bench.invited();
        assert_eq!(at, addr(FIRST));
        bench.udp(FIRST, respond(&invite, "503 Full", "x", "", ""));
    }
    assert_eq!(states(&mut bench), [(TrunkState::Held, TrunkReason::CallsFailed)]);
    bench.route(3, "100");
    assert_eq!(bench.invited().0, addr(SECOND));
    for _ in 0..4 {
        let asked = probe(&mut bench);
        bench.udp(FIRST, respond(&asked, "200 OK", "x", "", ""));
    }
    assert_eq!(states(&mut bench), [(TrunkState::Up, TrunkReason::HoldOver)]);
}

#[test]
fn a_held_trunk_is_better_than_none() {
    let mut bench = carriers(in_order(|trunking| {
        trunking.tenants.get_mut(&tenant(1)).unwrap().route.steps = vec![step(1, 1, 0)];
    }));
    bench.route(1, "100");
    let (_, invite) = bench.invited();
    let wait = "Retry-After: 20 (later)\r\n";
    bench.udp(FIRST, respond(&invite, "503 Full", "x", wait, ""));
    assert_eq!(states(&mut bench), [(TrunkState::Held, TrunkReason::AskedToWait)]);
    bench.take_sent();
    bench.route(2, "100");
    assert_eq!(bench.invited().0, addr(FIRST));
}

#[test]
fn probes_end_with_the_trunk() {
    let mut bench = probed();
    probe(&mut bench);
    let empty = Directory::new(vec![domains(1, "acme.example")], vec![], vec![], None).unwrap();
    bench.act(|endpoint, now| endpoint.set_directory(now, empty.into()));
    bench.advance(200_000);
    bench.take_sent();
    bench.advance(200_000);
    assert!(bench.sent.is_empty(), "{:#?}", bench.sent);
    assert_eq!(bench.endpoint.next_timeout(), None);
}
