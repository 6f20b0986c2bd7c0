//! Phones register, refresh, leave and expire.

use crate::support::*;
use strowger_sip::*;

const CONTACT: &str = "<sip:201@192.168.1.5:5060>";

#[test]
fn a_phone_registers_and_is_reached_where_it_was_seen() {
    let mut bench = Bench::new();
    let ok = bench.register(PHONE, &register("r", 1, CONTACT, 120));
    assert_eq!(first_line(&ok), "SIP/2.0 200 OK");
    assert_eq!(header(&ok, "Contact").unwrap(), "<sip:201@192.168.1.5:5060>;expires=120");
    let events = bench.take_events();
    assert!(
        matches!(&events[..], [SipEvent::Registered { agent: a, contact, expires_s: 120, .. }]
            if *a == agent(1) && contact == "sip:201@192.168.1.5:5060"),
        "{events:?}"
    );
    let request = InviteRequest {
        target: InviteTarget::Extension(agent(1)),
        caller: Caller { number: "+441632960111".into(), name: None },
        media: media(6000),
        ring_timeout_ms: 20_000,
        headers: vec![],
    };
    bench.act(|endpoint, now| endpoint.invite(now, DialogKey::outbound(1), request));
    let (hop, invite) = bench.sent.pop().unwrap();
    assert_eq!(hop, Hop::udp(addr(PHONE)), "through the NAT");
    assert_eq!(first_line(&invite), "INVITE sip:201@192.168.1.5:5060 SIP/2.0");
    assert_eq!(header(&invite, "To").unwrap(), "<sip:201@acme.example>");
}

#[test]
fn a_phone_without_nat_is_reached_under_its_contact() {
    let mut bench = Bench::new();
    let mut ask = register("r", 1, "<sip:201@203.0.113.9:5066>", 120);
    ask.via = "SIP/2.0/UDP 203.0.113.9:5066;branch=z9hG4bK-r-1".into();
    bench.sent.clear();
    // It sends from another port than it listens on.
    bench.udp(PHONE, ask.text());
    let (hop, challenge) = bench.sent.pop().unwrap();
    assert_eq!(hop, Hop::udp(addr("203.0.113.9:5066")), "answers go to the Via's port");
    let proof = authorize(
        &headers(&challenge, "WWW-Authenticate")[1],
        Algorithm::Md5,
        ("201", "s3cret"),
        "REGISTER",
        &ask.uri,
        1,
    );
    bench.ask(PHONE, &ask.next("REGISTER", 2).with(&format!("Authorization: {proof}")).text());
    assert_eq!(bench.endpoint.registrations()[0].hop, Hop::udp(addr("203.0.113.9:5066")));
}

#[test]
fn a_registration_expires() {
    let mut bench = Bench::new();
    bench.register(PHONE, &register("r", 1, CONTACT, 60));
    bench.take_events();
    bench.advance(59_900);
    assert_eq!(bench.endpoint.usage().registrations, 1);
    bench.advance(200);
    let events = bench.take_events();
    assert!(matches!(events[..], [SipEvent::Unregistered { .. }]), "{events:?}");
    assert_eq!(bench.endpoint.usage().registrations, 0);
}

#[test]
fn a_refresh_keeps_it() {
    let mut bench = Bench::new();
    let ask = register("r", 1, CONTACT, 60);
    bench.register(PHONE, &ask);
    bench.advance(50_000);
    bench.register(PHONE, &ask.next("REGISTER", 3));
    bench.take_events();
    bench.advance(59_000);
    assert!(bench.take_events().is_empty());
    bench.advance(2_000);
    assert_eq!(bench.take_events().len(), 1);
}

#[test]
fn a_repeated_register_gets_the_same_answer() {
    let mut bench = Bench::new();
    let ask = register("r", 1, CONTACT, 60);
    let challenge = bench.ask(PHONE, &ask.text());
    let offered = headers(&challenge, "WWW-Authenticate");
    let proof =
        authorize(&offered[0], Algorithm::Sha256, ("201", "s3cret"), "REGISTER", &ask.uri, 1);
    let proven = ask.next("REGISTER", 2).with(&format!("Authorization: {proof}")).text();
    let first = bench.ask(PHONE, &proven);
    assert_eq!(bench.ask(PHONE, &proven), first, "not taken for a replay");
    assert_eq!(bench.take_events().len(), 1);
}

#[test]
fn a_phone_leaves() {
    for leaving in
        ["Contact: *\r\nExpires: 0\r\n", "Contact: <sip:201@192.168.1.5:5060>;expires=0\r\n"]
    {
        let mut bench = Bench::new();
        bench.register(PHONE, &register("r", 1, CONTACT, 60));
        bench.take_events();
        let mut bye = register("r", 3, CONTACT, 0);
        bye.extra = leaving.into();
        let ok = bench.register(PHONE, &bye);
        assert_eq!(header(&ok, "Contact"), None);
        assert!(matches!(bench.take_events()[..], [SipEvent::Unregistered { .. }]));
    }
}

#[test]
fn a_query_changes_nothing() {
    let mut bench = Bench::new();
    bench.register(PHONE, &register("r", 1, CONTACT, 60));
    bench.take_events();
    let mut query = register("q", 1, CONTACT, 0);
    query.extra = String::new();
    let ok = bench.register(PHONE, &query);
    assert!(header(&ok, "Contact").unwrap().contains("expires=60"));
    assert!(bench.take_events().is_empty());
}

#[test]
fn registrations_that_make_no_sense_are_refused() {
    for (extra, status) in [
        ("Contact: *\r\nExpires: 60\r\n", "400"),
        ("Contact: *, <sip:201@1.2.3.4>\r\nExpires: 0\r\n", "400"),
        ("Contact: <<<\r\n", "400"),
        ("Contact: <sip:201@1.2.3.4>;expires=5\r\n", "423"),
    ] {
        let mut bench = Bench::new();
        let mut ask = register("r", 1, CONTACT, 60);
        ask.extra = extra.into();
        let answer = bench.register(PHONE, &ask);
        assert!(first_line(&answer).contains(status), "{extra}: {answer}");
        assert!(status != "423" || header(&answer, "Min-Expires").unwrap() == "60");
        assert!(bench.take_events().is_empty());
    }
}

#[test]
fn an_older_register_does_not_undo_a_newer_one() {
    let mut bench = Bench::new();
    bench.register(PHONE, &register("r", 5, CONTACT, 60));
    bench.take_events();
    let late = bench.register(PHONE, &register("r", 3, CONTACT, 0));
    assert_eq!(first_line(&late), "SIP/2.0 500 Server Internal Error");
    assert_eq!(bench.endpoint.usage().registrations, 1);
}

#[test]
fn an_extension_has_so_many_phones_and_no_more() {
    let mut bench = Bench::new();
    for number in 0..limits::MAX_CONTACTS {
        let contact = format!("<sip:201@192.168.1.{number}:5060>");
        let ok = bench.register(PHONE, &register(&format!("r{number}"), 1, &contact, 60));
        assert_eq!(first_line(&ok), "SIP/2.0 200 OK");
    }
    let more = register("more", 1, "<sip:201@192.168.1.99:5060>", 60);
    assert_eq!(first_line(&bench.register(PHONE, &more)), "SIP/2.0 403 Forbidden");
    assert_eq!(bench.count(Count::RegistrationRefused), 1);
    bench.advance(61_000);
    assert_eq!(bench.endpoint.usage().registrations, 0, "all expired together");
}

#[test]
fn nobody_registers_for_somebody_else() {
    let directory = Directory::new(
        vec![domains(1, "acme.example")],
        vec![
            extension(1, 1, "201", "acme.example", "s3cret"),
            extension(2, 1, "202", "acme.example", "other"),
        ],
        vec![],
        None,
    );
    let mut bench = Bench::with(EndpointConfig::new(addr(US)), directory.unwrap());
    let mut ask = register("r", 1, "<sip:202@192.168.1.5>", 60);
    ask.to = "<sip:202@acme.example>".into();
    let answer = bench.register(PHONE, &ask);
    assert_eq!(first_line(&answer), "SIP/2.0 403 Forbidden");
    assert_eq!(bench.endpoint.usage().registrations, 0);
}

#[test]
fn unknown_domains_are_refused_without_a_trace() {
    let mut bench = Bench::new();
    let mut ask = register("r", 1, CONTACT, 60);
    ask.to = "<sip:201@elsewhere.example>".into();
    assert_eq!(first_line(&bench.ask(PHONE, &ask.text())), "SIP/2.0 403 Forbidden");
    assert_eq!(bench.endpoint.usage(), Usage::default());
}

#[test]
fn a_removed_extension_loses_its_phones() {
    let mut bench = Bench::new();
    bench.register(PHONE, &register("r", 1, CONTACT, 60));
    bench.take_events();
    let less = Directory::new(vec![domains(1, "acme.example")], vec![], vec![], None).unwrap();
    bench.act(|endpoint, now| endpoint.set_directory(now, less.into()));
    assert!(matches!(bench.take_events()[..], [SipEvent::Unregistered { .. }]));
    assert_eq!(bench.endpoint.usage().registrations, 0);
}
