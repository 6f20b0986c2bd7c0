//! The disk fills up under calls. In a process of its own, because the limit that
//! plays the full disk is the process's.

mod support;

use strowger_model::{CallId, JournalEntry, Timestamp};
use strowger_store::{OpenCall, Refused, WriterConfig};
use support::{Database, call_id, entry, record};

/// Set in the process that has the limit.
const LIMITED: &str = "STROWGER_TEST_SMALL_DISK";
/// What each file may grow by before the disk is full.
const ROOM: u64 = 256 << 10;
/// What the writer may hold.
const BACKLOG: u64 = 4 << 20;
const BODY: usize = 4_000;

#[test]
fn calls_go_on_and_nothing_accepted_is_lost() {
    if std::env::var_os(LIMITED).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        return runtime.block_on(with_a_full_disk());
    }
    // The limit counts for every file of the process, the one included that the
    // test runner's own output may go to; so the process with the limit gets pipes.
    let own = std::env::current_exe().unwrap();
    let run = std::process::Command::new(own)
        .args(["--exact", "calls_go_on_and_nothing_accepted_is_lost", "--nocapture"])
        .env(LIMITED, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

/// Largest size of a file from now on; none: as large as it likes.
fn limit_files(bytes: Option<u64>) {
    // SAFETY: plain values; SQLite handles a write that is refused.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
        assert_eq!(libc::getrlimit(libc::RLIMIT_FSIZE, &raw mut limit), 0);
        limit.rlim_cur = bytes.unwrap_or(limit.rlim_max);
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit), 0);
    }
}

/// Resident memory.
fn memory() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4_096
}

fn big(open: &OpenCall, tenant: strowger_model::TenantId, seq: u32) -> JournalEntry {
    let body = format!("{seq}{}", "x".repeat(BODY));
    JournalEntry { body, ..entry(tenant, open.id(), seq) }
}

async fn with_a_full_disk() {
    let db = Database::new().await;
    let tenant = db.tenant("a").await.id;
    let config = WriterConfig {
        max_journal_bytes: BACKLOG,
        max_open_calls: 8,
        batch: 64,
        ..WriterConfig::default()
    };
    let writer = db.store.start_writer(config);
    let mut health = writer.health();
    let open = [(); 3].map(|()| writer.open_call(record(tenant, call_id(), 1)).unwrap());
    writer.flush().await.unwrap();
    let path = db.folder.path().join("strowger.db");
    let sizes = ["db", "db-wal"].map(|ending| path.with_extension(ending).metadata().unwrap());
    limit_files(Some(sizes.iter().map(std::fs::Metadata::len).max().unwrap() + ROOM));
    let memory_before = memory();

    // Calls write on until nothing more is taken; nobody waits for anything.
    let mut accepted = [0_u32; 3];
    let mut new_calls_refused_at = None;
    let mut full = false;
    while !full {
        for (open, accepted) in open.iter().zip(&mut accepted) {
            match open.journal(big(open, tenant, *accepted)) {
                Ok(()) => *accepted += 1,
                Err(refused) => {
                    assert_eq!(refused, Refused::Behind);
                    full = health.borrow().failing.is_some();
                }
            }
        }
        if new_calls_refused_at.is_none() {
            let another = writer.open_call(record(tenant, call_id(), 2));
            if another.as_ref().err() == Some(&Refused::Behind) {
                new_calls_refused_at = Some(accepted);
            }
        }
        tokio::task::yield_now().await;
    }
    health.wait_for(|health| health.attempts >= 2).await.unwrap();
    let why = health.borrow().failing.clone().unwrap();
    println!("{why}");
    assert!(why.contains("Free some room"), "{why}");
    // Calls that are in go on longer than new ones come in.
    let refused_at: u32 = new_calls_refused_at.expect("new calls are refused").iter().sum();
    assert!(refused_at < accepted.iter().sum(), "{refused_at} {accepted:?}");
    // However long it takes: what is refused takes no memory.
    for _ in 0..20_000 {
        for (open, accepted) in open.iter().zip(accepted) {
            assert_eq!(open.journal(big(open, tenant, accepted)), Err(Refused::Behind));
        }
    }
    assert_eq!(writer.open_call(record(tenant, call_id(), 2)).err(), Some(Refused::Behind));
    let grown = memory().saturating_sub(memory_before);
    println!("{accepted:?} entries accepted, {} KiB of memory", grown >> 10);
    assert!(grown < 8 * BACKLOG, "{grown} bytes");
    // Reading goes on, too, and so does a call's end.
    db.store.tenant(tenant).calls().get(open[0].id()).await.unwrap();
    let upkeep = db.store.upkeep().pack(Timestamp(1)).await.unwrap();
    assert_eq!(upkeep.calls, 0);
    let ids: [CallId; 3] = std::array::from_fn(|index| open[index].id());
    for (open, id) in open.into_iter().zip(ids) {
        let mut over = record(tenant, id, 1);
        over.ended_at = Some(Timestamp(9));
        open.close(over).unwrap();
    }

    limit_files(None);
    health.wait_for(|health| health.failing.is_none()).await.unwrap();
    writer.flush().await.unwrap();
    for (id, accepted) in ids.into_iter().zip(accepted) {
        let entries = db.store.tenant(tenant).journal().salvage(id).await;
        assert!(entries.damage.is_none(), "{:?}", entries.damage);
        let read = entries.entries.len();
        assert!(accepted > 0 && read == accepted as usize, "{read} of {accepted}");
        for (seq, found) in (0_u32..).zip(entries.entries) {
            assert_eq!(found.seq, seq);
            assert!(found.body.starts_with(&format!("{seq}x")) && found.body.len() > BODY);
        }
        let over = db.store.tenant(tenant).calls().get(id).await.unwrap();
        assert_eq!(over.ended_at, Some(Timestamp(9)));
    }
    let open = writer.open_call(record(tenant, call_id(), 3)).unwrap();
    open.journal(entry(tenant, open.id(), 0)).unwrap();
    writer.flush().await.unwrap();
}
