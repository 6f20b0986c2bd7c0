//! Each trunk has its own way of writing numbers; the server has one.

use crate::support::*;
use strowger_sip::*;

fn plan() -> NumberPlan {
    NumberPlan {
        country_code: "44".into(),
        national_prefix: "0".into(),
        international_prefix: "00".into(),
    }
}

fn form(form: NumberForm) -> Translation {
    Translation::new(vec![], Some((plan(), form))).unwrap()
}

fn bench(change: impl FnOnce(&mut TrunkPolicy, &mut TrunkPolicy)) -> Bench {
    carriers(in_order(|trunking| {
        let (mut first, mut second) = (TrunkPolicy::default(), TrunkPolicy::default());
        change(&mut first, &mut second);
        trunking.trunks.insert(trunk_id(1), first);
        trunking.trunks.insert(trunk_id(2), second);
    }))
}

#[test]
fn every_trunk_tried_gets_its_own_form() {
    let mut bench = bench(|first, second| {
        first.called_out = form(NumberForm::National);
        first.caller_out = form(NumberForm::International);
        second.called_out = form(NumberForm::E164NoPlus);
    });
    bench.route(1, "+441632960111");
    let (_, invite) = bench.invited();
    assert_eq!(first_line(&invite), "INVITE sip:01632960111@10.0.0.11 SIP/2.0");
    let from = header(&invite, "From").unwrap();
    assert!(from.starts_with("\"Acme\" <sip:00441632960000@10.0.0.11>;tag="), "{from}");
    bench.udp(FIRST, respond(&invite, "503 Full", "x", "", ""));
    let (_, invite) = bench.invited();
    assert_eq!(first_line(&invite), "INVITE sip:441632960111@10.0.0.12 SIP/2.0");
    let from = header(&invite, "From").unwrap();
    assert!(from.starts_with("\"Acme\" <sip:+441632960000@10.0.0.12>;tag="), "{from}");
}

#[test]
fn incoming_numbers_become_ours() {
    let mut bench = bench(|first, _| {
        first.called_in = form(NumberForm::E164);
        first.caller_in = form(NumberForm::E164);
    });
    let mut ask = Ask::invite("in");
    ask.uri = "sip:01632960000@10.0.0.1".into();
    ask.from = "<sip:0012125550000@10.0.0.11>;tag=a".into();
    ask.via = format!("SIP/2.0/UDP {FIRST};branch=z9hG4bK-in");
    bench.udp(FIRST, ask.text());
    let incoming = bench.incoming();
    assert_eq!((incoming.to.as_str(), incoming.from.as_str()), ("+441632960000", "+12125550000"));
    assert!(incoming.request_uri.contains("01632960000"), "as it came, for traces");
}

#[test]
fn the_shown_number_is_the_trunks_affair() {
    let mut hidden = bench(|first, _| first.caller = CallerPolicy::Anonymous);
    hidden.route(1, "100");
    let (_, invite) = hidden.invited();
    assert!(header(&invite, "From").unwrap().contains("<sip:anonymous@anonymous.invalid>"));
    assert_eq!(header(&invite, "Privacy").unwrap(), "id");
    assert!(!invite.contains("441632960000"), "nowhere: {invite}");
    let mut own = bench(|first, _| {
        first.caller = CallerPolicy::Own { numbers: vec![], otherwise: "+441632960999".into() };
    });
    own.route(1, "100");
    let from = header(&own.invited().1, "From").unwrap();
    assert!(from.starts_with("<sip:+441632960999@"), "{from}");
}
