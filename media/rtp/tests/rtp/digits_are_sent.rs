use strowger_rtp::dtmf::{Digit, DigitReceiver, DigitSender, EventFrame};

fn frames(digit: char, held_ms: u32) -> Vec<EventFrame> {
    let mut sender = DigitSender::new(digit, held_ms).unwrap();
    std::iter::from_fn(|| sender.next_frame()).collect()
}

#[test]
fn a_digit_starts_grows_and_ends_three_times() {
    let frames = frames('*', 100);
    let seen: Vec<_> =
        frames.iter().map(|frame| (frame.first, frame.event.duration, frame.event.end)).collect();
    assert_eq!(
        seen,
        [
            (true, 160, false),
            (false, 320, false),
            (false, 480, false),
            (false, 640, false),
            (false, 800, false),
            (false, 800, true),
            (false, 800, true),
            (false, 800, true),
        ]
    );
    assert!(frames.iter().all(|frame| frame.event.code == 10));
}

#[test]
fn what_is_sent_is_heard_even_if_only_one_end_arrives() {
    let mut receiver = DigitReceiver::default();
    let mut frames = frames('C', 60);
    let last = frames.pop().unwrap();
    let heard = receiver.receive(0, 4_000, last.event);
    assert_eq!(heard, [None, Some(Digit { digit: 'C', held_ms: 60 })]);
}

#[test]
fn lengths_are_brought_into_range_and_letters_are_refused() {
    assert_eq!(frames('1', 0).len(), 2 + 3);
    assert_eq!(frames('1', 1_000_000).len(), 300 + 3);
    assert!(DigitSender::new('x', 100).is_none());
}
