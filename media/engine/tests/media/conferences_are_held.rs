use crate::support::{Heard, PATIENCE, Phone, Voice, decode, engine, prompt, share};
use std::time::Instant;
use strowger_engine::media::{
    Clip, Codec, ConferenceHandle, ConferenceSpec, Join, Law, MediaEngine, MediaEvent,
    MediaEventKind, Others, RecordSpec,
};
use strowger_model::RecordingId;
use strowger_rtp::wav::HEADER_LEN;
use tokio::sync::mpsc;

/// What each party's voice is, by its place: apart in every codec.
const VOICES: [u16; 4] = [500, 900, 1_400, 2_000];

struct Party {
    phone: Phone,
    codec: Codec,
    voice: Voice,
    heard: Vec<Heard>,
}

struct Conference {
    handle: ConferenceHandle,
    events: mpsc::Receiver<MediaEvent>,
    parties: Vec<Party>,
}

impl Conference {
    fn of(engine: &MediaEngine, codecs: &[Codec]) -> Self {
        let conference = Self::not_joined(engine, codecs);
        for party in &conference.parties {
            conference.handle.join(&party.phone.leg, Join::default()).unwrap();
        }
        conference
    }

    fn not_joined(engine: &MediaEngine, codecs: &[Codec]) -> Self {
        let (sender, events) = mpsc::channel(16);
        let spec = ConferenceSpec { events: sender, tag: 3, group: 8 };
        let handle = engine.handle().conference(spec).unwrap();
        let party = |(at, codec): (usize, &Codec)| Party {
            phone: Phone::talking(engine, 8, *codec),
            codec: *codec,
            voice: Voice::new(*codec, f64::from(VOICES[at])),
            heard: Vec::new(),
        };
        let parties = codecs.iter().enumerate().map(party).collect();
        Self { handle, events, parties }
    }

    fn leg(&self, at: usize) -> &strowger_engine::media::LegHandle {
        &self.parties[at].phone.leg
    }

    /// Everybody says and hears so many packets.
    fn talk(&mut self, rounds: usize) {
        for _ in 0..rounds {
            for party in &mut self.parties {
                let (sequence, timestamp, payload) = party.voice.next();
                party.phone.say(party.codec.payload_type(), sequence, timestamp, &payload);
            }
            for party in &mut self.parties {
                party.heard.push(party.phone.hear());
            }
        }
    }

    /// Lets them talk until each hears exactly the voices that it should.
    fn expect(&mut self, heard_by_each: &[&[usize]]) {
        let start = Instant::now();
        loop {
            for party in &mut self.parties {
                party.heard.clear();
            }
            self.talk(10);
            let heard: Vec<Vec<usize>> = self.parties.iter().map(voices_heard).collect();
            if heard == heard_by_each {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "{heard:?} instead of {heard_by_each:?}");
        }
    }

    /// Whether the first party's packets come out at the second as they are.
    fn is_passed_on(&self) -> bool {
        let (from, to) = (&self.parties[0].phone, &self.parties[1].phone);
        let payload: Vec<u8> = (0..160_u8).map(|at| at.wrapping_mul(57)).collect();
        for number in 0..50 {
            from.say(0, 30_000 + number, 4_800_000 + u32::from(number) * 160, &payload);
            if to.hear_sound().payload == payload {
                return true;
            }
        }
        false
    }
}

/// The parties whose voices are in what a party hears.
fn voices_heard(party: &Party) -> Vec<usize> {
    let audio = decode(party.codec, &party.heard);
    let tail = &audio[audio.len() / 2..];
    (0..VOICES.len()).filter(|at| share(tail, VOICES[*at]) > 0.1).collect()
}

#[test]
fn everybody_hears_the_others_whatever_their_codec() {
    let engine = engine();
    let mut conference = Conference::of(&engine, &[Codec::Pcmu, Codec::G722, Codec::Opus]);
    conference.expect(&[&[1, 2], &[0, 2], &[0, 1]]);
}

#[test]
fn one_can_be_muted_deafened_and_held() {
    let engine = engine();
    let mut conference = Conference::of(&engine, &[Codec::Pcmu, Codec::Pcma, Codec::Pcmu]);
    conference.expect(&[&[1, 2], &[0, 2], &[0, 1]]);
    conference.handle.mute(conference.leg(0), true).unwrap();
    conference.expect(&[&[1, 2], &[2], &[1]]);
    conference.handle.deafen(conference.leg(1), true).unwrap();
    conference.expect(&[&[1, 2], &[], &[1]]);
    conference.handle.hold(conference.leg(2), true).unwrap();
    conference.expect(&[&[1], &[], &[]]);
    conference.handle.hold(conference.leg(2), false).unwrap();
    conference.handle.deafen(conference.leg(1), false).unwrap();
    conference.handle.mute(conference.leg(0), false).unwrap();
    conference.expect(&[&[1, 2], &[0, 2], &[0, 1]]);
}

#[test]
fn a_supervisor_listens_then_whispers_then_joins_in() {
    let engine = engine();
    let mut conference = Conference::not_joined(&engine, &[Codec::Pcmu, Codec::Opus, Codec::Pcma]);
    let (customer, agent, supervisor) = (0, 1, 2);
    let handle = &conference.handle;
    handle.join(conference.leg(customer), Join::default()).unwrap();
    handle.join(conference.leg(agent), Join::default()).unwrap();
    let listens = Join { heard_by: Others::Nobody, ..Join::default() };
    handle.join(conference.leg(supervisor), listens).unwrap();
    conference.expect(&[&[1], &[0], &[0, 1]]);
    let handle = &conference.handle;
    handle.hear(conference.leg(agent), conference.leg(supervisor), true).unwrap();
    conference.expect(&[&[1], &[0, 2], &[0, 1]]);
    let handle = &conference.handle;
    handle.hear(conference.leg(customer), conference.leg(supervisor), true).unwrap();
    conference.expect(&[&[1, 2], &[0, 2], &[0, 1]]);
}

#[test]
fn hearing_can_go_one_way_only() {
    let engine = engine();
    let mut conference = Conference::of(&engine, &[Codec::Pcmu, Codec::Pcmu, Codec::Pcmu]);
    let handle = &conference.handle;
    // A hears B; C hears only A; B hears nobody.
    for (listener, speaker) in [(0, 2), (1, 0), (1, 2), (2, 1)] {
        handle.hear(conference.leg(listener), conference.leg(speaker), false).unwrap();
    }
    conference.expect(&[&[1], &[], &[0]]);
}

#[test]
fn two_alone_are_bridged_and_a_third_is_mixed_in() {
    let engine = engine();
    let mut conference = Conference::not_joined(&engine, &[Codec::Pcmu, Codec::Pcmu, Codec::Pcmu]);
    for at in 0..2 {
        conference.handle.join(conference.leg(at), Join::default()).unwrap();
    }
    conference.parties[0].phone.settle();
    assert!(conference.is_passed_on());
    conference.handle.join(conference.leg(2), Join::default()).unwrap();
    conference.expect(&[&[1, 2], &[0, 2], &[0, 1]]);
    conference.handle.leave(conference.leg(2)).unwrap();
    conference.parties[0].phone.settle();
    assert!(conference.is_passed_on());
    conference.handle.mute(conference.leg(0), true).unwrap();
    conference.parties[0].phone.settle();
    assert!(!conference.is_passed_on());
}

#[test]
fn a_leg_that_ends_or_is_bridged_elsewhere_leaves() {
    let engine = engine();
    let mut conference = Conference::of(&engine, &[Codec::Pcmu; 4]);
    conference.expect(&[&[1, 2, 3], &[0, 2, 3], &[0, 1, 3], &[0, 1, 2]]);
    conference.parties.pop();
    conference.expect(&[&[1, 2], &[0, 2], &[0, 1]]);
    let outside = Phone::talking(&engine, 8, Codec::Pcmu);
    conference.leg(2).bridge(&outside.leg).unwrap();
    let mut gone = conference.parties.pop().unwrap();
    gone.phone.settle();
    conference.parties[0].phone.settle();
    assert!(conference.is_passed_on());
}

#[test]
fn the_end_of_a_conference_leaves_its_legs_alone() {
    let engine = engine();
    let mut conference = Conference::of(&engine, &[Codec::Pcmu; 3]);
    conference.expect(&[&[1, 2], &[0, 2], &[0, 1]]);
    let mut parties = conference.parties;
    drop(conference.handle);
    for party in &mut parties {
        party.phone.leg.play(1, vec![Clip::Prompt(prompt(3))], 1).unwrap();
        party.phone.event(|kind| match kind {
            MediaEventKind::PlayEnded { play: 1, finished } => Some(*finished),
            _ => None,
        });
    }
}

#[test]
fn an_announcement_to_one_drowns_the_others_for_it_alone() {
    let engine = engine();
    let mut conference = Conference::of(&engine, &[Codec::Pcmu; 3]);
    conference.leg(0).play(1, vec![Clip::Silence { ms: 60_000 }], 1).unwrap();
    conference.expect(&[&[], &[0, 2], &[0, 1]]);
    conference.leg(0).stop_play(1).unwrap();
    conference.expect(&[&[1, 2], &[0, 2], &[0, 1]]);
}

#[test]
fn the_mix_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("conference.wav");
    let engine = engine();
    let mut conference = Conference::of(&engine, &[Codec::Pcmu, Codec::Opus]);
    let recording = RecordingId(uuid::Uuid::from_u128(9));
    let spec = RecordSpec { recording, path: path.clone(), silence_ms: 0 };
    conference.handle.record_start(spec).unwrap();
    conference.talk(60);
    conference.handle.record_stop().unwrap();
    let start = Instant::now();
    loop {
        match conference.events.try_recv() {
            Ok(MediaEvent { tag, kind: MediaEventKind::RecordingEnded { .. }, .. }) => {
                assert_eq!(tag, 3);
                break;
            }
            Ok(event) => panic!("{event:?}"),
            Err(_) => assert!(start.elapsed() < PATIENCE, "the recording did not end"),
        }
        std::thread::yield_now();
    }
    let bytes = std::fs::read(&path).unwrap();
    for channel in [0, 1] {
        let samples = bytes[HEADER_LEN + channel..].iter().step_by(2);
        let audio: Vec<i16> = samples.map(|byte| Law::Pcma.decode(*byte)).collect();
        let frames = audio.chunks(160);
        let both = frames.filter(|frame| [500, 900].iter().all(|hz| share(frame, *hz) > 0.2));
        assert!(both.count() >= 20, "both voices are in channel {channel}");
    }
}
