//! Torture: odd but legal messages are served, everything else is survived.
//! The messages are our own; the kinds are those of RFC 4475.

use crate::support::*;
use proptest::prelude::*;
use strowger_sip::*;

#[test]
fn odd_but_legal_messages_are_served() {
    let folded = "INVITE sip:+441632960000@10.0.0.1;unknown=%68ello SIP/2.0\r\n\
        v:  SIP  / 2.0\r\n /UDP 10.0.0.2:5060 ;  branch\r\n  =z9hG4bKodd ; x=\"a;b,c\"\r\n\
        mAx-FoRwArDs:   0070\r\n\
        f: \"Quoted \\\"name\\\", with; comma\" <sip:a%41nn@10.0.0.2;x=y?h=v>\r\n ;tag =  1928301774;y=\"z\"\r\n\
        T:\r\n <sip:+441632960000@10.0.0.1>\r\n\
        i: odd.(legal)~!%*_+`'{}[]?<>@x\r\n\
        cseq: 00009\r\n INVITE\r\n\
        m: <sip:ann@10.0.0.2:5060;transport=udp>;q=0.1;expires=\"7\"\r\n\
        Unknown-Header: \x01\u{fffd}anything\r\n\
        Subject:\r\n\
        l: 0\r\n\r\n";
    let mut bench = Bench::new();
    bench.udp(CARRIER, folded);
    bench.advance(200);
    assert_eq!(bench.take_lines(), ["SIP/2.0 100 Trying"]);
    let incoming = bench.incoming();
    assert_eq!(incoming.from, "aAnn");
    assert_eq!(incoming.display_name.as_deref(), Some("Quoted \"name\", with; comma"));
    bench.act(|endpoint, now| endpoint.answer(now, incoming.dialog, &media(6000)));
    let ok = bench.take_sent().remove(0);
    assert!(header(&ok, "i").or(header(&ok, "Call-ID")).unwrap().starts_with("odd.(legal)"));
}

#[test]
fn hostile_but_parsable_messages_are_refused_or_survived() {
    let whole = Ask::invite("t").text();
    let kinds: Vec<(&str, String)> = vec![
        ("escaped zero in user", whole.replace("sip:+441632960000@", "sip:a%00b@")),
        ("user that is not text", whole.replace("sip:+441632960000@", "sip:%ff%fe@")),
        ("very long user", whole.replace("+441632960000", &"9".repeat(3_000))),
        ("very many headers", whole.replace("Max-F", &format!("{}Max-F", "X: y\r\n".repeat(500)))),
        ("very many vias", whole.replace("Max-F", &format!("{}Max-F", "Via: SIP/2.0/UDP h\r\n".repeat(60)))),
        ("very many routes", whole.replace("Max-F", &format!("{}Max-F", "Record-Route: <sip:h;lr>\r\n".repeat(60)))),
        ("length beyond the end", whole.replace("Content-Length: ", "Content-Length: 9")),
        ("two lengths", whole.replace("Content-Length", "Content-Length: 0\r\nContent-Length")),
        ("huge CSeq", whole.replace("CSeq: 1 ", "CSeq: 4294967295 ")),
        ("unclosed quote", whole.replace("\"Ann\"", "\"Ann")),
        ("unclosed bracket", whole.replace("@10.0.0.2>;tag", "@10.0.0.2;tag")),
        ("port too large", whole.replace("sip:ann@10.0.0.2:5060", "sip:ann@10.0.0.2:99999")),
        ("contact of another kind", whole.replace("<sip:ann@10.0.0.2:5060>", "<mailto:ann@x>")),
        ("star contact", whole.replace("<sip:ann@10.0.0.2:5060>", "*")),
        ("no branch", whole.replace(";branch=z9hG4bK-t-1", "")),
        ("old branch", whole.replace("z9hG4bK-t-1", "1")),
        ("empty branch", whole.replace("z9hG4bK-t-1", "")),
        ("unknown transport", whole.replace("SIP/2.0/UDP", "SIP/2.0/PIGEON")),
        ("IPv6 without brackets", whole.replace("SIP/2.0/UDP 10.0.0.2:5060", "SIP/2.0/UDP ::1")),
        ("unknown scheme in From", whole.replace("sip:+441632960111@10.0.0.2", "soap:x")),
        ("no From tag", whole.replace(";tag=ann", "")),
        ("date of nonsense", whole.replace("Max-F", "Date: yesterday\r\nMax-F")),
        ("digest of nonsense", whole.replace("Max-F", "Proxy-Authorization: Digest x\r\nMax-F")),
        ("digest with everything empty", whole.replace("Max-F", "Authorization: Digest username=\"\", realm=\"\", nonce=\"\", uri=\"\", response=\"\"\r\nMax-F")),
        ("multipart", whole.replace("application/sdp", "multipart/mixed;boundary=x")),
        ("lower-case method", whole.replace("INVITE", "invite")),
        ("only line feeds", whole.replace("\r\n", "\n")),
        ("spaces before the version", whole.replace(" SIP/2.0\r\nVia", "  SIP/2.0\r\nVia")),
    ];
    for (kind, text) in kinds {
        assert_ne!(text, whole, "{kind}");
        let mut bench = Bench::new();
        bench.udp(CARRIER, text);
        let incoming = bench.events.iter().find_map(SipEvent::dialog);
        if let Some(dialog) = incoming {
            bench.act(|e, now| e.hang_up(now, dialog, strowger_model::Cause::Normal));
        }
        for (hop, sent) in &bench.sent {
            assert_eq!(hop.remote.ip(), addr(CARRIER).ip(), "{kind}: nobody else is written to");
            assert!(sent.starts_with("SIP/2.0 "), "{kind}: {sent}");
        }
        bench.assert_empty();
    }
}

/// Messages that together touch most of the machine.
fn corpus() -> Vec<String> {
    let invite = Ask::invite("call-1");
    let mut reinvite = invite.next("INVITE", 7);
    reinvite.body = sdp("0.0.0.0", 4000, "a=sendonly\r\n");
    let mut info = invite.next("INFO", 8);
    info.content_type = "application/dtmf-relay";
    info.body = "Signal=5\r\nDuration=160\r\n".into();
    let mut cancel = invite.next("CANCEL", 1);
    cancel.via = invite.via.clone();
    let proof = "Authorization: Digest username=\"201\", realm=\"acme.example\", nonce=\"0\", \
                 uri=\"sip:x\", response=\"0\", algorithm=SHA-256, qop=auth, nc=00000001, cnonce=\"c\"";
    vec![
        invite.text(),
        invite.clone().with("Record-Route: <sip:10.0.0.7;lr>, <sip:10.0.0.8>").text(),
        reinvite.text(),
        info.text(),
        cancel.text(),
        invite.next("ACK", 1).text(),
        invite.next("BYE", 9).text(),
        invite.next("OPTIONS", 3).text(),
        invite.next("UPDATE", 4).text(),
        register("r", 1, "<sip:201@192.168.1.5>;expires=60, <sip:x@y>", 60).with(proof).text(),
        register("r", 2, "*", 0).text(),
    ]
}

/// One change to a message.
#[derive(Clone, Debug)]
enum Change {
    Cut(prop::sample::Index),
    Drop(prop::sample::Index, u8),
    Set(prop::sample::Index, u8),
    Double(prop::sample::Index, u8),
    Insert(prop::sample::Index, &'static str),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<prop::sample::Index>;
    let word = prop::sample::select(vec![
        "\r\n",
        "\r\n\r\n",
        "\"",
        "<",
        ">",
        ";",
        ",",
        "@",
        "%",
        "%00",
        ":",
        "\0",
        "SIP/2.0",
        ";tag=",
        ";lr",
        "Content-Length: 9999\r\n",
        "999999999999999999999",
        "-1",
        "[::1]",
        "*",
        "\r\nRequire: x\r\n",
        "é",
    ]);
    prop_oneof![
        at().prop_map(Change::Cut),
        (at(), 1..20u8).prop_map(|(at, n)| Change::Drop(at, n)),
        (at(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (at(), 1..60u8).prop_map(|(at, n)| Change::Double(at, n)),
        (at(), word).prop_map(|(at, word)| Change::Insert(at, word)),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    if bytes.is_empty() {
        return;
    }
    let len = bytes.len();
    match change {
        Change::Cut(at) => bytes.truncate(at.index(len)),
        Change::Drop(at, count) => {
            let at = at.index(len);
            bytes.drain(at..(at + *count as usize).min(len));
        }
        Change::Set(at, byte) => bytes[at.index(len)] = *byte,
        Change::Double(at, count) => {
            let at = at.index(len);
            let copy = bytes[at..(at + *count as usize).min(len)].to_vec();
            bytes.splice(at..at, copy);
        }
        Change::Insert(at, word) => {
            let at = at.index(len);
            bytes.splice(at..at, word.bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// Whatever is thrown at an endpoint with a call up, over datagrams or a
    /// stream: no panic, and in the end nothing is left.
    #[test]
    fn changed_messages(
        picks in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::collection::vec(change(), 0..4), any::<bool>()),
            1..8,
        ),
    ) {
        let (mut bench, _, _, ok) = answered();
        let corpus = corpus();
        for (pick, changes, stream) in picks {
            let text = corpus[pick.index(corpus.len())].replace(
                "To: <sip:+441632960000@10.0.0.1>",
                &format!("To: {}", header(&ok, "To").unwrap()),
            );
            let mut bytes = text.into_bytes();
            for change in &changes {
                apply(&mut bytes, change);
            }
            let hop = match stream {
                true => Hop::tcp(addr(CARRIER), Some(ConnectionId(1))),
                false => Hop::udp(addr(CARRIER)),
            };
            bench.packet(hop, bytes);
        }
        let open: Vec<_> = bench.events.iter().filter_map(SipEvent::dialog).collect();
        for dialog in open.into_iter().chain([DialogKey(2)]) {
            bench.act(|e, now| e.hang_up(now, dialog, strowger_model::Cause::Normal));
        }
        bench.advance(700_000);
        let usage = bench.endpoint.usage();
        prop_assert_eq!(Usage { registrations: 0, streams: 0, ..usage }, Usage::default());
    }

    /// Responses to a call of ours, changed in the same ways.
    #[test]
    fn changed_responses(
        picks in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::collection::vec(change(), 0..4)), 1..8),
    ) {
        let (mut bench, dialog, invite) = placed();
        let answer = sdp("10.0.0.2", 4000, "");
        let contact = "Contact: <sip:b@10.0.0.2:5060>\r\nRecord-Route: <sip:10.0.0.7;lr>\r\n";
        let challenge = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n";
        let corpus = [
            respond(&invite, "100 Trying", "", "", ""),
            respond(&invite, "180 Ringing", "b", contact, ""),
            respond(&invite, "183 Progress", "b", contact, &answer),
            respond(&invite, "200 OK", "b", contact, &answer),
            respond(&invite, "200 OK", "c", contact, &answer),
            respond(&invite, "401 Who", "b", challenge, ""),
            respond(&invite, "486 Busy", "b", "", ""),
            respond(&invite, "603 No", "b", "", ""),
        ];
        for (pick, changes) in picks {
            let mut bytes = corpus[pick.index(corpus.len())].clone().into_bytes();
            for change in &changes {
                apply(&mut bytes, change);
            }
            bench.udp(CARRIER, bytes);
        }
        bench.act(|e, now| e.hang_up(now, dialog, strowger_model::Cause::Normal));
        let last = bench.events.iter().filter(|event| event.is_last()).count();
        prop_assert_eq!(last, 1);
        bench.advance(700_000);
        prop_assert_eq!(bench.endpoint.usage(), Usage::default());
    }

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut bench = Bench::new();
        bench.udp(CARRIER, bytes);
        prop_assert_eq!(bench.endpoint.usage(), Usage::default());
    }
}
