//! Announcements, and leaving the queue by a digit or by a long wait.

use queue_with_announcements::queue_with_announcements;
use strowger_sdk::secs;
use strowger_testkit::{ContactOutcome, LiveCall, Script};

fn waiting() -> LiveCall {
    Script::call(queue_with_announcements)
        .from("+441632960001")
        .start()
        .hears("Welcome")
        .waits_in("service")
        .needs("service", 5)
}

#[test]
fn position_and_wait_are_told_between_the_music() {
    waiting()
        .hears("queue:position:en")
        .hears("queue:wait:en")
        .hears("music:default")
        .hears("Press 1 to be called back")
        .hears("music:default")
        .hears("queue:position:en")
        .agent_answers("201")
        .agent_hangs_up()
        .ended();
}

#[test]
fn a_digit_leaves_the_queue_and_notes_the_number() {
    let record = waiting()
        .hears("queue:position:en")
        .presses("9")
        .waits_in("service")
        .presses("1")
        .hears("enter the number")
        .hears("just press hash")
        .presses("#")
        .has_attribute("call-back", "+441632960001")
        .hears("We will call you back")
        .ended();
    assert_eq!(record.queue_visits[0].outcome, Some(ContactOutcome::Left));
}

#[test]
fn a_wait_that_would_be_too_long_is_not_begun() {
    waiting()
        .moves_to(40, secs(1_800))
        .hears("enter the number")
        .presses("0163296")
        .presses("0002#")
        .has_attribute("call-back", "01632960002")
        .hears("We will call you back")
        .ended();
}

#[test]
fn after_the_longest_wait_the_caller_is_asked_for_a_number() {
    waiting().waits(secs(899)).waits_in("service").waits(secs(1)).hears("enter the number");
}
