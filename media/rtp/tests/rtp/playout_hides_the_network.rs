use crate::audio::{Seeded, rms, sine, voice};
use std::collections::BTreeSet;
use strowger_rtp::codec::{Codec, Encoder, MAX_FRAME_BYTES, Rate};
use strowger_rtp::packet::Header;
use strowger_rtp::playout::{Concealer, DepthLimits, Heard, Playout, Taken};

/// What the network does to a stream.
#[derive(Clone, Copy)]
struct Network {
    loss: f64,
    /// Mean of the delay beyond the least, exponential.
    jitter_ms: f64,
    duplicates: f64,
    /// How much faster the sender's clock runs.
    drift: f64,
}

const QUIET: Network = Network { loss: 0.0, jitter_ms: 0.0, duplicates: 0.0, drift: 0.0 };

struct Outcome {
    audio: Vec<i16>,
    heard: Vec<Heard>,
    playout: Playout,
    /// Frames that a plain model says can be played: the packet came before the
    /// frame was due at a fixed depth of the greatest allowed.
    never_came: usize,
}

fn header(n: u32, codec: Codec) -> Header {
    Header {
        marker: n == 0,
        payload_type: 0,
        // Both wrap during the test.
        sequence: (65_500 + n) as u16,
        timestamp: (u32::MAX - 50_000).wrapping_add(n * codec.frame_timestamps()),
        ssrc: 7,
    }
}

fn run(codec: Codec, said: &[i16], network: Network, seed: u64) -> Outcome {
    let rate = Rate::Narrow;
    let mut random = Seeded(seed);
    let mut encoder = Encoder::new(codec, rate).unwrap();
    let mut arrivals: Vec<(u64, u32, Vec<u8>)> = Vec::new();
    let mut lost = BTreeSet::new();
    for (n, frame) in said.chunks_exact(160).enumerate() {
        let mut buffer = [0; MAX_FRAME_BYTES];
        let bytes = encoder.encode(frame, &mut buffer).unwrap();
        let sent = 1_000.0 + 160.0 * n as f64 * (1.0 - network.drift);
        if random.share() < network.loss {
            lost.insert(n);
            continue;
        }
        let mut copies = 1;
        if random.share() < network.duplicates {
            copies = 2;
        }
        for _ in 0..copies {
            let delay_ms = -network.jitter_ms * (1.0 - random.share()).ln();
            let at = sent + 8.0 * delay_ms.min(400.0);
            arrivals.push((at as u64, n as u32, buffer[..bytes].to_vec()));
        }
    }
    arrivals.sort_by_key(|(at, ..)| *at);
    let mut playout = Playout::new(codec, rate, DepthLimits::default()).unwrap();
    let (mut audio, mut heard) = (Vec::new(), Vec::new());
    let mut waiting = arrivals.into_iter().peekable();
    let frames = said.len() / 160 + 12;
    for tick in 0..frames as u64 {
        let clock = 1_000 + tick * 160;
        while let Some((at, n, payload)) = waiting.next_if(|(at, ..)| *at <= clock) {
            playout.insert(at, &header(n, codec), &payload);
        }
        let mut frame = [0; 160];
        heard.push(playout.pull(clock, &mut frame));
        audio.extend_from_slice(&frame);
    }
    Outcome { audio, heard, playout, never_came: lost.len() }
}

fn count(outcome: &Outcome, what: Heard) -> usize {
    outcome.heard.iter().filter(|heard| **heard == what).count()
}

#[test]
fn a_quiet_network_is_played_whole_and_soon() {
    let said = voice(1, 20_000.0, 8_000.0, 8_000 * 20);
    let outcome = run(Codec::Pcmu, &said, QUIET, 1);
    assert_eq!(count(&outcome, Heard::Audio), 1_000);
    assert_eq!(outcome.playout.depth_ms(), 20);
    let counts = outcome.playout.counts();
    assert_eq!((counts.late, counts.duplicates, counts.restarts), (0, 0, 0));
    assert!(counts.shortened <= 8, "the depth sinks from its first guess: {counts:?}");
}

#[test]
fn the_depth_follows_the_jitter_and_few_packets_come_too_late() {
    let said = voice(2, 20_000.0, 8_000.0, 8_000 * 60);
    let mut before = 0;
    for (jitter_ms, most_ms) in [(2.0, 45), (10.0, 90), (30.0, 200)] {
        for seed in 1..4 {
            let network = Network { jitter_ms, duplicates: 0.02, ..QUIET };
            let outcome = run(Codec::Pcmu, &said, network, seed);
            let depth = outcome.playout.depth_ms();
            assert!((before..=most_ms).contains(&depth), "seed {seed}: {depth} of {jitter_ms}");
            let concealed = count(&outcome, Heard::Concealed);
            assert!(concealed < 150, "seed {seed}, jitter {jitter_ms}: {concealed} of 3,000");
            assert!(outcome.playout.counts().duplicates > 10);
            assert_eq!(outcome.playout.counts().restarts, 0);
        }
        before = most_ms / 5;
    }
}

#[test]
fn what_is_lost_is_concealed_and_nothing_else() {
    let said = voice(3, 20_000.0, 8_000.0, 8_000 * 60);
    for codec in [Codec::Pcma, Codec::G722, Codec::Opus] {
        for seed in 1..4 {
            let network = Network { loss: 0.05, jitter_ms: 3.0, ..QUIET };
            let outcome = run(codec, &said, network, seed);
            let concealed = outcome.playout.counts().concealed as usize;
            let least = outcome.never_came * 8 / 10;
            let most = outcome.never_came + 150;
            assert!((least..=most).contains(&concealed), "{codec:?} seed {seed}: {concealed}");
            let level = 20.0 * (rms(&outcome.audio) / rms(&said)).log10();
            assert!(level.abs() < 1.0, "{codec:?} seed {seed}: {level:.2} dB");
        }
    }
}

#[test]
fn a_drifting_clock_is_followed_without_running_dry_or_full() {
    let said = voice(4, 20_000.0, 8_000.0, 8_000 * 90);
    for drift in [0.0005, -0.0005] {
        let network = Network { drift, jitter_ms: 2.0, ..QUIET };
        let outcome = run(Codec::Pcmu, &said, network, 5);
        let counts = outcome.playout.counts();
        let (shortened, lengthened) = (counts.shortened, counts.lengthened);
        assert!(if drift > 0.0 { shortened > lengthened } else { lengthened > shortened });
        assert!(count(&outcome, Heard::Concealed) < 60, "{drift}: {counts:?}");
    }
}

#[test]
fn a_pause_of_the_sender_is_silence_and_not_loss() {
    let mut playout = Playout::new(Codec::Pcmu, Rate::Narrow, DepthLimits::default()).unwrap();
    let mut encoder = Encoder::new(Codec::Pcmu, Rate::Narrow).unwrap();
    let loud = sine(400.0, 10_000.0, 8_000.0, 160);
    let mut payload = [0; 160];
    encoder.encode(&loud, &mut payload).unwrap();
    let (mut heard, mut sequence) = (Vec::new(), 0);
    for tick in 0..200_u32 {
        let clock = u64::from(tick) * 160;
        // The sender saves packets between 1 and 2 s.
        if !(50..100).contains(&tick) {
            let header = Header {
                marker: tick == 100,
                payload_type: 0,
                sequence,
                timestamp: tick * 160,
                ssrc: 1,
            };
            sequence += 1;
            assert_eq!(playout.insert(clock, &header, &payload), Taken::Held);
        }
        let mut frame = [0; 160];
        heard.push(playout.pull(clock, &mut frame));
    }
    let count = |what| heard.iter().filter(|heard| **heard == what).count();
    assert!(count(Heard::Concealed) <= 3, "only until it has faded");
    assert!((44..56).contains(&count(Heard::Silence)), "{}", count(Heard::Silence));
    assert_eq!(playout.counts().restarts, 0);
}

#[test]
fn a_sender_that_counts_anew_is_heard_at_once() {
    let mut playout = Playout::new(Codec::Pcmu, Rate::Narrow, DepthLimits::default()).unwrap();
    let mut silent = 0;
    for tick in 0..150_u32 {
        let (timestamp, ssrc) = match tick {
            0..50 => (tick * 160, 1),
            50..100 => (900_000_000 + tick * 160, 1),
            _ => (tick * 160, 2),
        };
        let header =
            Header { marker: false, payload_type: 0, sequence: tick as u16, timestamp, ssrc };
        playout.insert(u64::from(tick) * 160, &header, &[0x10; 160]);
        let heard = playout.pull(u64::from(tick) * 160, &mut [0; 160]);
        silent += u32::from(heard == Heard::Silence);
    }
    assert_eq!(playout.counts().restarts, 2);
    assert!(silent <= 9, "{silent} frames of silence");
}

#[test]
fn wild_packets_stay_within_bounds() {
    for codec in [Codec::Pcmu, Codec::Opus, Codec::G722] {
        let mut playout = Playout::new(codec, Rate::Wide, DepthLimits::default()).unwrap();
        let mut random = Seeded(11);
        for tick in 0..20_000_u64 {
            for _ in 0..(random.next() % 4) {
                let header = Header {
                    marker: random.share() < 0.1,
                    payload_type: 0,
                    sequence: random.next() as u16,
                    timestamp: (tick * 160 + random.next() % 60_000) as u32,
                    ssrc: (random.next() % 40 / 39) as u32,
                };
                let len = (random.next() % 1_400) as usize;
                let byte = random.next() as u8;
                playout.insert(tick * 160, &header, &vec![byte; len]);
            }
            playout.pull(tick * 160, &mut [0; 320]);
        }
        assert!(playout.depth_ms() <= 200);
    }
}

#[test]
fn a_concealed_vowel_goes_on_at_its_pitch_and_fades() {
    for (rate, hz) in [(Rate::Narrow, 8_000.0), (Rate::Wide, 16_000.0)] {
        let mut concealer = Concealer::new(rate);
        let vowel: Vec<i16> = sine(150.0, 8_000.0, hz, rate.samples(400))
            .iter()
            .zip(sine(450.0, 4_000.0, hz, rate.samples(400)))
            .map(|(a, b)| a + b)
            .collect();
        let (before, after) = vowel.split_at(rate.samples(200));
        concealer.hear(&mut before.to_vec());
        let mut lost = vec![0; rate.samples(20)];
        concealer.conceal(&mut lost);
        let error: Vec<i16> = lost.iter().zip(after).map(|(a, b)| a - b).collect();
        let first = rate.samples(10);
        assert!(rms(&error[..first]) < 0.25 * rms(&after[..first]), "{}", rms(&error[..first]));
        for _ in 0..3 {
            concealer.conceal(&mut lost);
        }
        assert!(concealer.has_faded() && rms(&lost) < 1.0);
        let mut back = after[..rate.samples(20)].to_vec();
        concealer.hear(&mut back);
        assert!(!concealer.has_faded());
        assert_eq!(back[rate.samples(5)..], after[rate.samples(5)..rate.samples(20)]);
    }
}
