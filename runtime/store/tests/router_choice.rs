//! Tenants and queues choose routers; what they go by stays; how versions of
//! routers fare is read from their decisions and contacts.

mod support;

use strowger_model::{ContactOutcome, TenantId, Timestamp, VersionId};
use strowger_store::{
    BoundCanary, DecidedBy, Fact, Members, NewVersion, Order, OwnCanary, OwnRouter, QueueSettings,
    RouterChoice, RouterRoute, StoreError, TenantStore, Version,
};
use support::{Database, call_id};

const ANN: Order<'static> = Order { by: "ann", seen: None };

async fn upload(scope: &TenantStore, bytes: &[u8]) -> Version {
    let digest = format!("digest of {}", String::from_utf8_lossy(bytes));
    let worlds = ["router".to_owned()];
    let new = NewVersion {
        bytes,
        digest: &digest,
        worlds: &worlds,
        note: "",
        promote: false,
        order: ANN,
        sign: None,
    };
    scope.routers().upload("mine", &new).await.unwrap()
}

/// A router `mine` with three versions, the first one stable.
async fn three(db: &Database, tenant: &str) -> (TenantStore, [Version; 3]) {
    let scope = db.store.tenant(db.tenant(tenant).await.id);
    let mut versions = Vec::new();
    for bytes in [b"one".as_slice(), b"two", b"three"] {
        versions.push(upload(&scope, bytes).await);
    }
    (scope, versions.try_into().unwrap())
}

fn route(version: Option<u32>, canary: Option<(u32, u32)>) -> RouterRoute<&'static str> {
    let canary = canary.map(|(version, share_percent)| BoundCanary { version, share_percent });
    RouterRoute { router: "mine", version, canary }
}

fn queue(name: &str, router: Option<RouterChoice>) -> QueueSettings {
    QueueSettings { name: name.to_owned(), router, ..QueueSettings::default() }
}

#[track_caller]
fn conflict<T: std::fmt::Debug>(result: Result<T, StoreError>) -> String {
    match result {
        Err(StoreError::Conflict(message)) => message,
        other => panic!("expected a conflict, got {other:?}"),
    }
}

#[tokio::test]
async fn a_choice_by_name_comes_back_as_it_was_made() {
    let db = Database::new().await;
    let (scope, versions) = three(&db, "acme").await;
    let names = scope.routers().names().await.unwrap();
    for (version, canary) in
        [(None, None), (Some(2), None), (None, Some((3, 0))), (Some(1), Some((2, 100)))]
    {
        let choice = scope.routers().choice(&route(version, canary)).await.unwrap();
        let made = scope.queues().create(&queue("q", Some(choice.clone())), &Members::All).await;
        let made = made.unwrap();
        assert_eq!(made.settings.router, Some(choice.clone()));
        let shown = names.route(&choice).unwrap();
        let canary = canary.map(|(version, share_percent)| BoundCanary { version, share_percent });
        assert_eq!((shown.router.as_str(), shown.version, shown.canary), ("mine", version, canary));
        scope.queues().delete(made.id).await.unwrap();
    }
    // As it was stored before routers had canaries.
    let shown = names.route(&RouterChoice::Version(versions[1].id)).unwrap();
    assert_eq!((shown.router.as_str(), shown.version), ("mine", Some(2)));
}

#[tokio::test]
async fn a_share_outside_of_0_to_100_is_refused_by_whoever_writes_it() {
    let db = Database::new().await;
    let (scope, versions) = three(&db, "acme").await;
    let refused = scope.routers().choice(&route(None, Some((2, 101)))).await.unwrap_err();
    assert!(refused.to_string().contains("0 to 100 percent"), "{refused}");
    let router = scope.routers().get("mine").await.unwrap().id;
    let canary = Some(OwnCanary { version: versions[1].id, share_percent: 101 });
    let choice = RouterChoice::Own(OwnRouter { router, version: None, canary });
    let made = scope.queues().create(&queue("q", Some(choice)), &Members::All).await;
    assert!(matches!(made, Err(StoreError::Invalid(_))), "{made:?}");
    assert!(scope.queues().list().await.unwrap().is_empty(), "nothing is left of it");
}

#[tokio::test]
async fn a_version_that_a_queue_goes_by_is_not_deleted() {
    let db = Database::new().await;
    let (scope, _) = three(&db, "acme").await;
    let choice = scope.routers().choice(&route(Some(2), Some((3, 10)))).await.unwrap();
    let sales = scope.queues().create(&queue("sales", Some(choice.clone())), &Members::All).await;
    let sales = sales.unwrap();
    for number in [2, 3] {
        let refused = conflict(scope.routers().delete_version("mine", number).await);
        assert!(refused.contains("the queue \"sales\""), "{refused}");
    }
    let help = scope.queues().create(&queue("help", Some(choice)), &Members::All).await.unwrap();
    let refused = conflict(scope.routers().delete("mine").await);
    assert!(refused.contains("the queue \"help\" and 1 others"), "{refused}");
    for (id, name) in [(sales.id, "sales"), (help.id, "help")] {
        scope.queues().update(id, &queue(name, None), &Members::All).await.unwrap();
    }
    scope.routers().delete_version("mine", 3).await.unwrap();
    // A queue that follows the router needs none of its versions but those in force.
    let followed = scope.routers().choice(&route(None, None)).await.unwrap();
    let settings = queue("help", Some(followed));
    scope.queues().update(help.id, &settings, &Members::All).await.unwrap();
    scope.routers().delete_version("mine", 2).await.unwrap();
    assert!(conflict(scope.routers().delete("mine").await).contains("the queue \"help\""));
    scope.queues().delete(help.id).await.unwrap();
    scope.routers().delete("mine").await.unwrap();
}

#[tokio::test]
async fn a_version_that_the_tenant_goes_by_is_not_deleted() {
    let db = Database::new().await;
    let (scope, versions) = three(&db, "acme").await;
    let tenant = scope.settings().await.unwrap();
    for router in [
        scope.routers().choice(&route(Some(2), None)).await.unwrap(),
        scope.routers().choice(&route(None, Some((2, 10)))).await.unwrap(),
        RouterChoice::Version(versions[1].id),
    ] {
        let settings = strowger_store::TenantSettings { router, ..tenant.settings.clone() };
        db.store.tenants().update(tenant.id, &settings).await.unwrap();
        let refused = conflict(scope.routers().delete_version("mine", 2).await);
        assert!(refused.contains("chosen by the tenant"), "{refused}");
        assert!(conflict(scope.routers().delete("mine").await).contains("the tenant"));
    }
}

#[tokio::test]
async fn nobody_chooses_what_is_another_tenants() {
    let db = Database::new().await;
    let (scope, versions) = three(&db, "acme").await;
    let (other, others) = three(&db, "other").await;
    let (mine, theirs) = (
        scope.routers().get("mine").await.unwrap().id,
        other.routers().get("mine").await.unwrap().id,
    );
    let own = |router, version| {
        RouterChoice::Own(OwnRouter { router, version: Some(version), canary: None })
    };
    for choice in [
        own(theirs, others[0].id),
        own(mine, others[0].id),
        own(theirs, versions[0].id),
        RouterChoice::Version(others[0].id),
        RouterChoice::Version(VersionId(uuid::Uuid::nil())),
        RouterChoice::Own(OwnRouter { router: theirs, version: None, canary: None }),
    ] {
        let made = scope.queues().create(&queue("q", Some(choice.clone())), &Members::All).await;
        assert!(matches!(made, Err(StoreError::NotFound { .. })), "{choice:?}: {made:?}");
        let tenant = scope.settings().await.unwrap();
        let settings = strowger_store::TenantSettings { router: choice, ..tenant.settings };
        let updated = db.store.tenants().update(tenant.id, &settings).await;
        assert!(matches!(updated, Err(StoreError::NotFound { .. })), "{updated:?}");
    }
    scope
        .queues()
        .create(&queue("q", Some(own(mine, versions[0].id))), &Members::All)
        .await
        .unwrap();
    // Nor does a choice of mine keep them from deleting theirs.
    other.routers().delete("mine").await.unwrap();
}

#[tokio::test]
async fn routers_are_compared_by_their_decisions_and_contacts() {
    let db = Database::new().await;
    let (scope, versions) = three(&db, "acme").await;
    let (other, _) = three(&db, "other").await;
    let decided = |tenant: TenantId, ask: u64, version: VersionId, fault: Option<&str>| {
        let by = DecidedBy {
            version,
            fault_kind: fault.map(str::to_owned),
            fuel: ask * 100,
            busy_us: ask,
        };
        let at = Timestamp(1_000 + ask);
        Fact::Decision { tenant, ask, at, calls: Vec::new(), by: Some(by), body: "{}".to_owned() }
    };
    let over = |tenant: TenantId, at: u64, outcome| Fact::RoutedContact {
        tenant,
        version: versions[1].id,
        at: Timestamp(at),
        call: call_id(),
        outcome,
    };
    let mut facts: Vec<_> = (1..=100)
        .map(|ask| decided(scope.id(), ask, versions[1].id, (ask <= 4).then_some("trap")))
        .collect();
    facts.push(decided(scope.id(), 500, versions[0].id, None));
    facts.push(over(scope.id(), 1_010, ContactOutcome::Served));
    facts.push(over(scope.id(), 1_020, ContactOutcome::Abandoned));
    facts.push(over(scope.id(), 1_030, ContactOutcome::TimedOut));
    // Somebody else's tenant cannot say anything about the version.
    facts.push(over(other.id(), 1_040, ContactOutcome::Abandoned));
    db.store.keep(&facts).await.unwrap();
    db.store.keep(&facts).await.unwrap();
    let reports = scope.routers().compare_routers("mine", &[], None, None).await.unwrap();
    let numbers: Vec<_> = reports.iter().map(|report| report.number).collect();
    assert_eq!(numbers, [3, 2, 1]);
    let second = &reports[1];
    assert_eq!((second.decisions, second.faults.get("trap")), (100, Some(&4)));
    assert_eq!((second.fuel.p50, second.fuel.p99), (Some(5_000), Some(9_900)));
    assert_eq!((second.decision_us.p50, second.decision_us.p99), (Some(50), Some(99)));
    assert_eq!((second.contacts, second.served, second.abandons), (3, 1, 1));
    assert_eq!((reports[0].decisions, reports[2].decisions), (0, 1));
    let (since, until) = (Some(Timestamp(1_011)), Some(Timestamp(1_021)));
    let some = scope.routers().compare_routers("mine", &[2], since, until).await.unwrap();
    assert_eq!((some[0].decisions, some[0].contacts, some[0].abandons), (10, 1, 1));
    let theirs = other.routers().compare_routers("mine", &[2], None, None).await.unwrap();
    assert_eq!((theirs[0].decisions, theirs[0].contacts), (0, 0));
}

#[tokio::test]
async fn what_routers_decided_goes_with_the_journals() {
    const DAY_MS: u64 = 24 * 3_600 * 1_000;
    let db = Database::new().await;
    let (scope, versions) = three(&db, "acme").await;
    let version = versions[1].id;
    let decided = |ask: u64| Fact::Decision {
        tenant: scope.id(),
        ask,
        at: Timestamp(1_000 + ask),
        calls: Vec::new(),
        by: Some(DecidedBy { version, fault_kind: None, fuel: 1, busy_us: 1 }),
        body: "{}".to_owned(),
    };
    let mut facts: Vec<_> = (1..=1_500).map(decided).collect();
    facts.extend([1_100, 2_400].map(|at| Fact::RoutedContact {
        tenant: scope.id(),
        version,
        at: Timestamp(at),
        call: call_id(),
        outcome: ContactOutcome::Served,
    }));
    db.store.keep(&facts).await.unwrap();
    let upkeep = db.store.upkeep();
    let left = async || {
        let report = scope.routers().compare_routers("mine", &[2], None, None).await.unwrap();
        (report[0].decisions, report[0].contacts)
    };
    // For ever, and not yet.
    for (now, days) in [(DAY_MS * 1_000, 0), (DAY_MS, 1)] {
        assert!(!upkeep.remove(Timestamp(now), days).await.unwrap().more);
        assert_eq!(left().await, (1_500, 2));
    }
    // Up to the thousandth, in steps that the writer does not feel.
    let now = Timestamp(DAY_MS + 2_001);
    let mut steps = 1;
    while upkeep.remove(now, 1).await.unwrap().more {
        steps += 1;
    }
    assert_eq!((left().await, steps), ((500, 1), 2));
}
