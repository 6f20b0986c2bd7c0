//! The offer/answer machine by itself.

use crate::support::{addr, media, sdp};
use proptest::prelude::*;
use strowger_sip::*;

fn local(codecs: &[Codec]) -> LocalMedia {
    LocalMedia { codecs: codecs.to_vec(), ..media(6000) }
}

fn answer(offer: &str, codecs: &[Codec]) -> Result<(String, Negotiated), SessionError> {
    let mut session = Session::new(7);
    session.take_offer(offer.as_bytes())?;
    session.answer(&local(codecs))
}

#[test]
fn the_offers_order_decides_among_what_we_speak() {
    let both = [Codec::Pcma, Codec::Pcmu];
    for (formats, ours, expected) in [
        ("0 8", &both[..], Some(Codec::Pcmu)),
        ("8 0", &both[..], Some(Codec::Pcma)),
        ("18 9 8", &both[..], Some(Codec::Pcma)),
        ("0 8", &both[..1], Some(Codec::Pcma)),
        ("0", &both[..1], None),
        ("18", &both[..], None),
    ] {
        let offer = sdp("10.0.0.2", 4000, "").replace("0 8 101", formats);
        match (answer(&offer, ours), expected) {
            (Ok((_, agreed)), Some(codec)) => assert_eq!(agreed.codec, codec, "{formats}"),
            (Err(SessionError::NoCommonCodec), None) => {}
            other => panic!("{formats}: {other:?}"),
        }
    }
}

#[test]
fn a_static_number_that_means_something_else_is_not_ours() {
    let offer = sdp("10.0.0.2", 4000, "a=rtpmap:0 PCMU/16000\r\na=rtpmap:8 pcma/8000\r\n");
    let (_, agreed) = answer(&offer, &Codec::ALL).unwrap();
    assert_eq!(agreed.codec, Codec::Pcma);
}

#[test]
fn digits_keep_the_offers_number() {
    let offer = sdp(
        "10.0.0.2",
        4000,
        "a=rtpmap:96 telephone-event/48000\r\na=rtpmap:97 Telephone-Event/8000\r\n",
    )
    .replace("0 8 101", "0 96 97")
    .replace("a=rtpmap:101 telephone-event/8000\r\n", "");
    let (text, agreed) = answer(&offer, &Codec::ALL).unwrap();
    assert_eq!((agreed.dtmf_payload, agreed.dtmf_payload_in), (Some(97), Some(97)));
    assert!(text.contains("m=audio 6000 RTP/AVP 0 97\r\n"), "{text}");
    assert!(text.contains("a=rtpmap:97 telephone-event/8000\r\n"));
    let mut silent = local(&Codec::ALL);
    silent.telephone_event = false;
    let mut session = Session::new(7);
    session.take_offer(offer.as_bytes()).unwrap();
    let (text, agreed) = session.answer(&silent).unwrap();
    assert_eq!(agreed.dtmf_payload, None);
    assert!(!text.contains("telephone-event"));
}

#[test]
fn directions_are_mirrored_and_narrowed() {
    for (theirs, wanted, ours) in [
        ("sendrecv", Direction::SendRecv, Direction::SendRecv),
        ("sendonly", Direction::SendRecv, Direction::RecvOnly),
        ("recvonly", Direction::SendRecv, Direction::SendOnly),
        ("inactive", Direction::SendRecv, Direction::Inactive),
        ("sendrecv", Direction::SendOnly, Direction::SendOnly),
        ("sendonly", Direction::SendOnly, Direction::Inactive),
    ] {
        let mut session = Session::new(7);
        session.want(wanted);
        let offer = sdp("10.0.0.2", 4000, &format!("a={theirs}\r\n"));
        session.take_offer(offer.as_bytes()).unwrap();
        let (text, agreed) = session.answer(&local(&Codec::ALL)).unwrap();
        assert_eq!(agreed.direction, ours, "{theirs}");
        assert_eq!(
            text.matches("send").count()
                + text.matches("recvonly").count()
                + text.matches("inactive").count(),
            1
        );
    }
}

#[test]
fn other_lines_are_refused_in_their_places() {
    let offer = "v=0\r\no=- 1 1 IN IP4 10.0.0.2\r\ns=-\r\nt=0 0\r\n\
        m=video 5000 RTP/AVP 96\r\nc=IN IP4 10.0.0.2\r\na=rtpmap:96 H264/90000\r\n\
        m=audio 4998 RTP/SAVP 0\r\nc=IN IP4 10.0.0.2\r\n\
        m=audio 4000 RTP/AVP 8\r\nc=IN IP4 10.0.0.3\r\na=ptime:30\r\na=rtcp-mux\r\n\
        m=audio 4002 RTP/AVP 0\r\nc=IN IP4 10.0.0.2\r\n";
    let (text, agreed) = answer(offer, &Codec::ALL).unwrap();
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(
        lines,
        [
            "m=video 0 RTP/AVP 96",
            "m=audio 0 RTP/SAVP 0",
            "m=audio 6000 RTP/AVP 8",
            "m=audio 0 RTP/AVP 0"
        ]
    );
    assert_eq!(agreed.remote, addr("10.0.0.3:4000"));
    assert_eq!(agreed.ptime_ms, 30);
    assert!(agreed.rtcp_mux && text.contains("a=rtcp-mux"));
}

#[test]
fn later_offers_of_ours_keep_the_lines() {
    let offer = format!("{}m=video 5000 RTP/AVP 96\r\n", sdp("10.0.0.2", 4000, ""));
    let mut session = Session::new(7);
    session.take_offer(offer.as_bytes()).unwrap();
    session.answer(&local(&Codec::ALL)).unwrap();
    session.want(Direction::SendOnly);
    let again = session.offer(&local(&Codec::ALL)).unwrap();
    let lines: Vec<_> = again.lines().filter(|line| line.starts_with("m=")).collect();
    assert_eq!(lines, ["m=audio 6000 RTP/AVP 8 0 101", "m=video 0 RTP/AVP 96"]);
    assert!(again.contains("a=sendonly"));
    assert_eq!(session.offer(&local(&Codec::ALL)), Err(SessionError::OfferPending));
    session.roll_back();
    assert_eq!(session.agreed().unwrap().codec, Codec::Pcmu, "what held still holds");
}

#[test]
fn answers_to_our_offer() {
    let mut session = Session::new(7);
    session.offer(&local(&Codec::ALL)).unwrap();
    let theirs = sdp("10.0.0.2", 4000, "");
    assert_eq!(session.preview_answer(theirs.as_bytes()).unwrap().codec, Codec::Pcmu);
    assert!(session.is_pending(), "a preview binds nobody");
    for bad in
        ["", "v=0", &theirs.replace("audio 4000", "audio 0"), &theirs.replace("0 8 101", "9")]
    {
        assert!(session.take_answer(bad.as_bytes()).is_err(), "{bad}");
    }
    let agreed = session.take_answer(theirs.as_bytes()).unwrap();
    assert_eq!(agreed.remote, addr("10.0.0.2:4000"));
    assert_eq!(session.take_answer(theirs.as_bytes()), Err(SessionError::NoOffer));
}

#[test]
fn too_much_is_too_much() {
    let many = format!("{}{}", sdp("10.0.0.2", 4000, ""), "m=video 1 RTP/AVP 9\r\n".repeat(20));
    assert_eq!(answer(&many, &Codec::ALL), Err(SessionError::TooLarge));
    let long = sdp("10.0.0.2", 4000, &"a=x\r\n".repeat(5_000));
    assert_eq!(answer(&long, &Codec::ALL), Err(SessionError::TooLarge));
}

proptest! {
    #[test]
    fn any_text_is_read_without_harm(text in "(v=0\r\n)?(o=. [0-9]{1,9} 1 IN IP4 [0-9.]{1,9}\r\n)?(([a-z]=[ -~]{0,30})\r\n|m=audio [0-9]{1,6} RTP/AVP( [0-9]{1,3}){0,4}\r\n|c=IN IP4 10.0.0.1\r\n|a=rtpmap:[0-9]{1,3} [A-Z]{2,5}/8000\r\n){0,12}") {
        let mut session = Session::new(1);
        if session.take_offer(text.as_bytes()).is_ok() {
            let (mine, agreed) = session.answer(&local(&Codec::ALL)).unwrap();
            let first = format!("RTP/AVP {}", agreed.codec.payload_type());
            prop_assert!(mine.contains(&first));
            // What we write we can read.
            prop_assert!(Session::new(2).take_offer(mine.as_bytes()).is_ok());
        }
        session.roll_back();
        session.offer(&local(&Codec::ALL)).unwrap();
        let _ = session.take_answer(text.as_bytes());
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Session::new(1).take_offer(&bytes);
    }
}
