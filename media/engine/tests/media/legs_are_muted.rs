use crate::support::{DTMF, Phone, engine, nothing_waits};
use strowger_engine::media::{Codec, MediaEventKind};
use strowger_rtp::dtmf::Event;

#[test]
fn a_muted_leg_is_not_heard_until_it_may_be_again() {
    let engine = engine();
    let mut a = Phone::talking(&engine, 3, Codec::Pcmu);
    let mut b = Phone::talking(&engine, 3, Codec::Pcmu);
    a.leg.bridge(&b.leg).unwrap();
    a.leg.mute(true).unwrap();
    a.settle();
    b.settle();
    let audio: Vec<u8> = (0..160).collect();
    a.say(0, 1, 160, &audio);
    a.event(|kind| matches!(kind, MediaEventKind::FirstPacket).then_some(()));
    a.settle();
    assert!(nothing_waits(&b.rtp));
    b.say(0, 1, 160, &audio);
    assert_eq!(a.hear_sound().payload, audio, "it still hears");
    let event = Event { code: 1, end: true, volume: 10, duration: 800 };
    a.say(DTMF, 2, 320, &event.to_bytes());
    a.event(|kind| matches!(kind, MediaEventKind::Digit { digit: '1', .. }).then_some(()));
    a.leg.mute(false).unwrap();
    a.settle();
    a.say(0, 3, 480, &audio);
    let heard = std::iter::repeat_with(|| b.hear_sound()).find(|heard| heard.payload.len() == 160);
    assert_eq!(heard.unwrap().payload, audio);
}
