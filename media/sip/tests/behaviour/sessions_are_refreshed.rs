//! Session timers, in both roles.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

fn brief(interval_s: u32) -> Arc<Policies> {
    let leg = LegPolicy {
        session_timer: Some(SessionTimer { interval_s, min_s: 90 }),
        ..LegPolicy::default()
    };
    Arc::new(Policies { other_trunks: leg, ..Policies::default() })
}

/// A call that we placed, answered with these headers.
fn up(extra: &str) -> (Bench, DialogKey, String) {
    let (mut bench, dialog, invite) = placed();
    let extra = format!("Contact: <sip:b@10.0.0.2:5060>\r\n{extra}");
    bench.udp(CARRIER, respond(&invite, "200 OK", "b", &extra, &sdp("10.0.0.2", 4000, "")));
    bench.take_sent();
    bench.take_events();
    (bench, dialog, invite)
}

fn refresh(bench: &mut Bench, method: &str) -> String {
    let sent = bench.take_sent();
    let found = sent.into_iter().find(|text| text.starts_with(method));
    found.unwrap_or_else(|| panic!("no {method} at {}", bench.now.ms_since(START)))
}

fn lost(bench: &mut Bench) -> bool {
    let events = bench.take_events();
    matches!(events[..], [SipEvent::HungUp { cause: Cause::Unreachable, by: Side::Neither, .. }])
}

#[test]
fn every_invite_asks_and_a_422_makes_it_ask_for_longer() {
    let (mut bench, _, invite) = placed();
    assert_eq!(header(&invite, "Supported").unwrap().split(", ").next(), Some("timer"));
    assert_eq!(header(&invite, "Session-Expires").unwrap(), "1800");
    assert_eq!(header(&invite, "Min-SE").unwrap(), "90");
    bench.udp(CARRIER, respond(&invite, "422 Too Small", "x", "Min-SE: 3600\r\n", ""));
    let again = refresh(&mut bench, "INVITE");
    assert_eq!(header(&again, "Session-Expires").unwrap(), "3600");
    assert_eq!(header(&again, "Min-SE").unwrap(), "3600");
    assert_ne!(header(&again, "CSeq"), header(&invite, "CSeq"));
    assert!(bench.take_events().is_empty());
    // One that asks for nothing new is a refusal like any other.
    bench.udp(CARRIER, respond(&again, "422 Too Small", "y", "Min-SE: 3600\r\n", ""));
    let events = bench.take_events();
    assert!(matches!(events[..], [SipEvent::Failed { status: Some(422), .. }]), "{events:?}");
    bench.assert_empty();
}

#[test]
fn we_refresh_by_update_where_it_is_allowed_and_by_reinvite_where_not() {
    for (allow, method) in [("Allow: INVITE, UPDATE\r\n", "UPDATE "), ("", "INVITE ")] {
        let (mut bench, _, _) = up(&format!("Session-Expires: 100;refresher=uac\r\n{allow}"));
        for _ in 0..3 {
            bench.advance(49_000);
            assert!(bench.take_sent().is_empty(), "not before half time");
            bench.advance(1_500);
            let text = refresh(&mut bench, method);
            assert_eq!(header(&text, "Session-Expires").unwrap(), "100;refresher=uac");
            assert_eq!(body(&text).is_empty(), method == "UPDATE ");
            let answer =
                if method == "UPDATE " { String::new() } else { sdp("10.0.0.2", 4000, "") };
            let extra = "Session-Expires: 100;refresher=uac\r\n";
            bench.udp(CARRIER, respond(&text, "200 OK", "", extra, &answer));
            bench.take_sent();
        }
        assert!(bench.take_events().is_empty(), "nobody need know");
        // A peer that does not answer is dead.
        bench.advance(90_000);
        assert!(lost(&mut bench));
        bench.assert_empty();
    }
}

#[test]
fn a_peer_that_does_not_know_update_after_all_is_refreshed_otherwise() {
    let (mut bench, _, _) = up("Session-Expires: 100;refresher=uac\r\nAllow: UPDATE\r\n");
    bench.advance(50_000);
    let update = refresh(&mut bench, "UPDATE ");
    bench.udp(CARRIER, respond(&update, "501 What", "", "", ""));
    bench.advance(1);
    refresh(&mut bench, "INVITE ");
}

#[test]
fn who_waits_in_vain_for_a_refresh_hangs_up() {
    let (mut bench, _, _) = up("Session-Expires: 100;refresher=uas\r\nRequire: timer\r\n");
    bench.advance(67_000);
    assert!(bench.take_sent().is_empty() && bench.take_events().is_empty());
    bench.advance(2_000);
    refresh(&mut bench, "BYE ");
    assert!(lost(&mut bench));
    assert_eq!(bench.count(Count::SessionExpired), 1);
    bench.assert_empty();
}

#[test]
fn what_is_too_brief_is_refused_before_anybody_hears_of_it() {
    let mut bench = Bench::new();
    let invite = Ask::invite("brief").with("Supported: timer").with("Session-Expires: 60");
    let answer = bench.ask(CARRIER, &invite.text());
    assert_eq!(first_line(&answer), "SIP/2.0 422 Session Interval Too Small");
    assert_eq!(header(&answer, "Min-SE").unwrap(), "90");
    assert!(bench.events.is_empty());
    let broken = Ask::invite("broken").with("Session-Expires: soon");
    assert_eq!(first_line(&bench.ask(CARRIER, &broken.text())), "SIP/2.0 400 Bad Request");
    bench.assert_empty();
}

/// A call that came in with these headers, up.
fn taken(lines: &[&str]) -> (Bench, Ask, String) {
    let mut bench = Bench::new();
    let plain = Ask::invite("taken");
    let invite = lines.iter().fold(plain.clone(), |ask, line| ask.with(line));
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
    bench.take_events();
    (bench, plain, ok)
}

#[test]
fn the_callers_choice_of_refresher_stands() {
    for (asked, granted, require) in [
        ("Session-Expires: 90;refresher=uac", "90;refresher=uac", true),
        ("Session-Expires: 90;refresher=uas", "90;refresher=uas", false),
        ("Session-Expires: 90", "90;refresher=uas", false),
        ("Session-Expires: 7200", "1800;refresher=uas", false),
        ("Min-SE: 4000", "4000;refresher=uas", false),
    ] {
        let (_, _, ok) = taken(&["Supported: 100rel, timer", asked]);
        assert_eq!(header(&ok, "Session-Expires").unwrap(), granted, "{asked}");
        assert_eq!(header(&ok, "Require").is_some(), require, "{asked}");
    }
}

#[test]
fn a_refresh_of_theirs_starts_the_clock_over() {
    for method in ["UPDATE", "INVITE"] {
        let (mut bench, plain, ok) =
            taken(&["Supported: timer", "Session-Expires: 90;refresher=uac"]);
        bench.advance(45_000);
        let mut ask = plain
            .next(method, 2)
            .tagged(&ok)
            .with("Supported: timer")
            .with("Session-Expires: 90;refresher=uac");
        if method == "INVITE" {
            ask.body = plain.body.clone();
        }
        let answer = bench.ask(CARRIER, &ask.text());
        assert_eq!(header(&answer, "Session-Expires").unwrap(), "90;refresher=uac");
        bench.udp(CARRIER, ask.next("ACK", 2).text());
        bench.advance(50_000);
        assert!(bench.take_events().is_empty());
        let brief = plain.next("UPDATE", 3).tagged(&ok).with("Session-Expires: 30");
        assert!(bench.ask(CARRIER, &brief.text()).starts_with("SIP/2.0 422 "));
        bench.advance(15_000);
        assert!(lost(&mut bench), "the refused one did not count");
        bench.assert_empty();
    }
}

#[test]
fn a_peer_without_timers_is_asked_now_and_then_and_lost_only_if_gone() {
    let (mut bench, _, ok) = taken(&[]);
    assert_eq!(header(&ok, "Require"), None);
    bench.take_sent();
    for _ in 0..4 {
        bench.advance(901_000);
        let text = refresh(&mut bench, "INVITE ");
        bench.udp(CARRIER, respond(&text, "488 No", "", "", ""));
        bench.advance(10_000);
        let text = refresh(&mut bench, "INVITE ");
        bench.udp(CARRIER, respond(&text, "200 OK", "", "", &sdp("10.0.0.2", 4000, "")));
        bench.take_sent();
        assert!(bench.take_events().is_empty());
    }
    bench.advance(901_000);
    let text = refresh(&mut bench, "INVITE ");
    bench.udp(CARRIER, respond(&text, "481 Gone", "", "", ""));
    assert!(lost(&mut bench));
    bench.assert_empty();
}

#[test]
fn a_hold_during_a_refresh_follows_it() {
    let (mut bench, dialog, _) = up("Session-Expires: 100;refresher=uac\r\n");
    bench.advance(50_000);
    let text = refresh(&mut bench, "INVITE ");
    bench.act(|endpoint, now| endpoint.reinvite(now, dialog, Direction::SendOnly));
    assert!(bench.take_events().is_empty() && bench.take_sent().is_empty());
    bench.udp(CARRIER, respond(&text, "200 OK", "", "", &sdp("10.0.0.2", 4000, "")));
    let hold = refresh(&mut bench, "INVITE ");
    assert!(body(&hold).contains("a=sendonly"));
    let answer = sdp("10.0.0.2", 4000, "a=recvonly\r\n");
    bench.udp(CARRIER, respond(&hold, "200 OK", "", "", &answer));
    assert!(matches!(bench.take_events()[..], [SipEvent::Reinvited { .. }]));
}

#[test]
fn a_policy_may_do_without() {
    let mut bench = Bench::new();
    let off = LegPolicy { session_timer: None, ..LegPolicy::default() };
    let policies = Policies { other_trunks: off, ..Policies::default() };
    bench.act(|endpoint, _| endpoint.set_policies(Arc::new(policies)));
    let invite = Ask::invite("off").with("Supported: timer").with("Session-Expires: 60");
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().pop().unwrap();
    assert_eq!(header(&ok, "Session-Expires"), None);
}

#[test]
fn two_of_us_keep_a_call_up_for_hours() {
    let mut world = World::new(Fault::Random { seed: 99, percent: 5 });
    for side in 0..2 {
        world.act(side, |endpoint, _| endpoint.set_policies(brief(120)));
    }
    world.on(1, |event, endpoint, now| {
        if let SipEvent::Incoming(incoming) = event {
            endpoint.answer(now, incoming.dialog, &media(7000));
        }
    });
    let dialog = world.call();
    world.run(3 * 3_600_000);
    for side in 0..2 {
        assert!(!world.events(side).iter().any(SipEvent::is_last), "{}", world.trace.join("\n"));
    }
    world.act(0, |endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    world.assert_over("hours");
}
