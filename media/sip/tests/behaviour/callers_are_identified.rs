//! Who may call: trunks by address or digest, phones by digest, nobody else;
//! and never one tenant as another.

use crate::support::*;
use strowger_sip::*;

fn from_phone(domain: &str) -> Ask {
    let mut invite = Ask::invite("p");
    invite.uri = format!("sip:9001@{domain}");
    invite.from = format!("<sip:201@{domain}>;tag=p");
    invite.to = format!("<sip:9001@{domain}>");
    invite.via = "SIP/2.0/UDP 192.168.1.5:5060;rport;branch=z9hG4bK-p-1".into();
    invite.extra = "Contact: <sip:201@192.168.1.5:5060>\r\n".into();
    invite
}

/// The INVITE again, with proof.
fn proven(invite: &Ask, challenge: &str, login: (&str, &str), algorithm: Algorithm) -> String {
    let offered = headers(challenge, "Proxy-Authenticate");
    let proof = authorize(&offered[0], algorithm, login, "INVITE", &invite.uri, 1);
    let mut again = invite.next("INVITE", 2).with(&format!("Proxy-Authorization: {proof}"));
    again.body = invite.body.clone();
    again.text()
}

#[test]
fn phones_over_their_tenants_rate_are_refused_before_there_is_a_call() {
    let mut bench = Bench::new();
    let mut trunking = Trunking::default();
    let policy = TenantPolicy { phones_per_s: Some(1), ..TenantPolicy::default() };
    trunking.tenants.insert(tenant(1), policy);
    bench.act(|endpoint, now| endpoint.set_trunking(now, trunking.into()));
    let mut call = |call_id: &str, advance_ms: u64| {
        bench.advance(advance_ms);
        bench.take_sent();
        let mut invite = from_phone("acme.example");
        invite.call_id = call_id.into();
        invite.via = format!("SIP/2.0/UDP 192.168.1.5:5060;rport;branch=z9hG4bK-{call_id}-1");
        let challenge = bench.ask(PHONE, &invite.text());
        bench.udp(PHONE, invite.next("ACK", 1).tagged(&challenge).text());
        let proof = proven(&invite, &challenge, ("201", "s3cret"), Algorithm::Sha256);
        bench.udp(PHONE, proof);
        let said = bench.take_lines().pop();
        (said, bench.take_events().len(), bench.count(Count::PhoneLimit))
    };
    assert_eq!(call("one", 0), (None, 1, 0));
    assert_eq!(call("two", 0), (Some("SIP/2.0 503 Service Unavailable".to_owned()), 0, 1));
    assert_eq!(call("three", 1_000), (None, 1, 1));
}

#[test]
fn phones_prove_themselves_with_either_algorithm() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
        let mut bench = Bench::new();
        let invite = from_phone("acme.example");
        let challenge = bench.ask(PHONE, &invite.text());
        assert_eq!(first_line(&challenge), "SIP/2.0 407 Proxy Authentication Required");
        let offered = headers(&challenge, "Proxy-Authenticate");
        assert!(offered[0].contains("SHA-256") && offered[1].contains("MD5"), "strongest first");
        bench.udp(PHONE, proven(&invite, &challenge, ("201", "s3cret"), algorithm));
        let source = bench.incoming().source;
        assert_eq!(source, Source::Extension { agent: agent(1), tenant: tenant(1) });
    }
}

#[test]
fn old_phones_may_be_challenged_with_md5_first_or_not_at_all() {
    for (order, expected) in [
        (ChallengeOrder::WeakFirst, vec!["MD5", "SHA-256"]),
        (ChallengeOrder::WeakOnly, vec!["MD5"]),
        (ChallengeOrder::StrongOnly, vec!["SHA-256"]),
    ] {
        let mut config = EndpointConfig::new(addr(US));
        config.challenge = order;
        let mut bench = Bench::with(config, directory());
        let invite = from_phone("acme.example");
        let challenge = bench.ask(PHONE, &invite.text());
        let offered = headers(&challenge, "Proxy-Authenticate");
        assert_eq!(offered.len(), expected.len());
        for (offer, name) in offered.iter().zip(expected) {
            assert!(offer.contains(&format!("algorithm={name},")), "{offer}");
        }
        bench.udp(PHONE, proven(&invite, &challenge, ("201", "s3cret"), Algorithm::Md5));
        let calls = bench.events.iter().filter(|event| matches!(event, SipEvent::Incoming(_)));
        let allowed = usize::from(order != ChallengeOrder::StrongOnly);
        assert_eq!(calls.count(), allowed, "an algorithm that was not offered proves nothing");
    }
}

#[test]
fn a_phone_is_who_it_proved_to_be_whatever_it_calls_itself() {
    let mut bench = Bench::new();
    let mut invite = from_phone("acme.example");
    invite.from = "\"The Boss\" <sip:200@acme.example>;tag=p".into();
    let challenge = bench.ask(PHONE, &invite.text());
    bench.udp(PHONE, proven(&invite, &challenge, ("201", "s3cret"), Algorithm::Sha256));
    assert_eq!(bench.incoming().from, "201");
}

#[test]
fn a_withheld_identity_stays_withheld() {
    let mut bench = Bench::new();
    let mut invite = Ask::invite("w").with("P-Asserted-Identity: <tel:+441632960555>");
    invite.from = "<sip:anonymous@anonymous.invalid>;tag=w".into();
    bench.udp(CARRIER, invite.with("Privacy: critical; id").text());
    assert_eq!(bench.incoming().from, "anonymous");
}

#[test]
fn a_challenge_costs_no_memory() {
    let mut bench = Bench::new();
    bench.ask(PHONE, &from_phone("acme.example").text());
    assert_eq!(bench.endpoint.usage(), Usage::default());
}

#[test]
fn wrong_secrets_and_unknown_users_look_the_same() {
    let mut answers = Vec::new();
    for login in [("201", "wrong"), ("999", "s3cret")] {
        let mut bench = Bench::new();
        let invite = from_phone("acme.example");
        let challenge = bench.ask(PHONE, &invite.text());
        let answer = bench.ask(PHONE, &proven(&invite, &challenge, login, Algorithm::Sha256));
        assert_eq!(bench.count(Count::WrongCredentials), 1);
        assert_eq!(bench.endpoint.usage(), Usage::default());
        answers.push(first_line(&answer));
    }
    assert_eq!(answers, ["SIP/2.0 403 Forbidden"; 2]);
}

#[test]
fn one_tenants_phone_cannot_be_anothers() {
    // Both tenants have an extension 201. Acme's proof is sent to Other's domain.
    let mut bench = Bench::new();
    let at_acme = from_phone("acme.example");
    let acme_challenge = bench.ask(PHONE, &at_acme.text());
    let mut at_other = from_phone("other.example");
    at_other.call_id = "q".into();
    let other_challenge = bench.ask(PHONE, &at_other.text());

    // Other's challenge answered with Acme's password.
    let wrong = proven(&at_other, &other_challenge, ("201", "s3cret"), Algorithm::Sha256);
    assert_eq!(first_line(&bench.ask(PHONE, &wrong)), "SIP/2.0 403 Forbidden");

    // Acme's proof, right in itself, in a call to Other: it names another realm.
    let mixed = proven(&at_other, &acme_challenge, ("201", "s3cret"), Algorithm::Sha256);
    assert_eq!(first_line(&bench.ask(PHONE, &mixed)), "SIP/2.0 407 Proxy Authentication Required");

    // Other's realm with a nonce made for Acme's.
    let forged = acme_challenge.replace("acme.example", "other.example");
    let forged = proven(&at_other, &forged, ("201", "0ther"), Algorithm::Sha256);
    assert_eq!(first_line(&bench.ask(PHONE, &forged)), "SIP/2.0 407 Proxy Authentication Required");
    assert!(bench.take_events().is_empty());
}

#[test]
fn a_proof_is_good_once() {
    let mut bench = Bench::new();
    let invite = from_phone("acme.example");
    let challenge = bench.ask(PHONE, &invite.text());
    let good = proven(&invite, &challenge, ("201", "s3cret"), Algorithm::Sha256);
    bench.udp(PHONE, good.clone());
    bench.take_events();
    let replayed = good.replace("Call-ID: p", "Call-ID: stolen").replace("z9hG4bK-p", "z9hG4bK-s");
    let answer = bench.ask("198.51.100.66:5060", &replayed);
    assert_eq!(first_line(&answer), "SIP/2.0 407 Proxy Authentication Required");
    assert!(header(&answer, "Proxy-Authenticate").unwrap().contains("stale=true"));
    assert_eq!(bench.count(Count::StaleNonce), 1);
    assert!(bench.take_events().is_empty());
}

#[test]
fn an_old_nonce_is_stale() {
    let mut bench = Bench::new();
    let invite = from_phone("acme.example");
    let challenge = bench.ask(PHONE, &invite.text());
    bench.advance(limits::NONCE_LIFETIME_MS + 1);
    let late = proven(&invite, &challenge, ("201", "s3cret"), Algorithm::Sha256);
    let answer = bench.ask(PHONE, &late);
    assert!(header(&answer, "Proxy-Authenticate").unwrap().contains("stale=true"));
}

#[test]
fn strangers_are_refused_without_a_trace() {
    let mut bench = Bench::new();
    let mut invite = Ask::invite("s");
    invite.from = "<sip:100@1.1.1.1>;tag=s".into();
    invite.uri = "sip:900441632960000@198.51.100.1".into();
    let answer = bench.ask("198.51.100.66:5060", &invite.text());
    assert_eq!(first_line(&answer), "SIP/2.0 403 Forbidden");
    assert_eq!(bench.count(Count::UnknownSource), 1);
    assert_eq!(bench.endpoint.usage(), Usage::default());
}

fn with_trunks(trunks: Vec<Trunk>) -> Bench {
    let directory = Directory::new(
        vec![domains(1, "acme.example"), domains(2, "other.example")],
        vec![],
        trunks,
        Some(tenant(1)),
    );
    Bench::with(EndpointConfig::new(addr(US)), directory.unwrap())
}

fn by_source(number: u128, of: u128, source: &str) -> Trunk {
    let mut trunk = trunk(number, of, CARRIER);
    trunk.proxy = None;
    trunk.sources = vec![source.parse().unwrap()];
    trunk
}

#[test]
fn the_narrowest_source_wins() {
    let mut bench = with_trunks(vec![
        by_source(1, 1, "10.0.0.0/8"),
        by_source(2, 2, "10.0.0.2"),
        by_source(3, 1, "10.0.0.3:5070"),
        by_source(4, 2, "10.0.0.3"),
    ]);
    for (from, number) in
        [("10.77.0.1:5060", 1), ("10.0.0.2:9999", 2), ("10.0.0.3:5070", 3), ("10.0.0.3:5060", 4)]
    {
        let mut invite = Ask::invite(from);
        invite.from = "<sip:1@nowhere.example>;tag=1".into();
        bench.udp(from, invite.text());
        let source = bench.incoming().source;
        assert!(
            matches!(source, Source::Trunk { trunk, .. } if trunk == trunk_id(number)),
            "{from}"
        );
    }
}

#[test]
fn a_carrier_of_two_tenants_must_say_whom_it_calls() {
    let mut bench = with_trunks(vec![by_source(1, 1, "10.0.0.2"), by_source(2, 2, "10.0.0.2")]);
    let mut named = Ask::invite("n");
    named.uri = "sip:100@other.example".into();
    bench.udp(CARRIER, named.text());
    assert_eq!(bench.incoming().source.tenant(), tenant(2));
    bench.take_events();
    let directory = Directory::new(
        vec![domains(1, "acme.example"), domains(2, "other.example")],
        vec![],
        vec![by_source(1, 1, "10.0.0.2"), by_source(2, 2, "10.0.0.2")],
        None,
    );
    let mut bench = Bench::with(EndpointConfig::new(addr(US)), directory.unwrap());
    let answer = bench.ask(CARRIER, &Ask::invite("a").text());
    assert_eq!(first_line(&answer), "SIP/2.0 403 Forbidden");
    assert_eq!(bench.count(Count::AmbiguousSource), 1);
}

#[test]
fn a_trunk_may_prove_itself_from_anywhere() {
    let mut pbx = by_source(5, 1, "10.9.9.9");
    let secret = Secret::from_password("pbx", &Realm::new("acme.example"), "pw");
    pbx.inbound = Some(InboundLogin { username: "pbx".into(), secret });
    let mut bench = with_trunks(vec![pbx]);
    let mut invite = from_phone("acme.example");
    invite.from = "<sip:+441632960999@pbx.customer.example>;tag=p".into();
    let challenge = bench.ask(PHONE, &invite.text());
    bench.udp(PHONE, proven(&invite, &challenge, ("pbx", "pw"), Algorithm::Md5));
    let incoming = bench.incoming();
    assert_eq!(incoming.source, Source::Trunk { trunk: trunk_id(5), tenant: tenant(1) });
    assert_eq!(incoming.from, "+441632960999");
}

#[test]
fn only_trunks_may_assert_an_identity() {
    let asserted = "P-Asserted-Identity: \"Boss\" <sip:+441632960555@carrier>, <tel:+441632960555>";
    let mut bench = Bench::new();
    bench.udp(CARRIER, Ask::invite("i").with(asserted).text());
    assert_eq!(bench.incoming().from, "+441632960555");
    let invite = from_phone("acme.example").with(asserted);
    let challenge = bench.ask(PHONE, &invite.text());
    bench.udp(PHONE, proven(&invite, &challenge, ("201", "s3cret"), Algorithm::Md5));
    assert_eq!(bench.incoming().from, "201");
}

#[test]
fn directories_that_mix_tenants_up_are_refused() {
    let twice = Directory::new(
        vec![domains(1, "acme.example"), domains(2, "ACME.example")],
        vec![],
        vec![],
        None,
    );
    assert!(matches!(twice, Err(DirectoryError::DuplicateDomain(_))));
    let homeless = Directory::new(
        vec![domains(1, "acme.example")],
        vec![extension(1, 3, "201", "x", "y")],
        vec![],
        None,
    );
    assert!(matches!(homeless, Err(DirectoryError::UnknownTenant(_))));
    let injected = Directory::new(
        vec![domains(1, "acme.example")],
        vec![extension(1, 1, "201>\r\nX: y", "x", "y")],
        vec![],
        None,
    );
    assert!(matches!(injected, Err(DirectoryError::BadName(_))));
    for bad in ["10.0.0.0/33", "::/129", "nonsense", "10.0.0.0/x", ""] {
        assert!(bad.parse::<SourceRule>().is_err(), "{bad}");
    }
    assert!("0.0.0.0/0".parse::<SourceRule>().unwrap().matches(addr("192.0.2.1:1")));
    assert!(!"0.0.0.0/0".parse::<SourceRule>().unwrap().matches(addr("[2001:db8::1]:1")));
}
