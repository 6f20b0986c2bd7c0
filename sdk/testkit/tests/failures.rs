//! A step that does not come true says which one, why, and what happened so far.

use std::panic::catch_unwind;
use strowger_sdk::prelude::*;
use strowger_testkit::{LiveCall, Script};

fn started() -> LiveCall {
    Script::call(async |call: Call| {
        call.answer().await?;
        strowger_sdk::info!("answered a call from {}", call.from());
        call.say("en", "Welcome").await?;
        call.enqueue("sales").longest_wait(secs(30)).await?;
        Ok::<(), Error>(())
    })
    .start()
}

#[track_caller]
fn message_of(script: fn(LiveCall)) -> String {
    let panic = catch_unwind(|| script(started())).unwrap_err();
    *panic.downcast::<String>().unwrap()
}

#[test]
fn the_failed_step_is_named_with_what_happened_before_it() {
    let message = message_of(|call| drop(call.hears("Welcome").waits_in("support")));
    assert!(
        message.starts_with("step 2 `waits_in(\"support\")`: the caller waits in queue sales"),
        "{message}"
    );
    for line in [
        "the call is answered",
        "log: info: answered a call from +441632960000",
        "the caller hears: text:en:Welcome",
        "the caller waits in queue sales",
    ] {
        assert!(message.contains(line), "{line:?} is missing in {message}");
    }
}

#[test]
fn every_kind_of_step_can_fail() {
    for (script, reason) in [
        (
            (|call| drop(call.hears("Bonjour"))) as fn(LiveCall),
            "the caller hears `text:en:Welcome`",
        ),
        (|call| drop(call.hears_nothing()), "something is playing"),
        (|call| drop(call.is_recorded()), "nothing is being recorded"),
        (|call| drop(call.is_rejected(486)), "the call is not refused: the call is over"),
        (|call| drop(call.agent_answers("201")), "the caller waits in no queue"),
        (|call| drop(call.agent_hangs_up()), "the caller talks to nobody"),
        (|call| drop(call.hears("Welcome").needs("law", 1)), "that skill is not asked for"),
        (|call| drop(call.dials("extension:9")), "nobody is dialled there: the call is over"),
        (|call| drop(call.has_attribute("vip", "yes")), "the call has no such attribute"),
        (|call| drop(call.has_stored("key", "value")), "nothing is stored there"),
        (|call| drop(call.has_asked("GET https://x")), "asked were []"),
        (|call| drop(call.has_logged("nonsense")), "no line of the log"),
        (|call| drop(call.waits(secs(60)).hangs_up()), "the call is over already"),
        (|call| drop(call.fails("anything")), "its faults are []"),
    ] {
        let message = message_of(script);
        assert!(message.contains(reason), "{reason:?} is missing in {message}");
    }
}

#[test]
fn a_flow_that_fails_does_not_end_well() {
    let panic = catch_unwind(|| {
        Script::call(async |_: Call| Err::<(), _>(Error::new("no idea"))).start().ended()
    });
    let message = *panic.unwrap_err().downcast::<String>().unwrap();
    assert!(message.contains("the flow failed: returned: no idea"), "{message}");
}
