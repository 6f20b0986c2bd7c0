//! A journal that was damaged on disk is reported by its call's name, is never
//! handed out as if it were whole, and stands in nobody else's way.

mod support;

use sqlx::{Connection as _, SqliteConnection};
use strowger_model::{CallId, JournalEntry, TenantId, Timestamp};
use strowger_store::{Salvaged, StoreError, WriterConfig};
use support::{Database, call_id, entry, record};

async fn intruder(db: &Database) -> SqliteConnection {
    let url = format!("sqlite://{}", db.folder.path().join("strowger.db").display());
    SqliteConnection::connect(&url).await.unwrap()
}

/// Calls with three chunks of four entries each, over or not.
async fn calls<const N: usize>(db: &Database, tenant: TenantId, over: bool) -> [CallId; N] {
    let writer = db.store.start_writer(WriterConfig::default());
    let calls = std::array::from_fn(|_| call_id());
    for call in calls {
        let handle = writer.open_call(record(tenant, call, 1)).unwrap();
        for seq in 0..12 {
            handle.journal(entry(tenant, call, seq)).unwrap();
            if seq % 4 == 3 {
                writer.flush().await.unwrap();
            }
        }
        if over {
            let mut over = record(tenant, call, 1);
            over.ended_at = Some(Timestamp(2));
            handle.close(over).unwrap();
        }
    }
    writer.shutdown().await.unwrap();
    calls
}

fn assert_names(error: &StoreError, call: CallId) {
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    assert!(error.to_string().contains(&call.to_string()), "{error}");
}

#[tokio::test]
async fn damage_is_named_and_what_lies_around_it_is_salvaged() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let [call, other] = calls(&db, tenant, false).await;
    let journal = db.store.tenant(tenant).journal();
    let whole: Vec<_> = (0..12).map(|seq| entry(tenant, call, seq)).collect();
    let mut away = intruder(&db).await;
    for damage in [
        // A digit of a body, a length, a kind; half a chunk; no text; nothing; a
        // number; a pack that is none.
        "replace(entries, 'seq\":5', 'seq\":6')",
        "replace(entries, ' event 9 ', ' event 8 ')",
        "replace(entries, ' event ', ' evil ')",
        "substr(entries, 1, length(entries) - 1)",
        "CAST(X'ff00fe' AS TEXT)",
        "X'ff'",
        "7",
        "'', packed = X'01'",
        "'', packed = X'ffffffff789c0102'",
        "'', packed = 'text'",
    ] {
        sqlx::query("SAVEPOINT whole").execute(&mut away).await.ok();
        let before: String =
            sqlx::query_scalar("SELECT entries FROM journal WHERE call_id = ? AND seq = 4")
                .bind(call.to_string())
                .fetch_one(&mut away)
                .await
                .unwrap();
        sqlx::query("RELEASE whole").execute(&mut away).await.ok();
        let sql =
            format!("UPDATE journal SET entries = {damage} WHERE call_id = '{call}' AND seq = 4");
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut away).await.unwrap();
        assert_names(&journal.read(call, 0, 100).await.expect_err(damage), call);
        assert_names(&journal.read(call, 6, 100).await.expect_err(damage), call);
        assert_eq!(journal.read(call, 0, 4).await.unwrap(), whole[..4], "before it: {damage}");
        assert_eq!(journal.read(call, 8, 100).await.unwrap(), whole[8..], "behind it: {damage}");
        let Salvaged { entries, damage: found } = journal.salvage(call).await;
        assert_names(&found.expect(damage), call);
        assert_eq!(entries[..4], whole[..4]);
        assert_eq!(entries[entries.len() - 4..], whole[8..]);
        assert!(entries.iter().all(|entry| whole.contains(entry)), "{entries:?}");
        assert_eq!(journal.read(other, 0, 100).await.unwrap().len(), 12);
        assert_eq!(db.store.unfinished().await.unwrap().calls.len(), 2);
        sqlx::query("UPDATE journal SET entries = ?, packed = NULL WHERE call_id = ? AND seq = 4")
            .bind(before)
            .bind(call.to_string())
            .execute(&mut away)
            .await
            .unwrap();
    }
    let Salvaged { entries, damage } = journal.salvage(call).await;
    assert!(damage.is_none() && entries == whole, "{damage:?}");
}

#[tokio::test]
async fn a_damaged_journal_is_not_packed_and_keeps_none_from_it() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let [first, damaged, last] = calls(&db, tenant, true).await;
    let mut away = intruder(&db).await;
    sqlx::query("UPDATE journal SET entries = replace(entries, '9}', '8}') WHERE call_id = ?")
        .bind(damaged.to_string())
        .execute(&mut away)
        .await
        .unwrap();
    let packed = db.store.upkeep().pack(Timestamp(1_000)).await.unwrap();
    assert_eq!((packed.calls, packed.unreadable, packed.more), (2, 1, false));
    assert_eq!(db.store.upkeep().pack(Timestamp(1_000)).await.unwrap().unreadable, 0, "once");
    let journal = db.store.tenant(tenant).journal();
    for call in [first, last] {
        assert_eq!(journal.read(call, 0, 100).await.unwrap().len(), 12);
    }
    assert_eq!(journal.read(damaged, 0, 8).await.unwrap().len(), 8);
    assert_names(&journal.read(damaged, 0, 100).await.unwrap_err(), damaged);
    let removed = db.store.upkeep().remove(Timestamp(u64::MAX >> 1), 1).await.unwrap();
    assert_eq!(removed.calls, 3, "its time comes all the same");
}

#[tokio::test]
async fn a_damaged_record_does_not_keep_a_server_from_starting() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let [call, other] = calls(&db, tenant, false).await;
    let mut away = intruder(&db).await;
    sqlx::query("UPDATE calls SET record = substr(record, 1, 40) WHERE id = ?")
        .bind(call.to_string())
        .execute(&mut away)
        .await
        .unwrap();
    let unfinished = db.store.unfinished().await.unwrap().calls;
    let seen: Vec<_> = unfinished.iter().map(|found| found.record.call).collect();
    assert_eq!(seen, [call, other]);
    assert_eq!(unfinished[0].record, record(tenant, call, 1), "from what else is known");
    assert!(unfinished[0].clone().closed().ended_at.is_some());
}

/// Bytes of the file itself: whatever page they hit, nothing panics, and what is
/// handed out is what was written.
#[tokio::test]
async fn a_file_with_changed_bytes_never_gives_wrong_entries() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let calls: [CallId; 40] = calls(&db, tenant, false).await;
    db.store.close().await;
    let path = db.folder.path().join("strowger.db");
    let whole = std::fs::read(&path).unwrap();
    let (mut damaged, mut fine) = (0, 0);
    // Somewhere into each of the last pages, which are the journal's.
    for place in (whole.len() * 2 / 3..whole.len()).step_by(7_919) {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("strowger.db");
        let mut bytes = whole.clone();
        for byte in &mut bytes[place..whole.len().min(place + 16)] {
            *byte ^= 0x15;
        }
        std::fs::write(&copy, bytes).unwrap();
        let place = strowger_store::Place::Sqlite(copy);
        let Ok(store) = strowger_store::Store::open(&place).await else { continue };
        let journal = store.tenant(tenant).journal();
        for call in calls {
            let Salvaged { entries, damage } = journal.salvage(call).await;
            for found in &entries {
                let expected: JournalEntry = entry(tenant, call, found.seq);
                assert_eq!(*found, expected);
            }
            match journal.read(call, 0, 100).await {
                Ok(_) => fine += 1,
                Err(error) => {
                    damaged += 1;
                    assert_names(&error, call);
                    assert!(damage.is_some());
                }
            }
        }
        store.close().await;
    }
    assert!(damaged > 0 && fine > damaged, "{damaged} {fine}");
}
