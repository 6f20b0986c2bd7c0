use crate::support::{Phone, engine};
use strowger_engine::media::{Clip, Codec, Detect, HeardTone, MediaEventKind};
use strowger_rtp::codec::{Encoder, MAX_FRAME_BYTES, Rate};
use strowger_rtp::tones::{digit_hz, sine};

/// Sends samples as packets, several in the time of one: detectors count audio.
struct Mouth {
    codec: Codec,
    encoder: Encoder,
    sent: u16,
}

impl Mouth {
    /// The leg's own packets are the clock.
    fn new(phone: &Phone, codec: Codec) -> Self {
        phone.leg.play(1, vec![Clip::Silence { ms: 60_000 }], 1).unwrap();
        Self { codec, encoder: Encoder::new(codec, Rate::Narrow).unwrap(), sent: 0 }
    }

    fn say(&mut self, phone: &Phone, ms: usize, mut sample: impl FnMut(usize) -> i16) {
        const AT_ONCE: u16 = 8;
        for frame in 0..ms / 20 {
            let audio: Vec<i16> = (0..160).map(|at| sample(frame * 160 + at)).collect();
            let mut out = [0; MAX_FRAME_BYTES];
            let length = self.encoder.encode(&audio, &mut out).unwrap();
            let timestamp = u32::from(self.sent) * self.codec.frame_timestamps();
            phone.say(self.codec.payload_type(), self.sent, timestamp, &out[..length]);
            self.sent += 1;
            if self.sent.is_multiple_of(AT_ONCE) {
                phone.hear();
            }
        }
    }

    fn tone(&mut self, phone: &Phone, hz: [u16; 2], ms: usize) {
        self.say(phone, ms, |at| sine(hz, at) as i16);
    }

    fn silence(&mut self, phone: &Phone, ms: usize) {
        self.say(phone, ms, |_| 0);
    }
}

#[test]
fn digits_in_the_audio_are_heard_where_events_were_not_negotiated() {
    let engine = engine();
    for codec in [Codec::Pcmu, Codec::G722, Codec::Opus] {
        let mut phone = Phone::silent(&engine, 1);
        phone.negotiate(codec, |remote| remote.dtmf_payload = None);
        phone.settle();
        let mut mouth = Mouth::new(&phone, codec);
        for digit in ['5', '#'] {
            mouth.silence(&phone, 60);
            mouth.tone(&phone, digit_hz(digit).unwrap(), 100);
        }
        mouth.silence(&phone, 100);
        for digit in ['5', '#'] {
            let heard = phone.event(|kind| match kind {
                MediaEventKind::Digit { digit, .. } => Some(*digit),
                _ => None,
            });
            assert_eq!(heard, digit, "{codec:?}");
        }
    }
}

#[test]
fn where_events_were_negotiated_the_audio_is_not_searched() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Codec::Pcmu);
    let mut mouth = Mouth::new(&phone, Codec::Pcmu);
    mouth.tone(&phone, digit_hz('5').unwrap(), 100);
    mouth.silence(&phone, 100);
    phone.event(|kind| matches!(kind, MediaEventKind::FirstPacket).then_some(()));
    for _ in 0..10 {
        phone.hear();
    }
    assert!(phone.events.try_recv().is_err());
}

#[test]
fn speech_and_the_silence_after_it_are_told() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Codec::Pcmu);
    let detect = Detect { speech_hangover_ms: 400, silence_ms: 1_000, ..Detect::default() };
    phone.leg.detect(detect).unwrap();
    phone.settle();
    let mut mouth = Mouth::new(&phone, Codec::Pcmu);
    mouth.silence(&phone, 400);
    mouth.tone(&phone, [500, 0], 800);
    // The sender stops here, as one that suppresses silence does.
    let mut told = Vec::new();
    while told.len() < 3 {
        told.push(phone.event(|kind| match kind {
            MediaEventKind::SpeechStarted => Some("started".to_owned()),
            MediaEventKind::SpeechStopped { spoke_ms } => {
                assert!((700..=900).contains(spoke_ms), "{spoke_ms}");
                Some("stopped".to_owned())
            }
            MediaEventKind::Silence { ms } => Some(format!("silent for {ms}")),
            _ => None,
        }));
    }
    assert_eq!(told, ["started", "stopped", "silent for 1000"]);
}

#[test]
fn tones_are_told_when_asked_for() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Codec::Pcma);
    phone.leg.detect(Detect { tones: true, ..Detect::default() }).unwrap();
    phone.settle();
    let mut mouth = Mouth::new(&phone, Codec::Pcma);
    let tone = |kind: &MediaEventKind| match kind {
        MediaEventKind::Tone(tone) => Some(*tone),
        _ => None,
    };
    for _ in 0..4 {
        mouth.tone(&phone, [425, 0], 500);
        mouth.silence(&phone, 500);
    }
    assert_eq!(phone.event(tone), HeardTone::Busy);
    mouth.tone(&phone, [2_100, 0], 1_000);
    let answering = |kind: &MediaEventKind| tone(kind).filter(|tone| *tone != HeardTone::Busy);
    assert_eq!(phone.event(answering), HeardTone::FaxAnswering);
}
