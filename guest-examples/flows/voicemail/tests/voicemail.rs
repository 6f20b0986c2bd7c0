//! Messages that end in each of the three ways, and none at all.

use strowger_sdk::secs;
use strowger_testkit::{LiveCall, Script};
use voicemail::voicemail;

fn after_the_tone() -> LiveCall {
    Script::call(voicemail)
        .to("100")
        .stored("voicemail:100", "4")
        .start()
        .hears("Nobody can take your call")
        .hears("tone:beep")
        .is_recorded()
}

#[test]
fn silence_ends_a_message() {
    after_the_tone()
        .waits(secs(10))
        .is_silent_for(secs(4))
        .has_stored("voicemail:100", "5")
        .ended();
}

#[test]
fn a_caller_who_hangs_up_has_left_a_message() {
    let record =
        after_the_tone().waits(secs(10)).hangs_up().has_stored("voicemail:100", "5").ended();
    assert_eq!(record.recordings.len(), 1);
}

#[test]
fn the_hash_key_ends_a_message_and_other_keys_do_not() {
    after_the_tone()
        .waits(secs(3))
        .presses("5")
        .hears_nothing()
        .waits(secs(3))
        .presses("#")
        .hears("Thank you")
        .has_stored("voicemail:100", "5")
        .ended();
}

#[test]
fn a_message_is_at_most_two_minutes_long() {
    after_the_tone().waits(secs(121)).has_stored("voicemail:100", "5").ended();
}

#[test]
fn who_says_nothing_has_left_none() {
    after_the_tone().waits(secs(1)).hangs_up().has_stored("voicemail:100", "4").ended();
}
