//! Who a call is from, by trunk policy, and that one leg shows nothing of another.

use crate::support::*;
use strowger_sip::*;

fn policed(leg: LegPolicy) -> Bench {
    let mut bench = Bench::new();
    let policies = Policies { other_trunks: leg, ..Policies::default() };
    bench.act(|endpoint, _| endpoint.set_policies(Arc::new(policies)));
    bench
}

fn identity(trusted: bool, assertion: Assertion) -> LegPolicy {
    LegPolicy { identity: IdentityPolicy { trusted, assertion }, ..LegPolicy::default() }
}

fn place(bench: &mut Bench, withhold: bool, headers: &[(&str, &str)]) -> String {
    let request = InviteRequest {
        target: InviteTarget::Trunk { trunk: trunk_id(1), number: "+441632960222".into() },
        caller: Caller { number: "+441632960000".into(), name: Some("Acme".into()) },
        media: media(6000),
        ring_timeout_ms: 60_000,
        headers: headers.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect(),
    };
    let options = InviteOptions { withhold, ..InviteOptions::default() };
    bench.act(|e, now| e.invite_with(now, DialogKey::outbound(7), request, options));
    bench.take_sent().pop().unwrap()
}

#[test]
fn a_trusted_trunk_is_believed_and_another_is_not() {
    for (trusted, privacy, from, withheld) in [
        (true, "", "+441632960999", false),
        (false, "", "+441632960111", false),
        (true, "Privacy: id", "+441632960111", true),
        (true, "Privacy: none", "+441632960999", false),
        (true, "Privacy: user;critical", "+441632960111", true),
    ] {
        let mut bench = policed(identity(trusted, Assertion::None));
        let mut invite =
            Ask::invite("i").with("P-Asserted-Identity: <tel:+44-1632.960(999);ext=1>");
        if !privacy.is_empty() {
            invite = invite.with(privacy);
        }
        bench.udp(CARRIER, invite.text());
        let incoming = bench.incoming();
        assert_eq!((&*incoming.from, incoming.withheld), (from, withheld), "{trusted} {privacy}");
    }
    let mut bench = Bench::new();
    let mut anonymous = Ask::invite("a");
    anonymous.from = "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=a".into();
    bench.udp(CARRIER, anonymous.text());
    assert!(bench.incoming().withheld && bench.incoming().from == "anonymous");
}

#[test]
fn tel_addresses_stand_for_numbers_everywhere() {
    let mut bench = Bench::new();
    let mut invite = Ask::invite("t");
    invite.uri = "tel:+44-1632-960-000".into();
    invite.to = "<tel:+441632960000>".into();
    invite.from = "<tel:7042;phone-context=acme.example>;tag=t".into();
    bench.udp(CARRIER, invite.text());
    let incoming = bench.incoming();
    assert_eq!((&*incoming.to, &*incoming.to_header), ("+441632960000", "+441632960000"));
    assert_eq!(incoming.from, "7042");
    assert_eq!(incoming.request_uri, "tel:+44-1632-960-000");
}

#[test]
fn the_carrier_is_told_what_its_policy_says_and_the_called_party_what_the_caller_wants() {
    for (assertion, name) in [
        (Assertion::None, ""),
        (Assertion::Asserted, "P-Asserted-Identity"),
        (Assertion::Preferred, "P-Preferred-Identity"),
    ] {
        for withhold in [false, true] {
            let mut bench = policed(identity(true, assertion));
            let invite = place(&mut bench, withhold, &[]);
            let from = header(&invite, "From").unwrap();
            let real = "\"Acme\" <sip:+441632960000@10.0.0.2>";
            match withhold {
                true => assert!(
                    from.starts_with("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=")
                ),
                false => assert!(from.starts_with(real)),
            }
            assert_eq!(header(&invite, "Privacy").is_some(), withhold);
            assert_eq!(header(&invite, "Contact").unwrap().contains("anonymous@"), withhold);
            for header_name in ["P-Asserted-Identity", "P-Preferred-Identity"] {
                let expected = (header_name == name).then(|| real.to_owned());
                assert_eq!(header(&invite, header_name), expected, "{assertion:?}");
            }
            let shown = invite.matches("+441632960000").count();
            assert!(!withhold || shown == usize::from(assertion != Assertion::None), "{invite}");
        }
    }
}

#[test]
fn headers_pass_by_name_only_and_never_those_of_sip_itself() {
    let leg = LegPolicy {
        pass_headers: ["Diversion", "Alert-Info", "Via", "Contact", "Record-Route"]
            .map(String::from)
            .to_vec(),
        ..LegPolicy::default()
    };
    let mut bench = policed(leg);
    let invite = Ask::invite("h")
        .with("Diversion: <sip:+4416@10.0.0.2>;reason=busy")
        .with("alert-info: <urn:alert:source:internal>")
        .with("X-Secret: 1");
    bench.udp(CARRIER, invite.text());
    let passed = bench.incoming().headers;
    let names: Vec<_> = passed.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Diversion", "Alert-Info"]);
    bench.take_sent();
    let sent = place(
        &mut bench,
        false,
        &[
            ("Diversion", "<sip:+4416@acme.example>"),
            ("X-Own", "yes"),
            ("Via", "SIP/2.0/UDP evil"),
            ("Contact", "<sip:evil>"),
            ("Subject", "not allowed"),
            ("X-Broken", "a\r\nEvil: b"),
        ],
    );
    assert!(header(&sent, "Diversion").is_some() && header(&sent, "X-Own").is_some());
    assert!(!sent.to_lowercase().contains("evil") && header(&sent, "Subject").is_none());
}

#[test]
fn one_leg_shows_nothing_of_another() {
    let mut bench = Bench::new();
    let mut invite = Ask::invite("secret-call-id")
        .with("Record-Route: <sip:secret-proxy.example;lr>")
        .with("User-Agent: SecretPhone/1.0")
        .with("Subject: secret subject");
    invite.via = format!("SIP/2.0/UDP secret-host.example;branch=z9hG4bK-secret, {}", invite.via);
    invite.extra = invite.extra.replace("ann@", "secret-user@");
    invite.body = invite.body.replace("o=- 1 1", "o=secret 77 88").replace("s=-", "s=secret");
    bench.udp(CARRIER, invite.text());
    let incoming = bench.incoming();
    bench.take_sent();
    let request = InviteRequest {
        target: InviteTarget::Trunk { trunk: trunk_id(1), number: incoming.to.clone() },
        caller: Caller { number: incoming.from.clone(), name: incoming.display_name.clone() },
        media: media(6002),
        ring_timeout_ms: 60_000,
        headers: incoming.headers.clone(),
    };
    bench.act(|e, now| e.invite(now, DialogKey::outbound(9), request));
    let outgoing = bench.take_sent().pop().unwrap();
    assert!(!outgoing.to_lowercase().contains("secret"), "{outgoing}");
    assert!(header(&outgoing, "From").unwrap().starts_with("\"Ann\" <sip:+441632960111@"));
    // Nor the other way round.
    let answer = sdp("10.0.0.2", 4000, "").replace("o=- 1 1", "o=hidden 5 5");
    let extra = "Contact: <sip:hidden@10.0.0.2>\r\nServer: hidden/2\r\n";
    bench.udp(CARRIER, respond(&outgoing, "200 OK", "hidden", extra, &answer));
    bench.act(|e, now| e.answer(now, incoming.dialog, &media(6004)));
    let ok = bench.take_sent().pop().unwrap();
    assert!(ok.contains(" 200 OK") && !ok.contains("hidden"), "{ok}");
}
