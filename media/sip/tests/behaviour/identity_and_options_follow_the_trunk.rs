//! A trunk chooses the number that is shown, the leg's policy whether it is
//! asserted; both, and what a call was placed with, hold for each trunk tried.

use crate::support::*;
use strowger_sip::*;

fn asserting(assertion: Assertion) -> LegPolicy {
    let identity = IdentityPolicy { assertion, ..IdentityPolicy::default() };
    LegPolicy { identity, ..LegPolicy::default() }
}

fn prefixed(prepend: &str) -> Translation {
    let edit = Edit::Replace { strip: 1, prepend: prepend.into() };
    Translation::new(vec![NumberRule { when: When::Prefix("+".into()), edit }], None).unwrap()
}

/// Three carriers: the first shows the caller in its own form and is asserted
/// it, the second shows nobody and is told all the same, the third is preferred
/// one that it wants in the place of any other.
fn bench() -> Bench {
    let own = CallerPolicy::Own { numbers: vec![], otherwise: "+441632960999".into() };
    let mut bench = carriers(in_order(|trunking| {
        for (trunk, caller, prepend) in
            [(1, CallerPolicy::Pass, "00"), (2, CallerPolicy::Anonymous, "11"), (3, own, "22")]
        {
            let caller_out = prefixed(prepend);
            let policy = TrunkPolicy { caller, caller_out, ..TrunkPolicy::default() };
            trunking.trunks.insert(trunk_id(trunk), policy);
        }
    }));
    let mut policies = Policies::default();
    policies.trunks.insert(trunk_id(1), asserting(Assertion::Asserted));
    policies.trunks.insert(trunk_id(2), asserting(Assertion::Asserted));
    policies.trunks.insert(trunk_id(3), asserting(Assertion::Preferred));
    bench.act(|endpoint, _| endpoint.set_policies(Arc::new(policies)));
    bench
}

fn place(bench: &mut Bench, options: InviteOptions) {
    let request = InviteRequest {
        target: InviteTarget::Route { tenant: tenant(1), number: "+441632960111".into() },
        caller: Caller { number: "+441632960000".into(), name: Some("Acme".into()) },
        media: media(6000),
        ring_timeout_ms: 60_000,
        headers: vec![("X-Case".into(), "7".into())],
    };
    bench.act(|e, now| e.invite_with(now, DialogKey::outbound(1), request, options));
}

/// Refuses the INVITE that is out and gives the one that follows it.
fn next(bench: &mut Bench, peer: &str, invite: &str) -> String {
    bench.udp(peer, respond(invite, "503 Full", "x", "", ""));
    bench.invited().1
}

const NOBODY: &str = "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=";

#[test]
fn the_number_is_the_trunks_and_its_assertion_the_legs() {
    let mut bench = bench();
    place(&mut bench, InviteOptions::default());
    let (_, first) = bench.invited();
    let shown = "\"Acme\" <sip:00441632960000@10.0.0.11>";
    assert!(header(&first, "From").unwrap().starts_with(shown));
    assert_eq!(header(&first, "P-Asserted-Identity").unwrap(), shown);
    assert_eq!(header(&first, "Privacy"), None);
    let second = next(&mut bench, FIRST, &first);
    assert!(header(&second, "From").unwrap().starts_with(NOBODY));
    assert!(header(&second, "Contact").unwrap().contains("anonymous@"));
    let real = "\"Acme\" <sip:11441632960000@10.0.0.12>";
    assert_eq!(header(&second, "P-Asserted-Identity").unwrap(), real);
    assert_eq!(header(&second, "Privacy").unwrap(), "id");
    let third = next(&mut bench, SECOND, &second);
    let chosen = "<sip:22441632960999@10.0.0.13>";
    assert!(header(&third, "From").unwrap().starts_with(chosen));
    assert_eq!(header(&third, "P-Preferred-Identity").unwrap(), chosen);
    assert_eq!(header(&third, "P-Asserted-Identity"), None);
    assert_eq!(header(&third, "Privacy"), None, "the second one's affair");
}

#[test]
fn what_a_call_was_placed_with_goes_along() {
    let mut bench = bench();
    let replaces = Replaces {
        call_id: "theirs".into(),
        to_tag: "a".into(),
        from_tag: "b".into(),
        early_only: false,
    };
    let options = InviteOptions {
        replaces: Some(replaces),
        referred_by: Some("sip:ann@acme.example".into()),
        request_uri: Some("sip:x@pbx.example;line=4".into()),
        withhold: true,
        media: MediaOptions { ptime_ms: 30, ..MediaOptions::default() },
    };
    place(&mut bench, options);
    let (_, mut invite) = bench.invited();
    for (peer, to) in [(FIRST, "10.0.0.11"), (SECOND, "10.0.0.12"), (THIRD, "10.0.0.13")] {
        assert_eq!(first_line(&invite), "INVITE sip:x@pbx.example;line=4 SIP/2.0");
        assert_eq!(header(&invite, "To").unwrap(), format!("<sip:+441632960111@{to}>"));
        assert!(header(&invite, "Replaces").unwrap().starts_with("theirs;"));
        assert_eq!(header(&invite, "Referred-By").unwrap(), "<sip:ann@acme.example>");
        assert!(header(&invite, "From").unwrap().starts_with(NOBODY));
        assert_eq!(header(&invite, "Privacy").unwrap(), "id");
        assert_eq!(header(&invite, "X-Case").unwrap(), "7");
        assert!(body(&invite).contains("a=ptime:30"), "{invite}");
        if peer != THIRD {
            invite = next(&mut bench, peer, &invite);
        }
    }
}

#[test]
fn each_trunk_is_offered_what_its_own_policy_wants() {
    let mut bench = carriers(in_order(|_| {}));
    let mut policies = Policies::default();
    let secured = LegPolicy { security: Security::Required, ..LegPolicy::default() };
    policies.trunks.insert(trunk_id(2), secured.clone());
    bench.act(|endpoint, _| endpoint.set_policies(Arc::new(policies.clone())));
    let key = SrtpKey {
        suite: "AES_CM_128_HMAC_SHA1_80".into(),
        key: "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj".into(),
    };
    let media = MediaOptions { keys: vec![key], ..MediaOptions::default() };
    place(&mut bench, InviteOptions { media, ..InviteOptions::default() });
    let (_, first) = bench.invited();
    assert!(body(&first).contains(" RTP/AVP "));
    let second = next(&mut bench, FIRST, &first);
    assert!(body(&second).contains(" RTP/SAVP ") && body(&second).contains("a=crypto:1 "));
    let third = next(&mut bench, SECOND, &second);
    assert!(body(&third).contains(" RTP/AVP ") && !body(&third).contains("crypto"));
    let description = sdp("10.0.0.9", 4000, "");
    let contact = "Contact: <sip:c@10.0.0.13>\r\n";
    let answer = respond(&third, "200 OK", "c", contact, &description);
    bench.udp(THIRD, answer);
    assert!(matches!(bench.take_events()[..], [SipEvent::Answered { .. }]));
    // Without a key a trunk that demands encryption is passed over.
    let mut bench = carriers(in_order(|_| {}));
    bench.act(|endpoint, _| endpoint.set_policies(Arc::new(policies)));
    place(&mut bench, InviteOptions::default());
    let (_, first) = bench.invited();
    bench.udp(FIRST, respond(&first, "503 Full", "x", "", ""));
    assert_eq!(bench.invited().0, addr(THIRD));
    let no_address = (Refusal::NoAddress, 0);
    assert!(bench.status(2).refused.contains(&no_address), "it is not the address");
}

#[test]
fn a_longer_session_is_tried_with_the_same_trunk_and_forgotten_with_the_next() {
    let mut bench = carriers(in_order(|_| {}));
    place(&mut bench, InviteOptions::default());
    let (_, first) = bench.invited();
    bench.udp(FIRST, respond(&first, "422 Too Small", "x", "Min-SE: 3600\r\n", ""));
    let (at, again) = bench.invited();
    assert_eq!((at, header(&again, "Min-SE").as_deref()), (addr(FIRST), Some("3600")));
    bench.udp(FIRST, respond(&again, "503 Full", "y", "", ""));
    let (at, second) = bench.invited();
    assert_eq!((at, header(&second, "Min-SE").as_deref()), (addr(SECOND), Some("90")));
}

#[test]
fn transfers_write_numbers_as_the_trunk_does() {
    let mut bench = carriers(in_order(|trunking| {
        let strip = Edit::Replace { strip: 2, prepend: "+".into() };
        let rule = NumberRule { when: When::Prefix("22".into()), edit: strip };
        let policy = TrunkPolicy {
            called_out: prefixed("22"),
            called_in: Translation::new(vec![rule], None).unwrap(),
            ..TrunkPolicy::default()
        };
        trunking.trunks.insert(trunk_id(1), policy);
    }));
    let mut ask = Ask::invite("in");
    ask.via = format!("SIP/2.0/UDP {FIRST};branch=z9hG4bK-in");
    ask.extra = format!("Contact: <sip:ann@{FIRST}>\r\n");
    bench.udp(FIRST, ask.text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let ok = bench.take_sent().pop().unwrap();
    bench.udp(FIRST, ask.next("ACK", 1).tagged(&ok).text());
    bench.take_events();
    let refer = ask.next("REFER", 2).tagged(&ok).with("Refer-To: <sip:22441632960222@10.0.0.1>");
    bench.udp(FIRST, refer.text());
    let events = bench.take_events();
    let [SipEvent::Referred { refer, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!(refer.target, "+441632960222");
    assert!(refer.uri.contains("22441632960222"), "as it came");
    let target = TransferTarget::Number("+441632960333".into());
    bench.act(|endpoint, now| endpoint.refer(now, dialog, &target));
    let sent = bench.take_sent().pop().unwrap();
    assert_eq!(header(&sent, "Refer-To").unwrap(), "<sip:22441632960333@10.0.0.11>");
}

#[test]
fn a_full_house_looks_at_no_replaces_but_hears_its_dialogs() {
    let (mut bench, _, invite, ok) = answered();
    bench.act(|endpoint, _| endpoint.set_congested(true));
    bench.take_sent();
    let mut other = Ask::invite("other").with("Replaces: nobody;to-tag=1;from-tag=2");
    other.from = "<sip:+441632960112@10.0.0.2>;tag=bob".into();
    bench.udp(CARRIER, other.text());
    assert!(first_line(&bench.take_sent().pop().unwrap()).starts_with("SIP/2.0 503 "));
    bench.udp(CARRIER, invite.next("UPDATE", 2).tagged(&ok).text());
    assert_eq!(first_line(&bench.take_sent().pop().unwrap()), "SIP/2.0 200 OK");
    bench.act(|endpoint, _| endpoint.set_congested(false));
    other.via.push('2');
    other.call_id.push('2');
    bench.udp(CARRIER, other.text());
    assert!(first_line(&bench.take_sent().pop().unwrap()).starts_with("SIP/2.0 481 "));
}
