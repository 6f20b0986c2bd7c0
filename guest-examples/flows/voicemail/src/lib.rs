//! Voicemail: a greeting, a beep, a message of at most two minutes that ends
//! with silence, `#` or the caller hanging up. Its number of messages is kept,
//! and the call record says which recording is the message.

use strowger_sdk::prelude::*;

const LONGEST_MESSAGE: u64 = 120;
const SILENCE: u64 = 4;
/// Shorter ones are a caller who had nothing to say.
const SHORTEST_MESSAGE: u64 = 2;

/// See the crate.
pub async fn voicemail(call: Call) -> Result<(), Error> {
    call.answer().await?;
    call.play([
        Say::text("en", "Nobody can take your call now. Please leave a message after the tone."),
        Tone::beep(),
    ])
    .await?;

    let mut recording =
        call.record().max(secs(LONGEST_MESSAGE)).until_silence(secs(SILENCE)).start();
    let message = match race(&mut recording, pound(call)).await {
        Either::First(message) => message?,
        Either::Second(()) => {
            call.stop_recording()?;
            let message = recording.await?;
            call.say("en", "Thank you. Good bye.").await?;
            message
        }
    };
    if message.length < secs(SHORTEST_MESSAGE) {
        return Ok(());
    }
    let key = format!("voicemail:{}", call.to());
    let messages = call.load(&key).await?.and_then(|count| count.parse::<u32>().ok()).unwrap_or(0);
    call.store(&key, &(messages + 1).to_string(), None).await?;
    Ok(())
}

/// Waits for `#`; other digits mean nothing here. A caller who hangs up presses
/// none, and the message is stored all the same.
async fn pound(call: Call) {
    loop {
        match call.digit().await {
            Ok('#') => return,
            Ok(_) => {}
            Err(_) => std::future::pending().await,
        }
    }
}

strowger_sdk::export! { flow: voicemail }
