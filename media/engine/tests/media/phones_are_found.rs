use crate::support::{Phone, engine, hear_at, nothing_waits, prompt};
use std::net::UdpSocket;
use strowger_engine::media::{Clip, Law, MediaEventKind};

fn elsewhere() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
    socket
}

#[test]
fn a_phone_behind_a_translator_is_answered_where_it_sends_from() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    let translated = elsewhere();
    for number in 0..3 {
        phone.say_from(&translated, 0, number, u32::from(number) * 160, &[1; 160]);
    }
    phone.event(|kind| matches!(kind, MediaEventKind::FirstPacket).then_some(()));
    phone.leg.play(1, vec![Clip::Prompt(prompt(2))], 1).unwrap();
    assert_eq!(hear_at(&translated).payload, prompt(2).frame(Law::Pcmu, 0).unwrap());
}

#[test]
fn a_stranger_cannot_take_a_stream_over() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    phone.say(0, 1, 160, &[1; 160]);
    phone.event(|kind| matches!(kind, MediaEventKind::FirstPacket).then_some(()));
    let stranger = elsewhere();
    for number in 0..50 {
        phone.say_from(&stranger, 0, number, u32::from(number) * 160, &[2; 160]);
    }
    phone.leg.play(1, vec![Clip::Prompt(prompt(5))], 1).unwrap();
    for at in 0..5 {
        assert_eq!(phone.hear_sound().payload, prompt(5).frame(Law::Pcmu, at).unwrap());
    }
    assert!(nothing_waits(&stranger));
}

#[test]
fn junk_and_unknown_payload_types_are_refused() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    phone.rtp.send_to(b"", phone.leg.local_address()).unwrap();
    phone.rtp.send_to(&[0xff; 1_600], phone.leg.local_address()).unwrap();
    phone.rtp.send_to(b"OPTIONS sip:x SIP/2.0\r\n\r\n", phone.leg.local_address()).unwrap();
    phone.say(18, 1, 160, &[1; 20]);
    phone.settle();
    phone.say(0, 2, 320, &[1; 160]);
    phone.event(|kind| matches!(kind, MediaEventKind::FirstPacket).then_some(()));
    phone.leg.close();
    phone.event_channel_closed();
    assert_eq!(phone.leg.stats().received, 1);
    assert!(phone.leg.stats().refused >= 2);
}
