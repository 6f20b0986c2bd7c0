//! Extensions and numbers, and the status a phone gets when nobody answers.

use direct_dial::direct_dial;
use strowger_testkit::{Cause, LiveCall, Party, Script};

fn dialling(kind: &str, to: &str) -> LiveCall {
    Script::call(direct_dial).from("201").to(to).fact("to-kind", kind).start()
}

#[test]
fn an_extension_is_called_and_the_call_ends_with_the_conversation() {
    let record = dialling("extension", "202")
        .dials("extension:202")
        .party_answers("extension:202")
        .is_answered()
        .party_hangs_up()
        .ended();
    assert_eq!(record.cause, Some(Cause::Normal));
    assert_eq!(record.ended_by, Some(Party::Callee));
}

#[test]
fn a_number_goes_out_to_the_world() {
    dialling("number", "+441632960009")
        .dials("number:+441632960009")
        .party_answers("number:+441632960009")
        .hangs_up()
        .ended();
}

#[test]
fn the_phone_is_told_why_nobody_talks_to_it() {
    for (cause, status) in [
        (Cause::Busy, 486),
        (Cause::Rejected, 603),
        (Cause::Forbidden, 403),
        (Cause::NoAnswer, 480),
        (Cause::NotFound, 404),
        (Cause::Unreachable, 404),
    ] {
        dialling("extension", "202")
            .party_fails("extension:202", cause)
            .is_rejected(status)
            .ended();
    }
}
