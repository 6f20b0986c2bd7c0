use crate::support::PATIENCE;
use std::time::Instant;
use strowger_engine::media::{LegHandle, LegSpec, MediaConfig, MediaEngine, OpenError, StartError};
use tokio::sync::mpsc;

fn open(engine: &MediaEngine) -> Result<LegHandle, OpenError> {
    let (events, _) = mpsc::channel(1);
    engine.handle().open(LegSpec { events, tag: 0, group: 0 })
}

/// Not used by other tests, so that the pairs are this one's.
fn engine_with_four_pairs() -> MediaEngine {
    let config =
        MediaConfig { port_min: 18_001, port_max: 18_009, pin: false, ..MediaConfig::default() };
    MediaEngine::start(config).unwrap()
}

#[test]
fn legs_have_even_ports_and_the_fifth_of_four_is_refused_until_one_ends() {
    let engine = engine_with_four_pairs();
    assert_eq!(engine.handle().capacity(), 4);
    let mut legs: Vec<_> = (0..4).map(|_| open(&engine).unwrap()).collect();
    let mut ports: Vec<_> = legs.iter().map(|leg| leg.local_address().port()).collect();
    ports.sort_unstable();
    assert_eq!(ports, [18_002, 18_004, 18_006, 18_008]);
    let error = open(&engine).unwrap_err();
    assert!(matches!(error, OpenError::OutOfPorts(4)), "{error}");
    let freed = legs.remove(1);
    let port = freed.local_address().port();
    drop(freed);
    let start = Instant::now();
    let again = loop {
        match open(&engine) {
            Ok(leg) => break leg,
            Err(_) => assert!(start.elapsed() < PATIENCE, "the port did not come back"),
        }
        std::thread::yield_now();
    };
    assert_eq!(again.local_address().port(), port);
}

#[test]
fn a_range_without_a_pair_is_refused() {
    let config = MediaConfig { port_min: 18_101, port_max: 18_102, ..MediaConfig::default() };
    let error = MediaEngine::start(config).unwrap_err();
    assert!(matches!(error, StartError::EmptyPortRange(18_101, 18_102)));
}

#[test]
fn commands_to_a_stopped_engine_are_refused() {
    let config = MediaConfig { port_min: 18_202, port_max: 18_203, ..MediaConfig::default() };
    let engine = MediaEngine::start(config).unwrap();
    let handle = engine.handle();
    let leg = open(&engine).unwrap();
    drop(engine);
    assert!(leg.unbridge().is_err());
    let (events, _) = mpsc::channel(1);
    assert!(matches!(handle.open(LegSpec { events, tag: 0, group: 0 }), Err(OpenError::Busy)));
}
