use crate::support::{loudness, samples};
use std::sync::Arc;
use strowger_engine::media::Clip;
use strowger_engine::prompt::{music_on_hold, tone};
use strowger_rtp::Law;
use strowger_rtp::tones::Tone;

#[test]
fn music_lasts_half_a_minute_is_neither_silent_nor_clipped_and_joins_its_beginning() {
    let music = music_on_hold();
    assert!((25_000..40_000).contains(&music.duration_ms()), "{}", music.duration_ms());
    let heard = samples(&music, Law::Pcmu);
    for (second, part) in heard.chunks(8_000).enumerate() {
        let level = loudness(part);
        assert!((400.0..8_000.0).contains(&level), "second {second} has a level of {level}");
    }
    let largest = heard.windows(2).map(|pair| pair[1].abs_diff(pair[0])).max().unwrap();
    let joint = heard[0].abs_diff(heard[heard.len() - 1]);
    assert!(joint <= largest, "a click of {joint}");
    assert!(Arc::ptr_eq(&music, &music_on_hold()), "it is made once");
}

#[test]
fn tones_repeat_in_whole_frames_and_a_beep_sounds_once() {
    let Clip::Looped { prompt, ms: Some(1_000) } = tone("gb", Tone::Busy, Some(1_000)) else {
        panic!("a busy tone repeats");
    };
    // 375 ms on and off: 750 ms are no whole frames, twice that are.
    assert_eq!(prompt.duration_ms(), 1_500);
    let Clip::Looped { prompt: again, ms: None } = tone("GB", Tone::Busy, None) else {
        panic!("a busy tone repeats");
    };
    assert!(Arc::ptr_eq(&prompt, &again), "it is rendered once");
    let Clip::Prompt(beep) = tone("gb", Tone::Beep, Some(9)) else { panic!("a beep sounds once") };
    assert_eq!(beep.duration_ms(), 400);
}
