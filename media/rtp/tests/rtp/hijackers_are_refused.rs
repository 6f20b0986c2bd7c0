use std::net::SocketAddr;
use strowger_rtp::latch::{Admission, Latch};

fn at(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

fn stranger() -> SocketAddr {
    SocketAddr::from(([203, 0, 113, 9], 666))
}

/// A leg whose SDP says port 4000.
fn signalled() -> Latch {
    let mut latch = Latch::default();
    latch.signal(0, at(4_000));
    latch
}

#[test]
fn nothing_is_believed_before_signalling() {
    assert_eq!(Latch::default().admit(0, at(4_000), 1, 1), Admission::Refuse);
}

#[test]
fn the_signalled_address_is_believed_at_once() {
    let mut latch = signalled();
    assert_eq!(latch.target(), Some(at(4_000)));
    assert_eq!(latch.admit(20, at(4_000), 1, 1), Admission::AcceptAndFollow);
    assert_eq!(latch.admit(40, at(4_000), 1, 2), Admission::Accept);
}

#[test]
fn a_phone_behind_a_translator_is_followed_at_its_second_packet() {
    let mut latch = signalled();
    assert_eq!(latch.admit(20, stranger(), 1, 1), Admission::Refuse);
    assert_eq!(latch.admit(40, stranger(), 1, 2), Admission::AcceptAndFollow);
    assert_eq!(latch.target(), Some(stranger()));
}

#[test]
fn single_packets_and_guessed_numbers_prove_nothing() {
    let mut latch = signalled();
    for n in 0..100 {
        assert_eq!(latch.admit(n, stranger(), 1, 7 * n as u16), Admission::Refuse);
    }
    assert_eq!(latch.target(), Some(at(4_000)));
}

#[test]
fn a_known_source_cannot_be_taken_over_while_it_talks() {
    let mut latch = signalled();
    for n in 0..500_u16 {
        let now = u64::from(n) * 20;
        assert_ne!(latch.admit(now, at(4_000), 1, n), Admission::Refuse);
        assert_eq!(latch.admit(now + 1, stranger(), 2, n), Admission::Refuse);
    }
    assert_eq!(latch.target(), Some(at(4_000)));
}

#[test]
fn the_signalled_address_beats_a_stranger_that_was_first() {
    let mut latch = signalled();
    latch.admit(0, stranger(), 2, 1);
    assert_eq!(latch.admit(1, stranger(), 2, 2), Admission::AcceptAndFollow);
    assert_eq!(latch.admit(20, at(4_000), 1, 1), Admission::AcceptAndFollow);
    assert_eq!(latch.admit(21, stranger(), 2, 3), Admission::Refuse);
}

#[test]
fn a_phone_that_moved_is_followed_after_a_silence_and_proof() {
    let mut latch = signalled();
    latch.admit(0, at(4_000), 1, 1);
    let moved = at(5_000);
    assert_eq!(latch.admit(1_999, moved, 1, 99), Admission::Refuse);
    let mut seen = Vec::new();
    for n in 100..105_u16 {
        seen.push(latch.admit(20_000 + u64::from(n) * 20, moved, 1, n));
    }
    assert_eq!(seen[..4], [Admission::Refuse; 4]);
    assert_eq!(seen[4], Admission::AcceptAndFollow);
    assert_eq!(latch.admit(30_000, moved, 1, 105), Admission::Accept);
}

#[test]
fn a_session_refresh_keeps_what_was_learned_and_a_new_address_does_not() {
    let mut latch = signalled();
    latch.admit(20, stranger(), 1, 1);
    latch.admit(40, stranger(), 1, 2);
    latch.signal(10_000, at(4_000));
    assert_eq!(latch.target(), Some(stranger()));
    latch.signal(10_000, at(6_000));
    assert_eq!(latch.target(), Some(at(6_000)));
    assert_eq!(latch.admit(10_020, at(6_000), 3, 1), Admission::AcceptAndFollow);
}
