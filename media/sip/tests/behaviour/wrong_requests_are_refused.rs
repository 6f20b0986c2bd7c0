//! What cannot be served is refused with the status that says why, and costs nothing.

use crate::support::*;
use strowger_sip::*;

/// The refusal of one request of the carrier; nothing may stay behind.
fn refusal(text: &str) -> String {
    let mut bench = Bench::new();
    let answer = bench.ask(CARRIER, text);
    assert!(bench.take_events().is_empty(), "{text}");
    bench.assert_empty();
    answer
}

fn status(text: &str) -> u16 {
    refusal(text).split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn methods() {
    for (method, expected) in [("SUBSCRIBE", 405), ("MESSAGE", 405), ("DANCE", 501)] {
        let answer = refusal(&Ask::invite("m").next(method, 1).text());
        assert!(first_line(&answer).contains(&expected.to_string()), "{method}: {answer}");
        assert!(header(&answer, "Allow").unwrap().contains("INVITE"));
    }
    assert_eq!(status(&Ask::invite("m").next("REFER", 1).text()), 403);
    for method in ["NOTIFY", "BYE", "INFO", "UPDATE", "PRACK"] {
        assert_eq!(status(&Ask::invite("m").next(method, 1).text()), 481, "{method}");
    }
}

#[test]
fn required_extensions() {
    let answer = refusal(&Ask::invite("x").with("Require: precondition, timer").text());
    assert_eq!(first_line(&answer), "SIP/2.0 420 Bad Extension");
    assert_eq!(header(&answer, "Unsupported").unwrap(), "precondition");
}

#[test]
fn addresses_and_hops() {
    let mut invite = Ask::invite("u");
    invite.uri = "http://acme.example/".into();
    assert_eq!(status(&invite.text()), 416);
    invite.uri = "tel:+441632960000".into();
    let mut bench = Bench::new();
    bench.udp(CARRIER, invite.text());
    assert_eq!(bench.incoming().to, "+441632960000");
    let looped = Ask::invite("l").text().replace("Max-Forwards: 70", "Max-Forwards: 0");
    assert_eq!(status(&looped), 483);
}

#[test]
fn bodies() {
    let mut invite = Ask::invite("b");
    invite.content_type = "application/isup";
    let answer = refusal(&invite.text());
    assert_eq!(first_line(&answer), "SIP/2.0 415 Unsupported Media Type");
    assert_eq!(header(&answer, "Accept").unwrap(), "application/sdp");
    assert_eq!(status(&Ask::invite("b").with("Content-Encoding: gzip").text()), 415);
    let mut invite = Ask::invite("b");
    invite.body = "this is no session description\r\n".into();
    assert_eq!(status(&invite.text()), 400);
    invite.body = format!("{}m=audio 0 RT\0/AVP 8\r\n", sdp("10.0.0.2", 4000, ""));
    assert_eq!(status(&invite.text()), 400);
    for body in [
        sdp("10.0.0.2", 4000, "").replace("0 8 101", "18 9"),
        sdp("10.0.0.2", 0, ""),
        sdp("10.0.0.2", 4000, "").replace("RTP/AVP", "RTP/SAVP"),
        sdp("10.0.0.2", 4000, "").replace("IN IP4 10.0.0.2", "IN IP4 media.example"),
    ] {
        let mut invite = Ask::invite("b");
        invite.body = body;
        let answer = refusal(&invite.text());
        assert_eq!(first_line(&answer), "SIP/2.0 488 Not Acceptable Here", "{}", invite.body);
        assert!(header(&answer, "Warning").unwrap().starts_with("305 "));
    }
}

#[test]
fn headers_that_are_missing_or_wrong() {
    let whole = Ask::invite("h").text();
    for (what, with, expected) in [
        ("Contact: <sip:ann@10.0.0.2:5060>\r\n", "", 400),
        ("CSeq: 1 INVITE", "CSeq: 1 BYE", 400),
        ("CSeq: 1 INVITE", "CSeq: 99999999999 INVITE", 400),
        ("Max-Forwards: 70", "Max-Forwards: many", 400),
        ("To: <sip:+441632960000@10.0.0.1>", "To: <sip:a>\r\nTo: <sip:b>", 400),
        ("INVITE sip:+441632960000@10.0.0.1 SIP/2.0", "INVITE sip:a@b SIP/7.0", 505),
        ("Contact:", "Record-Route: <<<>\r\nContact:", 400),
    ] {
        let text = whole.replace(what, with);
        assert_ne!(text, whole);
        assert_eq!(status(&text), expected, "{with}");
    }
}

#[test]
fn what_cannot_be_answered_is_dropped() {
    let whole = Ask::invite("d").text();
    for text in [
        "hello".to_owned(),
        whole.replace("Via: ", "X-Via: "),
        whole.replace("Call-ID: d\r\n", ""),
        whole.replace("From: ", "X-From: "),
        Ask::invite("d").next("ACK", 1).text().replace("CSeq: 1 ACK", "CSeq: 1 BYE"),
        "SIP/2.0 200 OK\r\n\r\n".to_owned(),
        String::new(),
        "\0\0\0\0".to_owned(),
    ] {
        let mut bench = Bench::new();
        bench.udp(CARRIER, text.clone());
        assert!(bench.take_sent().is_empty(), "{text}");
        assert!(bench.take_events().is_empty());
        bench.assert_empty();
    }
}

#[test]
fn broken_framing_is_answered_if_it_can_be() {
    let whole = Ask::invite("f").text();
    let cut = &whole[..whole.len() - 20];
    assert_eq!(status(cut), 400);
    assert_eq!(status(&whole.replace("Content-Length: ", "Content-Length: -")), 400);
    assert_eq!(status(&whole.replace("Content-Length: ", "Content-Length: x")), 400);
    assert_eq!(status(&whole.replace("Max-Forwards: 70", "Max-Forwards 70")), 400);
}

#[test]
fn bytes_after_the_message_are_ignored() {
    let mut bench = Bench::new();
    bench.udp(CARRIER, format!("{}INVITE sip:evil SIP/2.0\r\n", Ask::invite("t").text()));
    assert!(bench.is_taken());
}

#[test]
fn one_call_by_two_ways_is_one_call() {
    let mut bench = Bench::new();
    let invite = Ask::invite("w");
    bench.udp(CARRIER, invite.text());
    bench.advance(200);
    bench.take_sent();
    let mut twin = invite.clone();
    twin.via = format!("SIP/2.0/UDP {CARRIER};branch=z9hG4bK-other-way");
    assert_eq!(first_line(&bench.ask(CARRIER, &twin.text())), "SIP/2.0 482 Loop Detected");
    bench.udp(CARRIER, invite.text());
    assert_eq!(bench.take_lines(), ["SIP/2.0 100 Trying"], "a repetition is no second way");
    assert_eq!(bench.take_events().len(), 1);
}

#[test]
fn requests_for_dialogs_that_we_do_not_have() {
    let (mut bench, _, invite, ok) = answered();
    bench.take_sent();
    let good = invite.next("BYE", 2).tagged(&ok);
    let tag = to_tag(&ok);
    for wrong in [
        good.text().replace(&tag, "0123456789abcdef"),
        good.text().replace(&tag, "short"),
        good.text().replace("tag=ann", "tag=eve"),
        good.text().replace("Call-ID: call-1", "Call-ID: call-2"),
    ] {
        let answer = bench.ask(CARRIER, &wrong);
        assert_eq!(first_line(&answer), "SIP/2.0 481 Call/Transaction Does Not Exist");
    }
    assert!(bench.take_events().is_empty());
    assert_eq!(bench.endpoint.usage().calls, 1);
}

#[test]
fn requests_that_come_too_late_in_a_dialog() {
    let (mut bench, _, invite, ok) = answered();
    let new = invite.next("OPTIONS", 5).tagged(&ok);
    assert_eq!(first_line(&bench.ask(CARRIER, &new.text())), "SIP/2.0 200 OK");
    let old = invite.next("INFO", 4).tagged(&ok);
    assert_eq!(first_line(&bench.ask(CARRIER, &old.text())), "SIP/2.0 500 Server Internal Error");
}

#[test]
fn options_say_what_we_understand() {
    let mut bench = Bench::new();
    let answer = bench.ask(PHONE, &Ask::invite("o").next("OPTIONS", 1).text());
    assert_eq!(first_line(&answer), "SIP/2.0 200 OK");
    assert!(header(&answer, "Allow").unwrap().contains("UPDATE"));
    assert_eq!(header(&answer, "Accept").unwrap(), "application/sdp");
    assert_eq!(bench.count(Count::Received), 1);
}

#[test]
fn what_was_said_twice_is_answered_once() {
    let whole = Ask::invite("twice").text();
    for name in ["From", "To", "Call-ID", "CSeq"] {
        let line = whole.lines().find(|line| line.starts_with(name)).unwrap();
        let answer = refusal(&whole.replace(line, &format!("{line}\r\n{line}")));
        assert_eq!(first_line(&answer), "SIP/2.0 400 Bad Request");
        let told = answer.lines().filter(|line| line.starts_with(&format!("{name}:")));
        assert_eq!(told.count(), 1, "{answer}");
    }
}
