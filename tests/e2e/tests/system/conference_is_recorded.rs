//! Three callers in one conference, each recorded from before it joined: on the
//! left the caller, on the right both others, and all three in each file.

use crate::support::{SOON, Scene, TENANT};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::time::Duration;
use strowger_e2e::house::read_recording;
use strowger_e2e::phone::{Talk, audio::tone_share};

const HZ: [f32; 3] = [500.0, 1_000.0, 1_700.0];
/// 200 ms.
const WINDOW: usize = 1_600;
/// Of a window's energy; two mixed tones have a half each.
const PART: f32 = 0.3;
/// How long all three talk.
const TALK: Duration = Duration::from_secs(2);

#[tokio::test]
async fn every_recording_holds_all_three() -> Result<()> {
    let scene = Scene::with_flow("feature-codes").await?;
    let mut parties = Vec::new();
    for hz in HZ {
        parties.push(joins(&scene, hz).await?);
    }
    for (at, party) in parties.iter().enumerate() {
        for (_, hz) in HZ.into_iter().enumerate().filter(|(other, _)| *other != at) {
            party.audio.hear_tone_among(hz, SOON).await?;
        }
    }
    parties[0].audio.listen(TALK, SOON).await?;
    for party in parties {
        party.hang_up().await?;
    }
    let mut spoke = Vec::new();
    for record in scene.closed_records(3).await? {
        spoke.push(check(&scene, &record).await?);
    }
    spoke.sort_unstable();
    assert_eq!(spoke, [0, 1, 2], "each has a recording of its own");
    Ok(())
}

async fn joins(scene: &Scene, hz: f32) -> Result<Talk> {
    let caller = scene.call().await?;
    caller.audio.hear_sound(SOON).await?;
    caller.audio.press("6700#");
    caller.audio.say_tone(hz);
    Ok(caller)
}

/// Checks the recording of a call; says whose it is.
async fn check(scene: &Scene, record: &Value) -> Result<usize> {
    let recordings = record["recordings"].as_array().context("no recordings")?;
    ensure!(recordings.len() == 1, "one recording from before the conference: {record:#}");
    let id = recordings[0].as_str().context("no id")?;
    let stored = scene.get(&format!("/v1/recordings/{id}")).await?;
    ensure!(stored["call"] == record["call"], "{stored:#} is not of {record:#}");
    let bytes = scene.house.download(&format!("/v1/recordings/{id}/audio"), TENANT).await?;
    let file = scene.folder.path().join(format!("{id}.wav"));
    std::fs::write(&file, bytes)?;
    let (left, right) = read_recording(&file)?;
    let own = (0..HZ.len())
        .find(|at| windows_with(&left, &[*at]) > 0)
        .context("nobody is on the left")?;
    let others: Vec<usize> = (0..HZ.len()).filter(|at| *at != own).collect();
    let both = windows_with(&right, &others);
    let wanted = TALK.as_millis() as usize * 8 / WINDOW / 2;
    ensure!(both >= wanted, "both others are heard in {both} windows of caller {own}");
    ensure!(windows_with(&right, &[own]) == 0, "caller {own} hears itself");
    for other in others {
        ensure!(windows_with(&left, &[other]) == 0, "{other} is on the left of caller {own}");
    }
    let mix: Vec<i16> = left.iter().zip(&right).map(|(l, r)| l / 2 + r / 2).collect();
    let all =
        mix.chunks_exact(WINDOW).filter(|window| HZ.iter().all(|hz| tone_share(window, *hz) > 0.1));
    ensure!(all.count() >= wanted, "not all three are in the file of caller {own}");
    Ok(own)
}

/// How many windows consist of these voices.
fn windows_with(channel: &[i16], voices: &[usize]) -> usize {
    let share = if voices.len() == 1 { 1.0 - PART } else { PART };
    let has = |window: &&[i16]| voices.iter().all(|at| tone_share(window, HZ[*at]) > share);
    channel.chunks_exact(WINDOW).filter(has).count()
}
