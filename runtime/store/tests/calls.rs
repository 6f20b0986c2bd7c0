//! Call records are found by what is asked for, page by page.

mod support;

use std::collections::HashSet;
use strowger_model::{Cause, Timestamp};
use strowger_store::{CallFilter, WriterConfig};
use support::{Database, call_id, entry, record};

#[tokio::test]
async fn pages_hold_every_call_once_newest_first_even_if_many_start_together() {
    let db = Database::new().await;
    let (a, b) = (db.tenant("a").await.id, db.tenant("b").await.id);
    let writer = db.store.start_writer(WriterConfig::default());
    let mut made = HashSet::new();
    for index in 0..57_u64 {
        let call = call_id();
        // Seven calls a millisecond.
        drop(writer.open_call(record(a, call, 1_000 + index / 7)).unwrap());
        made.insert(call);
    }
    drop(writer.open_call(record(b, call_id(), 1_003)).unwrap());
    writer.flush().await.unwrap();
    let calls = db.store.tenant(a).calls();
    let (mut seen, mut after, mut last) = (Vec::new(), None, u64::MAX);
    loop {
        let page = calls.list(&CallFilter::default(), after, 10).await.unwrap();
        assert!(page.items.len() <= 10);
        for found in page.items {
            assert!(found.started_at.0 <= last);
            last = found.started_at.0;
            seen.push(found.call);
        }
        // A cursor goes out as text and comes back as text.
        after = page.next.map(|next| next.to_string().parse().unwrap());
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 57);
    assert_eq!(seen.into_iter().collect::<HashSet<_>>(), made);
}

#[tokio::test]
async fn every_part_of_a_filter_counts() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let writer = db.store.start_writer(WriterConfig::default());
    let (busy, open) = (call_id(), call_id());
    let mut first = record(tenant, busy, 1_000);
    let handle = writer.open_call(first.clone()).unwrap();
    first.cause = Some(Cause::Busy);
    first.ended_at = Some(Timestamp(2_000));
    handle.close(first).unwrap();
    let mut second = record(tenant, open, 5_000);
    second.from = "alice".parse().unwrap();
    let handle = writer.open_call(second.clone()).unwrap();
    second.answered_at = Some(Timestamp(5_100));
    handle.checkpoint(&second);
    writer.flush().await.unwrap();
    let calls = db.store.tenant(tenant).calls();
    let any = CallFilter::default;
    for (filter, expected) in [
        (any(), vec![open, busy]),
        (CallFilter { cause: Some(Cause::Busy), ..any() }, vec![busy]),
        (CallFilter { from: Some("alice".into()), ..any() }, vec![open]),
        (CallFilter { since: Some(Timestamp(1_001)), ..any() }, vec![open]),
        (CallFilter { until: Some(Timestamp(5_000)), ..any() }, vec![busy]),
        (CallFilter { answered: Some(true), ..any() }, vec![open]),
        (CallFilter { answered: Some(false), ..any() }, vec![busy]),
        (CallFilter { open: Some(true), ..any() }, vec![open]),
        (CallFilter { open: Some(false), ..any() }, vec![busy]),
        (CallFilter { open: Some(true), cause: Some(Cause::Busy), ..any() }, vec![]),
        (CallFilter { from: Some("' OR 1=1 --".into()), ..any() }, vec![]),
    ] {
        let found = calls.list(&filter, None, 10).await.unwrap().items;
        let found: Vec<_> = found.iter().map(|record| record.call).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn a_journal_is_read_in_order_and_by_its_owner_only() {
    let db = Database::new().await;
    let (a, b) = (db.tenant("a").await.id, db.tenant("b").await.id);
    let writer = db.store.start_writer(WriterConfig::default());
    let call = call_id();
    let open = writer.open_call(record(a, call, 1)).unwrap();
    for seq in 0..100 {
        open.journal(entry(a, call, seq)).unwrap();
    }
    writer.flush().await.unwrap();
    let read = db.store.tenant(a).journal().read(call, 90, 5).await.unwrap();
    assert_eq!(read, (90..95).map(|seq| entry(a, call, seq)).collect::<Vec<_>>());
    assert_eq!(db.store.tenant(b).journal().read(call, 0, 10).await.unwrap(), []);
}
