//! What media costs per packet on one core: `cargo run --release -p
//! strowger-rtp --example costs`. Not a test; figures depend on the machine.

use std::hint::black_box;
use std::time::Instant;
use strowger_rtp::Codec;
use strowger_rtp::codec::{Encoder, MAX_FRAME_BYTES, Rate, Transcoder};
use strowger_rtp::detect::{InbandDigits, ToneDetector, VoiceDetector, VoiceSettings};
use strowger_rtp::mix::Mixer;
use strowger_rtp::packet::Header;
use strowger_rtp::playout::{DepthLimits, Playout};
use strowger_rtp::srtp::{MAX_TRAILER, MasterKey, Profile, Protect, Unprotect};

/// Packets per second in one direction.
const PER_SECOND: f64 = 50.0;
const ROUNDS: usize = 2_000;

fn main() {
    transcoding();
    securing();
    listening();
    conferring();
}

/// Something like speech: a pulse train through one resonance, in syllables.
fn voice(rate_hz: u32, count: usize) -> Vec<i16> {
    let rate = f64::from(rate_hz);
    let (mut state, mut random) = ([0.0_f64; 2], 1_u32);
    (0..count)
        .map(|at| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(random >> 8) / f64::from(1 << 24) - 0.5;
            let seconds = at as f64 / rate;
            let pulse = if at % (rate_hz as usize / 110) == 0 { 1.0 } else { 0.05 * noise };
            let hz = 700.0 + 400.0 * (seconds * 5.0).sin();
            let next = pulse + 1.94 * (std::f64::consts::TAU * hz / rate).cos() * state[0]
                - 0.94 * state[1];
            state = [next, state[0]];
            let syllable = (seconds * 12.0).sin().max(0.0);
            (next * syllable * 5_000.0).clamp(-30_000.0, 30_000.0) as i16
        })
        .collect()
}

/// Nanoseconds that `act` takes, on average of [`ROUNDS`].
fn each_ns(mut act: impl FnMut(usize)) -> f64 {
    let start = Instant::now();
    for round in 0..ROUNDS {
        act(round);
    }
    start.elapsed().as_nanos() as f64 / ROUNDS as f64
}

fn transcoding() {
    for (a, b) in [
        (Codec::Pcmu, Codec::Pcma),
        (Codec::Pcmu, Codec::G722),
        (Codec::Pcmu, Codec::Opus),
        (Codec::G722, Codec::Opus),
    ] {
        let both = one_way_ns(a, b) + one_way_ns(b, a);
        let share = both * PER_SECOND / 1e7;
        println!("{a:?} and {b:?}, both ways: {both:.0} ns per 20 ms, {share:.3} % of a core");
    }
}

fn one_way_ns(from: Codec, to: Codec) -> f64 {
    let mut encoder = Encoder::new(from, from.rate()).expect("a codec that is encoded here");
    let audio = voice(from.rate().hz(), from.frame_samples() * ROUNDS);
    let mut buffer = [0; MAX_FRAME_BYTES];
    let payloads: Vec<Vec<u8>> = audio
        .chunks(from.frame_samples())
        .map(|frame| {
            let bytes = encoder.encode(frame, &mut buffer).expect("a whole frame");
            buffer[..bytes].to_vec()
        })
        .collect();
    let mut transcoder = Transcoder::new(from, to).expect("two codecs that are encoded here");
    each_ns(|round| {
        let _ = transcoder.push(&payloads[round]);
        black_box(transcoder.pull(&mut buffer));
    })
}

fn securing() {
    for profile in Profile::ALL {
        let key = MasterKey::from_random(profile, [7; MasterKey::MAX_LEN]);
        let (mut protect, mut unprotect) = (Protect::new(&key), Unprotect::new(&key));
        let mut packets = vec![[0; 172 + MAX_TRAILER]; ROUNDS];
        let mut len = 0;
        let out = each_ns(|round| {
            let header = Header {
                marker: false,
                payload_type: 0,
                sequence: round as u16,
                timestamp: 160 * round as u32,
                ssrc: 1,
            };
            packets[round][..12].copy_from_slice(&header.to_bytes());
            len = protect.protect_rtp(&mut packets[round], 172).expect("a whole packet");
        });
        let back = each_ns(|round| {
            black_box(unprotect.unprotect_rtp(&mut packets[round][..len]).expect("our own key"));
        });
        let share = (out + back) * 10_000.0 / 1e7;
        println!(
            "{profile:?}: protect {out:.0} ns, unprotect {back:.0} ns; 100 calls with both legs \
             secure {share:.2} % of a core"
        );
    }
}

fn listening() {
    let audio = voice(8_000, 160 * ROUNDS);
    let frame = |round: usize| &audio[160 * round..160 * (round + 1)];
    let mut digits = InbandDigits::default();
    let ns = each_ns(|round| digits.hear(frame(round), |digit| _ = black_box(digit)));
    println!("in-band digits: {ns:.0} ns per 20 ms");
    let mut tones = ToneDetector::default();
    let ns = each_ns(|round| tones.hear(frame(round), |tone| _ = black_box(tone)));
    println!("tones: {ns:.0} ns per 20 ms");
    let mut voices = VoiceDetector::new(VoiceSettings::default());
    let ns = each_ns(|round| _ = black_box(voices.hear(frame(round), 20)));
    println!("voice: {ns:.0} ns per 20 ms");
    let limits = DepthLimits::default();
    let mut playout =
        Playout::new(Codec::Pcmu, Rate::Narrow, limits).expect("a codec that is decoded here");
    let ns = each_ns(|round| {
        let number = round as u32;
        let header = Header {
            marker: false,
            payload_type: 0,
            sequence: number as u16,
            timestamp: number * 160,
            ssrc: 1,
        };
        let clock = 160 * round as u64;
        if round % 20 != 0 {
            playout.insert(clock, &header, &[number as u8; 160]);
        }
        black_box(playout.pull(clock, &mut [0; 160]));
    });
    println!("playout of G.711 with 5 % loss: {ns:.0} ns per 20 ms");
}

fn conferring() {
    for parties in [3, 20, 100] {
        let mut mixer = Mixer::new(Rate::Narrow, parties);
        let seats: Vec<_> = (0..parties).filter_map(|_| mixer.join()).collect();
        let audio = voice(8_000, 160 * ROUNDS);
        let ns = each_ns(|round| {
            for seat in &seats {
                mixer.speak(*seat, &audio[160 * round..160 * (round + 1)]);
            }
            mixer.mix();
            for seat in &seats {
                let mut out = [0; 160];
                mixer.listen(*seat, &mut out);
                black_box(out);
            }
        });
        println!("conference of {parties}: {ns:.0} ns per 20 ms");
    }
}
