//! A reception: choice of language, opening hours, a menu with another one
//! inside, a queue for sales and an operator.

mod words;

pub use words::{Language, Words};

use strowger_sdk::{Transferred, prelude::*};

const RETRIES: u32 = 2;
const OPERATOR: &str = "extension:100";

#[derive(Clone, Copy)]
enum Main {
    Sales,
    Visit,
    Operator,
}

#[derive(Clone, Copy)]
enum Visit {
    Address,
    Hours,
    Back,
}

/// See the crate.
pub async fn ivr_menu(call: Call) -> Result<(), Error> {
    call.answer().await?;
    let language = choose_language(call).await?;
    call.set_attribute("language", language.tag())?;

    if !opening_hours().contain(&call.local_time()) {
        call.play([language.says(Words::Closed), language.says(Words::Hours)]).await?;
        return goodbye(call, language).await;
    }
    loop {
        let chosen = call
            .menu(language.says(Words::Main))
            .choice('1', Main::Sales)
            .choice('2', Main::Visit)
            .choice('0', Main::Operator)
            .when_wrong(language.says(Words::Wrong))
            .retries(RETRIES)
            .await?;
        match chosen {
            Some(Main::Sales) => return sales(call, language).await,
            Some(Main::Operator) => return operator(call, language).await,
            Some(Main::Visit) => {
                if !visit(call, language).await? {
                    return goodbye(call, language).await;
                }
            }
            None => return goodbye(call, language).await,
        }
    }
}

fn opening_hours() -> OpeningHours {
    OpeningHours::new()
        .open(Weekday::Monday..=Weekday::Friday, (9, 0), (17, 30))
        .closed_on(1, 1)
        .closed_on(12, 25)
}

async fn choose_language(call: Call) -> Result<Language, Error> {
    let chosen = call
        .menu([Say::text("en", "For English press 1."), Say::text("zh", "中文请按2。")])
        .choice('1', Language::English)
        .choice('2', Language::Chinese)
        .retries(1)
        .await?;
    let default =
        if call.language().starts_with("zh") { Language::Chinese } else { Language::English };
    Ok(chosen.unwrap_or(default))
}

/// The menu within: whether the caller wants to go back to the main one.
async fn visit(call: Call, language: Language) -> Result<bool, Error> {
    loop {
        let chosen = call
            .menu(language.says(Words::Visit))
            .choice('1', Visit::Address)
            .choice('2', Visit::Hours)
            .choice('*', Visit::Back)
            .when_wrong(language.says(Words::Wrong))
            .retries(RETRIES)
            .await?;
        match chosen {
            Some(Visit::Address) => call.play(language.says(Words::Address)).await?,
            Some(Visit::Hours) => call.play(language.says(Words::Hours)).await?,
            Some(Visit::Back) => return Ok(true),
            None => return Ok(false),
        };
    }
}

async fn sales(call: Call, language: Language) -> Result<(), Error> {
    let tag = language.tag();
    let wait = call
        .enqueue("sales")
        .skill(Skill::named(tag).relax(secs(120), 0))
        .attribute("language", tag)
        .hears([Queue::position(tag), Music::named("default")])
        .longest_wait(secs(600));
    match wait.await? {
        Wait::Answered(talk) => {
            talk.ended().await?;
            Ok(())
        }
        _ => nobody(call, language).await,
    }
}

async fn operator(call: Call, language: Language) -> Result<(), Error> {
    match call.transfer(OPERATOR).ring_for(secs(20)).await? {
        // From here on the call is theirs and ends with them.
        Transferred::Talking => Ok(()),
        Transferred::Not(_) => nobody(call, language).await,
    }
}

async fn nobody(call: Call, language: Language) -> Result<(), Error> {
    call.play(language.says(Words::Nobody)).await?;
    goodbye(call, language).await
}

async fn goodbye(call: Call, language: Language) -> Result<(), Error> {
    call.play(language.says(Words::Goodbye)).await?;
    Ok(())
}

strowger_sdk::export! { flow: ivr_menu }
