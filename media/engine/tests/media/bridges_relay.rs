use crate::support::{DTMF, Phone, engine, nothing_waits, prompt};
use strowger_engine::media::{Clip, CommandError, Law, MediaConfig, MediaEngine, MediaEventKind};
use strowger_rtp::dtmf::Event;

/// Audio that tells which packet it is.
fn audio(number: u16) -> Vec<u8> {
    (0..160).map(|at| (at as u8) ^ (number as u8)).collect()
}

fn bridged(engine: &MediaEngine) -> (Phone, Phone) {
    let mut a = Phone::talking(engine, 3, Law::Pcmu);
    let mut b = Phone::talking(engine, 3, Law::Pcmu);
    a.leg.bridge(&b.leg).unwrap();
    a.settle();
    b.settle();
    (a, b)
}

#[test]
fn both_ways_with_own_numbers_and_gaps_kept() {
    let engine = engine();
    let (a, b) = bridged(&engine);
    for (from, to) in [(&a, &b), (&b, &a)] {
        let sent = [100_u16, 101, 102, 105, 104, 106];
        for number in sent {
            from.say(0, number, u32::from(number) * 160, &audio(number));
        }
        let heard: Vec<_> = sent.iter().map(|_| to.hear_sound()).collect();
        let first = &heard[0].header;
        assert!(first.marker, "the switch is marked");
        assert_ne!(first.ssrc, from.ssrc, "each leg has a stream of its own");
        for (packet, number) in heard.iter().zip(sent) {
            assert_eq!(packet.payload, audio(number));
            assert_eq!(packet.header.sequence.wrapping_sub(first.sequence), number - 100);
            let time = packet.header.timestamp.wrapping_sub(first.timestamp);
            assert_eq!(time, u32::from(number - 100) * 160);
        }
    }
}

#[test]
fn a_pressed_key_is_passed_on_and_reported() {
    let engine = engine();
    let mut a = Phone::talking(&engine, 3, Law::Pcmu);
    let b = Phone::silent(&engine, 3);
    b.negotiate(Law::Pcmu, |remote| remote.dtmf_payload = Some(96));
    a.leg.bridge(&b.leg).unwrap();
    a.settle();
    let event = Event { code: 7, end: true, volume: 10, duration: 800 };
    a.say(DTMF, 1, 160, &event.to_bytes());
    let heard = loop {
        let heard = b.hear();
        if heard.header.payload_type == 96 {
            break heard;
        }
    };
    assert_eq!(Event::parse(&heard.payload), Some(event));
    let digit = a.event(|kind| match kind {
        MediaEventKind::Digit { digit, .. } => Some(*digit),
        _ => None,
    });
    assert_eq!(digit, '7');
}

#[test]
fn a_play_drowns_the_other_party_and_then_they_are_heard_again() {
    let engine = engine();
    let (mut a, b) = bridged(&engine);
    let announcement = prompt(3);
    a.leg.play(1, vec![Clip::Prompt(announcement.clone())], 1).unwrap();
    let first = a.hear_sound();
    assert_eq!(first.payload, announcement.frame(Law::Pcmu, 0).unwrap());
    b.say(0, 1, 160, &audio(1));
    a.event(|kind| {
        matches!(kind, MediaEventKind::PlayEnded { play: 1, finished: true }).then_some(())
    });
    b.say(0, 2, 320, &audio(2));
    let rest: Vec<_> = (0..3).map(|_| a.hear_sound()).collect();
    assert_eq!(rest[1].payload, announcement.frame(Law::Pcmu, 2).unwrap());
    assert_eq!(rest[2].payload, audio(2));
    assert!(rest[2].header.marker);
    assert_eq!(rest[2].header.sequence, first.header.sequence.wrapping_add(3));
}

#[test]
fn parted_legs_do_not_hear_each_other() {
    let engine = engine();
    let (mut a, mut b) = bridged(&engine);
    a.leg.unbridge().unwrap();
    a.settle();
    a.say(0, 1, 160, &audio(1));
    a.event(|kind| matches!(kind, MediaEventKind::FirstPacket).then_some(()));
    b.settle();
    assert!(nothing_waits(&b.rtp));
}

#[test]
fn a_third_leg_takes_the_place_of_the_second() {
    let engine = engine();
    let (mut a, b) = bridged(&engine);
    let c = Phone::talking(&engine, 3, Law::Pcmu);
    a.leg.bridge(&c.leg).unwrap();
    a.settle();
    a.say(0, 1, 160, &audio(1));
    assert_eq!(c.hear_sound().payload, audio(1));
    assert!(nothing_waits(&b.rtp));
}

#[test]
fn the_end_of_a_leg_frees_the_other() {
    let engine = engine();
    let (a, mut b) = bridged(&engine);
    a.leg.close();
    b.leg.play(1, vec![Clip::Prompt(prompt(2))], 1).unwrap();
    b.event(|kind| {
        matches!(kind, MediaEventKind::PlayEnded { play: 1, finished: true }).then_some(())
    });
}

#[test]
fn legs_of_different_threads_are_told_apart() {
    let config = MediaConfig { threads: 2, pin: false, ..MediaConfig::default() };
    let engine = MediaEngine::start(config).unwrap();
    let first = Phone::talking(&engine, 0, Law::Pcmu);
    let refused = (1..64).find_map(|group| {
        let other = Phone::talking(&engine, group, Law::Pcmu);
        first.leg.bridge(&other.leg).err()
    });
    assert_eq!(refused, Some(CommandError::OtherGroup));
}
