use crate::support::{Heard, Phone, engine, prompt};
use std::time::{Duration, Instant};
use strowger_engine::media::{Clip, Law, MediaEventKind};

fn play_ended(play: u64) -> impl FnMut(&MediaEventKind) -> Option<bool> {
    move |kind| match kind {
        MediaEventKind::PlayEnded { play: ended, finished } if *ended == play => Some(*finished),
        _ => None,
    }
}

#[test]
fn a_prompt_arrives_bit_by_bit_at_its_pace() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    let prompt = prompt(50);
    phone.leg.play(1, vec![Clip::Prompt(prompt.clone())], 1).unwrap();
    let first = phone.hear_sound();
    let start = Instant::now();
    let mut heard = vec![first];
    heard.extend((1..50).map(|_| phone.hear()));
    let took = start.elapsed();
    for (at, packet) in heard.iter().enumerate() {
        assert_eq!(packet.payload, prompt.frame(Law::Pcmu, at).unwrap(), "frame {at}");
        assert_eq!(packet.header.payload_type, 0);
    }
    for pair in heard.windows(2) {
        let [before, after] = pair else { unreachable!() };
        assert_eq!(after.header.sequence, before.header.sequence.wrapping_add(1));
        let step = after.header.timestamp.wrapping_sub(before.header.timestamp);
        assert!(step >= 160 && step % 160 == 0, "a step of {step} samples");
        assert_eq!(after.header.ssrc, before.header.ssrc);
    }
    // 49 steps of 20 ms; the first packet may have been read late.
    assert!(took >= Duration::from_millis(900), "too fast: {took:?}");
    assert!(took <= Duration::from_millis(3_000), "too slow: {took:?}");
    assert!(phone.event(play_ended(1)));
}

#[test]
fn a_list_with_silence_is_played_as_often_as_asked() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcma);
    let (one, two) = (prompt(2), prompt(1));
    let list = vec![Clip::Prompt(one.clone()), Clip::Silence { ms: 40 }, Clip::Prompt(two.clone())];
    phone.leg.play(5, list, 2).unwrap();
    let silence = [Law::Pcma.silence(); 160];
    let frame =
        |prompt: &strowger_engine::prompt::Prompt, at| *prompt.frame(Law::Pcma, at).unwrap();
    let round = [frame(&one, 0), frame(&one, 1), silence, silence, frame(&two, 0)];
    let mut heard = vec![phone.hear_sound().payload];
    heard.extend((1..10).map(|_| phone.hear().payload));
    let expected: Vec<Vec<u8>> = round.iter().chain(&round).map(|frame| frame.to_vec()).collect();
    assert_eq!(heard, expected);
    assert!(phone.event(play_ended(5)));
}

#[test]
fn an_endless_play_goes_on_until_it_is_stopped() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    let prompt = prompt(3);
    phone.leg.play(9, vec![Clip::Looped { prompt: prompt.clone(), ms: None }], 0).unwrap();
    let first = phone.hear_sound();
    let heard: Vec<Heard> = std::iter::once(first).chain((0..9).map(|_| phone.hear())).collect();
    for (at, packet) in heard.iter().enumerate() {
        assert_eq!(packet.payload, prompt.frame(Law::Pcmu, at % 3).unwrap());
    }
    phone.leg.stop_play(8).unwrap();
    phone.hear();
    phone.leg.stop_play(9).unwrap();
    assert!(!phone.event(play_ended(9)), "it was stopped, not finished");
}

#[test]
fn a_new_play_replaces_the_old_one() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    phone.leg.play(1, vec![Clip::Prompt(prompt(500))], 0).unwrap();
    phone.hear_sound();
    phone.leg.play(2, vec![Clip::Prompt(prompt(1))], 1).unwrap();
    assert!(!phone.event(play_ended(1)));
    assert!(phone.event(play_ended(2)));
}

#[test]
fn a_list_without_sound_ends_at_once_even_if_endless() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    phone.leg.play(3, Vec::new(), 0).unwrap();
    assert!(phone.event(play_ended(3)));
    phone.leg.play(4, vec![Clip::Prompt(prompt(0)), Clip::Silence { ms: 0 }], 0).unwrap();
    assert!(phone.event(play_ended(4)));
}

#[test]
fn a_phone_that_holds_us_hears_nothing_and_the_play_goes_on() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    phone.negotiate(Law::Pcmu, |remote| remote.send = false);
    phone.leg.play(1, vec![Clip::Prompt(prompt(5))], 1).unwrap();
    assert!(phone.event(play_ended(1)));
    assert!(crate::support::nothing_waits(&phone.rtp));
}

#[test]
fn packets_are_as_long_as_the_other_side_wishes() {
    let engine = engine();
    let mut phone = Phone::silent(&engine, 1);
    phone.negotiate(Law::Pcmu, |remote| remote.ptime_ms = 40);
    let prompt = prompt(5);
    phone.leg.play(1, vec![Clip::Prompt(prompt.clone())], 1).unwrap();
    let heard: Vec<Heard> = (0..3).map(|_| phone.hear_sound()).collect();
    let said: Vec<u8> = (0..5).flat_map(|at| *prompt.frame(Law::Pcmu, at).unwrap()).collect();
    assert_eq!(heard.iter().flat_map(|it| it.payload.clone()).collect::<Vec<_>>(), said);
    let lengths: Vec<usize> = heard.iter().map(|packet| packet.payload.len()).collect();
    assert_eq!(lengths, [320, 320, 160], "the rest does not wait");
    for pair in heard.windows(2) {
        assert_eq!(pair[1].header.sequence, pair[0].header.sequence.wrapping_add(1));
        assert_eq!(pair[1].header.timestamp, pair[0].header.timestamp.wrapping_add(320));
    }
    assert!(phone.event(play_ended(1)));
}
