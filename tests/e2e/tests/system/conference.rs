//! Three callers in one conference: each hears the two others and not itself; one
//! of them is muted, and leaves by a digit.

use crate::support::{SOON, Scene, TENANT};
use anyhow::Result;
use std::time::Duration;
use strowger_e2e::phone::Talk;

const HZ: [f32; 3] = [500.0, 1_000.0, 1_700.0];
/// As long as a packet takes to be heard or not.
const MOMENT: Duration = Duration::from_millis(800);

async fn joins(scene: &Scene, hz: f32) -> Result<Talk> {
    let caller = scene.call().await?;
    caller.audio.hear_sound(SOON).await?;
    caller.audio.press("1700#");
    caller.audio.say_tone(hz);
    Ok(caller)
}

#[tokio::test]
async fn everybody_hears_the_others() -> Result<()> {
    let scene = Scene::with_flow("feature-codes").await?;
    let mut parties = Vec::new();
    for hz in HZ {
        parties.push(joins(&scene, hz).await?);
    }
    for (at, party) in parties.iter().enumerate() {
        for (other, hz) in HZ.into_iter().enumerate().filter(|(other, _)| *other != at) {
            party
                .audio
                .hear_tone_among(hz, SOON)
                .await
                .map_err(|e| e.context(format!("{at} {other}")))?;
        }
        let itself = party.audio.hear_tone_among(HZ[at], MOMENT).await;
        assert!(itself.is_err(), "party {at} hears itself");
    }

    let metrics = String::from_utf8(scene.house.download("/metrics", TENANT).await?)?;
    let mixed = "strowger_media_legs_transcoding 3";
    assert!(metrics.lines().any(|line| line == mixed), "{mixed} is not in {metrics}");

    parties[0].audio.press("6");
    let gone = async { while parties[1].audio.hear_tone_among(HZ[0], MOMENT).await.is_ok() {} };
    tokio::time::timeout(SOON, gone).await?;
    parties[0].audio.hear_tone_among(HZ[1], SOON).await?;
    parties[0].audio.press("6");
    parties[1].audio.hear_tone_among(HZ[0], SOON).await?;

    // Whoever leaves is told so and hung up; the others talk on.
    let leaves = parties.remove(0);
    leaves.audio.press("*");
    leaves.ended(SOON).await?;
    parties[0].audio.hear_tone_among(HZ[2], SOON).await?;
    parties[1].audio.hear_tone_among(HZ[1], SOON).await?;
    for party in parties {
        party.hang_up().await?;
    }
    let records = scene.closed_records(3).await?;
    assert!(records.iter().all(|record| record["cause"] == "normal"), "{records:#?}");
    Ok(())
}
