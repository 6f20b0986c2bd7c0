//! Journals of calls that are over take little room, read as before, and go when
//! their time is over.

mod support;

use sqlx::Connection as _;
use std::fmt::Write as _;
use strowger_model::{CallId, JournalEntry, JournalKind, TenantId, Timestamp};
use strowger_store::{OpenCall, Packed, Removed, Writer, WriterConfig};
use support::{Database, call_id, entry, record};

const DAY_MS: u64 = 24 * 3_600 * 1_000;
/// When everything in here has happened.
const NOW: Timestamp = Timestamp(1_000 * DAY_MS);

fn ended(tenant: TenantId, call: CallId, at: u64) -> strowger_model::CallRecord {
    let mut over = record(tenant, call, at.saturating_sub(60_000));
    over.ended_at = Some(Timestamp(at));
    over
}

/// Writes entries, each few in a chunk of their own, as a call does that talks.
async fn write(writer: &Writer, open: &OpenCall, entries: &[JournalEntry]) {
    for few in entries.chunks(2) {
        for entry in few {
            open.journal(entry.clone()).unwrap();
        }
        writer.flush().await.unwrap();
    }
}

/// A call that greets, asks for a digit, queues, and is talked to by an agent, with
/// bodies as long as a server writes them. The seed makes calls differ.
fn realistic(tenant: TenantId, call: CallId, seed: u64) -> Vec<JournalEntry> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let mut entries: Vec<JournalEntry> = Vec::new();
    let mut at = 1_700_000_000_000 + seed * 977;
    let mut push = |kind, body| {
        let seq = u32::try_from(entries.len()).unwrap();
        at += 137;
        entries.push(JournalEntry { tenant, call, seq, at: Timestamp(at), kind, body });
    };
    push(
        JournalKind::Setup,
        format!(
            "{{\"call\":\"{call}\",\"tenant\":\"{tenant}\",\"direction\":\"inbound\",\"from\":\
             \"+44163296{:04}\",\"to\":\"+441632960000\",\"flow\":\"support\",\"version\":\
             \"{:032x}\",\"seed\":{},\"language\":\"en\",\"limits\":{{\"fuel\":50000000,\
             \"max_call_s\":14400,\"max_legs\":16,\"max_pending\":64}},\"fallback\":{{\"kind\":\
             \"hang_up\"}}}}",
            random() % 10_000,
            u128::from(random()),
            random()
        ),
    );
    for leg in 0..2 {
        for state in ["incoming", "up", "up"] {
            let mut sdp = String::new();
            for line in 0..8 {
                write!(sdp, "a=rtpmap:{line} codec{line}/8000\\r\\n").unwrap();
            }
            push(
                JournalKind::Leg,
                format!(
                    "{{\"leg\":{leg},\"record\":{{\"v\":1,\"source\":\"udp\",\"leg\":{{\"{state}\":\
                     {{\"call_id\":\"{:032x}\",\"local_tag\":\"{:016x}\",\"remote_tag\":\"{:016x}\",\
                     \"route\":[\"<sip:edge.example;lr>\"],\"target\":\"sip:phone@192.0.2.{}:5060\",\
                     \"cseq\":{},\"sdp\":\"{sdp}\"}}}}}}}}",
                    u128::from(random()),
                    random(),
                    random(),
                    random() % 250,
                    random() % 100
                ),
            );
        }
    }
    for step in 0..14 {
        push(
            JournalKind::Input,
            format!(
                "{{\"leg_event\":{{\"leg\":0,\"event\":{{\"play_ended\":{{\"command\":{step},\
                 \"finished\":true,\"played_ms\":{}}}}}}}}}",
                random() % 9_000
            ),
        );
        push(
            JournalKind::Event,
            format!(
                "{{\"event\":{{\"completed\":{{\"command\":{step},\"result\":\"ok\",\"data\":\"{}\"\
                 }}}},\"moment\":{{\"unix_ms\":{},\"seed\":{}}}}}",
                random() % 10,
                1_700_000_000_000 + random() % 1_000_000,
                random()
            ),
        );
        push(
            JournalKind::Turn,
            format!(
                "{{\"actions\":[{{\"command\":{},\"action\":{{\"play\":{{\"source\":\
                 \"queue:position:en\",\"interrupt\":true,\"gain_db\":0}}}}}},{{\"command\":{},\
                 \"action\":{{\"gather\":{{\"max_digits\":1,\"first_ms\":5000,\"between_ms\":2500}}\
                 }}}}],\"fuel\":{},\"busy_us\":{},\"outcome\":\"ok\"}}",
                step * 2,
                step * 2 + 1,
                random() % 90_000,
                random() % 900
            ),
        );
    }
    push(JournalKind::End, "{\"cause\":\"normal\",\"by\":\"caller\"}".to_owned());
    entries
}

/// Bytes of the pages that journals take in the database's file.
async fn pages(db: &Database) -> i64 {
    let url = format!("sqlite://{}", db.folder.path().join("strowger.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::query_scalar("SELECT SUM(pgsize) FROM dbstat WHERE name = 'journal'")
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_packed_journal_is_a_third_at_most_and_reads_the_same_from_anywhere() {
    const CALLS: u64 = 200;
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let writer = db.store.start_writer(WriterConfig::default());
    let mut written: Vec<_> = Vec::new();
    let mut open = Vec::new();
    for seed in 0..CALLS {
        let call = call_id();
        written.push((call, realistic(tenant, call, seed)));
        open.push(writer.open_call(record(tenant, call, 1)).unwrap());
    }
    // Side by side, as on a server: each transaction holds some of every call.
    let length = written[0].1.len();
    for from in (0..length).step_by(2) {
        for (open, (_, entries)) in open.iter().zip(&written) {
            for entry in &entries[from..length.min(from + 2)] {
                open.journal(entry.clone()).unwrap();
            }
        }
        writer.flush().await.unwrap();
    }
    for (open, (call, _)) in open.into_iter().zip(&written) {
        open.close(ended(tenant, *call, 100_000)).unwrap();
    }
    writer.flush().await.unwrap();
    let before = pages(&db).await;
    let mut all = Packed::default();
    loop {
        let step = db.store.upkeep().pack(NOW).await.unwrap();
        assert!(step.calls <= 32, "{step:?}");
        all.calls += step.calls;
        all.bytes_before += step.bytes_before;
        all.bytes_after += step.bytes_after;
        if !step.more {
            break;
        }
    }
    let after = pages(&db).await;
    println!(
        "bytes a call: {} -> {} in the file, {} -> {} of entries",
        before / CALLS as i64,
        after / CALLS as i64,
        all.bytes_before / CALLS,
        all.bytes_after / CALLS
    );
    assert_eq!(u64::from(all.calls), CALLS);
    assert!(all.bytes_after * 3 < all.bytes_before, "{all:?}");
    assert!(after * 3 < before, "{before} {after}");
    assert_eq!(db.store.upkeep().pack(NOW).await.unwrap(), Packed::default());

    let journal = db.store.tenant(tenant).journal();
    let (call, entries) = &written[17];
    for from in 0..=entries.len() {
        let expected = entries[from..].iter().take(10).cloned().map(|entry| match entry.kind {
            JournalKind::Leg => JournalEntry { body: "{}".to_owned(), ..entry },
            _ => entry,
        });
        let page = journal.read(*call, u32::try_from(from).unwrap(), 10).await.unwrap();
        assert_eq!(page, expected.collect::<Vec<_>>(), "from {from}");
    }
}

#[tokio::test]
async fn only_what_has_been_over_for_long_enough_is_packed() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let writer = db.store.start_writer(WriterConfig::default());
    let (lives, just, long) = (call_id(), call_id(), call_id());
    let mut open = Vec::new();
    for call in [lives, just, long] {
        let handle = writer.open_call(record(tenant, call, 1)).unwrap();
        write(&writer, &handle, &(0..6).map(|seq| entry(tenant, call, seq)).collect::<Vec<_>>())
            .await;
        open.push(handle);
    }
    open.pop().unwrap().close(ended(tenant, long, 1_000)).unwrap();
    open.pop().unwrap().close(ended(tenant, just, 9_000)).unwrap();
    writer.flush().await.unwrap();
    let packed = db.store.upkeep().pack(Timestamp(9_000)).await.unwrap();
    assert_eq!((packed.calls, packed.more), (1, false));
    // An entry that comes after all stays readable, behind the pack.
    let late = writer.reopen_call(long).unwrap();
    write(&writer, &late, &[entry(tenant, long, 6)]).await;
    let journal = db.store.tenant(tenant).journal();
    for (call, count) in [(lives, 6), (just, 6), (long, 7)] {
        for from in 0..count {
            let expected: Vec<_> = (from..count).map(|seq| entry(tenant, call, seq)).collect();
            assert_eq!(journal.read(call, from, 100).await.unwrap(), expected);
        }
    }
}

#[tokio::test]
async fn journals_go_when_their_time_is_over_and_records_stay() {
    let db = Database::new().await;
    let (long, short) = (db.tenant("long").await.id, db.tenant("short").await.id);
    let mut own = support::settings("short");
    own.limits.max_journal_days = Some(7);
    db.store.tenants().update(short, &own).await.unwrap();
    let writer = db.store.start_writer(WriterConfig::default());
    let upkeep = db.store.upkeep();
    let mut calls = Vec::new();
    // Packed and not, of both tenants, so many days ago; one was never over.
    for (tenant, days) in [(long, 100), (long, 8), (short, 100), (short, 8), (short, 6)] {
        for _ in 0..40 {
            let call = call_id();
            let handle = writer.open_call(record(tenant, call, 1)).unwrap();
            handle.journal(entry(tenant, call, 0)).unwrap();
            handle.close(ended(tenant, call, NOW.0 - days * DAY_MS - 1)).unwrap();
            calls.push((tenant, days, call));
        }
        writer.flush().await.unwrap();
        upkeep.pack(NOW).await.unwrap();
    }
    let lives = call_id();
    let _open = writer.open_call(record(long, lives, 1)).unwrap();
    _open.journal(entry(long, lives, 0)).unwrap();
    writer.flush().await.unwrap();

    let remove = async |days| {
        let mut gone = 0;
        loop {
            let Removed { calls, more } = upkeep.remove(NOW, days).await.unwrap();
            assert!(calls <= 64);
            gone += calls;
            if !more {
                return gone;
            }
        }
    };
    let left = async |tenant, call| {
        db.store.tenant(tenant).calls().get(call).await.unwrap();
        db.store.tenant(tenant).journal().read(call, 0, 10).await.unwrap().len()
    };
    assert_eq!(remove(0).await, 80, "for ever, but for the tenant that wants less");
    assert_eq!(remove(90).await, 40);
    assert_eq!(remove(90).await, 0);
    for (tenant, days, call) in calls {
        let kept = days < if tenant == long { 90 } else { 7 };
        assert_eq!(left(tenant, call).await, usize::from(kept), "{days}");
    }
    assert_eq!(left(long, lives).await, 1);
}

#[tokio::test]
async fn a_clock_that_was_set_back_disturbs_nothing() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let writer = db.store.start_writer(WriterConfig::default());
    let (call, cut_off) = (call_id(), call_id());
    let back = |call, seq: u32| JournalEntry {
        at: Timestamp(if seq < 5 { 900_000 } else { 1_000 } + u64::from(seq)),
        ..entry(tenant, call, seq)
    };
    let handles = [call, cut_off].map(|call| {
        let handle = writer.open_call(record(tenant, call, 800_000)).unwrap();
        (0..10).for_each(|seq| handle.journal(back(call, seq)).unwrap());
        handle
    });
    writer.flush().await.unwrap();
    // The last sign of life is the latest, not the last.
    let unfinished = db.store.unfinished().await.unwrap().calls;
    assert_eq!(unfinished[0].last_seen, Timestamp(900_004));
    let [handle, other] = handles;
    drop(other);
    // It ended before it began.
    let mut over = record(tenant, call, 800_000);
    over.ended_at = Some(Timestamp(2_000));
    handle.close(over).unwrap();
    writer.flush().await.unwrap();
    let journal = db.store.tenant(tenant).journal();
    let expected: Vec<_> = (0..10).map(|seq| back(call, seq)).collect();
    let upkeep = db.store.upkeep();
    for _ in 0..2 {
        assert_eq!(journal.read(call, 0, 100).await.unwrap(), expected);
        assert_eq!(journal.read(call, 4, 3).await.unwrap(), expected[4..7]);
        upkeep.pack(NOW).await.unwrap();
    }
    // Now itself is before everything.
    assert_eq!(upkeep.remove(Timestamp(5), 90).await.unwrap().calls, 0);
    assert_eq!(upkeep.pack(Timestamp(0)).await.unwrap().calls, 0);
    assert_eq!(upkeep.remove(NOW, 90).await.unwrap().calls, 1);
}

#[tokio::test]
async fn what_belongs_to_a_tenant_that_is_gone_goes_too() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let writer = db.store.start_writer(WriterConfig::default());
    let call = call_id();
    let handle = writer.open_call(record(tenant, call, 1)).unwrap();
    db.store.tenants().delete(tenant).await.unwrap();
    handle.journal(entry(tenant, call, 0)).unwrap();
    handle.close(ended(tenant, call, 2)).unwrap();
    writer.flush().await.unwrap();
    let journal = db.store.tenant(tenant).journal();
    assert_eq!(journal.read(call, 0, 10).await.unwrap().len(), 1);
    db.store.upkeep().pack(NOW).await.unwrap();
    assert_eq!(journal.read(call, 0, 10).await.unwrap(), []);
}

#[tokio::test]
async fn room_is_given_back_to_the_disk() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let writer = db.store.start_writer(WriterConfig::default());
    let call = call_id();
    let handle = writer.open_call(record(tenant, call, 1)).unwrap();
    for seq in 0..48 {
        let body = "x".repeat(1 << 20);
        handle.journal(JournalEntry { body, ..entry(tenant, call, seq) }).unwrap();
        writer.flush().await.unwrap();
    }
    handle.close(ended(tenant, call, 2)).unwrap();
    writer.flush().await.unwrap();
    let upkeep = db.store.upkeep();
    assert_eq!(upkeep.give_back().await.unwrap(), 0, "nothing is free");
    assert_eq!(upkeep.remove(NOW, 1).await.unwrap().calls, 1);
    let (mut given_back, mut steps) = (0, 0);
    loop {
        let step = upkeep.give_back().await.unwrap();
        // A page more or less for where pages are.
        assert!(step < 1 << 21, "{step}");
        given_back += step;
        steps += 1;
        if step == 0 {
            break;
        }
    }
    assert!((8 << 20..32 << 20).contains(&given_back), "{given_back} in {steps}");
}
