//! Digits in INFO requests, both ways.

use crate::support::*;
use strowger_sip::*;

fn info(call: &(Ask, String), cseq: u32, content_type: &'static str, body: &str) -> String {
    let mut ask = call.0.next("INFO", cseq).tagged(&call.1);
    ask.content_type = content_type;
    ask.body = body.into();
    ask.text()
}

#[test]
fn digits_come() {
    let (mut bench, _, invite, ok) = answered();
    let call = (invite, ok);
    let relay = info(&call, 2, "application/dtmf-relay", "Signal=5\r\nDuration=160\r\n");
    assert_eq!(first_line(&bench.ask(CARRIER, &relay)), "SIP/2.0 200 OK");
    bench.ask(CARRIER, &relay);
    let plain = info(&call, 3, "application/dtmf", "#");
    assert_eq!(first_line(&bench.ask(CARRIER, &plain)), "SIP/2.0 200 OK");
    let digits: Vec<_> = bench
        .take_events()
        .into_iter()
        .map(|event| match event {
            SipEvent::Digit { digit, held_ms, .. } => (digit, held_ms),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(digits, [('5', 160), ('#', 0)], "a repeated INFO is one digit");
}

#[test]
fn other_infos_are_answered_and_ignored() {
    let (mut bench, _, invite, ok) = answered();
    let call = (invite, ok);
    for (cseq, content_type, body, status) in [
        (2, "application/dtmf-relay", "Signal=x", "400"),
        (3, "text/plain", "5", "415"),
        (4, "", "", "200"),
    ] {
        let answer = bench.ask(CARRIER, &info(&call, cseq, content_type, body));
        assert!(first_line(&answer).contains(status), "{answer}");
    }
    assert!(bench.take_events().is_empty());
}

#[test]
fn digits_go() {
    let (mut bench, dialog, _, _) = answered();
    bench.take_sent();
    bench.act(|endpoint, now| {
        endpoint.send_digit(now, dialog, '*', 120);
        endpoint.send_digit(now, dialog, 'x', 120);
    });
    let sent = bench.take_sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(header(&sent[0], "Content-Type").unwrap(), "application/dtmf-relay");
    assert_eq!(body(&sent[0]), "Signal=*\r\nDuration=120\r\n");
    bench.udp(CARRIER, respond(&sent[0], "415 No", "", "", ""));
    assert!(bench.take_events().is_empty(), "a peer that wants no INFO keeps its call");
}
