use crate::support::{DTMF, Heard, Phone, Voice, decode, engine, share};
use strowger_engine::media::{Codec, MediaEngine, MediaEventKind};
use strowger_rtp::dtmf::Event;

fn bridged(engine: &MediaEngine, a: Codec, b: Codec) -> (Phone, Phone) {
    let mut a = Phone::talking(engine, 5, a);
    let b = Phone::talking(engine, 5, b);
    a.leg.bridge(&b.leg).unwrap();
    a.settle();
    (a, b)
}

/// Lets `from` talk until `to` has heard 20 frames of it.
fn talk(from: &Phone, said: Codec, to: &Phone, heard_as: Codec) -> Vec<Heard> {
    let mut voice = Voice::new(said, 1_000.0);
    let mut heard = Vec::new();
    loop {
        let (sequence, timestamp, payload) = voice.next();
        from.say(said.payload_type(), sequence, timestamp, &payload);
        // What the engine makes is the clock.
        heard.push(to.hear());
        assert!(heard.len() < 300, "{said:?} was not heard as {heard_as:?}");
        let audio = decode(heard_as, &heard);
        if audio.chunks(160).filter(|frame| share(frame, 1_000) > 0.8).count() >= 20 {
            return heard;
        }
    }
}

#[test]
fn parties_of_different_codecs_hear_each_other() {
    let engine = engine();
    for (a, b) in
        [(Codec::Pcmu, Codec::G722), (Codec::Pcma, Codec::Opus), (Codec::G722, Codec::Opus)]
    {
        let (left, right) = bridged(&engine, a, b);
        for packet in talk(&left, a, &right, b) {
            assert_eq!(packet.header.payload_type, b.payload_type());
        }
        talk(&right, b, &left, a);
    }
}

#[test]
fn one_codec_is_passed_on_as_it_is_even_if_it_cannot_be_decoded() {
    let engine = engine();
    for codec in [Codec::G722, Codec::Opus, Codec::G729] {
        let (a, b) = bridged(&engine, codec, codec);
        b.negotiate(codec, |remote| remote.payload_type = 100);
        a.say(codec.payload_type(), 1, 960, b"any twenty bytes do.");
        let heard = loop {
            let heard = b.hear();
            if heard.payload.len() == 20 {
                break heard;
            }
        };
        assert_eq!(heard.payload, b"any twenty bytes do.");
        assert!([100, codec.payload_type()].contains(&heard.header.payload_type));
    }
}

#[test]
fn a_party_that_changes_its_codec_is_still_understood() {
    let engine = engine();
    let (a, b) = bridged(&engine, Codec::Pcmu, Codec::Pcmu);
    b.negotiate(Codec::G722, |_| {});
    let heard = std::iter::repeat_with(|| b.hear()).take(50);
    assert!(heard.into_iter().any(|heard| heard.header.payload_type == 9));
    talk(&a, Codec::Pcmu, &b, Codec::G722);
}

#[test]
fn keys_cross_between_codecs_with_one_timestamp_each() {
    let engine = engine();
    let (mut a, b) = bridged(&engine, Codec::Pcmu, Codec::Opus);
    b.negotiate(Codec::Opus, |remote| {
        remote.dtmf_payload = Some(96);
        remote.dtmf_clock_hz = 48_000;
    });
    for (n, duration) in (0..).zip([160, 320, 480, 480, 480]) {
        let event = Event { code: 3, end: n > 2, volume: 10, duration };
        a.say(DTMF, n, 8_000, &event.to_bytes());
    }
    a.event(|kind| matches!(kind, MediaEventKind::Digit { digit: '3', .. }).then_some(()));
    let heard: Vec<Heard> = std::iter::repeat_with(|| b.hear())
        .filter(|heard| heard.header.payload_type == 96)
        .take(5)
        .collect();
    let durations: Vec<u16> =
        heard.iter().map(|packet| Event::parse(&packet.payload).unwrap().duration).collect();
    assert_eq!(durations, [960, 1_920, 2_880, 2_880, 2_880]);
    for pair in heard.windows(2) {
        assert_eq!(pair[1].header.timestamp, pair[0].header.timestamp);
        assert_eq!(pair[1].header.sequence, pair[0].header.sequence.wrapping_add(1));
    }
}

#[test]
fn keys_become_tones_for_a_party_without_events() {
    let engine = engine();
    let (a, b) = bridged(&engine, Codec::Pcmu, Codec::Pcmu);
    b.negotiate(Codec::Pcmu, |remote| remote.dtmf_payload = None);
    let event = Event { code: 5, end: true, volume: 10, duration: 1_600 };
    a.say(DTMF, 1, 8_000, &event.to_bytes());
    let heard: Vec<Heard> = (0..5).map(|_| b.hear_sound()).collect();
    let audio = decode(Codec::Pcmu, &heard);
    assert!(share(&audio, 770) > 0.3 && share(&audio, 1_336) > 0.3);
}
