//! The writer never makes a call wait, never forgets what it took, and says no
//! before it has to.

mod support;

use sqlx::Connection as _;
use std::time::Duration;
use strowger_model::{JournalEntry, Timestamp};
use strowger_store::{Fact, Refused, WriterConfig};
use support::{Database, call_id, entry, record};

/// Another connection to the database, to get in the writer's way.
async fn intruder(db: &Database) -> sqlx::SqliteConnection {
    let path = db.folder.path().join("strowger.db");
    let url = format!("sqlite://{}", path.display());
    sqlx::SqliteConnection::connect(&url).await.unwrap()
}

#[tokio::test]
async fn everything_before_a_flush_is_there_after_it() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    // Much more than one batch.
    let config = WriterConfig { batch: 7, ..WriterConfig::default() };
    let writer = db.store.start_writer(config);
    let call = call_id();
    let open = writer.open_call(record(tenant, call, 1)).unwrap();
    for seq in 0..500 {
        open.journal(entry(tenant, call, seq)).unwrap();
    }
    writer.flush().await.unwrap();
    let read = db.store.tenant(tenant).journal().read(call, 0, 1_000).await.unwrap();
    assert_eq!(read.len(), 500);
    assert_eq!(db.store.tenant(tenant).calls().get(call).await.unwrap().ended_at, None);
    assert!(writer.counts().batches >= 500 / 7);
}

#[tokio::test]
async fn nothing_lies_around_longer_than_a_tenth_of_a_second() {
    let config = WriterConfig::default();
    assert!(config.flush_after <= Duration::from_millis(100));
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let writer = db.store.start_writer(config);
    let call = call_id();
    let _open = writer.open_call(record(tenant, call, 1)).unwrap();
    // Without a flush: the writer comes round by itself.
    while writer.counts().written == 0 {
        tokio::task::yield_now().await;
    }
    db.store.tenant(tenant).calls().get(call).await.unwrap();
}

#[tokio::test]
async fn a_database_that_fails_costs_nothing_but_time() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let config = WriterConfig { max_open_calls: 2, ..WriterConfig::default() };
    let writer = db.store.start_writer(config);
    let mut health = writer.health();
    let mut away = intruder(&db).await;
    sqlx::query("ALTER TABLE calls RENAME TO calls_away").execute(&mut away).await.unwrap();
    let calls = [call_id(), call_id()];
    let open = calls.map(|call| writer.open_call(record(tenant, call, 1)).unwrap());
    health.wait_for(|health| health.failing.is_some() && health.attempts >= 2).await.unwrap();
    assert!(health.borrow().failing.as_ref().unwrap().contains("calls"), "{:?}", health.borrow());
    // The ends of admitted calls are taken even now.
    for (open, call) in open.into_iter().zip(calls) {
        let mut ended = record(tenant, call, 1);
        ended.ended_at = Some(Timestamp(9));
        open.close(ended).unwrap();
    }
    sqlx::query("ALTER TABLE calls_away RENAME TO calls").execute(&mut away).await.unwrap();
    health.wait_for(|health| health.failing.is_none()).await.unwrap();
    writer.flush().await.unwrap();
    for call in calls {
        let found = db.store.tenant(tenant).calls().get(call).await.unwrap();
        assert_eq!(found.ended_at, Some(Timestamp(9)));
    }
}

#[tokio::test]
async fn a_call_is_refused_when_every_place_is_taken() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let config = WriterConfig { max_open_calls: 2, ..WriterConfig::default() };
    let writer = db.store.start_writer(config);
    let open = |at| writer.open_call(record(tenant, call_id(), at));
    let (first, _second) = (open(1).unwrap(), open(2).unwrap());
    writer.flush().await.unwrap();
    // Two places are held for two ends; two are free again, which is one call more.
    let third = open(3).unwrap();
    assert_eq!(open(4).unwrap_err(), Refused::TooManyOpen);
    let (call, mut ended) = (first.id(), record(tenant, first.id(), 1));
    ended.ended_at = Some(Timestamp(5));
    first.close(ended).unwrap();
    third.checkpoint(&record(tenant, third.id(), 3));
    writer.flush().await.unwrap();
    open(6).unwrap();
    assert_eq!(writer.counts().calls_refused, 1);
    let found = db.store.tenant(tenant).calls().get(call).await.unwrap();
    assert_eq!(found.ended_at, Some(Timestamp(5)));
}

#[tokio::test]
async fn a_full_backlog_refuses_new_calls_before_it_refuses_entries_of_old_ones() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let config = WriterConfig { max_journal_entries: 8, batch: 2, ..WriterConfig::default() };
    let writer = db.store.start_writer(config);
    let mut health = writer.health();
    let mut away = intruder(&db).await;
    sqlx::query("ALTER TABLE journal RENAME TO journal_away").execute(&mut away).await.unwrap();
    let call = call_id();
    let open = writer.open_call(record(tenant, call, 1)).unwrap();
    open.journal(entry(tenant, call, 0)).unwrap();
    health.wait_for(|health| health.failing.is_some()).await.unwrap();
    let mut taken = 1;
    let mut new_calls_refused_at = None;
    for seq in 1..100 {
        if new_calls_refused_at.is_none()
            && writer.open_call(record(tenant, call_id(), 1)).err() == Some(Refused::Behind)
        {
            new_calls_refused_at = Some(seq);
        }
        match open.journal(entry(tenant, call, seq)) {
            Ok(()) => taken = seq + 1,
            Err(refused) => {
                assert_eq!(refused, Refused::Behind);
                break;
            }
        }
    }
    assert!(new_calls_refused_at.unwrap() < taken, "{new_calls_refused_at:?} {taken}");
    assert_eq!(writer.counts().entries_refused, 1);
    sqlx::query("ALTER TABLE journal_away RENAME TO journal").execute(&mut away).await.unwrap();
    writer.flush().await.unwrap();
    // Everything that was taken is there, in order and without a gap.
    let read = db.store.tenant(tenant).journal().read(call, 0, 1_000).await.unwrap();
    let seqs: Vec<u32> = read.iter().map(|entry: &JournalEntry| entry.seq).collect();
    assert_eq!(seqs, (0..taken).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_backlog_is_bounded_in_bytes_as_well() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let config = WriterConfig { max_journal_bytes: 10_000, ..WriterConfig::default() };
    let writer = db.store.start_writer(config);
    let call = call_id();
    let open = writer.open_call(record(tenant, call, 1)).unwrap();
    let big = JournalEntry { body: "x".repeat(10_000), ..entry(tenant, call, 0) };
    assert_eq!(open.journal(big), Err(Refused::Behind));
    open.journal(entry(tenant, call, 1)).unwrap();
}

#[tokio::test]
async fn after_a_shutdown_nothing_is_taken_and_nothing_taken_is_missing() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let writer = db.store.start_writer(WriterConfig::default());
    let call = call_id();
    let open = writer.open_call(record(tenant, call, 1)).unwrap();
    open.journal(entry(tenant, call, 0)).unwrap();
    writer.shutdown().await.unwrap();
    assert_eq!(db.store.tenant(tenant).journal().read(call, 0, 10).await.unwrap().len(), 1);
    assert_eq!(open.journal(entry(tenant, call, 1)), Err(Refused::Stopped));
    assert_eq!(writer.open_call(record(tenant, call_id(), 1)).unwrap_err(), Refused::Stopped);
    let mut ended = record(tenant, call, 1);
    ended.ended_at = Some(Timestamp(2));
    assert!(open.close(ended).is_err());
    assert!(writer.flush().await.is_err());
}

#[tokio::test]
async fn facts_share_the_transactions_and_those_of_strangers_write_nothing() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let writer = db.store.start_writer(WriterConfig::default());
    let (call, stranger) = (call_id(), strowger_model::TenantId(uuid::Uuid::now_v7()));
    let decision = |tenant, ask| Fact::Decision {
        tenant,
        ask,
        at: Timestamp(1),
        calls: vec![call],
        by: None,
        body: format!("{{\"ask\":{ask}}}"),
    };
    for ask in 1..=20 {
        writer.keep(decision(tenant, ask)).unwrap();
        writer.keep(decision(stranger, ask)).unwrap();
    }
    writer.flush().await.unwrap();
    let kept = db.store.tenant(tenant).decisions().of_call(call).await.unwrap();
    assert_eq!(kept.len(), 20);
    assert_eq!(kept[19], "{\"ask\":20}");
    assert!(db.store.tenant(stranger).decisions().of_call(call).await.unwrap().is_empty());
    assert!(writer.counts().batches <= 2, "{:?}", writer.counts());
    assert_eq!(writer.health().borrow().failing, None);
}

#[tokio::test]
async fn facts_are_refused_only_when_every_place_is_taken() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let config = WriterConfig { max_facts: 2, batch: 1, ..WriterConfig::default() };
    let writer = db.store.start_writer(config);
    let mut health = writer.health();
    let mut away = intruder(&db).await;
    sqlx::query("ALTER TABLE decisions RENAME TO decisions_away").execute(&mut away).await.unwrap();
    let fact = |ask| Fact::Decision {
        tenant,
        ask,
        at: Timestamp(1),
        calls: vec![call_id()],
        by: None,
        body: "{}".to_owned(),
    };
    writer.keep(fact(1)).unwrap();
    health.wait_for(|health| health.failing.is_some()).await.unwrap();
    writer.keep(fact(2)).unwrap();
    writer.keep(fact(3)).unwrap();
    assert_eq!(writer.keep(fact(4)), Err(Refused::Behind));
    assert_eq!(writer.counts().facts_refused, 1);
    sqlx::query("ALTER TABLE decisions_away RENAME TO decisions").execute(&mut away).await.unwrap();
    writer.flush().await.unwrap();
    assert_eq!(writer.counts().written, 3);
}

#[tokio::test]
async fn what_a_crash_would_lose_is_counted_and_dated() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let writer = db.store.start_writer(WriterConfig::default());
    assert_eq!((writer.counts().pending, writer.counts().pending_ms), (0, 0));
    let mut away = intruder(&db).await;
    sqlx::query("ALTER TABLE journal RENAME TO journal_away").execute(&mut away).await.unwrap();
    let call = call_id();
    let open = writer.open_call(record(tenant, call, 1)).unwrap();
    // A newer state replaces an older one and is counted all the same.
    open.checkpoint(&record(tenant, call, 1));
    for seq in 0..3 {
        open.journal(entry(tenant, call, seq)).unwrap();
    }
    let handed_over = std::time::Instant::now();
    let mut health = writer.health();
    health.wait_for(|health| health.failing.is_some()).await.unwrap();
    let least = handed_over.elapsed();
    let age = Duration::from_millis(writer.counts().pending_ms);
    assert!(age >= least, "{age:?} is less than {least:?}");
    assert_eq!(writer.counts().pending, 5);
    sqlx::query("ALTER TABLE journal_away RENAME TO journal").execute(&mut away).await.unwrap();
    writer.flush().await.unwrap();
    assert_eq!((writer.counts().pending, writer.counts().pending_ms), (0, 0));
}
