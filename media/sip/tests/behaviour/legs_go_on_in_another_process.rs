//! Answered legs are taken up after a crash: the other side sees one more
//! re-INVITE in the same dialog.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

const PROXY: &str = "10.0.0.9:5060";

/// A call of the carrier that is up, came by way of a proxy, and is kept.
fn called() -> (Bench, DialogKey, Ask, String) {
    let mut bench = keeping();
    let mut invite = Ask::invite("call-1")
        .with(&format!("Record-Route: <sip:{PROXY};lr>"))
        .with("Allow: INVITE, ACK, BYE, UPDATE");
    invite.body = sdp("10.0.0.2", 4000, "a=ptime:30\r\n");
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
    (bench, dialog, invite, ok)
}

/// A call of ours over the carrier that is up and kept.
fn calling() -> (Bench, DialogKey, String, String) {
    let mut bench = keeping();
    let dialog = DialogKey::outbound(1);
    let request = InviteRequest {
        target: InviteTarget::Trunk { trunk: trunk_id(1), number: "+441632960222".into() },
        caller: Caller { number: "+441632960000".into(), name: Some("Acme \"Ä\"".into()) },
        media: media(6000),
        ring_timeout_ms: 60_000,
        headers: vec![],
    };
    bench.act(|endpoint, now| endpoint.invite(now, dialog, request));
    let invite = bench.take_sent().pop().unwrap();
    let contact = format!("Contact: <sip:bob@{CARRIER}>\r\n");
    let ok = respond(&invite, "200 OK", "bob", &contact, &sdp("10.0.0.2", 4000, ""));
    bench.udp(CARRIER, ok.clone());
    bench.take_sent();
    (bench, dialog, invite, ok)
}

fn cseq(text: &str) -> u32 {
    header(text, "CSeq").unwrap().split(' ').next().unwrap().parse().unwrap()
}

fn version(text: &str) -> u64 {
    let origin = body(text).lines().find(|line| line.starts_with("o=")).unwrap();
    origin.split(' ').nth(2).unwrap().parse().unwrap()
}

fn session_id(text: &str) -> String {
    let origin = body(text).lines().find(|line| line.starts_with("o=")).unwrap();
    origin.split(' ').nth(1).unwrap().to_owned()
}

/// What their request inside the dialog looks like.
fn theirs(invite: &Ask, ok: &str, method: &str, cseq: u32) -> Ask {
    invite.next(method, cseq).tagged(ok)
}

#[test]
fn a_call_that_came_in_goes_on() {
    let (bench, dialog, invite, ok) = called();
    let record = bench.kept(dialog);
    assert_eq!(record.local_media(), Some(media(6000)));
    assert_eq!(record.agreed().unwrap().remote, addr("10.0.0.2:4000"));
    assert_eq!((record.agreed().unwrap().ptime_ms, record.is_secure()), (30, false));
    assert!(record.is_up() && record.source().tenant() == tenant(1));
    let mut next = bench.crashed(directory());
    let key = DialogKey::outbound(77);
    next.take_up(key, &record, go_on(7000));
    let (hop, again) = next.sent.remove(0);
    assert_eq!(hop, Hop::udp(addr(PROXY)), "by the way that it came");
    assert_eq!(first_line(&again), format!("INVITE sip:ann@{CARRIER} SIP/2.0"));
    assert_eq!(header(&again, "Route").unwrap(), format!("<sip:{PROXY};lr>"));
    assert_eq!(header(&again, "From"), header(&ok, "To"));
    assert_eq!(header(&again, "To"), Some(invite.from.clone()));
    assert_eq!(header(&again, "Call-ID").unwrap(), "call-1");
    assert_eq!(header(&again, "Contact"), header(&ok, "Contact"));
    assert!(header(&again, "Via").unwrap().starts_with(&format!("SIP/2.0/UDP {US};")));
    assert!(cseq(&again) >= 100_000, "far ahead of what was sent before");
    assert!(body(&again).contains("m=audio 7000 RTP/AVP 8 0 101"), "{again}");
    assert!(version(&again) > version(&ok));
    assert_eq!(session_id(&again), session_id(&ok));
    assert!(next.news().is_empty(), "not before they agree");
    let answer = sdp("10.0.0.2", 4002, "");
    next.udp(CARRIER, respond(&again, "200 OK", "", "", &answer));
    assert!(next.take_lines()[0].starts_with("ACK "));
    let newer = next.kept(key);
    let news = next.news();
    assert!(
        matches!(&news[..], [SipEvent::TakenUp { dialog, media }]
            if *dialog == key && media.remote == addr("10.0.0.2:4002")),
        "{news:?}"
    );
    // And once more, while it goes on.
    let mut third = next.crashed(directory());
    third.take_up(key, &newer, go_on(7002));
    let (_, later) = third.sent.remove(0);
    assert!(cseq(&later) > cseq(&again) && version(&later) > version(&again));
    third.udp(CARRIER, respond(&later, "200 OK", "", "", &answer));
    third.take_events();
    third.udp(CARRIER, theirs(&invite, &ok, "BYE", 2).text());
    assert!(matches!(third.news()[..], [SipEvent::HungUp { by: Side::Them, .. }]));
    third.assert_empty();
}

#[test]
fn a_call_that_was_placed_goes_on() {
    let (bench, dialog, invite, ok) = calling();
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &bench.kept(dialog), go_on(6000));
    let (hop, again) = next.sent.remove(0);
    assert_eq!(hop, Hop::udp(addr(CARRIER)));
    assert_eq!(first_line(&again), format!("INVITE sip:bob@{CARRIER} SIP/2.0"));
    for name in ["From", "Call-ID", "Contact"] {
        assert_eq!(header(&again, name), header(&invite, name));
    }
    assert_eq!(header(&again, "To"), header(&ok, "To"));
    assert!(cseq(&again) > cseq(&invite));
    next.udp(CARRIER, respond(&again, "200 OK", "", "", &sdp("10.0.0.2", 4000, "")));
    assert!(matches!(next.news()[..], [SipEvent::TakenUp { .. }]));
    next.take_sent();
    next.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    let bye = next.take_sent().pop().unwrap();
    assert!(bye.starts_with("BYE ") && cseq(&bye) > cseq(&again));
    next.udp(CARRIER, respond(&bye, "200 OK", "", "", ""));
    next.assert_empty();
}

#[test]
fn requests_in_the_dialog_are_served_before_the_other_side_agreed() {
    let (bench, dialog, invite, ok) = called();
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &bench.kept(dialog), go_on(6000));
    let mut info = theirs(&invite, &ok, "INFO", 2);
    (info.content_type, info.body) =
        ("application/dtmf-relay", "Signal=5\r\nDuration=100\r\n".into());
    assert_eq!(first_line(&next.ask(CARRIER, &info.text())), "SIP/2.0 200 OK");
    let mut hold = theirs(&invite, &ok, "INVITE", 3);
    (hold.content_type, hold.body) = ("application/sdp", sdp("10.0.0.2", 4000, "a=sendonly\r\n"));
    assert_eq!(first_line(&next.ask(CARRIER, &hold.text())), "SIP/2.0 491 Request Pending");
    let bye = theirs(&invite, &ok, "BYE", 4).text();
    assert_eq!(first_line(&next.ask(CARRIER, &bye)), "SIP/2.0 200 OK");
    let news = next.news();
    assert!(
        matches!(
            news[..],
            [SipEvent::Digit { digit: '5', .. }, SipEvent::HungUp { by: Side::Them, .. }]
        ),
        "{news:?}"
    );
    next.assert_empty();
}

#[test]
fn crossing_reinvites_end_well() {
    let (bench, dialog, invite, ok) = called();
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &bench.kept(dialog), go_on(7000));
    let first = next.take_sent().pop().unwrap();
    next.udp(CARRIER, respond(&first, "491 Pending", "", "", ""));
    next.take_sent();
    next.udp(CARRIER, invite_again(&invite, &ok));
    let granted = next.take_sent().pop().unwrap();
    assert!(granted.starts_with("SIP/2.0 200") && body(&granted).contains("m=audio 7000"));
    next.udp(CARRIER, theirs(&invite, &ok, "ACK", 2).text());
    next.advance(2_100);
    let again = next.take_sent().pop().unwrap();
    assert!(again.starts_with("INVITE") && cseq(&again) > cseq(&first));
    next.udp(CARRIER, respond(&again, "200 OK", "", "", &sdp("10.0.0.2", 4000, "")));
    assert!(matches!(next.news()[..], [SipEvent::TakenUp { .. }]));
}

fn invite_again(invite: &Ask, ok: &str) -> String {
    let mut again = theirs(invite, ok, "INVITE", 2);
    again.body.clone_from(&invite.body);
    again.text()
}

#[test]
fn a_lost_reinvite_is_repeated_and_a_silent_peer_is_lost() {
    let (bench, dialog, _, _) = called();
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &bench.kept(dialog), go_on(6000));
    next.advance(10_000);
    let lines = next.take_lines();
    assert!(lines.len() >= 5 && lines.iter().all(|line| line.starts_with("INVITE")), "{lines:?}");
    next.advance(30_000);
    let news = next.news();
    assert!(
        matches!(news[..], [SipEvent::HungUp { cause: Cause::Unreachable, by: Side::Neither, .. }]),
        "{news:?}"
    );
    next.assert_empty();
}

#[test]
fn who_does_not_know_the_dialog_any_more_is_let_go() {
    for status in ["481 Gone", "408 Nobody"] {
        let (bench, dialog, _, _) = calling();
        let mut next = bench.crashed(directory());
        next.take_up(dialog, &bench.kept(dialog), go_on(6000));
        let again = next.take_sent().pop().unwrap();
        next.udp(CARRIER, respond(&again, status, "", "", ""));
        let news = next.news();
        assert!(
            matches!(news[..], [SipEvent::HungUp { cause: Cause::Unreachable, .. }]),
            "{news:?}"
        );
        let lines = next.take_lines();
        assert_eq!(lines.iter().filter(|line| line.starts_with("BYE")).count(), 1, "{lines:?}");
        next.assert_empty();
    }
}

#[test]
fn who_refuses_the_change_goes_on_if_nothing_had_to_change() {
    for (port, goes_on) in [(6000, true), (7000, false)] {
        let (bench, dialog, _, _) = called();
        let mut next = bench.crashed(directory());
        next.take_up(dialog, &bench.kept(dialog), go_on(port));
        let again = next.take_sent().pop().unwrap();
        next.udp(CARRIER, respond(&again, "488 No", "", "", ""));
        let news = next.news();
        let lines = next.take_lines();
        match goes_on {
            true => assert!(
                matches!(&news[..], [SipEvent::TakenUp { media, .. }]
                    if media.remote == addr("10.0.0.2:4000")),
                "{news:?}"
            ),
            false => {
                let cause = Cause::NoCommonCodec;
                assert!(matches!(&news[..], [SipEvent::HungUp { cause: c, .. }] if *c == cause));
                assert_eq!(lines.iter().filter(|line| line.starts_with("BYE")).count(), 1);
            }
        }
    }
}

#[test]
fn a_change_that_the_server_wants_meanwhile_comes_next() {
    let (bench, dialog, _, _) = called();
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &bench.kept(dialog), go_on(6000));
    next.act(|endpoint, now| endpoint.reinvite(now, dialog, Direction::SendOnly));
    let again = next.take_sent().pop().unwrap();
    next.udp(CARRIER, respond(&again, "200 OK", "", "", &sdp("10.0.0.2", 4000, "")));
    let hold = next.take_sent().pop().unwrap();
    assert!(hold.starts_with("INVITE") && body(&hold).contains("a=sendonly"), "{hold}");
    assert!(matches!(next.news()[..], [SipEvent::TakenUp { .. }]));
}

#[test]
fn what_changes_later_is_kept_too() {
    let (mut bench, dialog, invite, ok) = called();
    let told = |bench: &mut Bench| {
        let kept = |event: &SipEvent| matches!(event, SipEvent::Keep { .. });
        bench.events.iter().filter(|event| kept(event)).count()
    };
    assert_eq!(told(&mut bench), 2, "offered, answered");
    // They move: the phone behind the carrier has another address now.
    let mut hold = theirs(&invite, &ok, "INVITE", 2);
    hold.extra = "Contact: <sip:ann@10.0.0.2:5099>\r\n".into();
    hold.body = sdp("10.0.0.2", 4010, "a=sendonly\r\n");
    bench.udp(CARRIER, hold.text());
    bench.udp(CARRIER, hold.next("ACK", 2).text());
    assert_eq!(told(&mut bench), 3, "one record for all of it");
    // What changes nothing is not told.
    let mut same = hold.next("INVITE", 3);
    same.body.clone_from(&hold.body);
    bench.udp(CARRIER, same.text());
    bench.udp(CARRIER, same.next("ACK", 3).text());
    assert_eq!(told(&mut bench), 3);
    let record = bench.kept(dialog);
    assert!(record.is_held());
    assert_eq!(record.agreed().unwrap().remote, addr("10.0.0.2:4010"));
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &record, go_on(6000));
    let again = next.take_sent().pop().unwrap();
    assert_eq!(first_line(&again), "INVITE sip:ann@10.0.0.2:5099 SIP/2.0");
    // An UPDATE that only says where they are now.
    let mut update = theirs(&invite, &ok, "UPDATE", 4);
    update.extra = "Contact: <sip:ann@10.0.0.2:5098>\r\n".into();
    bench.udp(CARRIER, update.text());
    assert_eq!(told(&mut bench), 4);
}

#[test]
fn nothing_is_told_unless_somebody_keeps_it() {
    let (mut bench, _, _, _) = answered();
    let told = bench.take_events();
    assert!(!told.iter().any(|event| matches!(event, SipEvent::Keep { .. })), "{told:?}");
}

#[test]
fn a_hold_of_ours_outlives_the_process() {
    let (mut bench, dialog, _, _) = called();
    bench.act(|endpoint, now| endpoint.reinvite(now, dialog, Direction::SendOnly));
    let hold = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, respond(&hold, "200 OK", "", "", &sdp("10.0.0.2", 4000, "a=recvonly\r\n")));
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &bench.kept(dialog), go_on(6000));
    let again = next.take_sent().pop().unwrap();
    assert!(body(&again).contains("a=sendonly"), "{again}");
    assert!(version(&again) > version(&hold));
}

#[test]
fn encrypted_legs_get_new_keys() {
    const SUITE: &str = "AES_CM_128_HMAC_SHA1_80";
    let key = |key: &str| SrtpKey { suite: SUITE.into(), key: key.into() };
    let options = |text: &str| MediaOptions { keys: vec![key(text)], ..MediaOptions::default() };
    let secure = |endpoint: &mut Endpoint| {
        let mut policies = Policies::default();
        policies.other_trunks.security = Security::Allowed;
        endpoint.set_policies(Arc::new(policies));
    };
    let mut bench = keeping();
    bench.act(|endpoint, _| secure(endpoint));
    let offer = |text: &str| {
        sdp("10.0.0.2", 4000, &format!("a=crypto:1 {SUITE} inline:{text}\r\n"))
            .replace("RTP/AVP", "RTP/SAVP")
    };
    let mut invite = Ask::invite("call-1");
    invite.body = offer("their-old-key");
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| {
        endpoint.set_media_options(dialog, options("our-old-key"));
        endpoint.answer(now, dialog, &media(6000));
    });
    let ok = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
    let record = bench.kept(dialog);
    assert!(!record.to_json().contains("key"), "{}", record.to_json());
    assert!(record.is_secure());
    let mut next = bench.crashed(directory());
    next.act(|endpoint, _| secure(endpoint));
    let how = TakeUp::GoOn { media: media(6000), options: options("our-new-key") };
    next.take_up(dialog, &record, how);
    let again = next.take_sent().pop().unwrap();
    assert!(body(&again).contains(&format!("a=crypto:1 {SUITE} inline:our-new-key")), "{again}");
    assert!(body(&again).contains("m=audio 6000 RTP/SAVP"));
    next.udp(CARRIER, respond(&again, "200 OK", "", "", &offer("their-new-key")));
    let news = next.news();
    assert!(
        matches!(&news[..], [SipEvent::TakenUp { media, .. }]
            if media.srtp.as_ref().unwrap().theirs.key == "their-new-key"),
        "{news:?}"
    );
    // Without keys it cannot go on, and is not left hanging.
    let mut bare = bench.crashed(directory());
    bare.take_up(dialog, &record, go_on(6000));
    assert!(matches!(bare.news()[..], [SipEvent::HungUp { .. }]));
    assert!(bare.take_lines()[0].starts_with("BYE"));
}

#[test]
fn the_session_timer_goes_on() {
    let mut bench = keeping();
    let invite =
        Ask::invite("call-1").with("Supported: timer").with("Session-Expires: 120;refresher=uac");
    bench.udp(CARRIER, invite.text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, invite.next("ACK", 1).tagged(&ok).text());
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &bench.kept(dialog), go_on(6000));
    let again = next.take_sent().pop().unwrap();
    assert_eq!(header(&again, "Session-Expires").unwrap(), "120;refresher=uas");
    let extra = "Session-Expires: 120;refresher=uas\r\nRequire: timer\r\n";
    next.udp(CARRIER, respond(&again, "200 OK", "", extra, &sdp("10.0.0.2", 4000, "")));
    next.take_events();
    // They do not refresh: the session is over.
    next.advance(121_000);
    assert!(matches!(next.news()[..], [SipEvent::HungUp { by: Side::Neither, .. }]));
}

#[test]
fn strange_letters_come_back_as_they_were() {
    let mut bench = keeping();
    let invite = Ask::invite("call-1");
    let text = invite.text().replace("\"Ann\"", "\"Änn \u{4e2d} \\\" ;tag=x\"");
    bench.udp(CARRIER, text.clone());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &bench.kept(dialog), go_on(6000));
    let again = next.take_sent().pop().unwrap();
    assert_eq!(header(&again, "To"), header(&text, "From"));
    assert_eq!(to_tag(&again).as_str(), "x\" <sip:+441632960111@10.0.0.2>", "a tag in quotes");
}

#[test]
fn one_leg_is_taken_up_once() {
    let (bench, dialog, _, _) = called();
    let record = bench.kept(dialog);
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &record, go_on(6000));
    for key in [dialog, DialogKey::outbound(9)] {
        let again = next.endpoint.take_up(next.now, key, &record, go_on(6000));
        assert_eq!(again, Err(TakeUpError::Already));
    }
    // Calls that come in later get keys of their own.
    next.udp(CARRIER, Ask::invite("call-2").text());
    assert_ne!(next.incoming().dialog, dialog);
}

#[test]
fn a_proxy_that_asks_is_given_proof() {
    let mut carrier = trunk(1, 1, CARRIER);
    carrier.outbound = Some(Login { username: "acme".into(), password: "pw".into() });
    let with_login =
        || Directory::new(vec![domains(1, "acme.example")], vec![], vec![carrier.clone()], None);
    let (bench, dialog, _, _) = calling();
    let mut next = bench.crashed(with_login().unwrap());
    next.take_up(dialog, &bench.kept(dialog), go_on(6000));
    let again = next.take_sent().pop().unwrap();
    let ask =
        "Proxy-Authenticate: Digest realm=\"c\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\r\n";
    next.udp(CARRIER, respond(&again, "407 Proof", "", ask, ""));
    let proven = next.take_sent().pop().unwrap();
    assert!(proven.starts_with("INVITE") && header(&proven, "Proxy-Authorization").is_some());
}
