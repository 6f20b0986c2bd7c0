//! One who guesses passwords has the address banned that a whole site shares:
//! calls of that site go on, and its phones are back when the ban ends.

use crate::support::*;
use strowger_sip::*;

/// Behind the same NAT as [`PHONE`].
const GUESSER: &str = "203.0.113.9:6666";
const CONTACT: &str = "<sip:201@192.168.1.5:5060>";
/// The first ban of the default rules.
const BAN_MS: u64 = 60_000;

/// Guesses until nothing is answered any more.
fn banned(bench: &mut Bench) {
    for number in 0..100 {
        // One late answer at a time: it waits for the one before.
        bench.advance(2_000);
        bench.sent.clear();
        let ask = register(&format!("g{number}"), 1, "<sip:x@203.0.113.9>", 300);
        bench.udp(GUESSER, ask.text());
        bench.advance(2_000);
        let Some((_, challenge)) = bench.sent.pop() else { break };
        let offered = headers(&challenge, "WWW-Authenticate");
        let (login, uri) = (("201", "guess"), "sip:acme.example");
        let proof = authorize(&offered[0], Algorithm::Sha256, login, "REGISTER", uri, 1);
        let again = ask.next("REGISTER", 2).with(&format!("Authorization: {proof}"));
        bench.udp(GUESSER, again.text());
        if !bench.endpoint.bans(bench.now).is_empty() {
            break;
        }
    }
    let bans = bench.endpoint.bans(bench.now);
    assert_eq!(bans.len(), 1);
    assert_eq!(bans[0].until, bench.now.plus_ms(BAN_MS));
    bench.sent.clear();
}

/// Phone 201 calls; the bench, the leg and its INVITE, not answered yet.
fn calling(source: Hop) -> (Bench, DialogKey, Ask) {
    let mut bench = Bench::new();
    let mut invite = Ask::invite("p");
    invite.uri = "sip:9001@acme.example".into();
    invite.from = "<sip:201@acme.example>;tag=p".into();
    invite.to = "<sip:9001@acme.example>".into();
    invite.via =
        format!("SIP/2.0/{} 192.168.1.5:5060;rport;branch=z9hG4bK-p", source.transport.via_name());
    invite.extra = format!("Contact: {CONTACT}\r\n");
    bench.packet(source, invite.text());
    let challenge = bench.take_sent().pop().unwrap();
    let offered = headers(&challenge, "Proxy-Authenticate");
    let (login, uri) = (("201", "s3cret"), &invite.uri);
    let proof = authorize(&offered[0], Algorithm::Sha256, login, "INVITE", uri, 1);
    let mut again = invite.next("INVITE", 2).with(&format!("Proxy-Authorization: {proof}"));
    again.body.clone_from(&invite.body);
    bench.packet(source, again.text());
    let dialog = bench.incoming().dialog;
    bench.sent.clear();
    (bench, dialog, again)
}

fn answer(bench: &mut Bench, dialog: DialogKey) -> String {
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    bench.take_sent().pop().unwrap()
}

/// Our call to the registered phone; our INVITE.
fn call_phone(bench: &mut Bench) -> String {
    let request = InviteRequest {
        target: InviteTarget::Extension(agent(1)),
        caller: Caller { number: "5".into(), name: None },
        media: media(6000),
        ring_timeout_ms: 30_000,
        headers: vec![],
    };
    bench.act(|endpoint, now| endpoint.invite(now, DialogKey::outbound(1), request));
    bench.take_sent().pop().unwrap()
}

#[test]
fn a_call_that_is_up_is_held_and_hung_up() {
    let (mut bench, dialog, invite) = calling(Hop::udp(addr(PHONE)));
    let ok = answer(&mut bench, dialog);
    bench.udp(PHONE, invite.next("ACK", 2).tagged(&ok).text());
    bench.take_events();
    banned(&mut bench);
    let mut hold = invite.next("INVITE", 3).tagged(&ok);
    hold.body = sdp("10.0.0.2", 4000, "a=sendonly\r\n");
    bench.udp(PHONE, hold.text());
    let held = bench.take_sent();
    let held = held.iter().find(|text| first_line(text) == "SIP/2.0 200 OK").unwrap();
    bench.udp(PHONE, hold.next("ACK", 3).tagged(held).text());
    let events = bench.take_events();
    assert!(!events.is_empty(), "the hold is heard of");
    // From another port, as a NAT that forgot would do.
    bench.udp("203.0.113.9:40777", invite.next("BYE", 4).tagged(&ok).text());
    assert_eq!(bench.take_lines(), ["SIP/2.0 200 OK"]);
    let ends = bench.take_events();
    assert!(ends.iter().any(|event| event.is_last() && event.dialog() == Some(dialog)));
    bench.assert_empty();
}

#[test]
fn the_answer_to_our_call_is_heard() {
    let mut bench = Bench::new();
    bench.register(PHONE, &register("r", 1, CONTACT, 3_600));
    banned(&mut bench);
    bench.take_events();
    let invite = call_phone(&mut bench);
    bench.udp(PHONE, respond(&invite, "180 Ringing", "phone", "", ""));
    assert!(matches!(bench.take_events()[..], [SipEvent::Ringing { .. }]));
    let contact = format!("Contact: {CONTACT}\r\n");
    let offer = sdp("192.168.1.5", 4000, "");
    bench.udp(PHONE, respond(&invite, "200 OK", "phone", &contact, &offer));
    assert!(first_line(&bench.take_sent()[0]).starts_with("ACK "));
    bench.act(|endpoint, now| {
        endpoint.hang_up(now, DialogKey::outbound(1), strowger_model::Cause::Normal)
    });
    let bye = bench.take_sent().pop().unwrap();
    bench.udp(PHONE, respond(&bye, "200 OK", "phone", "", ""));
    bench.advance(40_000);
    assert!(bench.sent.is_empty(), "nothing had to be repeated: {:#?}", bench.sent);
}

#[test]
fn a_caller_cancels_and_repeats() {
    let (mut bench, dialog, invite) = calling(Hop::udp(addr(PHONE)));
    bench.act(|endpoint, now| endpoint.ban(now, addr(PHONE).ip(), 60));
    bench.advance(200);
    assert_eq!(bench.take_lines(), ["SIP/2.0 100 Trying"]);
    bench.udp(PHONE, invite.text());
    assert_eq!(bench.take_lines(), ["SIP/2.0 100 Trying"], "repeated");
    let mut cancel = invite.next("CANCEL", 2);
    cancel.via.clone_from(&invite.via);
    bench.udp(PHONE, cancel.text());
    assert_eq!(bench.take_lines(), ["SIP/2.0 200 OK", "SIP/2.0 487 Request Terminated"]);
    let last = bench.take_events().pop().unwrap();
    assert!(matches!(last, SipEvent::Cancelled { dialog: d } if d == dialog));
    bench.assert_empty();
}

#[test]
fn a_registered_phone_is_served_again_when_the_ban_ends() {
    let mut bench = Bench::new();
    bench.register(PHONE, &register("r", 1, CONTACT, 3_600));
    bench.take_events();
    banned(&mut bench);
    let refresh = register("again", 1, CONTACT, 3_600);
    // What is not answered meanwhile makes the ban no longer.
    for _ in 0..6 {
        bench.udp(PHONE, refresh.text());
        bench.advance(BAN_MS / 6 - 1);
    }
    assert!(bench.sent.is_empty(), "{:#?}", bench.sent);
    assert_eq!(bench.endpoint.usage().registrations, 1, "it can be called all the time");
    bench.advance(6);
    assert_eq!(first_line(&bench.register(PHONE, &refresh)), "SIP/2.0 200 OK");
    // Nor is it slowed then.
    let next = register("next", 1, CONTACT, 3_600);
    assert_eq!(first_line(&bench.register(PHONE, &next)), "SIP/2.0 200 OK");
}

#[test]
fn a_connection_that_carries_a_call_is_not_closed() {
    for transport in [Transport::Tcp, Transport::Wss] {
        let source = Hop::over(transport, addr(PHONE), ConnectionId(7));
        let (mut bench, dialog, invite) = calling(source);
        let ok = answer(&mut bench, dialog);
        bench.packet(source, invite.next("ACK", 2).tagged(&ok).text());
        bench.act(|endpoint, now| endpoint.ban(now, addr(PHONE).ip(), 60));
        // A ping, a request out of nothing, one of the call in pieces.
        bench.packet(source, "\r\n\r\n");
        assert_eq!(bench.take_sent(), ["\r\n"]);
        let banned = bench.count(Count::Banned);
        bench.packet(source, Ask::invite("o").next("OPTIONS", 1).text());
        assert_eq!(bench.count(Count::Banned), banned + 1);
        let bye = invite.next("BYE", 3).tagged(&ok).text();
        let (first, rest) = match transport {
            Transport::Tcp => bye.split_at(70),
            _ => (&bye[..], ""),
        };
        bench.packet(source, first);
        if !rest.is_empty() {
            bench.packet(source, rest);
        }
        assert_eq!(bench.take_lines(), ["SIP/2.0 200 OK"], "{transport:?}");
        assert!(bench.closed.is_empty());
        // With the call its privilege ends.
        bench.packet(source, Ask::invite("o").next("OPTIONS", 2).text());
        assert_eq!(bench.closed, [ConnectionId(7)]);
        assert!(bench.sent.is_empty());
    }
}

#[test]
fn a_call_is_no_cover_for_guesses() {
    let (mut bench, dialog, invite) = calling(Hop::udp(addr(PHONE)));
    let ok = answer(&mut bench, dialog);
    bench.udp(PHONE, invite.next("ACK", 2).tagged(&ok).text());
    bench.act(|endpoint, now| endpoint.ban(now, addr(PHONE).ip(), 60));
    let mut guess = register("p", 2, CONTACT, 60);
    guess.from = header(&ok, "To").unwrap();
    bench.udp(PHONE, guess.text());
    let mut call = invite.clone();
    call.call_id = "another".into();
    bench.udp(PHONE, call.text());
    let mut stranger = invite.next("BYE", 3);
    stranger.to.push_str(";tag=0123456789abcdef");
    bench.udp(PHONE, stranger.text());
    assert!(bench.sent.is_empty(), "{:#?}", bench.sent);
    assert_eq!(bench.count(Count::Banned), 3);
}
