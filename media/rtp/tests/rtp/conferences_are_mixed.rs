use crate::audio::{amplitude, rms, sine};
use strowger_rtp::codec::Rate;
use strowger_rtp::mix::{MAX_TALKERS, Mixer, Party, mix_into};

/// Runs a conference in which party n says `voices[n]`, and gives what each heard.
fn run(mixer: &mut Mixer, parties: &[Party], voices: &[Vec<i16>]) -> Vec<Vec<i16>> {
    let mut heard = vec![Vec::new(); parties.len()];
    let frames = voices.iter().map(|voice| voice.len() / 160).max().unwrap_or(0);
    for frame in 0..frames {
        for (party, voice) in parties.iter().zip(voices) {
            if let Some(audio) = voice.get(frame * 160..(frame + 1) * 160) {
                mixer.speak(*party, audio);
            }
        }
        mixer.mix();
        for (party, heard) in parties.iter().zip(&mut heard) {
            let mut out = [0; 160];
            mixer.listen(*party, &mut out);
            if mixer.hears_common(*party) {
                assert_eq!(out, mixer.common());
            }
            heard.extend_from_slice(&out);
        }
    }
    heard
}

fn seated(count: usize) -> (Mixer, Vec<Party>) {
    let mut mixer = Mixer::new(Rate::Narrow, count);
    let parties = (0..count).map(|_| mixer.join().unwrap()).collect();
    assert_eq!(mixer.join(), None);
    (mixer, parties)
}

fn hz_of(party: usize) -> f64 {
    300.0 + 150.0 * party as f64
}

#[test]
fn everybody_hears_the_others_at_their_level_and_nobody_themselves() {
    let (mut mixer, parties) = seated(4);
    let voices: Vec<_> = (0..3).map(|party| sine(hz_of(party), 5_000.0, 8_000.0, 16_000)).collect();
    let heard = run(&mut mixer, &parties, &voices);
    for (listener, heard) in heard.iter().enumerate() {
        for talker in 0..3 {
            let level = amplitude(&heard[1_600..], hz_of(talker), 8_000.0);
            if listener == talker {
                assert!(level < 5.0, "party {listener} hears itself at {level:.0}");
            } else {
                assert!((level - 5_000.0).abs() < 50.0, "{listener} hears {talker}: {level:.0}");
            }
        }
    }
}

#[test]
fn twenty_parties_hear_the_loudest_and_no_others() {
    let (mut mixer, parties) = seated(20);
    let voices: Vec<_> = (0..20)
        .map(|party| sine(hz_of(party), 400.0 + 250.0 * party as f64, 8_000.0, 8_000))
        .collect();
    let heard = run(&mut mixer, &parties, &voices);
    for (listener, heard) in heard.iter().enumerate() {
        for talker in 0..20 {
            let level = amplitude(&heard[1_600..], hz_of(talker), 8_000.0);
            let expected = if talker >= 20 - MAX_TALKERS && talker != listener {
                400.0 + 250.0 * talker as f64
            } else {
                0.0
            };
            assert!((level - expected).abs() < 20.0, "{listener} hears {talker} at {level:.0}");
        }
    }
    assert_eq!(parties.iter().filter(|party| mixer.is_talking(**party)).count(), MAX_TALKERS);
}

#[test]
fn equals_do_not_take_turns() {
    let (mut mixer, parties) = seated(8);
    let frame = sine(500.0, 5_000.0, 8_000.0, 160);
    let mut talkers = Vec::new();
    for _ in 0..50 {
        for party in &parties {
            mixer.speak(*party, &frame);
        }
        mixer.mix();
        talkers.push(parties.iter().map(|party| mixer.is_talking(*party)).collect::<Vec<_>>());
    }
    talkers.dedup();
    assert_eq!(talkers.len(), 1);
}

#[test]
fn the_muted_are_not_heard_and_hear() {
    let (mut mixer, parties) = seated(3);
    mixer.set_muted(parties[0], true);
    let voices: Vec<_> = (0..2).map(|party| sine(hz_of(party), 5_000.0, 8_000.0, 8_000)).collect();
    let heard = run(&mut mixer, &parties, &voices);
    assert!(amplitude(&heard[2][1_600..], hz_of(0), 8_000.0) < 5.0);
    assert!(rms(&heard[1]) < 1.0);
    assert!(amplitude(&heard[0][1_600..], hz_of(1), 8_000.0) > 4_900.0);
    mixer.set_muted(parties[0], false);
    let heard = run(&mut mixer, &parties, &voices);
    assert!(amplitude(&heard[2][1_600..], hz_of(0), 8_000.0) > 4_900.0);
}

#[test]
fn four_shouting_at_once_are_turned_down_and_not_cut() {
    let (mut mixer, parties) = seated(5);
    let voices: Vec<_> =
        (0..4).map(|party| sine(hz_of(party), 25_000.0, 8_000.0, 16_000)).collect();
    let heard = run(&mut mixer, &parties, &voices);
    let settled = &heard[4][8_000..];
    let peak = settled.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
    assert!((25_000..=29_300).contains(&peak), "{peak}");
    let whole = rms(settled).powi(2);
    let tones: f64 =
        (0..4).map(|party| amplitude(settled, hz_of(party), 8_000.0).powi(2) / 2.0).sum();
    assert!(tones > 0.98 * whole, "distorted: {:.3}", tones / whole);
}

#[test]
fn somebody_who_leaves_is_silent_and_the_seat_is_free() {
    let (mut mixer, parties) = seated(2);
    let voices = [sine(500.0, 5_000.0, 8_000.0, 1_600), Vec::new()];
    run(&mut mixer, &parties, &voices);
    mixer.leave(parties[0]);
    mixer.speak(parties[0], &[9_000; 160]);
    mixer.mix();
    let mut out = [1; 160];
    mixer.listen(parties[1], &mut out);
    assert_eq!(out, [0; 160]);
    mixer.listen(parties[0], &mut out);
    assert_eq!(out, [0; 160]);
    assert!(mixer.join().is_some());
}

#[test]
fn two_voices_add_up_and_clip() {
    let mut voice = [100, 30_000, -30_000, 7];
    mix_into(&mut voice, &[-40, 30_000, -30_000]);
    assert_eq!(voice, [60, i16::MAX, i16::MIN, 7]);
}
