//! What guests use is counted once, whatever is written twice, and each tenant
//! sees its own.

mod support;

use std::collections::BTreeMap;
use strowger_model::{TenantId, Timestamp, VersionId};
use strowger_store::{Fact, Usage, UsageOfRun, UsageSums};
use support::Database;
use uuid::Uuid;

const DAY: u64 = 86_400_000;

fn sums(turns: u64, traps: u64) -> UsageSums {
    let faults = BTreeMap::from([("trap".to_owned(), traps)]);
    UsageSums { calls: 1, turns, fuel: turns * 1_000, busy_us: turns, faults }
}

fn of_run(tenant: TenantId, run: u128, day: u64, module: &str, sums: UsageSums) -> Fact {
    let version = Some(VersionId(Uuid::from_u128(7)));
    let usage = Usage { day: Timestamp(day * DAY), module: module.to_owned(), version, sums };
    Fact::Usage(UsageOfRun { tenant, run: Uuid::from_u128(run), usage })
}

#[tokio::test]
async fn later_sums_of_a_run_replace_earlier_ones_and_runs_are_added_up() {
    let db = Database::new().await;
    let (a, b) = (db.tenant("a").await.id, db.tenant("b").await.id);
    let early = of_run(a, 1, 20_000, "flow/ivr", sums(10, 1));
    let facts = [
        early.clone(),
        early,
        of_run(a, 1, 20_000, "flow/ivr", sums(15, 2)),
        of_run(a, 2, 20_000, "flow/ivr", sums(5, 0)),
        of_run(a, 1, 20_001, "flow/ivr", sums(3, 0)),
        of_run(b, 1, 20_000, "flow/other", sums(9, 9)),
    ];
    db.store.keep(&facts).await.unwrap();
    let at = |day: u64| Timestamp(day * DAY + 1);
    let read = db.store.tenant(a).usage().read(at(20_000), at(20_001)).await.unwrap();
    assert_eq!(read.len(), 2, "{read:?}");
    let first = &read[0].sums;
    assert_eq!((first.calls, first.turns, first.fuel), (2, 20, 20_000));
    assert_eq!(first.faults["trap"], 2);
    assert_eq!(read[1].day, Timestamp(20_001 * DAY));
    let read = db.store.tenant(a).usage().read(at(20_001), at(20_002)).await.unwrap();
    assert_eq!(read.len(), 1);
    assert!(db.store.tenant(a).usage().read(at(1), at(20_000)).await.is_err());
    db.store.tenants().delete(a).await.unwrap();
    let read = db.store.tenant(a).usage().read(at(20_000), at(20_001)).await.unwrap();
    assert!(read.is_empty());
}

#[tokio::test]
async fn limits_of_before_are_read_and_wild_ones_are_refused() {
    let db = Database::new().await;
    let mut settings = support::settings("a");
    settings.limits = serde_json::from_str(r#"{"max_live_calls": 7}"#).unwrap();
    assert_eq!(settings.limits.guest, Default::default());
    let tenant = db.store.tenants().create(&settings).await.unwrap();
    assert_eq!(tenant.settings.limits.max_live_calls, 7);
    settings.limits.guest.breaker.percent = 0;
    let error = db.store.tenants().update(tenant.id, &settings).await.unwrap_err();
    assert!(error.to_string().contains("limits.guest.breaker.percent"), "{error}");
    settings.limits.guest = Default::default();
    settings.limits.guest_fuel = Some(u64::MAX);
    let error = db.store.tenants().update(tenant.id, &settings).await.unwrap_err();
    assert!(error.to_string().contains("limits.guest_fuel"), "{error}");
}
