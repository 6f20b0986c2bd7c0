//! A menu whose author has tried every digit but not silence: it panics if nobody
//! presses anything. On the way it asks for whatever reaches beyond the call.
//! Proves that stock calls find what recorded calls do not, and reach nothing.

use strowger_sdk::prelude::*;

/// See the crate.
pub async fn no_input(call: Call) -> Result<(), Error> {
    call.answer().await?;
    let digits = call
        .gather()
        .prompt([Say::text("en", "Press 1 for your account, 2 for somebody else.")])
        .max(1)
        .first_digit_within(secs(5))
        .await?;
    let digit = digits.chars().next().expect("everybody presses something");
    call.store("last-digit", &digit.to_string(), None).await?;
    match digit {
        '1' => account(call).await,
        '2' => call.dial("number:+441632960999").await.map(drop),
        _ => call.enqueue("support").longest_wait(secs(60)).await.map(drop),
    }
}

/// Asks a service on this machine, at the port that the last five digits of the
/// number called are.
async fn account(call: Call) -> Result<(), Error> {
    let to = call.to();
    let port = to.get(to.len().saturating_sub(5)..).unwrap_or_default().trim_start_matches('0');
    let found = call.http("GET", &format!("http://127.0.0.1:{port}/account")).await?;
    call.say("en", &found.body).await.map(drop)
}

strowger_sdk::export! { flow: no_input }
