use strowger_rtp::reception::{Arrival, Reception};

/// Receives these sequence numbers, each on time.
fn receive(sequences: impl IntoIterator<Item = u16>) -> Reception {
    let mut sequences = sequences.into_iter().peekable();
    let mut reception = Reception::new(*sequences.peek().unwrap());
    for sequence in sequences {
        let time = u32::from(sequence) * 160;
        reception.receive(sequence, time, time);
    }
    reception
}

#[test]
fn gaps_are_lost_packets_until_they_arrive_late() {
    let mut reception = receive([10, 11, 13, 14]);
    assert_eq!((reception.expected(), reception.received(), reception.lost()), (5, 4, 1));
    assert_eq!(reception.receive(12, 12 * 160, 12 * 160), Arrival::Late);
    assert_eq!(reception.lost(), 0);
}

#[test]
fn numbers_wrap_without_loss() {
    let mut reception = receive((65_530..=65_535).chain(0..=5));
    assert_eq!((reception.expected(), reception.lost()), (12, 0));
    assert_eq!(reception.report().highest_sequence, 65_536 + 5);
}

#[test]
fn each_report_tells_the_share_lost_since_the_last() {
    let mut reception = receive((0..100).filter(|n| n % 4 != 3));
    let report = reception.report();
    assert_eq!(report.cumulative_lost, 24);
    // 24 of 99 in 1/256: the hundredth packet, lost too, was not missed yet.
    assert_eq!(report.fraction_lost, 62);
    for sequence in 99..120 {
        reception.receive(sequence, 0, 0);
    }
    assert_eq!(reception.report().fraction_lost, 0);
}

#[test]
fn a_restarted_sender_is_believed_at_its_second_packet() {
    let mut reception = receive(0..10);
    assert_eq!(reception.receive(40_000, 0, 0), Arrival::Suspect);
    assert_eq!(reception.receive(40_001, 160, 160), Arrival::Restarted);
    assert_eq!(reception.lost(), 0);
}

#[test]
fn jitter_follows_the_standards_filter() {
    // Every second packet 80 samples late: |D| is 80 each time, and the filter
    // of RFC 3550 A.8 settles there.
    let mut reception = Reception::new(0);
    for n in 0..500_u16 {
        let time = u32::from(n) * 160;
        reception.receive(n, time, time + if n % 2 == 0 { 0 } else { 80 });
    }
    assert!((76..=80).contains(&reception.jitter()), "{}", reception.jitter());
    let steady = receive(0..100);
    assert_eq!(steady.jitter(), 0);
}
