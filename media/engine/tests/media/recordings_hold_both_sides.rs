use crate::support::{Phone, engine, prompt};
use std::path::{Path, PathBuf};
use strowger_engine::media::{Clip, Law, MediaEventKind, RecordSpec};
use strowger_model::RecordingId;
use strowger_rtp::wav::HEADER_LEN;

fn id() -> RecordingId {
    RecordingId(uuid::Uuid::from_u128(77))
}

fn spec(path: PathBuf) -> RecordSpec {
    RecordSpec { recording: id(), path, silence_ms: 0 }
}

fn ended(kind: &MediaEventKind) -> Option<(u64, u64)> {
    match kind {
        MediaEventKind::RecordingEnded { recording, duration_ms, bytes } => {
            assert_eq!(*recording, id());
            Some((*duration_ms, *bytes))
        }
        MediaEventKind::RecordingFailed { reason, .. } => panic!("{reason}"),
        _ => None,
    }
}

/// Left and right channel of a file.
fn channels(path: &Path) -> (Vec<u8>, Vec<u8>) {
    let bytes = std::fs::read(path).unwrap();
    let samples = &bytes[HEADER_LEN..];
    (
        samples.iter().step_by(2).copied().collect(),
        samples.iter().skip(1).step_by(2).copied().collect(),
    )
}

/// Where `what` begins in a channel.
fn find(channel: &[u8], what: &[u8]) -> usize {
    channel.windows(what.len()).position(|window| window == what).expect("not in the recording")
}

fn audio(number: u8) -> Vec<u8> {
    (0..160).map(|at| (at as u8).wrapping_mul(7) ^ number).collect()
}

fn play_through(phone: &mut Phone, play: u64, frames: usize) {
    phone.leg.play(play, vec![Clip::Prompt(prompt(frames))], 1).unwrap();
    phone.event(|kind| match kind {
        MediaEventKind::PlayEnded { play: ended, .. } if *ended == play => Some(()),
        _ => None,
    });
}

#[test]
fn the_caller_is_left_and_the_prompt_right_at_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/on/demand.wav");
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    phone.leg.record_start(spec(path.clone())).unwrap();
    phone.leg.play(1, vec![Clip::Prompt(prompt(20))], 1).unwrap();
    // The caller answers every frame of the prompt with one of its own.
    for number in 0..20_u8 {
        phone.hear_sound();
        phone.say(0, u16::from(number), u32::from(number) * 160, &audio(number));
    }
    phone.settle();
    // The last answer is read in the next 20 ms.
    play_through(&mut phone, 2, 5);
    phone.leg.record_stop().unwrap();
    let (duration_ms, bytes) = phone.event(ended);
    assert_eq!(bytes, std::fs::metadata(&path).unwrap().len());
    let (left, right) = channels(&path);
    assert_eq!(duration_ms, left.len() as u64 / 8);
    let said: Vec<u8> = (0..20).flat_map(audio).collect();
    let played: Vec<u8> =
        (0..20).flat_map(|at| *prompt(20).frame(Law::Pcmu, at).unwrap()).collect();
    let (said_at, played_at) = (find(&left, &said), find(&right, &played));
    let apart = said_at.abs_diff(played_at) / 8;
    assert!(apart <= 250, "the channels are {apart} ms apart");
}

#[test]
fn both_parties_of_a_bridge_are_heard_in_the_law_of_the_recorded_leg() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bridge.wav");
    let engine = engine();
    let mut a = Phone::talking(&engine, 1, Law::Pcmu);
    let b = Phone::talking(&engine, 1, Law::Pcma);
    a.leg.record_start(spec(path.clone())).unwrap();
    a.leg.bridge(&b.leg).unwrap();
    a.settle();
    let mut theirs = audio(200);
    for number in 0..3_u8 {
        a.say(0, u16::from(number), u32::from(number) * 160, &audio(number));
        b.say(8, u16::from(number), u32::from(number) * 160, &theirs);
        a.hear_sound();
        b.hear_sound();
    }
    a.leg.close();
    a.event(ended);
    let (left, right) = channels(&path);
    find(&left, &[audio(0), audio(1), audio(2)].concat());
    Law::Pcma.convert(&mut theirs);
    find(&right, &theirs.repeat(3));
    assert_eq!(std::fs::read(&path).unwrap()[20], 7, "µ-law, as the recorded leg");
}

#[test]
fn a_pause_leaves_silence_of_its_length() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pause.wav");
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    phone.leg.record_start(spec(path.clone())).unwrap();
    phone.leg.record_pause().unwrap();
    play_through(&mut phone, 1, 40);
    phone.leg.record_resume().unwrap();
    play_through(&mut phone, 2, 40);
    phone.leg.record_stop().unwrap();
    let (duration_ms, _) = phone.event(ended);
    assert!(duration_ms >= 1_600, "{duration_ms}");
    let (_, right) = channels(&path);
    let sounding = right.iter().filter(|byte| **byte != Law::Pcmu.silence()).count() / 160;
    assert!((40..=52).contains(&sounding), "{sounding} frames of 40 and what was under way");
}

#[test]
fn a_party_that_falls_silent_is_reported_once() {
    let folder = tempfile::tempdir().unwrap();
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    let path = folder.path().join("voicemail.wav");
    phone.leg.record_start(RecordSpec { silence_ms: 300, ..spec(path) }).unwrap();
    let ms = phone.event(|kind| match kind {
        MediaEventKind::Silence { ms } => Some(*ms),
        _ => None,
    });
    assert_eq!(ms, 300);
    play_through(&mut phone, 1, 20);
    phone.leg.record_stop().unwrap();
    phone.event(|kind| match kind {
        MediaEventKind::Silence { .. } => panic!("reported twice"),
        other => ended(other),
    });
}

#[test]
fn the_end_of_the_engine_completes_recordings() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shutdown.wav");
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    phone.leg.record_start(spec(path.clone())).unwrap();
    play_through(&mut phone, 1, 10);
    drop(engine);
    let (_, bytes) = phone.event(ended);
    assert_eq!(bytes, std::fs::metadata(&path).unwrap().len());
}

#[test]
fn a_full_disk_ends_the_recording_and_not_the_call() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("full.wav");
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    phone.leg.record_start(spec(path)).unwrap();
    let reason = phone.event(|kind| match kind {
        MediaEventKind::RecordingFailed { recording, reason } => {
            assert_eq!(*recording, id());
            Some(reason.clone())
        }
        MediaEventKind::RecordingEnded { .. } => panic!("nothing can have been recorded"),
        _ => None,
    });
    assert!(reason.contains("free space"), "{reason}");
    play_through(&mut phone, 1, 3);
    phone.leg.record_stop().unwrap();
    phone.settle();
}

#[test]
fn a_recording_that_was_cut_short_goes_on_and_the_gap_is_silence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.wav");
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    phone.leg.record_start(spec(path.clone())).unwrap();
    play_through(&mut phone, 1, 60);
    phone.leg.record_stop().unwrap();
    let (before_ms, _) = phone.event(ended);
    // As a crash leaves it: sizes of an earlier second, half of a last sample pair.
    let mut bytes = std::fs::read(&path).unwrap();
    let stale = strowger_rtp::wav::header(strowger_rtp::wav::Content::G711(Law::Pcmu), 2, 160);
    bytes[..HEADER_LEN].copy_from_slice(&stale);
    bytes.push(0x55);
    std::fs::write(&path, &bytes).unwrap();
    // The leg speaks another law by now; the file keeps its own.
    let mut phone = Phone::talking(&engine, 2, Law::Pcma);
    let gap_ms = 700;
    phone.leg.record_continue(spec(path.clone()), before_ms + gap_ms).unwrap();
    play_through(&mut phone, 3, 40);
    phone.leg.record_stop().unwrap();
    let (duration_ms, size) = phone.event(ended);
    assert_eq!(size, std::fs::metadata(&path).unwrap().len());
    assert!(duration_ms >= before_ms + gap_ms + 800, "{before_ms} then {duration_ms}");
    let (_, right) = channels(&path);
    let gap = (before_ms * 8) as usize..((before_ms + gap_ms) * 8) as usize;
    assert!(right[gap].iter().all(|byte| *byte == Law::Pcmu.silence()));
    let header = &std::fs::read(&path).unwrap()[..HEADER_LEN];
    let whole = strowger_rtp::wav::Content::G711(Law::Pcmu);
    assert_eq!(header, strowger_rtp::wav::header(whole, 2, (size - HEADER_LEN as u64) as u32));
}

#[test]
fn a_file_that_is_no_recording_is_not_continued() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.wav");
    let engine = engine();
    let phone = Phone::talking(&engine, 1, Law::Pcmu);
    let refused = |phone: &Phone| phone.leg.record_continue(spec(path.clone()), 0).unwrap_err();
    assert!(refused(&phone).to_string().contains("cannot be continued"));
    std::fs::write(&path, b"RIFF").unwrap();
    refused(&phone);
    std::fs::write(&path, [0; 4_000]).unwrap();
    assert!(refused(&phone).to_string().contains("no recording of ours"));
    assert_eq!(std::fs::read(&path).unwrap(), [0; 4_000], "it is left as it was");
}
