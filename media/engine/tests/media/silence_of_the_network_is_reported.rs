use crate::support::{Phone, prompt};
use strowger_engine::media::{Clip, Law, MediaConfig, MediaEngine, MediaEventKind};

fn engine() -> MediaEngine {
    MediaEngine::start(MediaConfig { rtp_timeout_ms: 200, pin: false, ..MediaConfig::default() })
        .unwrap()
}

fn timeout(kind: &MediaEventKind) -> Option<u32> {
    match kind {
        MediaEventKind::RtpTimeout { silent_ms } => Some(*silent_ms),
        _ => None,
    }
}

#[test]
fn once_for_each_silence() {
    let engine = engine();
    let mut phone = Phone::talking(&engine, 1, Law::Pcmu);
    assert!(phone.event(timeout) >= 200);
    phone.say(0, 1, 160, &[1; 160]);
    phone.event(|kind| match kind {
        MediaEventKind::FirstPacket => Some(()),
        MediaEventKind::RtpTimeout { .. } => panic!("reported twice"),
        _ => None,
    });
    assert!(phone.event(timeout) >= 200);
}

#[test]
fn not_while_nothing_is_expected() {
    let engine = engine();
    let mut phone = Phone::silent(&engine, 1);
    phone.negotiate(Law::Pcmu, |remote| remote.receive = false);
    // Half a second of held call, by the engine's own clock.
    phone.leg.play(1, vec![Clip::Prompt(prompt(25))], 1).unwrap();
    phone.event(|kind| match kind {
        MediaEventKind::PlayEnded { play: 1, .. } => Some(()),
        other => panic!("{other:?} while held"),
    });
    phone.negotiate(Law::Pcmu, |_| {});
    let silent = phone.event(timeout);
    assert!((200..400).contains(&silent), "counted from resuming, not before: {silent}");
}
