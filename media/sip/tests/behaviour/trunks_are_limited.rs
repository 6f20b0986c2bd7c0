//! Rates, places, prefixes and budgets, of trunks and of tenants.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

fn limited(limits: CallLimits) -> Bench {
    carriers(in_order(|trunking| {
        let policy = TrunkPolicy { limits, ..TrunkPolicy::default() };
        trunking.trunks.insert(trunk_id(1), policy);
    }))
}

fn tenant_limited(change: impl FnOnce(&mut TenantPolicy)) -> Bench {
    carriers(in_order(|trunking| change(trunking.tenants.get_mut(&tenant(1)).unwrap())))
}

fn refused(bench: &mut Bench) -> Cause {
    assert!(bench.take_sent().is_empty());
    match bench.take_events()[..] {
        [SipEvent::Failed { cause, status: None, .. }] => cause,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn a_full_trunk_passes_the_call_on() {
    let mut bench = limited(CallLimits { calls_out: Some(1), ..CallLimits::default() });
    bench.route(1, "100");
    assert_eq!(bench.invited().0, addr(FIRST));
    bench.route(2, "100");
    assert_eq!(bench.invited().0, addr(SECOND));
    assert!(bench.status(1).refused.contains(&(Refusal::CallsOut, 1)));
    assert_eq!(bench.count(Count::TrunkLimit), 1);
}

#[test]
fn a_trunk_gets_only_what_it_may_call() {
    let mut bench = limited(CallLimits { allowed: vec!["+44".into()], ..CallLimits::default() });
    bench.route(1, "+12125550000");
    assert_eq!(bench.invited().0, addr(SECOND));
    bench.route(2, "+441632960001");
    assert_eq!(bench.invited().0, addr(FIRST));
}

#[test]
fn calls_in_are_limited_too() {
    let mut bench = limited(CallLimits { calls_in: Some(1), ..CallLimits::default() });
    let invite = |call_id: &str| {
        let mut ask = Ask::invite(call_id);
        ask.via = format!("SIP/2.0/UDP {FIRST};branch=z9hG4bK-{call_id}-1");
        ask
    };
    bench.udp(FIRST, invite("a").text());
    let dialog = bench.incoming().dialog;
    bench.take_sent();
    let refusal = bench.ask(FIRST, &invite("b").text());
    assert_eq!(first_line(&refusal), "SIP/2.0 503 Service Unavailable");
    assert!(header(&refusal, "Retry-After").is_some());
    bench.act(|endpoint, now| endpoint.reject(now, dialog, 486, None));
    bench.take_sent();
    bench.udp(FIRST, invite("a").next("ACK", 1).text());
    bench.advance(60_000);
    bench.take_sent();
    bench.udp(FIRST, invite("c").text());
    assert!(bench.is_taken());
}

#[test]
fn a_tenant_calls_no_faster_than_it_may() {
    let mut bench = tenant_limited(|policy| policy.limits.calls_per_s = Some(2));
    for number in 0..2 {
        bench.route(number, "100");
        bench.invited();
    }
    bench.route(2, "100");
    assert_eq!(refused(&mut bench), Cause::Congestion);
    bench.advance(500);
    bench.sent.clear();
    bench.route(3, "100");
    assert_eq!(bench.invited().0, addr(FIRST));
    let why = bench.endpoint.tenant_refusals(tenant(1));
    assert!(why.contains(&(Refusal::Rate, 1)), "{why:?}");
}

#[test]
fn another_way_of_writing_leads_around_no_prefix() {
    let plan = NumberPlan {
        country_code: "44".into(),
        national_prefix: "0".into(),
        international_prefix: "00".into(),
    };
    let mut bench = tenant_limited(|policy| {
        policy.plan = Some(plan);
        policy.limits.denied = vec!["+447".into(), "+882".into()];
    });
    for number in ["+447700900000", "00447700900000", "07700900000", "447700900000", "0088216"] {
        bench.route(1, number);
        assert_eq!(refused(&mut bench), Cause::Forbidden, "{number}");
    }
    bench.route(2, "01632960000");
    bench.invited();
}

#[test]
fn a_budget_bears_what_it_bears() {
    let mut bench = tenant_limited(|policy| {
        policy.tariff = Some(Tariff::new([("+44".to_owned(), 40), ("+4470".to_owned(), 5_000)]));
    });
    bench.act(|endpoint, _| endpoint.set_budget(tenant(1), Some(100)));
    for (place, (number, goes)) in [
        ("+441632960000", true),
        ("+447012345678", false),
        ("+12125550000", false),
        ("+441632960001", true),
        ("+441632960002", false),
    ]
    .into_iter()
    .enumerate()
    {
        bench.route(place as u64, number);
        if goes {
            bench.invited();
        } else {
            assert_eq!(refused(&mut bench), Cause::Forbidden, "{number}");
        }
    }
    let why = bench.endpoint.tenant_refusals(tenant(1));
    assert!(why.contains(&(Refusal::OverBudget, 2)) && why.contains(&(Refusal::NoPrice, 1)));
}

#[test]
fn a_call_holds_its_first_minute_until_it_is_over() {
    let mut bench = tenant_limited(|policy| {
        policy.tariff = Some(Tariff::new([("+44".to_owned(), 40)]));
    });
    bench.act(|endpoint, _| endpoint.set_budget(tenant(1), Some(70)));
    bench.route(1, "+441632960000");
    let (_, invite) = bench.invited();
    // What is left is said anew: what is held stays held.
    bench.act(|endpoint, _| endpoint.set_budget(tenant(1), Some(70)));
    bench.route(2, "+441632960001");
    assert_eq!(refused(&mut bench), Cause::Forbidden);
    // Nobody answers: it has cost nothing.
    bench.udp(FIRST, respond(&invite, "486 Busy Here", "x", "", ""));
    bench.take_events();
    bench.route(3, "+441632960002");
    bench.invited();
    bench.take_events();
    bench.act(|endpoint, _| endpoint.set_budget(tenant(1), Some(30)));
    bench.route(4, "+441632960003");
    assert_eq!(refused(&mut bench), Cause::Forbidden);
}

#[test]
fn a_call_that_goes_nowhere_holds_nothing() {
    let mut bench = carriers(in_order(|trunking| {
        let policy = trunking.tenants.get_mut(&tenant(1)).unwrap();
        policy.tariff = Some(Tariff::new([(String::new(), 40)]));
        let none = CallLimits { calls_out: Some(0), ..CallLimits::default() };
        for trunk in [1, 2, 3] {
            let policy = TrunkPolicy { limits: none.clone(), ..TrunkPolicy::default() };
            trunking.trunks.insert(trunk_id(trunk), policy);
        }
    }));
    bench.act(|endpoint, _| endpoint.set_budget(tenant(1), Some(40)));
    for place in 0..3 {
        bench.route(place, "+441632960000");
        assert_eq!(refused(&mut bench), Cause::Congestion);
    }
    let why = bench.endpoint.tenant_refusals(tenant(1));
    assert!(why.contains(&(Refusal::OverBudget, 0)), "{why:?}");
}

#[test]
fn another_tenants_trunk_is_never_used() {
    let mut bench = carriers(in_order(|_| {}));
    let directory = Directory::new(
        vec![domains(1, "acme.example"), domains(2, "other.example")],
        vec![],
        vec![trunk(1, 2, FIRST), trunk(2, 1, SECOND)],
        None,
    );
    bench.act(|endpoint, now| endpoint.set_directory(now, directory.unwrap().into()));
    bench.route(1, "100");
    assert_eq!(bench.invited().0, addr(SECOND));
}
