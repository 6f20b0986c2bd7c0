//! A write that was torn in the middle costs what was not acknowledged, and
//! nothing else.

mod support;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use strowger_model::{CallId, TenantId};
use strowger_store::{Place, Store, WriterConfig};
use support::{Database, call_id, entry, record};

/// Set for the child only.
const DATABASE: &str = "STROWGER_TEST_TORN_DATABASE";
/// Calls that write side by side.
const CALLS: usize = 3;
/// Flushes the parent waits for before it kills.
const FLUSHES: usize = 60;
/// Frames of the log: a header of 32 bytes, then 24 bytes and a page each
/// (SQLite file format §4.1).
const LOG_HEADER: u64 = 32;
const FRAME: u64 = 24 + 4_096;

/// Not a test of its own: what the child process runs until it is killed.
#[tokio::test]
async fn child_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(DATABASE).map(PathBuf::from) else { return };
    let log = log_of(&path);
    let store = Store::open(&Place::Sqlite(path)).await.unwrap();
    let tenant = store.tenants().list().await.unwrap()[0].id;
    let writer = store.start_writer(WriterConfig::default());
    let calls = [(); CALLS].map(|()| call_id());
    let open = calls.map(|call| writer.open_call(record(tenant, call, 1_000)).unwrap());
    println!("\ncalls {} {} {}", calls[0], calls[1], calls[2]);
    for seq in 0.. {
        for handle in &open {
            handle.journal(entry(tenant, handle.id(), seq)).unwrap();
        }
        writer.flush().await.unwrap();
        println!("\nacknowledged {seq} {}", std::fs::metadata(&log).unwrap().len());
    }
}

fn log_of(database: &Path) -> PathBuf {
    database.with_extension("db-wal")
}

/// What the child said before it was killed.
struct Said {
    calls: Vec<CallId>,
    /// What was acknowledged when the log was so long.
    acknowledged: Vec<(u32, u64)>,
}

fn run_and_kill(db: &Database) -> Said {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["child_writes_until_it_is_killed", "--exact", "--nocapture"])
        .env(DATABASE, db.folder.path().join("strowger.db"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Said { calls: Vec::new(), acknowledged: Vec::new() };
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let words: Vec<_> = line.split_whitespace().collect();
        match words.as_slice() {
            ["calls", calls @ ..] => {
                said.calls = calls.iter().map(|call| call.parse().unwrap()).collect();
            }
            ["acknowledged", seq, length] => {
                said.acknowledged.push((seq.parse().unwrap(), length.parse().unwrap()));
            }
            _ => {}
        }
        if said.acknowledged.len() == FLUSHES {
            break;
        }
    }
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success(), "the child ended by itself");
    said
}

/// What has become of the log.
#[derive(Clone, Copy, Debug)]
enum Damage {
    /// It ends here.
    CutAt(u64),
    /// These bytes and some behind them are others.
    GarbledAt(u64),
    /// It ends here, and nothing follows but zeroes: the file system had made
    /// room already.
    ZeroesFrom(u64),
}

impl Damage {
    fn place(self) -> u64 {
        match self {
            Self::CutAt(place) | Self::GarbledAt(place) | Self::ZeroesFrom(place) => place,
        }
    }

    fn apply(self, log: &mut Vec<u8>) {
        let place = usize::try_from(self.place()).unwrap();
        match self {
            Self::CutAt(_) => log.truncate(place),
            Self::GarbledAt(_) => log[place..].iter_mut().take(9).for_each(|byte| *byte ^= 0x5a),
            Self::ZeroesFrom(_) => log[place..].fill(0),
        }
    }
}

/// Places to tear at: around the borders of the last frames, in the middle of
/// them, and here and there before.
fn damages(length: u64) -> Vec<Damage> {
    let mut places = vec![0, 1, LOG_HEADER - 1, LOG_HEADER];
    let frames = (length - LOG_HEADER) / FRAME;
    for frame in (0..frames).step_by(11).chain(frames - 8..frames) {
        let start = LOG_HEADER + frame * FRAME;
        places.extend([start, start + 5, start + 24, start + 2_000, start + FRAME - 1]);
    }
    places.retain(|place| *place < length);
    let all = [Damage::CutAt, Damage::GarbledAt, Damage::ZeroesFrom];
    places.iter().enumerate().map(|(index, place)| all[index % 3](*place)).collect()
}

async fn check(tenant: TenantId, database: &Path, said: &Said, damage: Damage) -> usize {
    let store = Store::open(&Place::Sqlite(database.to_owned())).await.expect("it opens");
    let kept = said.acknowledged.iter().rev().find(|(_, length)| *length <= damage.place());
    let kept = kept.map_or(0, |(seq, _)| *seq as usize + 1);
    let mut most = 0;
    for call in &said.calls {
        let entries = store.tenant(tenant).journal().read(*call, 0, 1_000).await.unwrap();
        assert!(entries.len() >= kept, "{damage:?}: {} of {kept}", entries.len());
        most = most.max(entries.len());
        for (seq, found) in (0..).zip(&entries) {
            assert_eq!(*found, entry(tenant, *call, seq), "{damage:?}");
        }
    }
    let open = store.unfinished().await.unwrap().calls;
    assert!(kept == 0 || open.len() == CALLS, "{damage:?}: {open:?}");
    // And it goes on as if nothing had been.
    let writer = store.start_writer(WriterConfig::default());
    let next = writer.open_call(record(tenant, call_id(), 5)).unwrap();
    next.journal(entry(tenant, next.id(), 0)).unwrap();
    writer.flush().await.unwrap();
    assert_eq!(store.tenant(tenant).journal().read(next.id(), 0, 9).await.unwrap().len(), 1);
    writer.shutdown().await.unwrap();
    store.close().await;
    most
}

#[tokio::test]
async fn what_was_acknowledged_before_the_tear_is_there() {
    let db = Database::new().await;
    let tenant = db.tenant("acme").await.id;
    db.store.close().await;
    let said = run_and_kill(&db);
    assert_eq!((said.calls.len(), said.acknowledged.len()), (CALLS, FLUSHES));
    let database = db.folder.path().join("strowger.db");
    let log = std::fs::read(log_of(&database)).unwrap();
    assert!(log.len() as u64 > LOG_HEADER + 20 * FRAME, "{} bytes of log", log.len());
    let damages = damages(log.len() as u64);
    assert!((50..150).contains(&damages.len()), "{}", damages.len());
    let (mut least, mut most) = (usize::MAX, 0);
    for damage in damages {
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("strowger.db");
        std::fs::copy(&database, &copy).unwrap();
        let mut torn = log.clone();
        damage.apply(&mut torn);
        std::fs::write(log_of(&copy), torn).unwrap();
        let found = check(tenant, &copy, &said, damage).await;
        (least, most) = (least.min(found), most.max(found));
    }
    assert!(least == 0 && most + 8 > FLUSHES, "from {least} to {most} entries");
}
