//! The disk fills up in the middle of a recording. In a process of its own,
//! because the limit that plays the full disk is the process's.

use std::time::{Duration, Instant};
use strowger_engine::media::{
    Clip, Codec, LegSpec, MediaConfig, MediaEngine, MediaEventKind, RecordSpec, RemoteParams,
};
use strowger_engine::prompt::Prompt;
use strowger_model::RecordingId;
use tokio::sync::mpsc;

/// A second and a half of two channels.
const DISK: u64 = 24_000;

/// Set in the process that has the limit.
const LIMITED: &str = "STROWGER_TEST_SMALL_DISK";

#[test]
fn what_fits_is_kept_and_the_call_goes_on() {
    if std::env::var_os(LIMITED).is_some() {
        return with_a_small_disk();
    }
    // The limit counts for every file of the process, the one included that the
    // test runner's own output may go to; so the process with the limit gets pipes.
    let own = std::env::current_exe().unwrap();
    let run = std::process::Command::new(own)
        .args(["--exact", "what_fits_is_kept_and_the_call_goes_on", "--nocapture"])
        .env(LIMITED, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

fn with_a_small_disk() {
    // SAFETY: plain values; nothing else runs in this process yet.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        let limit = libc::rlimit { rlim_cur: DISK, rlim_max: DISK };
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.wav");
    let config =
        MediaConfig { port_min: 19_000, port_max: 19_099, pin: false, ..MediaConfig::default() };
    let engine = MediaEngine::start(config).unwrap();
    let phone = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let (sender, mut events) = mpsc::channel(64);
    let leg = engine.handle().open(LegSpec { events: sender, tag: 1, group: 1 }).unwrap();
    leg.set_remote(RemoteParams::new(phone.local_addr().unwrap(), Codec::Pcmu)).unwrap();
    let recording = RecordingId(uuid::Uuid::from_u128(1));
    leg.record_start(RecordSpec { recording, path: path.clone(), silence_ms: 0 }).unwrap();
    let sound = Prompt::shared(&[1_000; 8_000]);
    leg.play(1, vec![Clip::Looped { prompt: sound, ms: Some(3_000) }], 1).unwrap();
    let start = Instant::now();
    let (mut failures, mut finished) = (0, false);
    while !finished {
        assert!(start.elapsed() < Duration::from_secs(20), "the call did not go on");
        match events.try_recv().map(|event| event.kind) {
            Ok(MediaEventKind::RecordingFailed { recording: failed, reason }) => {
                assert_eq!(failed, recording);
                assert!(reason.contains("long.wav"), "{reason}");
                failures += 1;
            }
            Ok(MediaEventKind::PlayEnded { finished: done, .. }) => finished = done,
            Ok(other) => assert!(!matches!(other, MediaEventKind::RecordingEnded { .. })),
            Err(_) => std::thread::yield_now(),
        }
    }
    assert_eq!(failures, 1);
    let bytes = std::fs::read(&path).unwrap();
    let data = u32::from_le_bytes(bytes[54..58].try_into().unwrap());
    assert_eq!(data, 16_000, "the second that fits is playable");
}
