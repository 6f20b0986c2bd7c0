//! REFER and Replaces, in both roles.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

fn refer(invite: &Ask, ok: &str, cseq: u32, to: &str) -> Ask {
    let mut ask = invite.next("REFER", cseq).tagged(ok);
    ask.extra = format!("Contact: <sip:ann@{CARRIER}>\r\nRefer-To: {to}\r\n");
    ask
}

fn referred(bench: &mut Bench) -> Refer {
    let events = bench.take_events();
    match &events[..] {
        [SipEvent::Referred { refer, .. }] => (**refer).clone(),
        _ => panic!("{events:?}\n{:?}", bench.sent),
    }
}

fn notified(bench: &mut Bench) -> (String, String) {
    let sent = bench.take_sent();
    let notify = sent.iter().find(|text| text.starts_with("NOTIFY ")).unwrap().clone();
    bench.udp(CARRIER, respond(&notify, "200 OK", "", "", ""));
    (header(&notify, "Subscription-State").unwrap(), body(&notify).trim().to_owned())
}

#[test]
fn a_blind_transfer_of_theirs_is_told_and_told_of() {
    let (mut bench, dialog, invite, ok) = answered();
    bench.take_sent();
    let ask = refer(&invite, &ok, 2, "\"Bob\" <sip:+441632960333@10.0.0.2;user=phone>")
        .with("Referred-By: <sip:ann@acme.example>");
    bench.udp(CARRIER, ask.text());
    let refer = referred(&mut bench);
    assert_eq!(refer.target, "+441632960333");
    assert_eq!(refer.referred_by.as_deref(), Some("sip:ann@acme.example"));
    assert_eq!((refer.replaces, refer.replaces_dialog), (None, None));
    assert!(bench.sent.is_empty(), "the server decides");
    bench.act(|endpoint, now| endpoint.accept_refer(now, dialog));
    assert_eq!(first_line(&bench.sent[0].1), "SIP/2.0 202 Accepted");
    assert_eq!(header(&bench.sent[1].1, "Event").unwrap(), "refer;id=2");
    assert!(notified(&mut bench).1.starts_with("SIP/2.0 100 "));
    // What comes while one NOTIFY is out waits; only the newest is said.
    bench.act(|endpoint, now| {
        endpoint.refer_progress(now, dialog, 180);
        endpoint.refer_progress(now, dialog, 183);
        endpoint.refer_progress(now, dialog, 200);
    });
    let first = bench.take_sent();
    assert_eq!(first.len(), 1);
    assert!(body(&first[0]).starts_with("SIP/2.0 180 "));
    bench.udp(CARRIER, respond(&first[0], "200 OK", "", "", ""));
    let (state, said) = notified(&mut bench);
    assert!(state.starts_with("terminated") && said == "SIP/2.0 200 OK", "{state} {said}");
    bench.act(|endpoint, now| endpoint.refer_progress(now, dialog, 200));
    assert!(bench.take_sent().is_empty(), "said already");
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    bench.assert_empty();
}

#[test]
fn a_number_at_another_host_is_no_number_of_ours() {
    for (to, elsewhere) in [
        ("sip:123@other.example", Some("other.example")),
        ("sip:123@OTHER.example:5080", Some("other.example")),
        ("sip:123@192.0.2.66", Some("192.0.2.66")),
        ("sip:123@acme.example", None),
        ("sip:123@10.0.0.1", None),
        ("sip:123@10.0.0.2", None),
        ("tel:123", None),
    ] {
        let (mut bench, _, invite, ok) = answered();
        bench.udp(CARRIER, refer(&invite, &ok, 2, &format!("<{to}>")).text());
        let refer = referred(&mut bench);
        assert_eq!((refer.elsewhere.as_deref(), &*refer.target), (elsewhere, "123"), "{to}");
    }
}

#[test]
fn what_is_no_transfer_is_refused() {
    let (mut bench, dialog, invite, ok) = answered();
    for (cseq, to, status) in [
        (2, "<http://example.com>", 416),
        (3, "<sip:x@y;method=BYE>", 403),
        (4, "<sip:x@y?Replaces=nothing>", 400),
        (5, "<sip:x@y>\r\nRefer-To: <sip:z@y>", 400),
    ] {
        let answer = bench.ask(CARRIER, &refer(&invite, &ok, cseq, to).text());
        assert!(answer.starts_with(&format!("SIP/2.0 {status} ")), "{to}: {answer}");
    }
    assert!(bench.take_events().is_empty());
    bench.take_sent();
    bench.udp(CARRIER, refer(&invite, &ok, 6, "<tel:+441632960333>").text());
    assert_eq!(referred(&mut bench).target, "+441632960333");
    let second = bench.ask(CARRIER, &refer(&invite, &ok, 7, "<sip:x@y>").text());
    assert!(second.starts_with("SIP/2.0 491 "));
    bench.act(|endpoint, now| endpoint.reject_refer(now, dialog, 603));
    assert_eq!(bench.take_lines(), ["SIP/2.0 603 Decline"]);
    // A server that never decides declines.
    bench.udp(CARRIER, refer(&invite, &ok, 8, "<sip:x@y>").text());
    bench.advance(20_000);
    assert_eq!(bench.take_lines(), ["SIP/2.0 603 Decline"]);
    // One that is undecided when the call ends is not left open.
    bench.udp(CARRIER, refer(&invite, &ok, 9, "<sip:x@y>").text());
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    assert!(bench.take_lines().iter().any(|line| line.starts_with("SIP/2.0 481 ")));
    bench.assert_empty();
}

#[test]
fn a_transfer_without_subscription_is_silent() {
    let (mut bench, dialog, invite, ok) = answered();
    bench.take_sent();
    let ask = refer(&invite, &ok, 2, "<sip:x@y>").with("Refer-Sub: false");
    bench.udp(CARRIER, ask.text());
    bench.act(|endpoint, now| {
        endpoint.accept_refer(now, dialog);
        endpoint.refer_progress(now, dialog, 200);
    });
    let sent = bench.take_sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(header(&sent[0], "Refer-Sub").unwrap(), "false");
}

/// Two calls of the carrier, up; the second's INVITE and our answer.
fn two() -> (Bench, [DialogKey; 2], [(Ask, String); 2]) {
    let (mut bench, first, invite, ok) = answered();
    let mut other = Ask::invite("call-2");
    other.from = other.from.replace("tag=ann", "tag=bob");
    bench.udp(CARRIER, other.text());
    let second = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.answer(now, second, &media(6002)));
    let other_ok = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, other.next("ACK", 1).tagged(&other_ok).text());
    bench.take_events();
    (bench, [first, second], [(invite, ok), (other, other_ok)])
}

#[test]
fn an_attended_transfer_into_another_leg_of_ours_names_it() {
    let (mut bench, [_, second], [(invite, ok), (_, other_ok)]) = two();
    let to = format!(
        "<sip:x@10.0.0.1?Replaces=call-2%3Bto-tag%3D{}%3Bfrom-tag%3Dbob>",
        to_tag(&other_ok)
    );
    bench.udp(CARRIER, refer(&invite, &ok, 2, &to).text());
    let refer = referred(&mut bench);
    assert_eq!(refer.replaces_dialog, Some(second));
    assert_eq!(refer.uri, "sip:x@10.0.0.1");
    assert_eq!(refer.replaces.unwrap().call_id, "call-2");
}

#[test]
fn an_invite_may_replace_a_call() {
    let (mut bench, [first, _], [(_, ok), _]) = two();
    let tag = to_tag(&ok);
    let ask = |number: u32, replaces: &str| {
        Ask::invite(&format!("r{number}")).with(&format!("Replaces: {replaces}"))
    };
    for (number, replaces, status) in [
        (1, format!("call-1;to-tag={tag}"), 400),
        (2, format!("call-1;to-tag={tag};from-tag=eve"), 481),
        (3, format!("call-9;to-tag={tag};from-tag=ann"), 481),
        (4, format!("call-1;to-tag={tag};from-tag=ann;early-only"), 486),
        (5, format!("call-1;to-tag={tag};from-tag=ann\r\nReplaces: a;to-tag=1;from-tag=2"), 400),
    ] {
        let answer = bench.ask(CARRIER, &ask(number, &replaces).text());
        assert!(answer.starts_with(&format!("SIP/2.0 {status} ")), "{replaces}: {answer}");
    }
    assert!(bench.take_events().is_empty());
    let good = ask(6, &format!("call-1;to-tag={tag};from-tag=ann")).with("Require: replaces");
    bench.udp(CARRIER, good.text());
    let incoming = bench.incoming();
    assert_eq!(incoming.replaces, Some(first));
    bench.act(|endpoint, now| endpoint.hang_up(now, first, Cause::Normal));
    bench.sent.clear();
    let late = ask(7, &format!("call-1;to-tag={tag};from-tag=ann"));
    assert!(bench.ask(CARRIER, &late.text()).starts_with("SIP/2.0 603 "), "it is ending");
}

#[test]
fn nobody_replaces_another_tenants_call() {
    let mut directory = directory();
    directory = Directory::new(
        vec![domains(1, "acme.example"), domains(2, "other.example")],
        vec![],
        vec![directory.trunk(trunk_id(1)).unwrap().clone(), trunk(2, 2, "10.0.0.3:5060")],
        Some(tenant(1)),
    )
    .unwrap();
    let mut bench = Bench::with(EndpointConfig::new(addr(US)), directory);
    bench.udp(CARRIER, Ask::invite("call-1").text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    let tag = to_tag(&bench.take_sent().pop().unwrap());
    let mut thief = Ask::invite("t").with(&format!("Replaces: call-1;to-tag={tag};from-tag=ann"));
    thief.via = thief.via.replace(CARRIER, "10.0.0.3:5060");
    let answer = bench.ask("10.0.0.3:5060", &thief.text());
    assert!(answer.starts_with("SIP/2.0 481 "), "{answer}");
}

#[test]
fn a_ringing_call_of_ours_may_be_picked_up() {
    let (mut bench, dialog, invite) = placed();
    bench.udp(CARRIER, respond(&invite, "180 Ringing", "b", "", ""));
    let tag = header(&invite, "From").unwrap().split(";tag=").nth(1).unwrap().to_owned();
    let id = header(&invite, "Call-ID").unwrap();
    let pick = Ask::invite("p").with(&format!("Replaces: {id};to-tag={tag};from-tag=b;early-only"));
    bench.udp(CARRIER, pick.text());
    assert_eq!(bench.incoming().replaces, Some(dialog));
}

#[test]
fn we_send_the_other_side_away_and_hear_how_it_goes() {
    let (mut bench, dialog, invite, ok) = answered();
    bench.take_sent();
    let target = TransferTarget::Number("+441632960444".into());
    bench.act(|endpoint, now| endpoint.refer(now, dialog, &target));
    let ours = bench.take_sent().pop().unwrap();
    assert!(ours.starts_with("REFER sip:ann@10.0.0.2:5060 "));
    assert_eq!(header(&ours, "Refer-To").unwrap(), "<sip:+441632960444@10.0.0.2>");
    assert!(header(&ours, "Referred-By").is_some());
    // A NOTIFY may overtake the 202.
    let mut notify = invite.next("NOTIFY", 2).tagged(&ok).with("Event: refer");
    notify = notify.with("Subscription-State: active;expires=60");
    notify.content_type = "message/sipfrag";
    notify.body = "SIP/2.0 180 Ringing\r\n".into();
    assert!(bench.ask(CARRIER, &notify.text()).starts_with("SIP/2.0 200 "));
    bench.udp(CARRIER, respond(&ours, "202 Accepted", "", "", ""));
    let mut last = invite.next("NOTIFY", 3).tagged(&ok).with("Event: refer");
    last = last.with("Subscription-State: terminated;reason=noresource");
    last.body = "SIP/2.0 486 Busy\r\n".into();
    assert!(bench.ask(CARRIER, &last.text()).starts_with("SIP/2.0 200 "));
    let heard: Vec<_> = bench
        .take_events()
        .iter()
        .map(|event| match event {
            SipEvent::ReferProgress { status, is_last, .. } => (*status, *is_last),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(heard, [(180, false), (202, false), (486, true)]);
    let stray = last.next("NOTIFY", 4);
    assert!(bench.ask(CARRIER, &stray.text()).starts_with("SIP/2.0 481 "));
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    bench.assert_empty();
}

#[test]
fn we_join_two_far_ends() {
    let (mut bench, [first, second], [_, (_, other_ok)]) = two();
    bench.take_sent();
    bench.act(|endpoint, now| endpoint.refer(now, first, &TransferTarget::Dialog(second)));
    let ours = bench.take_sent().pop().unwrap();
    let expected = format!(
        "<sip:ann@10.0.0.2:5060?Replaces=call-2%3Bto-tag%3Dbob%3Bfrom-tag%3D{}>",
        to_tag(&other_ok)
    );
    assert_eq!(header(&ours, "Refer-To").unwrap(), expected);
    bench.udp(CARRIER, respond(&ours, "603 No", "", "", ""));
    let events = bench.take_events();
    assert!(
        matches!(events[..], [SipEvent::ReferProgress { status: 603, is_last: true, .. }]),
        "{events:?}"
    );
    // A dialog that is gone takes the call with it, after the transfer's last word.
    bench.act(|endpoint, now| endpoint.refer(now, first, &TransferTarget::Uri("tel:+4416".into())));
    let ours = bench.take_sent().pop().unwrap();
    bench.udp(CARRIER, respond(&ours, "481 Gone", "", "", ""));
    let events = bench.take_events();
    assert!(
        matches!(
            events[..],
            [SipEvent::ReferProgress { is_last: true, .. }, SipEvent::HungUp { .. }]
        ),
        "{events:?}"
    );
}

#[test]
fn a_call_may_be_placed_in_the_place_of_another() {
    let (mut bench, [first, _], _) = two();
    bench.take_sent();
    let replaces = bench.endpoint.replaces(first).unwrap();
    let options = InviteOptions {
        replaces: Some(replaces.clone()),
        referred_by: Some("sip:ann@acme.example".into()),
        request_uri: Some("sip:x@10.0.0.2;line=4".into()),
        ..InviteOptions::default()
    };
    let request = InviteRequest {
        target: InviteTarget::Trunk { trunk: trunk_id(1), number: "+441632960222".into() },
        caller: Caller { number: "+441632960000".into(), name: None },
        media: media(6004),
        ring_timeout_ms: 60_000,
        headers: vec![],
    };
    bench.act(|e, now| e.invite_with(now, DialogKey::outbound(5), request, options));
    let invite = bench.take_sent().pop().unwrap();
    assert!(invite.starts_with("INVITE sip:x@10.0.0.2;line=4 "));
    let text = header(&invite, "Replaces").unwrap();
    assert!(text.starts_with("call-1;to-tag=ann;from-tag="), "{text}");
    assert_eq!(header(&invite, "Require").unwrap(), "replaces");
    assert_eq!(header(&invite, "Referred-By").unwrap(), "<sip:ann@acme.example>");
}
