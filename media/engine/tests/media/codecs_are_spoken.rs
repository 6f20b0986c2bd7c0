use crate::support::{
    DTMF, Heard, Phone, Voice, decode, engine, nothing_waits, share, tone_prompt,
};
use strowger_engine::media::{Clip, Codec, Law, MediaEventKind, RecordSpec};
use strowger_model::RecordingId;
use strowger_rtp::dtmf::Event;
use strowger_rtp::tones::digit_hz;
use strowger_rtp::wav::HEADER_LEN;

const COSTLY: [Codec; 2] = [Codec::G722, Codec::Opus];

fn play_ended(kind: &MediaEventKind) -> Option<()> {
    matches!(kind, MediaEventKind::PlayEnded { finished: true, .. }).then_some(())
}

/// Packets until `count` frames of the tone came, silence left out.
fn hear_tone(phone: &Phone, codec: Codec, hz: u16, count: usize) -> Vec<Heard> {
    let mut heard = Vec::new();
    loop {
        heard.push(phone.hear());
        assert!(heard.len() < 500, "the tone was not heard");
        let audio = decode(codec, &heard);
        let frames = audio.chunks(160).filter(|frame| share(frame, hz) > 0.8).count();
        if frames >= count {
            return heard;
        }
    }
}

#[test]
fn prompts_are_heard_in_the_codec_and_payload_type_that_were_negotiated() {
    let engine = engine();
    for (codec, payload_type) in [(Codec::G722, 9), (Codec::Opus, 107)] {
        let mut phone = Phone::silent(&engine, 1);
        phone.negotiate(codec, |remote| remote.payload_type = payload_type);
        phone.leg.play(1, vec![Clip::Prompt(tone_prompt(1_000.0, 60))], 1).unwrap();
        let heard = hear_tone(&phone, codec, 1_000, 55);
        for packet in &heard {
            assert_eq!(packet.header.payload_type, payload_type);
        }
        for pair in heard.windows(2) {
            let step = pair[1].header.timestamp.wrapping_sub(pair[0].header.timestamp);
            let frame = codec.frame_timestamps();
            assert!(step >= frame && step % frame == 0, "{codec:?}: a step of {step}");
        }
        phone.event(play_ended);
    }
}

#[test]
fn a_play_follows_a_change_of_codec_in_the_middle() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Codec::Pcma);
    phone.leg.play(1, vec![Clip::Prompt(tone_prompt(1_000.0, 80))], 1).unwrap();
    let first = phone.hear();
    assert_eq!(first.header.payload_type, 8);
    phone.negotiate(Codec::Opus, |_| {});
    let opus = loop {
        let heard = phone.hear();
        if heard.header.payload_type == 111 {
            break heard;
        }
    };
    assert_ne!(opus.header.ssrc, first.header.ssrc, "another clock is another stream");
    phone.event(play_ended);
}

#[test]
fn a_play_takes_its_time_where_nothing_can_be_encoded() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Codec::G729);
    phone.leg.play(1, vec![Clip::Prompt(tone_prompt(1_000.0, 5))], 1).unwrap();
    phone.event(play_ended);
    assert!(nothing_waits(&phone.rtp));
}

#[test]
fn digits_become_tones_in_every_codec() {
    let engine = engine();
    for codec in COSTLY {
        let phone = Phone::silent(&engine, 1);
        phone.negotiate(codec, |remote| remote.dtmf_payload = None);
        phone.leg.send_digit('5', 200).unwrap();
        let mut heard = Vec::new();
        loop {
            heard.push(phone.hear());
            assert!(heard.len() < 50, "no tone in {codec:?}");
            let audio = decode(codec, &heard);
            let both = |frame: &[i16]| digit_hz('5').unwrap().map(|hz| share(frame, hz) > 0.3);
            if audio.chunks(160).filter(|frame| both(frame) == [true; 2]).count() >= 6 {
                break;
            }
        }
    }
}

#[test]
fn events_on_the_clock_of_opus_are_measured_in_it() {
    let engine = engine();
    let mut phone = Phone::silent(&engine, 1);
    phone.negotiate(Codec::Opus, |remote| remote.dtmf_clock_hz = 48_000);
    for at in 0..3 {
        let event = Event { code: 9, end: true, volume: 10, duration: 4_800 };
        phone.say(DTMF, at, 48_000, &event.to_bytes());
    }
    let held = phone.event(|kind| match kind {
        MediaEventKind::Digit { digit: '9', held_ms } => Some(*held_ms),
        _ => None,
    });
    assert_eq!(held, 100);
    phone.leg.send_digit('1', 40).unwrap();
    let durations: Vec<u16> = std::iter::repeat_with(|| phone.hear())
        .filter(|heard| heard.header.payload_type == DTMF)
        .take(5)
        .map(|heard| Event::parse(&heard.payload).unwrap().duration)
        .collect();
    assert_eq!(durations, [960, 1_920, 1_920, 1_920, 1_920]);
}

#[test]
fn recordings_hold_both_sides_of_every_codec() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine();
    for codec in COSTLY {
        let path = folder.path().join(format!("{codec:?}.wav"));
        let mut phone = Phone::talking(&engine, 1, codec);
        let recording = RecordingId(uuid::Uuid::from_u128(5));
        let spec = RecordSpec { recording, path: path.clone(), silence_ms: 0 };
        phone.leg.record_start(spec).unwrap();
        phone.leg.play(1, vec![Clip::Prompt(tone_prompt(1_500.0, 40))], 1).unwrap();
        let mut voice = Voice::new(codec, 700.0);
        for _ in 0..40 {
            phone.hear();
            let (sequence, timestamp, payload) = voice.next();
            phone.say(codec.payload_type(), sequence, timestamp, &payload);
        }
        phone.event(play_ended);
        phone.leg.close();
        phone.event(|kind| match kind {
            MediaEventKind::RecordingEnded { .. } => Some(()),
            MediaEventKind::RecordingFailed { reason, .. } => panic!("{reason}"),
            _ => None,
        });
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes[20], 6, "A-law, as no law was negotiated");
        for (channel, hz) in [(0, 700), (1, 1_500)] {
            let audio: Vec<i16> = bytes[HEADER_LEN + channel..]
                .iter()
                .step_by(2)
                .map(|byte| Law::Pcma.decode(*byte))
                .collect();
            let frames = audio.chunks(160).filter(|frame| share(frame, hz) > 0.8).count();
            assert!(frames >= 30, "{codec:?}: {frames} frames of {hz} Hz in channel {channel}");
        }
    }
}
