//! A server that is killed as soon as it says that what happened is on disk: its records are there after
//! the restart, journals are readable, and a call whose caller does not know it
//! any more is closed as cut off.

use crate::support::{SOON, Scene, TENANT, items, record_of};
use anyhow::Result;
use std::time::Duration;
use strowger_e2e::house::{House, Plan, binary};
use strowger_e2e::tenant;

/// The bar is a second after the fact; this machine may be busy with other tests.
const ON_DISK: Duration = Duration::from_secs(5);

#[tokio::test]
async fn loses_no_record() -> Result<()> {
    let scene = Scene::with_flow("demo").await?;
    let ended = scene.call().await?;
    ended.audio.hear_sound(SOON).await?;
    ended.hang_up().await?;
    let finished = scene.only_record().await?;
    let cut_off = scene.call_into_queue().await?;
    scene.house.until_on_disk(ON_DISK).await?;
    let Scene { house, caller, folder } = scene;
    let live = house.api("GET", "/v1/calls/live", Some(TENANT), None).await?;
    let live = items(&live)[0]["call"].as_str().expect("an id").to_owned();
    let sip = house.sip;
    house.kill().await?;
    // Asked whether it is still there, the phone says that it knows no such call.
    drop(cut_off);

    let plan = Plan { sip, ..Plan::new(binary()?, folder.path()) };
    let house = House::start(&plan).await?;
    let cut = tenant::closed_record(&house, TENANT, &live, SOON).await?;
    let page = house.api("GET", "/v1/calls", Some(TENANT), None).await?;
    let records: Vec<_> = items(&page).iter().map(record_of).collect();
    assert_eq!(records.len(), 2, "{page}");
    let kept = records.iter().find(|record| record["call"] == finished["call"]);
    assert_eq!(kept, Some(&&finished));
    assert!(cut["legs"][0]["ended_at"].is_number(), "{cut}");
    assert_eq!(cut["queue_visits"][0]["outcome"], "abandoned", "{cut}");
    for record in records {
        let call = record["call"].as_str().expect("an id");
        let path = format!("/v1/calls/{call}/journal");
        let journal = house.api("GET", &path, Some(TENANT), None).await?;
        assert_eq!(items(&journal)[0]["kind"], "setup", "{journal}");
        assert!(items(&journal).len() > 2, "{journal}");
    }
    drop(caller);
    house.stop(SOON).await
}
