use crate::support::{PATIENCE, Phone, engine, prompt};
use std::time::Instant;
use strowger_engine::media::{
    Clip, Codec, CommandError, Law, LegSpec, MediaConfig, MediaEngine, MediaEventKind, RecordSpec,
};
use strowger_model::RecordingId;
use strowger_rtp::wav::HEADER_LEN;
use tokio::sync::mpsc;

fn moved(phone: &mut Phone, group: u64) -> Result<(), CommandError> {
    let (events, receiver) = mpsc::channel(256);
    let spec = LegSpec { events, tag: 7, group };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    phone.leg = runtime.block_on(phone.leg.move_to(spec))?;
    phone.events = receiver;
    Ok(())
}

/// The packet of a number.
fn said(number: u16) -> Vec<u8> {
    (0..160).map(|at| at as u8 ^ number as u8).collect()
}

/// Says a packet at one phone and expects it at the other.
fn is_heard(from: &Phone, to: &Phone, number: u16) {
    let audio = said(number);
    from.say(0, number, u32::from(number) * 160, &audio);
    let heard = std::iter::repeat_with(|| to.hear_sound()).find(|heard| heard.payload.len() == 160);
    assert_eq!(heard.unwrap().payload, audio);
}

fn two_threads() -> MediaEngine {
    let config = MediaConfig { threads: 2, pin: false, ..MediaConfig::default() };
    MediaEngine::start(config).unwrap()
}

/// A phone on another thread, and its group.
fn elsewhere(engine: &MediaEngine, phone: &Phone) -> (Phone, u64) {
    let apart = |group| {
        let other = Phone::talking(engine, group, Codec::Pcmu);
        phone.leg.bridge(&other.leg).is_err().then_some((other, group))
    };
    (1..64).find_map(apart).expect("groups are spread over the threads")
}

#[test]
fn a_leg_goes_to_another_thread_and_is_bridged_there() {
    let engine = two_threads();
    let mut a = Phone::talking(&engine, 0, Codec::Pcmu);
    let (mut b, group) = elsewhere(&engine, &a);
    let address = a.leg.local_address();
    let old = a.leg.clone();
    moved(&mut a, group).unwrap();
    assert_eq!(a.leg.local_address(), address, "the other side notices nothing");
    // A handle from before says nothing any more, and does not end the leg.
    drop(old);
    a.leg.bridge(&b.leg).unwrap();
    a.settle();
    b.settle();
    is_heard(&a, &b, 1);
    is_heard(&b, &a, 2);
    let start = Instant::now();
    while a.leg.stats().codec != Some(Codec::Pcmu) {
        assert!(start.elapsed() < PATIENCE, "figures are published every second");
        std::thread::yield_now();
    }
}

#[test]
fn a_leg_leaves_its_bridge_and_the_new_owner_hears_of_it() {
    let engine = engine();
    let mut a = Phone::talking(&engine, 3, Codec::Pcmu);
    let mut b = Phone::talking(&engine, 3, Codec::Pcmu);
    let mut c = Phone::talking(&engine, 3, Codec::Pcmu);
    a.leg.bridge(&b.leg).unwrap();
    moved(&mut a, 3).unwrap();
    a.leg.bridge(&c.leg).unwrap();
    a.settle();
    b.settle();
    c.settle();
    is_heard(&a, &c, 1);
    is_heard(&c, &a, 2);
    a.event(|kind| matches!(kind, MediaEventKind::FirstPacket).then_some(()));
}

#[test]
fn a_leg_that_has_ended_cannot_be_moved() {
    let engine = engine();
    let mut a = Phone::talking(&engine, 3, Codec::Pcmu);
    a.leg.close();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(a.leg.ended());
    assert_eq!(moved(&mut a, 4), Err(CommandError::Busy));
}

#[test]
fn a_recording_goes_on_on_another_thread_of_the_same_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("both.wav");
    let engine = two_threads();
    let mut a = Phone::talking(&engine, 0, Codec::Pcmu);
    let (mut b, group) = elsewhere(&engine, &a);
    let recording = RecordingId(uuid::Uuid::from_u128(77));
    a.leg.record_start(RecordSpec { recording, path: path.clone(), silence_ms: 0 }).unwrap();
    a.leg.play(1, vec![Clip::Prompt(prompt(10))], 1).unwrap();
    a.event(|kind| matches!(kind, MediaEventKind::PlayEnded { .. }).then_some(()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    a.leg = runtime.block_on(a.leg.regroup(group)).unwrap();
    a.leg.bridge(&b.leg).unwrap();
    a.settle();
    b.settle();
    while a.rtp.set_nonblocking(true).is_ok() && a.rtp.recv(&mut [0; 2_000]).is_ok() {}
    a.rtp.set_nonblocking(false).unwrap();
    is_heard(&b, &a, 2);
    is_heard(&a, &b, 1);
    a.leg.record_stop().unwrap();
    a.event(|kind| match kind {
        MediaEventKind::RecordingEnded { recording: ended, .. } => {
            assert_eq!(*ended, recording);
            Some(())
        }
        MediaEventKind::RecordingFailed { reason, .. } => panic!("{reason}"),
        _ => None,
    });
    let bytes = std::fs::read(path).unwrap();
    let channel = |first: usize| -> Vec<u8> {
        bytes[HEADER_LEN + first..].iter().step_by(2).copied().collect()
    };
    let holds = |channel: &[u8], what: &[u8]| channel.windows(what.len()).any(|it| it == what);
    let (left, right) = (channel(0), channel(1));
    assert!(holds(&left, &said(1)), "what the leg said on the second thread");
    assert!(holds(&right, prompt(10).frame(Law::Pcmu, 9).unwrap()), "heard on the first");
    assert!(holds(&right, &said(2)), "heard on the second");
}
