//! UPDATEs of ours in early dialogs (RFC 3311 §5.1), in both roles.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

const CONTACT: &str = "Contact: <sip:b@10.0.0.2:5060>\r\nAllow: UPDATE\r\n";

/// A call that came in, has heard us, and has not acknowledged that yet.
fn came(require: &str) -> (Bench, DialogKey, Ask, String) {
    let mut bench = Bench::new();
    let invite = Ask::invite("e").with(require).with("Allow: UPDATE, PRACK");
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.early_media(now, dialog, &media(6000)));
    let early = bench.take_sent().pop().unwrap();
    bench.take_events();
    (bench, dialog, invite, early)
}

fn prack(bench: &mut Bench, invite: &Ask, early: &str) {
    let rseq = header(early, "RSeq").unwrap();
    let mut ask = invite.next("PRACK", 2).tagged(early);
    ask.extra = format!("RAck: {rseq} 1 INVITE\r\n");
    assert!(bench.ask(CARRIER, &ask.text()).starts_with("SIP/2.0 200 "));
}

/// A placed call whose early media from `tag` was acknowledged.
fn heard(bench: &mut Bench, invite: &str, tag: &str, port: u16) -> String {
    let extra = format!("{CONTACT}Require: 100rel\r\nRSeq: 1\r\n");
    let answer = sdp("10.0.0.2", port, "");
    bench.udp(CARRIER, respond(invite, "183 Early", tag, &extra, &answer));
    let prack = bench.take_sent().pop().unwrap();
    assert!(prack.starts_with("PRACK "));
    bench.take_events();
    prack
}

fn hold(bench: &mut Bench, dialog: DialogKey) {
    bench.act(|endpoint, now| endpoint.update(now, dialog, Direction::SendOnly));
}

fn held() -> String {
    sdp("10.0.0.2", 4000, "a=recvonly\r\n")
}

#[test]
fn a_caller_is_asked_once_it_acknowledged_what_it_heard() {
    let (mut bench, dialog, invite, early) = came("Require: 100rel");
    hold(&mut bench, dialog);
    assert!(bench.take_sent().is_empty(), "an offer may not overtake the answer before it");
    prack(&mut bench, &invite, &early);
    bench.take_sent();
    bench.advance(1_001);
    let update = bench.take_sent().pop().unwrap();
    assert!(update.starts_with("UPDATE ") && body(&update).contains("a=sendonly"), "{update}");
    assert!(header(&update, "Session-Expires").is_none(), "no session yet");
    // The answer need not wait for theirs.
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().pop().unwrap();
    assert!(ok.starts_with("SIP/2.0 200 ") && body(&ok).is_empty(), "{ok}");
    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
    bench.udp(CARRIER, respond(&update, "200 OK", "", "", &held()));
    let events = bench.take_events();
    assert!(
        matches!(&events[..], [SipEvent::Answered { .. }, SipEvent::Reinvited { media, .. }]
            if media.direction == Direction::SendOnly),
        "{events:?}"
    );
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    bench.assert_empty();
}

#[test]
fn what_was_said_unreliably_cannot_be_changed() {
    let (mut bench, dialog, ..) = came("Supported: 100rel");
    hold(&mut bench, dialog);
    assert!(bench.take_sent().is_empty());
    assert!(matches!(bench.take_events()[..], [SipEvent::ReinviteFailed { status: None, .. }]));
}

#[test]
fn a_called_party_is_asked_in_the_early_dialog_that_is_heard() {
    let (mut bench, dialog, invite) = placed();
    for (tag, port) in [("a", 4100), ("b", 4200)] {
        let prack = heard(&mut bench, &invite, tag, port);
        if tag == "b" {
            hold(&mut bench, dialog);
            assert!(bench.take_sent().is_empty(), "nothing may overtake the PRACK");
        }
        bench.udp(CARRIER, respond(&prack, "200 OK", "", "", ""));
    }
    bench.advance(1_001);
    let update = bench.take_sent().pop().unwrap();
    assert!(update.starts_with("UPDATE ") && header(&update, "To").unwrap().ends_with(";tag=b"));
    // The answer is here before that of the UPDATE, whose body is another one's.
    bench.udp(CARRIER, respond(&invite, "200 OK", "b", CONTACT, ""));
    bench.udp(CARRIER, respond(&update, "200 OK", "", "", &held()));
    let events = bench.take_events();
    assert!(
        matches!(&events[..], [SipEvent::Answered { .. }, SipEvent::Reinvited { media, .. }]
            if media.direction == Direction::SendOnly),
        "{events:?}"
    );
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    bench.assert_empty();
}

#[test]
fn it_is_over_if_another_fork_answers() {
    let (mut bench, dialog, invite) = placed();
    let prack = heard(&mut bench, &invite, "a", 4100);
    bench.udp(CARRIER, respond(&prack, "200 OK", "", "", ""));
    hold(&mut bench, dialog);
    let update = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, respond(&invite, "200 OK", "b", CONTACT, &sdp("10.0.0.2", 4200, "")));
    let events = bench.take_events();
    assert!(
        matches!(&events[..], [SipEvent::ReinviteFailed { .. }, SipEvent::Answered { media, .. }]
            if media.direction == Direction::SendRecv),
        "{events:?}"
    );
    bench.udp(CARRIER, respond(&update, "200 OK", "", "", &held()));
    assert!(bench.take_events().is_empty());
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    bench.assert_empty();
}

#[test]
fn a_refusal_changes_nothing_and_ends_no_call() {
    for status in ["488 No", "481 What", "405 Never"] {
        let (mut bench, dialog, invite) = placed();
        let prack = heard(&mut bench, &invite, "a", 4100);
        bench.udp(CARRIER, respond(&prack, "200 OK", "", "", ""));
        hold(&mut bench, dialog);
        let update = bench.take_sent().pop().unwrap();
        bench.udp(CARRIER, respond(&update, status, "", "", ""));
        assert!(bench.take_sent().is_empty(), "{status}: a re-INVITE would come too early");
        assert!(matches!(bench.take_events()[..], [SipEvent::ReinviteFailed { .. }]));
        bench.udp(CARRIER, respond(&invite, "200 OK", "a", CONTACT, ""));
        let events = bench.take_events();
        assert!(
            matches!(&events[..], [SipEvent::Answered { media, .. }]
                if media.direction == Direction::SendRecv),
            "{events:?}"
        );
    }
}

#[test]
fn theirs_may_not_cross_it() {
    let (mut bench, dialog, invite, early) = came("Require: 100rel");
    prack(&mut bench, &invite, &early);
    hold(&mut bench, dialog);
    let update = bench.take_sent().pop().unwrap();
    assert!(update.starts_with("UPDATE "));
    let mut crossing = invite.next("UPDATE", 3).tagged(&early);
    crossing.body = sdp("10.0.0.2", 4000, "");
    assert!(bench.ask(CARRIER, &crossing.text()).starts_with("SIP/2.0 491 "));
    // Theirs was refused, ours is tried again if theirs was too.
    bench.udp(CARRIER, respond(&update, "491 Pending", "", "", ""));
    bench.advance(2_001);
    assert!(bench.take_sent().iter().any(|text| text.starts_with("UPDATE ")));
}

#[test]
fn an_offer_in_a_prack_crosses_it_too() {
    let (mut bench, dialog, invite, early) = came("Require: 100rel");
    prack(&mut bench, &invite, &early);
    bench.advance(60_000);
    // The caller is told every minute that it still waits.
    let again = bench.take_sent().into_iter().find(|text| text.starts_with("SIP/2.0 183 "));
    hold(&mut bench, dialog);
    assert!(bench.take_sent().iter().any(|text| text.starts_with("UPDATE ")));
    let rseq = header(&again.unwrap(), "RSeq").unwrap();
    let mut crossing = invite.next("PRACK", 3).tagged(&early);
    crossing.extra = format!("RAck: {rseq} 1 INVITE\r\n");
    crossing.body = sdp("10.0.0.2", 4000, "");
    assert!(bench.ask(CARRIER, &crossing.text()).starts_with("SIP/2.0 491 "));
}

#[test]
fn an_offer_in_a_prack_that_the_answer_overtook_is_no_early_media() {
    let mut bench = Bench::new();
    let mut invite = Ask::invite("o").with("Require: 100rel");
    invite.body = sdp("10.0.0.2", 4000, "");
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.ring(now, dialog));
    let ringing = bench.take_sent().pop().unwrap();
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
    bench.take_events();
    let rseq = header(&ringing, "RSeq").unwrap();
    let mut late = invite.next("PRACK", 2).tagged(&ringing);
    late.extra = format!("RAck: {rseq} 1 INVITE\r\n");
    late.body = sdp("10.0.0.2", 4000, "a=sendonly\r\n");
    assert!(body(&bench.ask(CARRIER, &late.text())).contains("a=recvonly"));
    assert!(matches!(bench.take_events()[..], [SipEvent::Held { .. }]));
}
