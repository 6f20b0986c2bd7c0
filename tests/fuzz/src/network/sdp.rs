//! Session descriptions: as the offer and as the answer of a call, of ours and
//! of theirs.

use super::house::{CARRIER, House, address, media};
use super::seed_of;
use super::wire::{crlf, header};
use std::collections::BTreeSet;
use strowger_sip::{
    Codec, DialogKey, Hop, LocalMedia, MediaOptions, Negotiated, Security, Session, SipEvent,
    SrtpKey,
};

pub(crate) const WORDS: &[&str] = &[
    "v=0\n",
    "o=- 1 1 IN IP4 10.0.0.2\n",
    "s=-\n",
    "t=0 0\n",
    "c=IN IP4 0.0.0.0\n",
    "c=IN IP6 ::1\n",
    "c=IN IP4 224.2.1.1/127/3\n",
    "m=audio 4000 RTP/AVP 0 8\n",
    "m=audio 0 RTP/AVP 0\n",
    "m=audio 65535 RTP/AVP 8\n",
    "m=audio 4000/2 RTP/AVP 0\n",
    "m=video 5000 RTP/AVP 96\n",
    "m=audio 4000 RTP/SAVP 0\n",
    "m=image 6000 udptl t38\n",
    "m=audio 4000 UDP/TLS/RTP/SAVPF 111\n",
    "a=sendonly\n",
    "a=recvonly\n",
    "a=inactive\n",
    "a=sendrecv\n",
    "a=rtpmap:0 PCMU/8000\n",
    "a=rtpmap:111 opus/48000/2\n",
    "a=rtpmap:0 opus/48000/2\n",
    "a=rtpmap:101 telephone-event/8000\n",
    "a=fmtp:101 0-15\n",
    "a=ptime:20\n",
    "a=ptime:0\n",
    "a=ptime:65536\n",
    "a=maxptime:10\n",
    "a=rtcp:1\n",
    "a=rtcp:65535 IN IP4 10.0.0.3\n",
    "a=rtcp-mux\n",
    "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:",
    "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
    "|2^20|1:4",
    " 0 8 9 18 111 101 13",
    " 128",
    "-1",
    "4294967296",
    "\r\n",
    "\n",
    "=",
    ":",
    "/",
    " ",
];

fn everything() -> LocalMedia {
    let codecs = vec![Codec::Opus, Codec::G722, Codec::Pcma, Codec::Pcmu, Codec::G729];
    LocalMedia { codecs, ..media() }
}

fn key(fill: &str) -> SrtpKey {
    SrtpKey { suite: "AES_CM_128_HMAC_SHA1_80".into(), key: fill.repeat(10) }
}

fn session(security: Security) -> Session {
    let mut session = Session::new(7);
    session.restrict(&everything().codecs, security);
    let keys = vec![key("AAAA")];
    session.set_options(MediaOptions { keys, rtcp_mux: true, ..MediaOptions::default() });
    session
}

/// The bytes as an offer and as an answer, plain and encrypted, in a call and
/// outside of one.
pub fn sdp(data: &[u8]) {
    let body = crlf(data);
    for security in [Security::Plain, Security::Allowed, Security::Required] {
        as_offer(&body, security);
        as_answer(&body, security);
    }
    in_a_call(seed_of(data), &body);
    of_our_call(seed_of(data), &body);
}

/// What we answer fits what was offered (RFC 3264 §6), and what we say later
/// keeps its shape (§8).
fn as_offer(body: &[u8], security: Security) {
    let mut ours = session(security);
    let Ok(offered) = ours.take_offer(body) else {
        assert!(!ours.is_pending(), "a refused offer waits for its answer");
        return;
    };
    assert!(!offered.codecs.is_empty(), "an offer without a codec");
    let Ok((answer, agreed)) = ours.answer(&everything()) else { return };
    check_agreed(&agreed, security);
    assert!(offered.codecs.contains(&agreed.codec), "answered with what was not offered");
    let lines = read(&answer);
    let asked = String::from_utf8_lossy(body);
    let wanted = asked.lines().filter(|line| line.starts_with("m=")).count();
    assert_eq!(lines.media, wanted, "one line for each that was offered:\n{asked}\n{answer}");
    assert!(lines.open <= 1, "more than one stream is accepted:\n{answer}");

    let again = ours.offer(&everything()).expect("nothing is pending");
    assert_eq!(read(&again).media, wanted, "a later offer has another shape:\n{answer}\n{again}");
    ours.roll_back();
    // The same offer once more is answered in the same way.
    let repeated = ours.take_offer(body).and_then(|_| ours.answer(&everything()));
    let repeated = repeated.expect("what was acceptable still is").1;
    assert_eq!(repeated.codec, agreed.codec);
}

/// What they answer is believed only within what we offered.
fn as_answer(body: &[u8], security: Security) {
    let mut ours = session(security);
    let offer = ours.offer(&everything()).expect("a first offer");
    read(&offer);
    let preview = ours.preview_answer(body);
    let taken = ours.take_answer(body);
    assert_eq!(preview.is_ok(), taken.is_ok(), "the preview says otherwise");
    match taken {
        Ok(agreed) => {
            check_agreed(&agreed, security);
            assert!(!ours.is_pending());
            let again = ours.offer(&everything()).expect("nothing is pending");
            read(&again);
        }
        Err(_) => assert!(ours.is_offering(), "a bad answer ends the offer"),
    }
    // Another endpoint of ours understands what we offer.
    let mut theirs = session(security);
    theirs.take_offer(offer.as_bytes()).expect("we cannot read our own offer");
    let (answer, _) = theirs.answer(&everything()).expect("we cannot answer our own offer");
    let mut first = session(security);
    first.offer(&everything()).expect("a first offer");
    first.take_answer(answer.as_bytes()).expect("we cannot read our own answer");
}

fn check_agreed(agreed: &Negotiated, security: Security) {
    assert!(everything().codecs.contains(&agreed.codec));
    assert!(agreed.payload_out < 128 && agreed.payload_in < 128, "{agreed:?}");
    assert!((10..=200).contains(&agreed.ptime_ms), "a packet time of {}", agreed.ptime_ms);
    match security {
        Security::Plain => assert!(agreed.srtp.is_none(), "encrypted although plain"),
        Security::Allowed | Security::Offered => {}
        Security::Required => assert!(agreed.srtp.is_some(), "plain although it must not be"),
    }
}

struct Lines {
    media: usize,
    open: usize,
}

/// Reads what we wrote, as strictly as a picky peer would (RFC 8866 §5, §9).
fn read(text: &str) -> Lines {
    let mut lines = Lines { media: 0, open: 0 };
    assert!(text.ends_with("\r\n"), "{text:?}");
    let mut session = BTreeSet::new();
    for line in text.trim_end_matches("\r\n").split("\r\n") {
        let (kind, value) = line.split_once('=').unwrap_or_else(|| panic!("{line:?} in {text:?}"));
        assert_eq!(kind.len(), 1, "{line:?} in {text:?}");
        assert!(!value.contains(['\r', '\n', '\0']), "{line:?} in {text:?}");
        if kind == "m" {
            lines.media += 1;
            let port = value.split(' ').nth(1).unwrap_or_default();
            lines.open += usize::from(port.split('/').next() != Some("0"));
        } else if lines.media == 0 {
            assert!(session.insert(kind) || "abrtz".contains(kind), "{kind} twice in {text:?}");
        }
    }
    for kind in ["v", "o", "s", "t"] {
        assert!(session.contains(kind), "no {kind}= in {text:?}");
    }
    lines
}

/// As the body of an INVITE to us.
fn in_a_call(seed: u64, body: &[u8]) {
    let mut house = House::new(seed);
    let mut text = format!(
        "INVITE sip:+441632960000@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {CARRIER};branch=z9hG4bKi\r\n\
         Max-Forwards: 70\r\nFrom: <sip:a@10.0.0.2>;tag=a\r\nTo: <sip:+441632960000@10.0.0.1>\r\n\
         Call-ID: i\r\nCSeq: 1 INVITE\r\nContact: <sip:a@{CARRIER}>\r\n\
         Content-Type: application/sdp\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    text.extend(body);
    house.receive(Hop::udp(address(CARRIER)), text);
    if let Some(dialog) = house.events.iter().find_map(SipEvent::dialog) {
        house.act(|endpoint, now| endpoint.answer(now, dialog, &media()));
    }
    house.close(&[]);
}

/// As the body of the answer to our INVITE.
fn of_our_call(seed: u64, body: &[u8]) {
    let mut house = House::new(seed);
    house.place(DialogKey::outbound(1));
    let invite = house.last_request.clone();
    let of = |name| header(&invite, name).unwrap_or_default();
    let mut text = format!(
        "SIP/2.0 200 OK\r\nVia: {}\r\nFrom: {}\r\nTo: {};tag=b\r\nCall-ID: {}\r\nCSeq: {}\r\n\
         Contact: <sip:b@{CARRIER}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n",
        of("Via"),
        of("From"),
        of("To"),
        of("Call-ID"),
        of("CSeq"),
        body.len()
    )
    .into_bytes();
    text.extend(body);
    house.receive(Hop::udp(address(CARRIER)), text);
    // A 200 is acknowledged whatever it says (RFC 3261 §13.2.2.4).
    let acknowledged = house.sent.iter().any(|(_, text)| text.starts_with("ACK "));
    let taken = house.events.iter().any(|event| matches!(event, SipEvent::Answered { .. }));
    assert!(acknowledged || !taken, "an answer that is taken is not acknowledged");
    house.close(&[]);
}
