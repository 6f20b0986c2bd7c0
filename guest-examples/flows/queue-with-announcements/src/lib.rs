//! A wait with music, position and expected wait, and a way out: whoever presses
//! 1 while waiting leaves a number to be called back at.

use strowger_sdk::prelude::*;

const QUEUE: &str = "service";
const LONGEST_WAIT: u64 = 900;
/// A caller who is told to wait longer than that is offered a call back at once.
const LONG: u64 = 600;

/// See the crate.
pub async fn queue_with_announcements(call: Call) -> Result<(), Error> {
    call.answer().await?;
    call.say("en", "Welcome. You can press 1 at any time to be called back.").await?;

    let wait = call
        .enqueue(QUEUE)
        .skill(Skill::named(QUEUE).at_least(5).relax(secs(60), 3).relax(secs(180), 1))
        .hears([
            Queue::position("en"),
            Queue::wait("en"),
            Music::named("default"),
            Say::text("en", "Press 1 to be called back."),
            Music::named("default"),
        ])
        .longest_wait(secs(LONGEST_WAIT))
        .start();
    match race(wait, gives_up(call)).await {
        Either::First(wait) => match wait? {
            Wait::Answered(talk) => {
                talk.ended().await?;
                Ok(())
            }
            Wait::TimedOut | Wait::Left | Wait::Overflowed => call_back(call).await,
        },
        Either::Second(gave_up) => {
            gave_up?;
            call_back(call).await
        }
    }
}

/// Ends when the caller presses 1, or would have to wait too long.
async fn gives_up(call: Call) -> Result<(), Error> {
    loop {
        match race(call.digit(), call.signal("queue.position")).await {
            Either::First(digit) => {
                if digit? == '1' {
                    return Ok(());
                }
            }
            Either::Second(moved) => {
                moved?;
                if call.expected_wait().is_some_and(|wait| wait > secs(LONG)) {
                    return Ok(());
                }
            }
        }
    }
}

/// Notes the number to call back, that of the caller unless another one is given.
async fn call_back(call: Call) -> Result<(), Error> {
    let digits = call
        .gather()
        .prompt([
            Say::text("en", "Please enter the number that we should call, and then the hash key."),
            Say::text("en", "For the number that you are calling from, just press hash."),
        ])
        .max(15)
        .terminator('#')
        .first_digit_within(secs(8))
        .barge_in()
        .await?;
    let number = if digits.is_empty() { call.from() } else { digits.as_str().to_owned() };
    call.set_attribute("call-back", &number)?;
    call.store(&format!("call-back:{}:{number}", strowger_sdk::now()), &number, None).await?;
    call.say("en", "Thank you. We will call you back.").await?;
    Ok(())
}

strowger_sdk::export! { flow: queue_with_announcements }
