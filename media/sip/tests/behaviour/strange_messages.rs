//! The kinds of messages that RFC 4475 and RFC 5118 warn of, in words of our
//! own: strange ones that must be taken, broken ones that must be answered,
//! and those that nobody can answer. Each goes through the whole endpoint.

use crate::support::*;
use strowger_sip::*;

/// What must become of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    /// A call comes in.
    Call,
    /// It is answered with this status, and nothing else happens.
    Status(u16),
    /// Nothing happens at all.
    Nothing,
}
use Then::{Call, Nothing, Status};

const BODY: &str = "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n\
    m=audio 4000 RTP/AVP 8\r\n";

/// An INVITE with one thing replaced.
fn but(from: &str, to: &str) -> String {
    let text = Ask { body: BODY.into(), ..Ask::invite("strange") }.text();
    assert!(text.contains(from), "{from} is not in {text}");
    text.replacen(from, to, 1)
}

/// An INVITE with lines added before Content-Length.
fn plus(lines: &str) -> String {
    but("Content-Length:", &format!("{lines}\r\nContent-Length:"))
}

fn options(uri: &str) -> String {
    Ask { uri: uri.into(), body: String::new(), ..Ask::invite("o") }.next("OPTIONS", 1).text()
}

fn request(method: &str) -> String {
    Ask::invite("m").next(method, 1).text()
}

fn table() -> Vec<(&'static str, String, Then)> {
    vec![
        // Strange, but every rule is kept.
        ("folded and spaced headers", but("Max-Forwards: 70", "Max-Forwards:\r\n   \t 70  "), Call),
        ("short names", but("From:", "f:").replacen("To:", "t :", 1).replacen("Via:", "v:", 1), Call),
        ("names in odd case", but("Call-ID:", "cAlL-iD:").replacen("CSeq:", "CSEQ :", 1), Call),
        ("an unknown header with odd bytes", plus("X-Odd!%*_+`'~: \u{fffd}\u{1}ok;,<>"), Call),
        ("a header without a value", plus("Subject:"), Call),
        ("escaped user", but("sip:+441632960000@10.0.0.1", "sip:%2B44%31632960000@10.0.0.1"), Call),
        ("a display name with quotes", but("\"Ann\"", "\"A\\\"n\\\\n\""), Call),
        ("no space before the bracket", but("\"Ann\" <", "Ann<"), Call),
        ("a semicolon inside the user part", but("sip:+441632960000@10.0.0.1 ", "sip:+44;x=1@10.0.0.1 "), Call),
        ("unknown address parameters", but("@10.0.0.1 SIP", "@10.0.0.1;unknown=1;lr SIP"), Call),
        ("several Vias of other transports", but(
            "-1\r\n", "-1\r\nVia: SIP/2.0/TCP 10.1.1.1;branch=z9hG4bKa, SIP / 2.0 / TLS b;branch=z9hG4bKb\r\n"), Call),
        ("a branch that is the cookie only", but("z9hG4bK-strange-1", "z9hG4bK"), Call),
        ("a branch of RFC 2543", but("z9hG4bK-strange-1", "7"), Call),
        ("a very long value", plus(&format!("X-Long: {}", "a".repeat(3_000))), Call),
        ("bytes after the body", format!("{}garbage after the end", but("INVITE", "INVITE")), Call),
        ("a secure address", but("INVITE sip:", "INVITE sips:"), Call),
        ("a number without a host", but("INVITE sip:+441632960000@10.0.0.1", "INVITE tel:+441632960000"), Call),
        ("extensions that are only supported", plus("Supported: foo, bar, 100rel"), Call),
        ("a date that is none", plus("Date: soon"), Call),
        ("unreadable authorization of somebody else's scheme", plus("Authorization: NoOne opaque"), Call),
        ("a body of two parts with an unknown disposition", plus("Content-Disposition: session;handling=optional"), Call),
        // IPv6.
        ("a v6 Request-URI", options("sip:[2001:db8::10]"), Status(200)),
        ("a v6 Request-URI with a port", options("sip:[2001:db8::10]:5070"), Status(200)),
        ("a port inside the brackets' address", options("sip:[2001:db8::10:5070]"), Status(200)),
        ("a v4 address inside a v6 one", options("sip:[::ffff:192.0.2.10]"), Status(200)),
        ("a v6 Contact", but("ann@10.0.0.2:5060>", "ann@[2001:db8::9:1]>"), Call),
        ("a v6 address without brackets", options("sip:2001:db8::10"), Status(400)),
        ("a colon too many, which is forgiven", options("sip:[2001:db8:::192.0.2.1]"), Status(200)),
        ("v6 media", {
            let body = BODY.replace("c=IN IP4 10.0.0.2", "c=IN IP6 2001:db8::1");
            Ask { body, ..Ask::invite("strange") }.text()
        }, Call),
        // Answerable mistakes.
        ("two Call-IDs", plus("Call-ID: another"), Status(400)),
        ("two Froms", plus("From: <sip:b@b>;tag=2"), Status(400)),
        ("no Call-ID", but("Call-ID: strange\r\n", ""), Nothing),
        ("no From", but("From: \"Ann\" <sip:+441632960111@10.0.0.2>;tag=ann\r\n", ""), Nothing),
        ("a CSeq of another method", but("1 INVITE\r\n", "1 BYE\r\n"), Status(400)),
        ("a CSeq too large", but("CSeq: 1 ", "CSeq: 36893488147419103232 "), Status(400)),
        ("a CSeq below nothing", but("CSeq: 1 ", "CSeq: -1 "), Status(400)),
        ("too few hops", but("Max-Forwards: 70", "Max-Forwards: 0"), Status(483)),
        ("hops that are no number", but("Max-Forwards: 70", "Max-Forwards: many"), Status(400)),
        ("another version", but(" SIP/2.0\r\n", " SIP/7.0\r\n"), Status(505)),
        ("an open bracket in To", but("<sip:+441632960000@10.0.0.1>\r\n", "<sip:+441632960000@10.0.0.1\r\n"), Status(400)),
        ("an open quote in From", but("\"Ann\" <", "\"Ann <"), Status(400)),
        ("no Contact", but("Contact: <sip:ann@10.0.0.2:5060>\r\n", ""), Status(400)),
        ("a required extension that nobody knows", plus("Require: nothing-like-it"), Status(420)),
        ("an unknown scheme", but("INVITE sip:+441632960000@10.0.0.1", "INVITE nobody:knows"), Status(416)),
        ("an unknown method", request("BIKESHED"), Status(501)),
        ("a method made of odd characters", request("!interesting%*_+`'~"), Status(501)),
        ("a body of an unknown kind", but("application/sdp", "text/plain"), Status(415)),
        ("a packed body", plus("Content-Encoding: gzip"), Status(415)),
        ("a body that is no description", but("v=0", "v=zero"), Status(400)),
        ("a description without usable media", but("RTP/AVP 8", "RTP/AVP 97"), Status(488)),
        ("more body announced than there is", but("Content-Length: 8", "Content-Length: 98"), Status(400)),
        ("a negative length", {
            let length = BODY.len();
            but(&format!("Content-Length: {length}"), "Content-Length: -5")
        }, Status(400)),
        ("spaces in the Request-URI", but("@10.0.0.1 SIP", "@10.0.0.1; lr SIP"), Status(400)),
        ("the Request-URI in brackets", but("INVITE sip:+441632960000@10.0.0.1 ", "INVITE <sip:+441632960000@10.0.0.1> "), Status(400)),
        ("a BYE of no dialog", request("BYE"), Status(481)),
        ("a CANCEL of nothing", request("CANCEL"), Status(481)),
        // Nobody to answer.
        ("an ACK of no dialog", request("ACK"), Nothing),
        ("no Via", but(&format!("Via: SIP/2.0/UDP {CARRIER};branch=z9hG4bK-strange-1\r\n"), ""), Nothing),
        ("a response that nobody asked for", "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@b>;tag=2\r\nCall-ID: r\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n".into(), Nothing),
        ("a response with a status beyond all", "SIP/2.0 4294967301 Big\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bKx\r\nFrom: <sip:a@a>;tag=1\r\nTo: <sip:b@b>;tag=2\r\nCall-ID: r\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n".into(), Nothing),
        ("half a start line", "INVITE sip:a".into(), Nothing),
        ("line ends only", "\r\n\r\n".into(), Nothing),
    ]
}

fn outcome(text: &str) -> Then {
    let mut bench = Bench::new();
    bench.udp(CARRIER, text);
    let calls = bench.events.iter().filter(|event| matches!(event, SipEvent::Incoming(_))).count();
    let sent: Vec<u16> = bench
        .sent
        .iter()
        .map(|(_, text)| text.split(' ').nth(1).unwrap().parse().unwrap())
        .collect();
    let then = match (calls, &sent[..]) {
        (1, []) => Call,
        (0, [status]) => Status(*status),
        (0, []) => Nothing,
        _ => panic!("{calls} calls, {sent:?} for {text}"),
    };
    if then == Call {
        let dialog = bench.incoming().dialog;
        bench.act(|endpoint, now| endpoint.reject(now, dialog, 486, None));
    }
    bench.assert_empty();
    then
}

#[test]
fn every_strange_message_gets_what_it_deserves() {
    let wrong: Vec<String> = table()
        .into_iter()
        .filter_map(|(what, text, expected)| {
            let got = outcome(&text);
            (got != expected).then(|| format!("{what}: expected {expected:?}, got {got:?}\n{text}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}

#[test]
fn none_of_them_disturbs_a_call_that_is_up() {
    let (mut bench, dialog, ..) = answered();
    for (_, text, _) in table() {
        bench.udp(CARRIER, text);
    }
    bench.sent.clear();
    bench.act(|endpoint, now| endpoint.reinvite(now, dialog, Direction::SendOnly));
    assert!(bench.sent.iter().any(|(_, text)| text.starts_with("INVITE ")));
    let ended = bench.events.iter().any(|e| e.is_last() && e.dialog() == Some(dialog));
    assert!(!ended);
}
