//! What becomes of commands: dropped, raced, joined, limited in time, detached.

use std::cell::Cell;
use std::rc::Rc;
use strowger_sdk::{join, prelude::*};
use strowger_testkit::{ContactOutcome, Script};

#[test]
fn the_loser_of_a_race_is_stopped() {
    let record = Script::call(async |call: Call| {
        call.answer().await?;
        let waiting = call.enqueue("service").hears(Music::named("default"));
        let lost = race(waiting, call.digit()).await;
        assert!(matches!(lost, Either::Second(Ok('1'))), "{lost:?}");
        call.say("en", "You left").await?;
        Ok::<(), Error>(())
    })
    .start()
    .hears("music:default")
    .presses("1")
    .hears("You left")
    .ended();
    assert_eq!(record.queue_visits[0].outcome, Some(ContactOutcome::Left));
}

#[test]
fn a_time_limit_stops_what_takes_too_long_and_spares_what_does_not() {
    Script::call(async |call: Call| {
        call.answer().await?;
        let music = call.within(secs(3), call.play(Music::named("default")).forever()).await?;
        assert_eq!(music, None);
        let beep = call.within(secs(3), call.play(Tone::beep())).await?;
        assert_eq!(beep, Some(Played::Finished));
        Ok::<(), Error>(())
    })
    .start()
    .begins_to_hear("music:default")
    .waits(millis(2_999))
    .waits(millis(1))
    .hears("tone:beep")
    .ended();
}

#[test]
fn both_of_a_join_are_waited_for() {
    let record = Script::call(async |call: Call| {
        call.answer().await?;
        let began = strowger_sdk::now();
        let (a, b) = join(call.sleep(secs(5)), call.sleep(secs(2))).await;
        a?;
        b?;
        call.set_attribute("took", &(strowger_sdk::now() - began).to_string())?;
        Ok::<(), Error>(())
    })
    .start()
    .ended();
    assert_eq!(record.attributes, [("took".to_owned(), "5000".to_owned())]);
}

#[test]
fn a_detached_command_goes_on() {
    Script::call(async |call: Call| {
        call.answer().await?;
        call.play(Music::named("default")).start().detach();
        call.sleep(secs(25)).await
    })
    .start()
    .hears("music:default")
    .hears_nothing()
    .ended();
}

#[test]
fn a_result_that_is_read_late_still_has_its_details() {
    Script::call(async |call: Call| {
        call.answer().await?;
        let digits = call.gather().max(8).terminator('#').start();
        call.sleep(secs(30)).await?;
        let digits = digits.await?;
        assert_eq!(digits.as_str(), "42");
        assert_eq!(digits.ended_by(), EndedBy::Terminator('#'));
        Ok::<(), Error>(())
    })
    .start()
    .presses("42#")
    .waits(secs(30))
    .ended();
}

#[test]
fn the_end_of_the_call_ends_what_is_waited_for_and_storing_still_works() {
    let went_on = Rc::new(Cell::new(false));
    let seen = Rc::clone(&went_on);
    Script::call(async move |call: Call| {
        call.answer().await?;
        let result = call.gather().first_digit_within(secs(60)).await;
        assert_eq!(result, Err(Error::CallEnded));
        assert_eq!(call.say("en", "too late").await, Err(Error::CallEnded));
        call.store("last-cause", &call.ended().await, None).await?;
        seen.set(true);
        Ok::<(), Error>(())
    })
    .start()
    .waits(secs(1))
    .hangs_up()
    .has_stored("last-cause", "normal")
    .ended();
    assert!(went_on.get());
}

#[test]
fn an_action_that_is_not_possible_now_says_so() {
    let record = Script::call(async |call: Call| call.say("en", "hello").await.map(drop))
        .start()
        .fails("play was refused: invalid now");
    assert_eq!(record.answered_at, None);
}
