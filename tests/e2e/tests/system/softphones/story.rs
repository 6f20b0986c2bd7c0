//! What each softphone goes through.

use super::baresip::Baresip;
use super::linphone::Linphone;
use super::{Softphone, Voice};
use crate::support::{AGENT_HZ, CALLER_HZ, SOON, Scene, TENANT};
use anyhow::Result;
use serde_json::{Value, json};
use strowger_e2e::phone::Talk;
use strowger_e2e::tenant::{self, DOMAIN};

/// The extension of the softphone, and of the test phone that it talks to.
const SOFTPHONE: &str = "201";
const OTHER: &str = "202";

/// Heard from whom a transfer leads to.
const TARGET_HZ: f32 = 400.0;

/// It calls, both hear each other, and it hangs up.
async fn calls<P: Softphone>(voice: Voice) -> Result<()> {
    let scene = Scene::configured(P::CONFIG).await?;
    secure(&scene, voice).await?;
    let other = tenant::agent(&scene.house, TENANT, DOMAIN, OTHER).await?;
    let mut softphone = P::start(&scene, SOFTPHONE, voice).await?;
    softphone.dial(OTHER).await?;
    let ringing = other.next_call(SOON).await?;
    assert!(ringing.from().contains(&format!("sip:{SOFTPHONE}@")), "from {}", ringing.from());
    let talk = ringing.answer().await?;
    softphone.is_up().await?;
    both_hear(&mut softphone, &talk).await?;
    softphone.hang_up().await?;
    talk.ended(SOON).await?;
    let record = scene.only_record().await?;
    check(&record, "caller");
    is_spoken(&record["legs"][0], voice);
    Ok(())
}

/// It is called, answers, holds and resumes, and the other side hangs up.
async fn is_called<P: Softphone>(voice: Voice) -> Result<()> {
    let scene = Scene::configured(P::CONFIG).await?;
    secure(&scene, voice).await?;
    let other = tenant::agent(&scene.house, TENANT, DOMAIN, OTHER).await?;
    let mut softphone = P::start(&scene, SOFTPHONE, voice).await?;
    let account = tenant::account(DOMAIN, OTHER);
    let to = format!("sip:{SOFTPHONE}@{DOMAIN}");
    let (talk, answered) = tokio::join!(other.call(OTHER, &to, Some(&account)), async {
        softphone.rings().await?;
        softphone.answer().await
    });
    answered?;
    let talk = talk?;
    both_hear(&mut softphone, &talk).await?;

    softphone.hold().await?;
    talk.audio.hear_no_tone(AGENT_HZ, SOON).await?;
    softphone.resume().await?;
    talk.audio.hear_tone(AGENT_HZ, SOON).await?;
    if P::RECORDS_AFTER_HOLD {
        softphone.hears(CALLER_HZ, SOON).await?;
    }
    talk.hang_up().await?;
    softphone.is_over().await?;
    let record = scene.only_record().await?;
    check(&record, "caller");
    is_spoken(&record["legs"][1], voice);
    Ok(())
}

/// It gives up while the other phone rings, and refuses nothing by that.
async fn gives_up<P: Softphone>(voice: Voice) -> Result<()> {
    let scene = Scene::configured(P::CONFIG).await?;
    let other = tenant::agent(&scene.house, TENANT, DOMAIN, OTHER).await?;
    let mut softphone = P::start(&scene, SOFTPHONE, voice).await?;
    softphone.dial(OTHER).await?;
    let ringing = other.next_call(SOON).await?;
    let (cancelled, over) = tokio::join!(ringing.cancelled(SOON), softphone.hang_up());
    cancelled?;
    over?;
    let record = scene.only_record().await?;
    assert_eq!(record["ended_by"], "caller", "{record:#}");
    Ok(())
}

/// It takes a caller out of the queue and sends it on to another phone.
async fn transfers<P: Softphone>(voice: Voice) -> Result<()> {
    let scene = Scene::configured(P::CONFIG).await?;
    scene.bind("demo").await?;
    let target = tenant::agent(&scene.house, TENANT, DOMAIN, OTHER).await?;
    let mut softphone = P::start(&scene, SOFTPHONE, voice).await?;
    tenant::order(&scene.house, TENANT, SOFTPHONE, &json!({"state": "ready"})).await?;
    let caller = scene.call_into_queue().await?;
    softphone.rings().await?;
    softphone.answer().await?;
    both_hear(&mut softphone, &caller).await?;

    softphone.transfer(OTHER).await?;
    let answered = target.next_call(SOON).await?.answer().await?;
    answered.audio.say_tone(TARGET_HZ);
    softphone.is_over().await?;
    caller.audio.hear_tone(TARGET_HZ, SOON).await?;
    answered.audio.hear_tone(CALLER_HZ, SOON).await?;
    answered.hang_up().await?;
    caller.ended(SOON).await?;
    let record = scene.only_record().await?;
    assert_eq!(record["transfers"][0]["target"], OTHER, "{record:#}");
    assert_eq!(record["transfers"][0]["sip_status"], 200, "{record:#}");
    Ok(())
}

async fn both_hear<P: Softphone>(softphone: &mut P, talk: &Talk) -> Result<()> {
    talk.audio.say_tone(CALLER_HZ);
    talk.audio.hear_tone(AGENT_HZ, SOON).await?;
    softphone.hears(CALLER_HZ, SOON).await
}

/// Lets phones be spoken with encrypted, where the story wants that. The other
/// phone passes over the keys.
async fn secure(scene: &Scene, voice: Voice) -> Result<()> {
    if voice == Voice::Secured {
        let path = format!("/v1/tenants/{TENANT}/rules");
        let mut rules = scene.house.api("GET", &path, None, None).await?;
        rules["phones"]["srtp"] = json!("offer");
        scene.house.api("PUT", &path, None, Some(&rules)).await?;
    }
    Ok(())
}

/// The other phone speaks mu-law and nothing else.
fn is_spoken(leg: &Value, voice: Voice) {
    assert_eq!(leg["codec"], voice.codec(), "{leg:#}");
    assert_eq!(leg["media"]["srtp"].is_string(), voice == Voice::Secured, "{leg:#}");
    let transcoded = matches!(voice, Voice::G722 | Voice::Opus);
    assert_eq!(leg["media"]["transcoded"], transcoded, "{leg:#}");
}

/// What a tone takes to be heard.
const HEARD_PACKETS: u64 = 10;

fn check(record: &Value, ended_by: &str) {
    assert_eq!(record["cause"], "normal", "{record:#}");
    assert_eq!(record["ended_by"], ended_by, "{record:#}");
    for leg in 0..2 {
        let media = &record["legs"][leg]["media"];
        assert!(media["packets_received"].as_u64() >= Some(HEARD_PACKETS), "{record:#}");
        assert!(media["packets_sent"].as_u64() >= Some(HEARD_PACKETS), "{record:#}");
    }
}

/// One test per behaviour and law for a softphone.
macro_rules! stories {
    ($module:ident, $phone:ty) => {
        mod $module {
            use super::*;

            #[tokio::test]
            async fn calls_in_mu_law() -> Result<()> {
                calls::<$phone>(Voice::Mu).await
            }

            #[tokio::test]
            async fn calls_in_a_law() -> Result<()> {
                calls::<$phone>(Voice::A).await
            }

            #[tokio::test]
            async fn is_called_and_holds_in_mu_law() -> Result<()> {
                is_called::<$phone>(Voice::Mu).await
            }

            #[tokio::test]
            async fn is_called_and_holds_in_a_law() -> Result<()> {
                is_called::<$phone>(Voice::A).await
            }

            #[tokio::test]
            async fn transfers_a_caller() -> Result<()> {
                transfers::<$phone>(Voice::A).await
            }

            #[tokio::test]
            async fn gives_up_while_it_rings() -> Result<()> {
                gives_up::<$phone>(Voice::Mu).await
            }
        }
    };
}

/// The same in what only one of them speaks, or both speak besides.
mod beyond_g711 {
    use super::*;

    #[tokio::test]
    async fn baresip_calls_in_g722() -> Result<()> {
        calls::<Baresip>(Voice::G722).await
    }

    #[tokio::test]
    async fn baresip_is_called_in_g722() -> Result<()> {
        is_called::<Baresip>(Voice::G722).await
    }

    #[tokio::test]
    async fn baresip_calls_in_opus() -> Result<()> {
        calls::<Baresip>(Voice::Opus).await
    }

    #[tokio::test]
    async fn linphone_calls_in_opus() -> Result<()> {
        calls::<Linphone>(Voice::Opus).await
    }

    #[tokio::test]
    async fn linphone_is_called_in_opus() -> Result<()> {
        is_called::<Linphone>(Voice::Opus).await
    }

    #[tokio::test]
    async fn baresip_calls_encrypted() -> Result<()> {
        calls::<Baresip>(Voice::Secured).await
    }

    #[tokio::test]
    async fn linphone_calls_encrypted() -> Result<()> {
        calls::<Linphone>(Voice::Secured).await
    }
}

stories!(baresip, Baresip);
stories!(linphone, Linphone);
