//! What a telephone system's feature codes do: the caller keys in a code, and
//! `#`.
//!
//! | code   | what happens                                                        |
//! |--------|---------------------------------------------------------------------|
//! | `1ROOM` | takes part in the conference ROOM; there `6` mutes, `*` leaves      |
//! | `2SLOT` | waits at SLOT until somebody picks up                               |
//! | `3SLOT` | picks up who waits at SLOT                                          |
//! | `4EXT`  | picks up what rings at extension EXT                                |
//! | `5`     | a test of the line: beeps after whatever is said, hangs up on a tone |
//! | `6ROOM` | as `1ROOM`, and what the caller says and hears is recorded          |

use strowger_sdk::prelude::*;

/// How long a parked caller waits.
const PARKED: u64 = 300;

/// See the crate.
pub async fn feature_codes(call: Call) -> Result<(), Error> {
    call.answer().await?;
    let code = call
        .gather()
        .prompt([Say::text("en", "Enter a code and hash.")])
        .max(16)
        .terminator('#')
        .barge_in()
        .await?;
    let mut digits = code.chars();
    let feature = digits.next();
    let rest = digits.as_str();
    match feature {
        Some('1') => conference(call, rest).await,
        Some('2') => park(call, rest).await,
        Some('3') => pick_up(call, &format!("slot:{rest}")).await,
        Some('4') => pick_up(call, &format!("extension:{rest}")).await,
        Some('5') => test_line(call).await,
        Some('6') => {
            let _recording = call.record().start();
            conference(call, rest).await
        }
        _ => call.say("en", "There is no such code.").await.map(drop),
    }
}

async fn conference(call: Call, room: &str) -> Result<(), Error> {
    let mut taking_part = call.conference(room).start();
    let mut muted = false;
    loop {
        match race(&mut taking_part, call.digit()).await {
            Either::First(ended) => return ended,
            Either::Second(digit) => match digit? {
                '6' => {
                    muted = !muted;
                    call.mute(muted)?;
                }
                '*' => break,
                _ => {}
            },
        }
    }
    drop(taking_part);
    call.say("en", "You have left the conference.").await.map(drop)
}

async fn park(call: Call, slot: &str) -> Result<(), Error> {
    match call.park(slot).limit(secs(PARKED)).await? {
        Parked::Talked(_) => Ok(()),
        Parked::TimedOut => call.say("en", "Nobody has picked up. Good bye.").await.map(drop),
    }
}

async fn pick_up(call: Call, place: &str) -> Result<(), Error> {
    // If somebody is there, this call becomes part of theirs and never returns here.
    call.pick_up(place).await?;
    call.say("en", "Nobody is there.").await.map(drop)
}

async fn test_line(call: Call) -> Result<(), Error> {
    call.listen().speech(millis(400)).tones().start()?;
    // One wait for all of the time: a tone during a beep counts too.
    let mut tone = call.signal("tone");
    loop {
        match race(&mut tone, beep_after_speech(call)).await {
            Either::First(tone) => return call.set_attribute("tone", &tone?.data),
            Either::Second(beeped) => beeped?,
        }
    }
}

async fn beep_after_speech(call: Call) -> Result<(), Error> {
    let spoken = call.signal("speech.ended").await?;
    call.set_attribute("spoke-ms", &spoken.data)?;
    call.play([Tone::beep()]).await.map(drop)
}

strowger_sdk::export! { flow: feature_codes }
