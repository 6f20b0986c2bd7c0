use strowger_rtp::Law;
use strowger_rtp::jitter::{JitterRing, Placed};

const SILENCE: u8 = 0xff;

fn take(ring: &mut JitterRing, frames: usize) -> Vec<u8> {
    (0..frames)
        .map(|_| {
            let mut frame = [0; 160];
            ring.take(&mut frame);
            assert!(frame.iter().all(|byte| *byte == frame[0]), "a frame was torn");
            frame[0]
        })
        .collect()
}

#[test]
fn swapped_packets_are_put_in_order_and_lost_ones_are_silence() {
    let mut ring = JitterRing::new(SILENCE, 0);
    for (clock, number) in [(0, 0), (160, 1), (480, 3), (485, 2), (800, 5)] {
        assert_eq!(
            ring.insert(clock, 1_000 + number * 160, &[number as u8; 160], None),
            Placed::InTime
        );
    }
    assert_eq!(take(&mut ring, 7), [0, 1, 2, 3, SILENCE, 5, SILENCE]);
}

#[test]
fn a_packet_whose_time_has_been_read_is_lost() {
    let mut ring = JitterRing::new(SILENCE, 0);
    ring.insert(0, 0, &[1; 160], None);
    assert_eq!(take(&mut ring, 3), [1, SILENCE, SILENCE]);
    assert_eq!(ring.insert(490, 160, &[2; 160], None), Placed::TooLate);
    assert_eq!(ring.insert(491, 480, &[4; 160], None), Placed::InTime);
    assert_eq!(take(&mut ring, 1), [4]);
}

#[test]
fn a_sender_that_counts_anew_is_placed_at_its_arrival() {
    let mut ring = JitterRing::new(SILENCE, 0);
    ring.insert(0, 0, &[1; 160], None);
    assert_eq!(ring.insert(160, 5_000_000, &[2; 160], None), Placed::Anew);
    assert_eq!(ring.insert(320, 5_000_160, &[3; 160], None), Placed::InTime);
    assert_eq!(take(&mut ring, 3), [1, 2, 3]);
}

#[test]
fn a_sender_that_is_always_late_is_placed_anew() {
    let mut ring = JitterRing::new(SILENCE, 10_000);
    ring.insert(10_000, 800, &[1; 160], None);
    take(&mut ring, 20);
    let placed: Vec<_> = (0..6)
        .map(|n| ring.insert(13_200 + u64::from(n) * 160, n * 160, &[9; 160], None))
        .collect();
    assert_eq!(placed[..4], [Placed::TooLate; 4]);
    assert_eq!(placed[4..], [Placed::Anew, Placed::InTime]);
}

#[test]
fn another_source_starts_at_its_arrival() {
    let mut ring = JitterRing::new(SILENCE, 0);
    ring.insert(0, 0, &[1; 160], None);
    ring.change_source();
    assert_eq!(ring.insert(320, 77, &[2; 160], None), Placed::InTime);
    assert_eq!(take(&mut ring, 3), [1, SILENCE, 2]);
}

#[test]
fn the_other_law_is_converted_on_the_way_in() {
    let mut ring = JitterRing::new(SILENCE, 0);
    let loud = Law::Pcma.encode(10_000);
    ring.insert(0, 0, &[loud; 160], Some(Law::Pcma.convert_table()));
    let heard = Law::Pcmu.decode(take(&mut ring, 1)[0]);
    assert!((9_500..10_500).contains(&heard), "{heard}");
}

#[test]
fn wild_timestamps_stay_within_the_ring() {
    let mut ring = JitterRing::new(SILENCE, 0);
    for n in 0..10_000_u32 {
        ring.insert(u64::from(n) * 160, n.wrapping_mul(0x9e37_79b9), &[1; 1_400], None);
        ring.take(&mut [0; 160]);
    }
}
