use crate::support::{DTMF, Phone, engine};
use strowger_engine::media::{Law, MediaEventKind};
use strowger_rtp::dtmf::Event;
use strowger_rtp::tones::digit_hz;

#[test]
fn a_pressed_key_is_reported_once_with_its_length() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    let event = |duration, end| Event { code: 4, end, volume: 10, duration }.to_bytes();
    for (at, duration) in (0..).zip([160, 320, 480]) {
        phone.say(DTMF, at, 8_000, &event(duration, false));
    }
    for at in 3..6 {
        phone.say(DTMF, at, 8_000, &event(640, true));
    }
    for at in 6..9 {
        phone.say(DTMF, at, 9_600, &event(800, true));
    }
    let mut heard = Vec::new();
    while heard.len() < 2 {
        heard.push(phone.event(|kind| match kind {
            MediaEventKind::Digit { digit, held_ms } => Some((*digit, *held_ms)),
            _ => None,
        }));
    }
    assert_eq!(heard, [('4', 80), ('4', 100)]);
    phone.settle();
    assert!(phone.events.try_recv().is_err(), "no third digit");
}

#[test]
fn digits_are_sent_as_events_one_after_the_other() {
    let engine = engine();
    let phone = Phone::talking(&engine, 1, Law::Pcmu);
    phone.leg.send_digit('1', 40).unwrap();
    phone.leg.send_digit('#', 40).unwrap();
    let mut packets = Vec::new();
    while packets.len() < 10 {
        let heard = phone.hear();
        if heard.header.payload_type == DTMF {
            packets.push(heard);
        }
    }
    let (one, hash) = packets.split_at(5);
    for (press, code) in [(one, 1), (hash, 11)] {
        let events: Vec<Event> =
            press.iter().map(|packet| Event::parse(&packet.payload).unwrap()).collect();
        assert!(events.iter().all(|event| event.code == code));
        let ends: Vec<bool> = events.iter().map(|event| event.end).collect();
        assert_eq!(ends, [false, false, true, true, true]);
        let marks: Vec<bool> = press.iter().map(|packet| packet.header.marker).collect();
        assert_eq!(marks, [true, false, false, false, false]);
        assert!(press.iter().all(|packet| packet.header.timestamp == press[0].header.timestamp));
    }
    let pause = hash[0].header.timestamp.wrapping_sub(one[4].header.timestamp);
    assert!(pause >= 160 * 8, "only {pause} samples from one press to the next");
}

#[test]
fn without_events_digits_are_sent_as_tones() {
    let engine = engine();
    let phone = Phone::silent(&engine, 1);
    phone.negotiate(Law::Pcma, |remote| remote.dtmf_payload = None);
    phone.leg.send_digit('5', 100).unwrap();
    let mut samples = Vec::new();
    let first = phone.hear_sound();
    for packet in std::iter::once(first).chain((1..5).map(|_| phone.hear())) {
        assert_eq!(packet.header.payload_type, 8);
        samples.extend(packet.payload.iter().map(|byte| Law::Pcma.decode(*byte)));
    }
    for hz in digit_hz('5').unwrap() {
        assert!(crate::support::share(&samples, hz) > 0.4, "{hz} Hz is missing");
    }
}
