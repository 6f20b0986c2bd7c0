//! Phones can be called after a crash without registering anew, and those whose
//! stream is gone are waited for.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

const CONTACT: &str = "<sip:201@192.168.1.5:5060>";

fn contacts(bench: &Bench) -> Vec<ContactRecord> {
    let last = bench.events.iter().rev().find_map(|event| match event {
        SipEvent::KeepContacts { contacts, .. } => Some(contacts.clone()),
        _ => None,
    });
    last.unwrap()
}

fn call_201(bench: &mut Bench) -> (Hop, String) {
    let request = InviteRequest {
        target: InviteTarget::Extension(agent(1)),
        caller: Caller { number: "1".into(), name: None },
        media: media(6000),
        ring_timeout_ms: 20_000,
        headers: vec![],
    };
    bench.sent.clear();
    bench.act(|endpoint, now| endpoint.invite(now, DialogKey::outbound(1), request));
    bench.sent.pop().unwrap()
}

#[test]
fn a_phone_is_called_where_it_was() {
    let mut bench = keeping();
    bench.register(PHONE, &register("r", 1, CONTACT, 120));
    let mut next = bench.crashed(directory());
    let kept = contacts(&bench);
    next.act(|endpoint, now| assert_eq!(endpoint.restore_registrations(now, kept), 1));
    let news = next.news();
    assert!(
        matches!(&news[..], [SipEvent::Registered { agent: a, expires_s: 117, contact, .. }]
            if *a == agent(1) && contact == "sip:201@192.168.1.5:5060"),
        "{news:?}"
    );
    let (hop, invite) = call_201(&mut next);
    assert_eq!(hop, Hop::udp(addr(PHONE)));
    assert_eq!(first_line(&invite), "INVITE sip:201@192.168.1.5:5060 SIP/2.0");
    next.take_events();
    next.advance(118_000);
    assert!(next.news().iter().any(|event| matches!(event, SipEvent::Unregistered { .. })));
}

#[test]
fn a_refresh_with_an_old_nonce_is_asked_once_more_and_goes_on() {
    let mut bench = keeping();
    let ask = register("r", 1, CONTACT, 120);
    bench.register(PHONE, &ask);
    let challenge = bench.ask(PHONE, &ask.next("REGISTER", 3).text());
    let login = ("201", "s3cret");
    let old = &headers(&challenge, "WWW-Authenticate")[0];
    let mut next = bench.crashed(directory());
    let kept = contacts(&bench);
    next.act(|endpoint, now| assert_eq!(endpoint.restore_registrations(now, kept), 1));
    let proof = |offered: &str| {
        let proof = authorize(offered, Algorithm::Sha256, login, "REGISTER", &ask.uri, 1);
        format!("Authorization: {proof}")
    };
    let refresh = ask.next("REGISTER", 4).with(&proof(old));
    let again = next.ask(PHONE, &refresh.text());
    assert_eq!(first_line(&again), "SIP/2.0 401 Unauthorized");
    let offered = headers(&again, "WWW-Authenticate");
    assert!(offered.iter().all(|value| value.contains("stale=true")), "{offered:?}");
    let ok = next.ask(PHONE, &ask.next("REGISTER", 5).with(&proof(&offered[0])).text());
    assert_eq!(first_line(&ok), "SIP/2.0 200 OK");
    assert_eq!(next.endpoint.usage().registrations, 1, "the same contact");
    // A wrong password is not taken for a restart.
    let mut wrong = ask.next("REGISTER", 6);
    wrong.extra.push_str(&proof(old).replace("response=\"", "response=\"0"));
    wrong.extra.push_str("\r\n");
    assert_eq!(first_line(&next.ask(PHONE, &wrong.text())), "SIP/2.0 403 Forbidden");
}

#[test]
fn what_is_kept_follows_every_change() {
    let mut bench = keeping();
    bench.register(PHONE, &register("r", 1, CONTACT, 120));
    bench.register(PHONE, &register("s", 1, "<sip:201@192.168.1.6>", 120));
    assert_eq!(contacts(&bench).len(), 2);
    bench.register(PHONE, &register("r", 3, CONTACT, 0));
    assert_eq!(contacts(&bench).len(), 1);
    bench.register(PHONE, &register("s", 3, "<sip:201@192.168.1.6>", 0));
    assert!(contacts(&bench).is_empty());
}

#[test]
fn only_what_can_be_reached_is_taken_back() {
    let mut bench = keeping();
    bench.register(PHONE, &register("r", 1, CONTACT, 120));
    let kept = contacts(&bench);
    let changed = |from: &str, to: &str| -> Vec<ContactRecord> {
        let text = serde_json::to_string(&kept).unwrap();
        let other = text.replace(from, to);
        assert_ne!(text, other);
        serde_json::from_str(&other).unwrap()
    };
    for records in [
        changed("\"udp\"", "\"wss\""),
        changed("\"udp\"", "\"tls\""),
        changed("\"v\":1", "\"v\":2"),
        changed(&format!("\"agent\":\"{}", agent(1)), &format!("\"agent\":\"{}", agent(9))),
        changed(&format!("\"tenant\":\"{}", tenant(1)), &format!("\"tenant\":\"{}", tenant(2))),
        changed("sip:201", "<<<"),
    ] {
        let mut next = bench.crashed(directory());
        let what = format!("{records:?}");
        next.act(|endpoint, now| {
            assert_eq!(endpoint.restore_registrations(now, records), 0, "{what}");
        });
        assert!(next.news().is_empty());
    }
    let mut late = bench.crashed(directory());
    late.now = late.now.plus_ms(120_000);
    let again = kept.clone();
    late.act(|endpoint, now| assert_eq!(endpoint.restore_registrations(now, again), 0));
    // Whoever registered meanwhile is where it says now.
    let mut next = bench.crashed(directory());
    next.register("203.0.113.9:41000", &register("new", 1, CONTACT, 60));
    next.act(|endpoint, now| assert_eq!(endpoint.restore_registrations(now, kept), 0));
    assert_eq!(call_201(&mut next).0, Hop::udp(addr("203.0.113.9:41000")));
}

fn stream(transport: Transport, port: u16, number: u64) -> Hop {
    Hop::over(transport, addr(&format!("198.51.100.7:{port}")), ConnectionId(number))
}

fn asked(bench: &mut Bench, from: Hop, text: &str) -> String {
    bench.sent.clear();
    bench.packet(from, text);
    let (hop, text) = bench.sent.remove(0);
    assert_eq!(hop.connection, from.connection);
    text
}

fn register_over(bench: &mut Bench, from: Hop, contact: &str, cseq: u32) {
    let mut ask = register("web", cseq, contact, 300);
    ask.via = format!(
        "SIP/2.0/{} df7jal.invalid;rport;branch=z9hG4bK-web-{cseq}",
        from.transport.via_name()
    );
    let challenge = asked(bench, from, &ask.text());
    let offered = headers(&challenge, "WWW-Authenticate");
    let login = ("201", "s3cret");
    let proof = authorize(&offered[0], Algorithm::Sha256, login, "REGISTER", &ask.uri, 1);
    let again = ask.next("REGISTER", cseq + 1).with(&format!("Authorization: {proof}"));
    assert_eq!(first_line(&asked(bench, from, &again.text())), "SIP/2.0 200 OK");
}

/// A phone behind a stream was called and answered.
fn talking(from: Hop, contact: &str) -> (Bench, DialogKey, String) {
    let mut bench = keeping();
    register_over(&mut bench, from, contact, 1);
    let (hop, invite) = call_201(&mut bench);
    assert_eq!(hop.connection, from.connection);
    let extra = format!("Contact: {contact}\r\n");
    let ok = respond(&invite, "200 OK", "phone", &extra, &sdp("198.51.100.7", 4000, ""));
    bench.packet(from, ok);
    bench.take_sent();
    (bench, DialogKey::outbound(1), invite)
}

const WEB: &str = "<sip:x@df7jal.invalid;transport=ws>";

#[test]
fn a_browser_that_comes_back_goes_on() {
    for transport in [Transport::Wss, Transport::Tcp, Transport::Tls] {
        let (bench, dialog, _) = talking(stream(transport, 55_000, 7), WEB);
        let mut next = bench.crashed(directory());
        next.take_up(dialog, &bench.kept(dialog), go_on(6000));
        assert!(next.sent.is_empty(), "there is no way to it: {:?}", next.sent);
        next.advance(5_000);
        let back = stream(transport, 55_001, 1);
        register_over(&mut next, back, WEB, 10);
        let (hop, again) = next.sent.pop().unwrap();
        assert_eq!(hop, back);
        assert_eq!(first_line(&again), "INVITE sip:x@df7jal.invalid;transport=ws SIP/2.0");
        next.packet(back, respond(&again, "200 OK", "", "", &sdp("198.51.100.7", 4000, "")));
        assert!(
            next.news().iter().any(|event| matches!(event, SipEvent::TakenUp { .. })),
            "{transport:?}"
        );
        next.advance(60_000);
        assert!(next.news().is_empty(), "it is waited for no more");
    }
}

#[test]
fn a_request_in_the_dialog_says_that_it_is_back() {
    let (bench, dialog, invite) = talking(stream(Transport::Wss, 55_000, 7), WEB);
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &bench.kept(dialog), go_on(6000));
    let back = stream(Transport::Wss, 55_001, 1);
    let options = Ask {
        method: "OPTIONS".into(),
        uri: "sip:1@10.0.0.1".into(),
        via: "SIP/2.0/WSS df7jal.invalid;branch=z9hG4bK-o".into(),
        from: format!("{};tag=phone", header(&invite, "To").unwrap()),
        to: header(&invite, "From").unwrap(),
        call_id: header(&invite, "Call-ID").unwrap(),
        cseq: 1,
        extra: String::new(),
        content_type: "",
        body: String::new(),
    };
    next.packet(back, options.text());
    let lines: Vec<_> = next.sent.iter().map(|(hop, text)| (*hop, first_line(text))).collect();
    assert_eq!(lines[0], (back, "SIP/2.0 200 OK".to_owned()));
    assert!(lines[1].0 == back && lines[1].1.starts_with("INVITE "), "{lines:?}");
}

#[test]
fn a_browser_that_stays_away_is_given_up() {
    let (bench, dialog, _) = talking(stream(Transport::Wss, 55_000, 7), WEB);
    let mut next = bench.crashed(directory());
    next.take_up(dialog, &bench.kept(dialog), go_on(6000));
    // Another phone of the same agent is not it.
    register_over(&mut next, stream(Transport::Wss, 60_000, 2), "<sip:y@other.invalid>", 1);
    assert!(next.sent.is_empty());
    next.news();
    next.advance(41_000);
    let news = next.news();
    assert!(
        matches!(news[..], [SipEvent::HungUp { cause: Cause::Unreachable, by: Side::Neither, .. }]),
        "{news:?}"
    );
    next.assert_empty();
}
