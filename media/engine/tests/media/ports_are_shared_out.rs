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

#[test]
fn a_leg_can_have_the_port_it_had_and_another_one_if_that_is_taken() {
    let config =
        MediaConfig { port_min: 18_012, port_max: 18_019, pin: false, ..MediaConfig::default() };
    let engine = MediaEngine::start(config).unwrap();
    let open_at = |port| {
        let (events, _) = mpsc::channel(1);
        engine.handle().open_at(port, LegSpec { events, tag: 0, group: 0 }).unwrap()
    };
    let port = |leg: &LegHandle| leg.local_address().port();
    let had = open_at(18_014);
    assert_eq!(port(&had), 18_014);
    let (taken, foreign) = (open_at(18_014), open_at(9));
    let mut others = [port(&taken), port(&foreign)];
    others.sort_unstable();
    assert_eq!(others, [18_012, 18_016]);
    // A port that somebody else holds is not lost to the pool.
    let _other_program = std::net::UdpSocket::bind("127.0.0.1:18018").unwrap();
    drop(foreign);
    let start = Instant::now();
    while open(&engine).is_err() {
        assert!(start.elapsed() < PATIENCE, "no port came back");
        std::thread::yield_now();
    }
}
