//! A call goes out over a trunk: what it says, what comes back, how it ends.

use crate::support::*;
use strowger_model::Cause;
use strowger_sip::*;

#[test]
fn the_invite_says_what_it_must_and_nothing_that_was_smuggled_in() {
    let (_, _, invite) = placed();
    assert_eq!(first_line(&invite), "INVITE sip:+441632960222@10.0.0.2 SIP/2.0");
    let from = header(&invite, "From").unwrap();
    assert!(from.starts_with("\"Acme \\\"A\\\"\" <sip:+441632960000@10.0.0.2>;tag="), "{from}");
    assert_eq!(header(&invite, "Max-Forwards").unwrap(), "70");
    assert_eq!(header(&invite, "X-Call").unwrap(), "7");
    assert_eq!(headers(&invite, "Via").len(), 1);
    assert!(body(&invite).contains("m=audio 6000 RTP/AVP 8 0 101\r\n"));
}

#[test]
fn it_rings_is_answered_and_acknowledged_again_when_the_answer_is_repeated() {
    let (mut bench, dialog, invite) = placed();
    bench.udp(CARRIER, respond(&invite, "100 Trying", "", "", ""));
    assert!(bench.take_events().is_empty());
    let contact = "Contact: <sip:bob@10.0.0.2:5080>\r\n";
    bench.udp(CARRIER, respond(&invite, "180 Ringing", "b", contact, ""));
    bench.udp(CARRIER, respond(&invite, "180 Ringing", "b", contact, ""));
    let early = sdp("10.0.0.2", 4100, "");
    bench.udp(CARRIER, respond(&invite, "183 Progress", "b", contact, &early));
    let events = bench.take_events();
    assert!(matches!(events[0], SipEvent::Ringing { early: None, .. }));
    assert!(
        matches!(&events[1], SipEvent::Ringing { early: Some(media), .. } if media.remote == addr("10.0.0.2:4100"))
    );
    assert_eq!(events.len(), 2, "only news is told");

    let answer = sdp("10.0.0.2", 4200, "");
    let ok = respond(&invite, "200 OK", "b", contact, &answer);
    bench.udp(CARRIER, ok.clone());
    let (hop, ack) = bench.sent.pop().unwrap();
    assert_eq!(first_line(&ack), "ACK sip:bob@10.0.0.2:5080 SIP/2.0");
    assert_eq!(hop, Hop::udp(addr("10.0.0.2:5080")));
    assert_eq!(
        header(&ack, "CSeq").unwrap().replace("ACK", "INVITE"),
        header(&invite, "CSeq").unwrap()
    );
    assert_ne!(header(&ack, "Via").unwrap(), header(&invite, "Via").unwrap());
    let events = bench.take_events();
    assert!(
        matches!(&events[..], [SipEvent::Answered { media, .. }] if media.remote == addr("10.0.0.2:4200")),
        "the 200 decides, not the 183: {events:?}"
    );
    bench.udp(CARRIER, ok);
    assert_eq!(bench.take_sent(), [ack]);
    assert!(bench.take_events().is_empty());
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    bench.assert_empty();
}

#[test]
fn an_answer_without_media_uses_what_the_183_said() {
    let (mut bench, dialog, invite) = placed();
    let early = sdp("10.0.0.2", 4100, "");
    bench.udp(CARRIER, respond(&invite, "183 Progress", "b", "", &early));
    bench.udp(CARRIER, respond(&invite, "200 OK", "b", "", ""));
    let events = bench.take_events();
    assert!(matches!(&events[1], SipEvent::Answered { media, .. } if media.remote.port() == 4100));
    bench.act(|endpoint, now| endpoint.hang_up(now, dialog, Cause::Normal));
    bench.assert_empty();
}

#[test]
fn refusals_say_why() {
    for (status, cause) in [
        ("486 Busy", Cause::Busy),
        ("404 No", Cause::NotFound),
        ("603 Decline", Cause::Rejected),
        ("503 Full", Cause::Congestion),
        ("302 Moved", Cause::Unreachable),
    ] {
        let (mut bench, _, invite) = placed();
        bench.udp(CARRIER, respond(&invite, status, "b", "", ""));
        let ack = bench.take_sent().pop().unwrap();
        assert!(ack.starts_with("ACK "), "{ack}");
        assert_eq!(header(&ack, "Via"), header(&invite, "Via"), "the same branch");
        let number: u16 = status[..3].parse().unwrap();
        let events = bench.take_events();
        assert!(
            matches!(events[..], [SipEvent::Failed { cause: c, status: Some(s), .. }] if c == cause && s == number),
            "{status}: {events:?}"
        );
        bench.assert_empty();
    }
}

#[test]
fn a_carrier_that_is_silent_is_unreachable_after_32_seconds() {
    let (mut bench, _, _) = placed();
    bench.advance(31_900);
    assert!(bench.take_events().is_empty());
    bench.advance(200);
    let events = bench.take_events();
    assert!(
        matches!(events[..], [SipEvent::Failed { cause: Cause::Unreachable, status: None, .. }]),
        "{events:?}"
    );
    assert_eq!(bench.take_lines().len(), 6, "repeated after 0.5, 1.5, 3.5, 7.5, 15.5, 31.5 s");
    bench.assert_empty();
}

#[test]
fn an_answer_that_cannot_be_used_is_acknowledged_and_hung_up() {
    for answer in ["", "v=0\r\nrubbish", &sdp("10.0.0.2", 0, "")] {
        let (mut bench, _, invite) = placed();
        bench.udp(CARRIER, respond(&invite, "200 OK", "b", "", answer));
        let lines = bench.take_lines();
        assert!(lines[0].starts_with("ACK ") && lines[1].starts_with("BYE "), "{lines:?}");
        let events = bench.take_events();
        assert!(
            matches!(events[..], [SipEvent::Failed { cause: Cause::NoCommonCodec, .. }]),
            "{events:?}"
        );
        bench.assert_empty();
    }
}

#[test]
fn a_challenge_is_answered_with_the_strongest_algorithm_and_only_twice() {
    let mut carrier = trunk(1, 1, CARRIER);
    carrier.outbound = Some(Login { username: "acme".into(), password: "p\"w".into() });
    let directory =
        Directory::new(vec![domains(1, "acme.example")], vec![], vec![carrier], None).unwrap();
    let mut bench = Bench::with(EndpointConfig::new(addr(US)), directory);
    let request = InviteRequest {
        target: InviteTarget::Trunk { trunk: trunk_id(1), number: "1".into() },
        caller: Caller { number: "2".into(), name: None },
        media: media(6000),
        ring_timeout_ms: 60_000,
        headers: vec![],
    };
    bench.act(|endpoint, now| endpoint.invite(now, DialogKey::outbound(1), request));
    let challenge = "Proxy-Authenticate: Digest realm=\"c\", nonce=\"n1\", algorithm=MD5, qop=\"auth\"\r\n\
                     Proxy-Authenticate: Digest realm=\"c\", nonce=\"n1\", algorithm=SHA-256, qop=\"auth\"\r\n";
    let mut cseq = 0;
    for round in 0..3 {
        let sent = bench.take_sent();
        let invite = sent.iter().find(|text| text.starts_with("INVITE")).unwrap();
        let number: u32 =
            header(invite, "CSeq").unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!(number > cseq);
        cseq = number;
        let proof = header(invite, "Proxy-Authorization");
        assert_eq!(proof.is_some(), round > 0);
        if let Some(proof) = proof {
            assert!(proof.contains("algorithm=SHA-256"), "{proof}");
        }
        bench.udp(CARRIER, respond(invite, "407 Proof", "x", challenge, ""));
    }
    let lines = bench.take_lines();
    assert!(lines.iter().all(|line| line.starts_with("ACK ")), "{lines:?}");
    let events = bench.take_events();
    assert!(matches!(events[..], [SipEvent::Failed { cause: Cause::Forbidden, .. }]), "{events:?}");
    bench.assert_empty();
}

#[test]
fn targets_that_cannot_be_called_fail_at_once() {
    let mut bench = Bench::new();
    let unknown = [
        (InviteTarget::Extension(agent(9)), Cause::NotFound),
        (InviteTarget::Extension(agent(1)), Cause::Unreachable),
        (InviteTarget::Trunk { trunk: trunk_id(9), number: "1".into() }, Cause::NotFound),
    ];
    for (number, (target, expected)) in unknown.into_iter().enumerate() {
        let request = InviteRequest {
            target,
            caller: Caller { number: "2".into(), name: None },
            media: media(6000),
            ring_timeout_ms: 60_000,
            headers: vec![],
        };
        let key = DialogKey::outbound(number as u64);
        bench.act(|endpoint, now| endpoint.invite(now, key, request));
        let events = bench.take_events();
        assert!(
            matches!(events[..], [SipEvent::Failed { dialog, cause, .. }] if dialog == key && cause == expected)
        );
    }
    assert!(bench.take_sent().is_empty());
    bench.assert_empty();
}
