use crate::audio::{Seeded, rms, voice};
use proptest::prelude::*;
use strowger_rtp::codec::Rate;
use strowger_rtp::comfort::{ComfortNoise, NoiseSource, level_below_overload};
use strowger_rtp::detect::{VoiceDetector, VoiceEvent, VoiceSettings};

#[test]
fn noise_is_played_at_the_level_that_was_told() {
    for level in [30, 50, 65] {
        for payload in [vec![level], vec![level, 200, 100, 140]] {
            let mut source = NoiseSource::new(5);
            source.set(ComfortNoise::parse(&payload).unwrap());
            let mut audio = [0; 16_000];
            source.fill(Rate::Narrow, &mut audio);
            let heard = level_below_overload(&audio[1_600..]);
            assert!(heard.abs_diff(level) <= 2, "{heard} for {payload:?}");
        }
    }
    assert_eq!(ComfortNoise::white(60).to_byte(), 60);
    assert_eq!(ComfortNoise::parse(&[]), None);
}

#[test]
fn the_level_is_measured_against_overload() {
    assert_eq!(level_below_overload(&[i16::MIN; 160]), 0);
    assert_eq!(level_below_overload(&[0; 160]), 127);
    assert_eq!(level_below_overload(&[328; 160]), 40);
}

proptest! {
    #[test]
    fn any_comfort_noise_is_finite(payload in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Some(noise) = ComfortNoise::parse(&payload) {
            let mut source = NoiseSource::new(1);
            source.set(noise);
            let mut audio = [0; 3_200];
            source.fill(Rate::Wide, &mut audio);
            if noise.level() > 40 {
                prop_assert!(rms(&audio) < 3_000.0);
            }
        }
    }
}

/// Two seconds of noise, three of voice, two of noise.
fn utterance(seed: u64, noise: f64) -> Vec<i16> {
    let mut random = Seeded(seed);
    let said = voice(seed, 20_000.0, 8_000.0, 24_000);
    (0..56_000_usize)
        .map(|at| {
            let voice =
                if (16_000..40_000).contains(&at) { f64::from(said[at - 16_000]) } else { 0.0 };
            (voice + noise * random.normal()).clamp(-32_768.0, 32_767.0) as i16
        })
        .collect()
}

#[test]
fn an_utterance_begins_and_ends_in_quiet_and_in_noise() {
    for seed in 1..30 {
        let level = rms(&voice(seed, 20_000.0, 8_000.0, 24_000));
        for snr_db in [50.0, 20.0, 12.0] {
            let noise = level / 10_f64.powf(snr_db / 20.0);
            let settings = VoiceSettings { hangover_ms: 800 };
            let mut detector = VoiceDetector::new(settings);
            let mut events = Vec::new();
            for (at, frame) in utterance(seed, noise).chunks_exact(160).enumerate() {
                events.extend(detector.hear(frame, 20).map(|event| (at * 20, event)));
            }
            // The line's noise is new at first and may be taken for a voice.
            events.retain(|(at, _)| *at > 1_500);
            let first = events.first().copied();
            let started = first.is_some_and(|(at, event)| {
                event == VoiceEvent::Started && (2_000..3_200).contains(&at)
            });
            assert!(started, "seed {seed}, {snr_db} dB: {events:?}");
            let last = events.last().copied();
            let stopped = last.is_some_and(|(at, event)| {
                matches!(event, VoiceEvent::Stopped { .. }) && (4_000..6_200).contains(&at)
            });
            assert!(stopped, "seed {seed}, {snr_db} dB: {events:?}");
        }
    }
}

#[test]
fn steady_noise_becomes_the_floor_and_clicks_are_nobody() {
    let mut random = Seeded(4);
    let mut detector = VoiceDetector::new(VoiceSettings::default());
    let mut late = 0;
    for at in 0..1_500 {
        let frame: Vec<i16> = (0..160).map(|_| (500.0 * random.normal()) as i16).collect();
        late += u32::from(detector.hear(&frame, 20).is_some() && at > 400);
    }
    assert_eq!(late, 0);
    assert!(!detector.is_speaking());
    assert!(detector.floor_below_overload().abs_diff(36) <= 3);
    let mut detector = VoiceDetector::new(VoiceSettings::default());
    for at in 0..500 {
        let click = if at % 10 == 0 { [20_000; 160] } else { [0; 160] };
        assert_eq!(detector.hear(&click, 20), None);
    }
}
