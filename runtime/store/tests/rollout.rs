//! Versions are promoted, tried and taken back; two who deploy at once do not
//! undo each other; the records tell how versions fare.

mod support;

use strowger_model::{
    Blame, ContactOutcome, GuestUse, QueueVisit, RateLimit, RollbackFigures, RollbackRules,
    RolloutStep, TenantId, Timestamp, VersionFigures, VersionId, VersionSignature,
};
use strowger_store::{
    BoundCanary, NewVersion, NumberRoute, Order, Programs, RouterChoice, Sign, StoreError,
    TenantStore, Version, WriterConfig,
};
use support::{Database, call_id, record};

const ANN: Order<'static> = Order { by: "ann", seen: None };

fn seen(revision: u64) -> Order<'static> {
    Order { by: "ann", seen: Some(revision) }
}

async fn upload(programs: &Programs, name: &str, bytes: &[u8], promote: bool) -> Version {
    let digest = format!("digest of {}", String::from_utf8_lossy(bytes));
    let worlds = [programs.kind().world().to_owned()];
    let new = NewVersion {
        bytes,
        digest: &digest,
        worlds: &worlds,
        note: "",
        promote,
        order: ANN,
        sign: Some(Sign(&|statement| VersionSignature {
            key: "key".to_owned(),
            signature: statement.to_string(),
        })),
    };
    programs.upload(name, &new).await.unwrap()
}

/// A flow `ivr` with three versions, the first one stable.
async fn three(db: &Database) -> (TenantStore, Programs) {
    let scope = db.store.tenant(db.tenant("acme").await.id);
    let flows = scope.flows();
    for bytes in [b"one".as_slice(), b"two", b"three"] {
        upload(&flows, "ivr", bytes, false).await;
    }
    (scope, flows)
}

async fn stable(flows: &Programs) -> u32 {
    flows.get("ivr").await.unwrap().current.unwrap().number
}

#[track_caller]
fn conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Conflict(message)) => message,
        other => panic!("expected a conflict, got {other:?}"),
    }
}

fn trap_rule() -> RollbackRules {
    let limit = RateLimit { max_percent: Some(5.0), ..RateLimit::default() };
    RollbackRules { trap: Some(limit), ..RollbackRules::default() }
}

#[tokio::test]
async fn there_and_back_again_is_written_down() {
    let db = Database::new().await;
    let (_, flows) = three(&db).await;
    flows.promote("ivr", 2, None, ANN).await.unwrap();
    flows.try_canary("ivr", 3, 10, Some(&trap_rule()), ANN).await.unwrap();
    let program = flows.get("ivr").await.unwrap();
    let canary = program.rollout.canary.unwrap();
    assert_eq!((canary.number, canary.share_percent), (3, 10));
    assert_eq!(program.rollout.rules, trap_rule());
    // With a canary, back means without it.
    flows.roll_back("ivr", None, ANN).await.unwrap();
    assert_eq!(flows.get("ivr").await.unwrap().rollout.canary, None);
    assert_eq!(stable(&flows).await, 2);
    flows.roll_back("ivr", None, ANN).await.unwrap();
    assert_eq!(stable(&flows).await, 1);
    assert!(conflict(flows.roll_back("ivr", None, ANN).await).contains("no earlier version"));
    flows.roll_back("ivr", Some(3), ANN).await.unwrap();
    assert_eq!(stable(&flows).await, 3);
    let history = flows.history("ivr").await.unwrap();
    let steps: Vec<_> = history.iter().rev().map(|change| (change.step, change.left)).collect();
    assert_eq!(
        steps,
        [
            (RolloutStep::Promote, None),
            (RolloutStep::Promote, Some(1)),
            (RolloutStep::Canary, None),
            (RolloutStep::Rollback, Some(3)),
            (RolloutStep::Rollback, Some(2)),
            (RolloutStep::Rollback, Some(1)),
        ]
    );
    assert!(history.iter().all(|change| change.by == "ann"));
    assert_eq!(history[0].revision, 6);
    // The rules stay until others are given.
    assert_eq!(flows.get("ivr").await.unwrap().rollout.rules, trap_rule());
}

#[tokio::test]
async fn of_two_deploys_at_once_the_slower_is_told() {
    let db = Database::new().await;
    let (_, flows) = three(&db).await;
    let revision = flows.get("ivr").await.unwrap().rollout.revision;
    let (one, other) = tokio::join!(
        flows.promote("ivr", 2, None, seen(revision)),
        flows.try_canary("ivr", 3, 50, None, seen(revision)),
    );
    let lost = if one.is_ok() { conflict(other) } else { conflict(one) };
    assert!(lost.contains("somebody else has changed the rollout of ivr"), "{lost}");
    assert_eq!(flows.history("ivr").await.unwrap().len(), 2);
    // Nor does an upload that promotes.
    let new = NewVersion {
        bytes: b"four",
        digest: "4",
        worlds: &[],
        note: "",
        promote: true,
        order: seen(revision),
        sign: None,
    };
    conflict(flows.upload("ivr", &new).await);
    assert_eq!(flows.versions("ivr").await.unwrap().len(), 3, "nothing was stored");
    // What changes nothing is no change.
    let now = flows.get("ivr").await.unwrap();
    let again = now.current.unwrap().number;
    if now.rollout.canary.is_none() {
        flows.promote("ivr", again, None, ANN).await.unwrap();
        assert_eq!(flows.history("ivr").await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_share_is_a_percentage_and_a_canary_another_version() {
    let db = Database::new().await;
    let (scope, flows) = three(&db).await;
    let refused = flows.try_canary("ivr", 2, 101, None, ANN).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Invalid(why) if why.contains("0 to 100")), "{refused}");
    conflict(flows.try_canary("ivr", 1, 10, None, ANN).await);
    let missing = flows.try_canary("ivr", 9, 10, None, ANN).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound { .. }));
    let bad = RollbackRules { window_s: 0, ..trap_rule() };
    let refused = flows.try_canary("ivr", 2, 10, Some(&bad), ANN).await.unwrap_err();
    assert!(refused.to_string().contains("window_s"), "{refused}");
    let number = "+441632960000".parse().unwrap();
    let canary = Some(BoundCanary { version: 2, share_percent: 200 });
    let route = NumberRoute { flow: Some("ivr"), version: None, canary };
    assert!(scope.numbers().create(&number, route, "").await.is_err());
    let route = NumberRoute { flow: None, version: Some(1), canary: None };
    assert!(scope.numbers().create(&number, route, "").await.is_err());
}

#[tokio::test]
async fn a_version_in_use_is_not_deleted_and_its_number_is_never_used_again() {
    let db = Database::new().await;
    let (scope, flows) = three(&db).await;
    assert!(conflict(flows.delete_version("ivr", 1).await).contains("stable"));
    flows.try_canary("ivr", 2, 0, None, ANN).await.unwrap();
    assert!(conflict(flows.delete_version("ivr", 2).await).contains("being tried"));
    flows.end_canary("ivr", ANN).await.unwrap();
    let number = "+441632960000".parse().unwrap();
    let canary = Some(BoundCanary { version: 3, share_percent: 20 });
    let route = NumberRoute { flow: Some("ivr"), version: Some(2), canary };
    let bound = scope.numbers().create(&number, route, "").await.unwrap();
    assert_eq!(bound.version.map(|(_, number)| number), Some(2));
    assert_eq!(bound.canary.map(|(_, canary)| canary), canary);
    for bound in [2, 3] {
        assert!(conflict(flows.delete_version("ivr", bound).await).contains("1 numbers"));
    }
    scope.numbers().update("+441632960000", Some("ivr"), "").await.unwrap();
    flows.delete_version("ivr", 3).await.unwrap();
    assert!(matches!(flows.delete_version("ivr", 3).await, Err(StoreError::NotFound { .. })));
    assert_eq!(upload(&flows, "ivr", b"four", false).await.number, 4);
    // A version that is gone is not gone back to.
    flows.promote("ivr", 2, None, ANN).await.unwrap();
    flows.promote("ivr", 4, None, ANN).await.unwrap();
    flows.delete_version("ivr", 2).await.unwrap();
    flows.roll_back("ivr", None, ANN).await.unwrap();
    assert_eq!(stable(&flows).await, 1);
}

#[tokio::test]
async fn a_router_that_distributes_is_not_deleted() {
    let db = Database::new().await;
    let tenant = db.tenant("acme").await;
    let routers = db.store.tenant(tenant.id).routers();
    let first = upload(&routers, "r", b"one", false).await;
    upload(&routers, "r", b"two", true).await;
    let mut settings = tenant.settings.clone();
    settings.router = RouterChoice::Version(first.id);
    db.store.tenants().update(tenant.id, &settings).await.unwrap();
    assert!(conflict(routers.delete_version("r", 1).await).contains("distribute"));
}

#[tokio::test]
async fn the_rules_take_back_only_what_they_have_judged() {
    let db = Database::new().await;
    let (_, flows) = three(&db).await;
    flows.promote("ivr", 2, Some(&trap_rule()), ANN).await.unwrap();
    let judged = flows.get("ivr").await.unwrap().rollout;
    assert_eq!(judged.watched_after_promotion().map(|(before, _)| before), Some(1));
    let figures = RollbackFigures {
        tried: VersionFigures { calls: 30, traps: 3, ..VersionFigures::default() },
        stable: None,
    };
    flows.promote("ivr", 3, None, ANN).await.unwrap();
    conflict(flows.roll_back_by_rules("ivr", judged.revision, "traps", &figures).await);
    let now = flows.get("ivr").await.unwrap().rollout.revision;
    let change = flows.roll_back_by_rules("ivr", now, "traps", &figures).await.unwrap();
    assert_eq!((change.stable, change.left), (Some(2), Some(3)));
    let last = flows.history("ivr").await.unwrap().remove(0);
    assert_eq!(last, change);
    assert_eq!((last.step, last.by.as_str()), (RolloutStep::AutomaticRollback, "rules"));
    assert_eq!((last.reason.as_deref(), last.figures), (Some("traps"), Some(figures)));
    assert_eq!(flows.get("ivr").await.unwrap().rollout.watched_after_promotion(), None);
}

#[tokio::test]
async fn what_is_signed_is_whose_program_it_is_and_its_bytes() {
    let db = Database::new().await;
    let (scope, flows) = three(&db).await;
    let second = flows.version("ivr", 2).await.unwrap();
    let (stored, bytes) = flows.signed(second.id).await.unwrap();
    assert_eq!(bytes, b"two");
    assert_eq!(stored.signature.as_ref().unwrap().signature, stored.statement().to_string());
    let text = stored.statement().to_string();
    let program = flows.get("ivr").await.unwrap().id;
    let expected = format!(
        "strowger version statement 1\ntenant {}\nflow {program}\nname ivr\nversion 2\n\
         sha256 digest of two\n",
        scope.id()
    );
    assert_eq!(text, expected);
    let other = VersionSignature { key: "k".to_owned(), signature: "s".to_owned() };
    db.store.set_signature(second.id, &other).await.unwrap();
    assert_eq!(flows.version("ivr", 2).await.unwrap().signature, Some(other));
    assert_eq!(db.store.stored_versions().await.unwrap().len(), 3);
}

/// A finished call that began with this version.
fn call(tenant: TenantId, version: VersionId, at: u64, fuel: u64) -> strowger_model::CallRecord {
    let mut record = record(tenant, call_id(), at);
    record.answered_at = Some(Timestamp(at + 10));
    record.ended_at = Some(Timestamp(at + 100));
    record.guest = GuestUse::beginning_with(Some(version));
    let used = record.guest.of(Some(version)).unwrap();
    (used.turns, used.fuel, used.busy_us) = (2, fuel, fuel * 2);
    record
}

#[tokio::test]
async fn versions_are_compared_by_their_calls() {
    let db = Database::new().await;
    let (scope, flows) = three(&db).await;
    let versions = flows.versions("ivr").await.unwrap();
    let (second, first) = (versions[1].id, versions[2].id);
    let tenant = scope.id();
    let mut records: Vec<_> = (0..600).map(|n| call(tenant, first, 1_000 + n, n)).collect();
    let mut faulty = call(tenant, second, 2_000, 9);
    let used = faulty.guest.of(Some(second)).unwrap();
    (used.fault, used.blame) = (Some("trap".to_owned()), Some(Blame::Guest));
    // The fallback took over: another version's part is not this one's.
    faulty.guest.of(Some(first)).unwrap().fuel = 1_000_000;
    faulty.flow_version = Some(first);
    let mut abandoned = call(tenant, second, 2_001, 7);
    abandoned.queue_visits.push(QueueVisit {
        queue: "q".to_owned(),
        entered_at: Timestamp(2_010),
        left_at: Some(Timestamp(2_020)),
        outcome: Some(ContactOutcome::Abandoned),
        agent: None,
        offers: 0,
        talk_ms: 0,
    });
    let mut open = call(tenant, second, 2_002, 7);
    open.ended_at = None;
    records.extend([faulty, abandoned, open]);
    let writer = db.store.start_writer(WriterConfig::default());
    for record in records {
        let open = writer.open_call(record.clone()).unwrap();
        if record.ended_at.is_some() {
            open.close(record).unwrap();
        }
    }
    writer.shutdown().await.unwrap();
    let reports = flows.compare("ivr", &[], None, None).await.unwrap();
    let numbers: Vec<_> = reports.iter().map(|report| (report.number, report.calls)).collect();
    assert_eq!(numbers, [(3, 0), (2, 2), (1, 600)]);
    let (of_second, of_first) = (&reports[1], &reports[2]);
    assert_eq!((of_first.contained, of_first.cut), (600, false));
    assert_eq!((of_first.fuel.p50, of_first.fuel.p99), (Some(299), Some(593)));
    assert_eq!(of_first.decision_us.p99, Some(593));
    assert_eq!(of_second.faults.get("trap"), Some(&1));
    assert_eq!((of_second.contained, of_second.queued, of_second.abandons), (0, 1, 1));
    assert_eq!(of_second.fuel.p99, Some(9));
    let some = flows.compare("ivr", &[1], Some(Timestamp(1_500)), Some(Timestamp(1_550))).await;
    assert_eq!(some.unwrap()[0].calls, 50);
}
