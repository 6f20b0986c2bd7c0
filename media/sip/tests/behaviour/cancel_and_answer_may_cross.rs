//! CANCEL races, in both roles.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

fn cancel(invite: &Ask) -> Ask {
    let mut cancel = invite.next("CANCEL", 1);
    cancel.via = invite.via.clone();
    cancel
}

#[test]
fn a_caller_cancels() {
    let mut bench = Bench::new();
    let invite = Ask::invite("c");
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.take_sent();
    bench.udp(CARRIER, cancel(&invite).text());
    let sent = bench.take_sent();
    assert_eq!(first_line(&sent[0]), "SIP/2.0 200 OK");
    assert_eq!(header(&sent[0], "CSeq").unwrap(), "1 CANCEL");
    assert_eq!(first_line(&sent[1]), "SIP/2.0 487 Request Terminated");
    assert_eq!(to_tag(&sent[0]), to_tag(&sent[1]));
    let last = bench.take_events().pop().unwrap();
    assert!(matches!(last, SipEvent::Cancelled { dialog: d } if d == dialog));
    bench.udp(CARRIER, cancel(&invite).text());
    assert_eq!(bench.take_lines(), ["SIP/2.0 200 OK"], "repeated");
    bench.assert_empty();
}

#[test]
fn a_cancel_after_our_answer_changes_nothing() {
    let (mut bench, _, invite, _) = answered();
    bench.take_sent();
    bench.udp(CARRIER, cancel(&invite).text());
    assert_eq!(bench.take_lines(), ["SIP/2.0 200 OK"]);
    assert!(bench.take_events().is_empty());
    assert_eq!(bench.endpoint.usage().calls, 1);
}

#[test]
fn a_cancel_of_nothing_is_481() {
    let mut bench = Bench::new();
    let line = first_line(&bench.ask(CARRIER, &cancel(&Ask::invite("x")).text()));
    assert_eq!(line, "SIP/2.0 481 Call/Transaction Does Not Exist");
    bench.assert_empty();
}

#[test]
fn ours_is_held_back_until_something_was_heard() {
    let (mut bench, dialog, invite) = placed();
    bench.act(|endpoint, now| endpoint.cancel(now, dialog));
    assert!(bench.take_sent().is_empty());
    let events = bench.take_events();
    assert!(matches!(events[..], [SipEvent::Failed { cause: Cause::Cancelled, .. }]));
    bench.udp(CARRIER, respond(&invite, "100 Trying", "", "", ""));
    let cancel = bench.take_sent().pop().unwrap();
    assert_eq!(first_line(&cancel), first_line(&invite).replace("INVITE", "CANCEL"));
    for name in ["Via", "From", "To", "Call-ID"] {
        assert_eq!(header(&cancel, name), header(&invite, name));
    }
    bench.udp(CARRIER, respond(&cancel, "200 OK", "b", "", ""));
    bench.udp(CARRIER, respond(&invite, "487 Terminated", "b", "", ""));
    assert!(bench.take_lines()[0].starts_with("ACK "));
    assert!(bench.take_events().is_empty());
    bench.assert_empty();
}

#[test]
fn an_answer_that_crosses_our_cancel_is_acknowledged_and_hung_up() {
    for heard in [false, true] {
        let (mut bench, dialog, invite) = placed();
        if heard {
            bench.udp(CARRIER, respond(&invite, "180 Ringing", "b", "", ""));
        }
        bench.act(|endpoint, now| endpoint.cancel(now, dialog));
        bench.take_sent();
        bench.take_events();
        let answer = sdp("10.0.0.2", 4000, "");
        let ok = respond(&invite, "200 OK", "b", "Contact: <sip:b@10.0.0.2:5060>\r\n", &answer);
        bench.udp(CARRIER, ok.clone());
        let sent = bench.take_sent();
        assert!(
            sent[0].starts_with("ACK sip:b@10.0.0.2:5060 ") && sent[1].starts_with("BYE sip:b@")
        );
        assert!(header(&sent[1], "To").unwrap().contains("tag=b"));
        bench.udp(CARRIER, ok);
        assert_eq!(bench.take_sent(), [sent[0].clone()], "a repeated answer gets its ACK again");
        bench.udp(CARRIER, respond(&sent[1], "200 OK", "", "", ""));
        assert!(bench.take_events().is_empty());
        bench.assert_empty();
    }
}

#[test]
fn a_cancelled_call_whose_final_response_never_comes_is_forgotten() {
    let (mut bench, dialog, invite) = placed();
    bench.udp(CARRIER, respond(&invite, "180 Ringing", "b", "", ""));
    bench.act(|endpoint, now| endpoint.cancel(now, dialog));
    bench.assert_empty();
}
