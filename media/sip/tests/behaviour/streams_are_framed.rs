//! Streams: framed by Content-Length, bounded in size, number and patience.

use crate::support::*;
use strowger_sip::*;

fn over(number: u64) -> Hop {
    Hop::tcp(addr("10.0.0.2:33000"), Some(ConnectionId(number)))
}

fn invite() -> Ask {
    let mut invite = Ask::invite("tcp");
    invite.via = "SIP/2.0/TCP 10.0.0.2:5060;branch=z9hG4bK-tcp-1".into();
    invite
}

fn bench() -> Bench {
    let mut carrier = trunk(1, 1, CARRIER);
    carrier.sources = vec!["10.0.0.2".parse().unwrap()];
    let directory =
        Directory::new(vec![domains(1, "acme.example")], vec![], vec![carrier], None).unwrap();
    Bench::with(EndpointConfig::new(addr(US)), directory)
}

#[test]
fn messages_may_come_in_any_pieces() {
    let whole = invite().text();
    let options = invite().next("OPTIONS", 9).text();
    for size in [1, 7, 100, 10_000] {
        let mut bench = bench();
        let bytes = format!("{whole}\r\n\r\n{options}").into_bytes();
        for piece in bytes.chunks(size) {
            bench.packet(over(1), piece.to_vec());
        }
        bench.advance(200);
        let sent = std::mem::take(&mut bench.sent);
        assert!(sent.iter().all(|(hop, _)| hop.connection == Some(ConnectionId(1))));
        let lines: Vec<_> = sent.iter().map(|(_, text)| first_line(text)).collect();
        assert!(lines.contains(&"SIP/2.0 100 Trying".to_owned()), "{lines:?}");
        assert!(lines.contains(&"SIP/2.0 200 OK".to_owned()));
        bench.incoming();
    }
}

#[test]
fn an_answer_over_a_stream_is_still_repeated_until_its_ack() {
    let mut bench = bench();
    bench.packet(over(1), invite().text());
    let dialog = bench.incoming().dialog;
    bench.act(|endpoint, now| endpoint.answer(now, dialog, &media(6000)));
    bench.take_sent();
    bench.advance(1_600);
    assert_eq!(bench.take_lines(), ["SIP/2.0 200 OK"; 2]);
    bench.assert_empty();
}

#[test]
fn a_ping_is_answered() {
    let mut bench = bench();
    bench.packet(over(1), "\r\n\r\n");
    assert_eq!(bench.take_sent(), ["\r\n"]);
}

#[test]
fn a_ping_in_pieces_is_answered_once() {
    for pieces in [&["\r\n", "\r\n"][..], &["\r", "\n\r\n"], &["\r\n\r", "\n"]] {
        let mut bench = bench();
        for piece in pieces {
            bench.packet(over(1), *piece);
        }
        assert_eq!(bench.take_sent(), ["\r\n"], "{pieces:?}");
    }
}

#[test]
fn line_ends_around_a_message_are_no_ping() {
    let options = invite().next("OPTIONS", 9).text();
    for size in [1, 10_000] {
        let mut bench = bench();
        for piece in format!("\r\n{options}\r\n").into_bytes().chunks(size) {
            bench.packet(over(1), piece.to_vec());
        }
        assert_eq!(bench.take_lines(), ["SIP/2.0 200 OK"], "in pieces of {size}");
    }
}

#[test]
fn whole_messages_before_junk_are_heard() {
    let options = invite().next("OPTIONS", 9).text();
    for size in [10, 100_000] {
        for junk in ["junk\r\n\r\n".to_owned(), "x".repeat(70_000)] {
            let mut bench = bench();
            for piece in format!("{options}{junk}").into_bytes().chunks(size) {
                if bench.closed.is_empty() {
                    bench.packet(over(1), piece.to_vec());
                }
            }
            assert_eq!(bench.take_lines(), ["SIP/2.0 200 OK"]);
            assert_eq!(bench.closed, [ConnectionId(1)]);
        }
    }
}

#[test]
fn lost_framing_closes_the_stream() {
    let huge = format!("INVITE sip:a SIP/2.0\r\nX: {}\r\n", "x".repeat(40_000));
    let lengthless = invite().text().replace("Content-Length", "X-Length");
    let negative = invite().text().replace("Content-Length: ", "Content-Length: -");
    let enormous = invite().text().replace("Content-Length: ", "Content-Length: 99999");
    for (number, bytes) in [huge, lengthless, negative, enormous].into_iter().enumerate() {
        let mut bench = bench();
        let hop = over(number as u64);
        bench.packet(hop, bytes);
        assert_eq!(bench.closed, [hop.connection.unwrap()], "case {number}");
        assert_eq!(bench.endpoint.usage().streams, 0);
    }
}

#[test]
fn half_a_message_is_not_waited_for() {
    let mut bench = bench();
    bench.packet(over(1), "INVITE sip:a SIP/2.0\r\nVia: ");
    bench.advance(limits::STREAM_STALL_MS - 1);
    assert!(bench.closed.is_empty());
    bench.advance(1);
    assert_eq!(bench.closed, [ConnectionId(1)]);
    assert_eq!(bench.count(Count::StreamBroken), 1);
}

#[test]
fn a_body_is_not_waited_for() {
    let mut bench = bench();
    let text = invite().text();
    let head = text.find("\r\n\r\n").unwrap() + 4;
    bench.packet(over(1), &text[..head]);
    bench.advance(limits::STREAM_STALL_MS);
    assert_eq!(bench.closed, [ConnectionId(1)]);
}

#[test]
fn streams_are_counted() {
    let mut config = EndpointConfig::new(addr(US));
    config.limits.connections = 2;
    let mut bench = Bench::with(config, directory());
    for number in 1..=3 {
        bench.packet(over(number), "OPTIONS ");
    }
    assert_eq!(bench.closed, [ConnectionId(3)]);
    bench.endpoint.connection_closed(ConnectionId(1));
    bench.packet(over(4), "OPTIONS ");
    assert_eq!(bench.endpoint.usage().streams, 2);
}

#[test]
fn a_stream_that_cannot_be_opened_fails_its_calls_at_once() {
    let mut carrier = trunk(1, 1, CARRIER);
    carrier.proxy.as_mut().unwrap().transport = Transport::Tcp;
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
    let (hop, invite) = bench.sent.pop().unwrap();
    assert_eq!(hop, Hop::tcp(addr(CARRIER), None));
    assert!(header(&invite, "Via").unwrap().starts_with("SIP/2.0/TCP "));
    assert!(header(&invite, "Contact").unwrap().contains("transport=tcp"));
    bench.act(|endpoint, now| endpoint.transport_failed(now, &hop));
    assert!(matches!(bench.take_events()[..], [SipEvent::Failed { status: None, .. }]));
    bench.assert_empty();
}
