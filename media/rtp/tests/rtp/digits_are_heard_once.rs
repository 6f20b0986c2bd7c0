use strowger_rtp::dtmf::{Digit, DigitReceiver, Event, digit_of};

fn event(code: u8, duration: u16, end: bool) -> Event {
    Event { code, end, volume: 10, duration }
}

/// Feeds (time, timestamp, event) and collects the digits.
fn hear(receiver: &mut DigitReceiver, packets: &[(u64, u32, Event)]) -> Vec<(char, u32)> {
    let ended = packets.iter().flat_map(|(now, at, event)| receiver.receive(*now, *at, *event));
    ended.flatten().map(|Digit { digit, held_ms }| (digit, held_ms)).collect()
}

#[test]
fn repeated_ends_count_once() {
    let mut receiver = DigitReceiver::default();
    let heard = hear(
        &mut receiver,
        &[
            (0, 800, event(5, 160, false)),
            (20, 800, event(5, 320, false)),
            (40, 800, event(5, 480, true)),
            (40, 800, event(5, 480, true)),
            (60, 800, event(5, 480, true)),
            // A straggler from before the end.
            (61, 800, event(5, 320, false)),
        ],
    );
    assert_eq!(heard, [('5', 60)]);
    assert_eq!(receiver.poll(10_000), None);
}

#[test]
fn the_same_key_pressed_again_counts_again() {
    let mut receiver = DigitReceiver::default();
    let heard =
        hear(&mut receiver, &[(0, 800, event(1, 800, true)), (200, 2_400, event(1, 800, true))]);
    assert_eq!(heard, [('1', 100), ('1', 100)]);
}

#[test]
fn a_press_whose_every_end_was_lost_ends_by_time() {
    let mut receiver = DigitReceiver::default();
    assert_eq!(
        hear(&mut receiver, &[(0, 800, event(11, 160, false)), (20, 800, event(11, 320, false))]),
        []
    );
    assert_eq!(receiver.poll(219), None);
    assert_eq!(receiver.poll(220), Some(Digit { digit: '#', held_ms: 40 }));
    assert_eq!(receiver.poll(10_000), None);
    // Its end arrives at last.
    assert_eq!(hear(&mut receiver, &[(300, 800, event(11, 480, true))]), []);
}

#[test]
fn a_press_whose_end_was_lost_ends_with_the_next_one() {
    let mut receiver = DigitReceiver::default();
    let heard = hear(
        &mut receiver,
        &[
            (0, 800, event(1, 320, false)),
            (100, 1_600, event(2, 160, false)),
            (120, 1_600, event(2, 320, true)),
        ],
    );
    assert_eq!(heard, [('1', 40), ('2', 40)]);
}

#[test]
fn a_press_of_which_only_the_end_came_counts() {
    assert_eq!(hear(&mut DigitReceiver::default(), &[(0, 800, event(0, 960, true))]), [('0', 120)]);
}

#[test]
fn a_key_held_over_several_segments_is_one_press() {
    let mut receiver = DigitReceiver::default();
    let mut packets = Vec::new();
    let mut now = 0;
    for segment in 0..2_u32 {
        for n in 1..=409_u16 {
            packets.push((now, 1_000 + segment * 0xffff, event(9, n.saturating_mul(160), false)));
            now += 20;
        }
        packets.push((now, 1_000 + segment * 0xffff, event(9, 0xffff, false)));
    }
    packets.push((now, 1_000 + 2 * 0xffff, event(9, 800, true)));
    assert_eq!(hear(&mut receiver, &packets), [('9', (2 * 0xffff + 800) / 8)]);
}

#[test]
fn timestamps_may_wrap_between_presses() {
    let mut receiver = DigitReceiver::default();
    let heard = hear(
        &mut receiver,
        &[(0, u32::MAX - 100, event(3, 800, true)), (300, 2_000, event(4, 800, true))],
    );
    assert_eq!(heard, [('3', 100), ('4', 100)]);
}

#[test]
fn flash_is_no_digit() {
    assert_eq!(digit_of(16), None);
    assert_eq!(hear(&mut DigitReceiver::default(), &[(0, 800, event(16, 800, true))]), []);
    assert_eq!(Event::parse(&[1, 2, 3]), None);
}

#[test]
fn a_key_held_for_longer_than_can_be_counted_is_one_digit() {
    let mut receiver = DigitReceiver::default();
    let segments = u32::MAX / 0xffff + 10;
    for segment in 0..segments {
        let at = segment.wrapping_mul(0xffff);
        let ended = receiver.receive(u64::from(segment), at, event(5, 0xffff, false));
        assert_eq!(ended, [None, None]);
    }
    let held = receiver.poll(u64::from(segments) + 1_000);
    assert_eq!(held, Some(Digit { digit: '5', held_ms: u32::MAX / 8 }));
}
