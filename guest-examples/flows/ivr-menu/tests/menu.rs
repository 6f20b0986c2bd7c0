//! Languages, opening hours, the menu and the one inside it.

use ivr_menu::ivr_menu;
use strowger_sdk::secs;
use strowger_testkit::{Cause, LiveCall, Party, Script};

fn english() -> LiveCall {
    Script::call(ivr_menu).start().hears("For English").hears("中文").presses("1")
}

#[test]
fn a_digit_interrupts_the_prompt() {
    Script::call(ivr_menu)
        .start()
        .begins_to_hear("For English")
        .presses("1")
        .begins_to_hear("For sales press 1")
        .presses("1")
        .waits_in("sales");
}

#[test]
fn the_nested_menu_leads_back_to_the_main_one() {
    let record = english()
        .hears("For sales")
        .presses("2")
        .hears("For our address")
        .presses("1")
        .hears("1 Exchange Street")
        .hears("For our address")
        .presses("2")
        .hears("from 9 to half past 5")
        .hears("For our address")
        .presses("*")
        .hears("For sales")
        .presses("1")
        .waits_in("sales")
        .needs("en", 1)
        .agent_answers("201")
        .waits(secs(60))
        .agent_hangs_up()
        .ended();
    assert_eq!(record.digits, "1212*1");
}

#[test]
fn a_wrong_digit_is_said_and_the_third_one_ends_it() {
    english()
        .hears("For sales")
        .presses("9")
        .hears("did not understand")
        .hears("For sales")
        .hears("did not understand")
        .hears("For sales")
        .presses("#")
        .hears("Good bye")
        .ended();
}

#[test]
fn chinese_callers_are_served_in_chinese() {
    Script::call(ivr_menu)
        .start()
        .hears("For English")
        .hears("中文")
        .presses("2")
        .has_attribute("language", "zh")
        .hears("销售请按1")
        .presses("1")
        .waits_in("sales")
        .needs("zh", 1)
        .hears("queue:position:zh");
}

#[test]
fn who_chooses_no_language_gets_that_of_the_number() {
    Script::call(ivr_menu).language("zh").start().waits(secs(30)).has_attribute("language", "zh");
}

#[test]
fn outside_of_opening_hours_the_hours_are_said() {
    Script::call(ivr_menu)
        .timezone("Asia/Shanghai")
        // 18:00 in Shanghai, a Friday.
        .at("2026-11-20T10:00:00")
        .start()
        .hears("For English")
        .hears("中文")
        .presses("1")
        .hears("We are closed")
        .hears("from 9 to half past 5")
        .hears("Good bye")
        .ended();
}

#[test]
fn the_operator_takes_over_or_is_missed() {
    let record = english()
        .hears("For sales")
        .presses("0")
        .dials("extension:100")
        .party_answers("extension:100")
        .waits(secs(90))
        .party_hangs_up()
        .ended();
    assert_eq!(record.cause, Some(Cause::Normal));
    assert_eq!(record.ended_by, Some(Party::Callee));

    english()
        .hears("For sales")
        .presses("0")
        .party_does_not_answer("extension:100")
        .hears("Nobody is free")
        .hears("Good bye")
        .ended();
}
