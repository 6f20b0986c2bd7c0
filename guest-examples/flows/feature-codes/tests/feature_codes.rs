//! Each code, and what happens where nobody is.

use feature_codes::feature_codes;
use std::time::Duration;
use strowger_testkit::{Cause, LiveCall, Party, Script};

fn dialling(code: &str) -> LiveCall {
    entering(Script::call(feature_codes), code)
}

fn entering(script: Script, code: &str) -> LiveCall {
    script.start().is_answered().begins_to_hear("Enter a code").presses(&format!("{code}#"))
}

#[test]
fn in_a_conference_a_digit_mutes_and_another_one_leaves() {
    let call = dialling("1700").is_in_conference("700").presses("66*");
    let spoken = call.hears("You have left the conference.");
    let heard = spoken.transcript().join("\n");
    assert!(heard.contains("nobody hears the caller") && heard.contains("is heard again"));
    let record = spoken.ended();
    assert_eq!(record.cause, Some(Cause::Normal));
}

#[test]
fn a_recording_goes_on_as_long_as_the_call() {
    let record = dialling("6700").is_in_conference("700").presses("*").ended();
    assert_eq!(record.recordings.len(), 1);
}

#[test]
fn a_parked_caller_talks_to_whoever_picks_up() {
    let record =
        dialling("2701").is_parked_at("701").is_picked_up_by("201").party_hangs_up().ended();
    assert_eq!(record.legs.len(), 2);
    assert_eq!(record.legs[1].address.as_str(), "201");
}

#[test]
fn a_caller_whom_nobody_picks_up_is_told() {
    dialling("2701")
        .is_parked_at("701")
        .waits(Duration::from_secs(300))
        .hears("Nobody has picked up.")
        .ended();
}

#[test]
fn who_picks_up_goes_over_into_the_other_call() {
    let record =
        entering(Script::call(feature_codes).somebody_waits_at("slot:701"), "3701").ended();
    assert_eq!(record.ended_by, Some(Party::Flow));
    assert!(record.transfers[0].other_call.is_some());
}

#[test]
fn where_nobody_is_there_is_nobody_to_pick_up() {
    dialling("3701").hears("Nobody is there.").ended();
    dialling("4201").hears("Nobody is there.").ended();
    dialling("9").hears("There is no such code.").ended();
}

#[test]
fn the_line_test_beeps_after_speech_and_ends_with_a_tone() {
    let record = dialling("5")
        .speaks(Duration::from_millis(900))
        .hears("tone:beep")
        .sounds_like("busy")
        .ended();
    let attribute = |name: &str| {
        record.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    assert_eq!(attribute("spoke-ms").as_deref(), Some("900"));
    assert_eq!(attribute("tone").as_deref(), Some("busy"));
}
