//! Everything that differs between databases: opening, pragmas, migrations.
//!
//! Statements elsewhere are written once, with `$n` parameters (or with what
//! [`rows`] makes) and with types that SQLite and PostgreSQL share, and run through
//! sqlx's `Any` driver.

use crate::{Result, StoreError};
use sqlx::any::AnyPoolOptions;
use sqlx::migrate::Migrator;
use sqlx::{AnyConnection, AnyPool, Connection as _, Executor};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

static SQLITE_MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// SQLite reads in parallel under WAL; more readers than this only contend for two cores' caches.
const SQLITE_READERS: u32 = 8;
/// How long a request waits for a connection before it fails: longer than any
/// statement of ours, shorter than the API's own time-out.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the data is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A SQLite file, created if missing.
    Sqlite(PathBuf),
}

/// The connections of one database.
#[derive(Debug, Clone)]
pub(crate) struct Connections {
    /// Many, for reading.
    pub read: AnyPool,
    /// SQLite has one writer at a time. Queueing for a single connection here is
    /// fair and cannot end in SQLITE_BUSY, which a second writing connection
    /// would see as soon as its snapshot is older than the last commit.
    pub write: AnyPool,
}

/// Opens the database and brings its schema up to date.
pub(crate) async fn open(place: &Place) -> Result<Connections> {
    static DRIVERS: Once = Once::new();
    DRIVERS.call_once(|| {
        // Fails if the program has installed its own list; opening then says what is missing.
        let _ = sqlx::any::install_drivers(&[sqlx::sqlite::any::DRIVER]);
    });
    match place {
        Place::Sqlite(file) => open_sqlite(file).await,
    }
}

/// `rows` times a row of `columns` parameters, for `VALUES`. Unnamed ones: SQLite
/// finds a numbered parameter by going through all of them.
pub(crate) fn rows(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    vec![row.as_str(); rows].join(",")
}

async fn open_sqlite(file: &Path) -> Result<Connections> {
    let url = sqlite_url(file)?;
    let failed = |why: sqlx::Error| StoreError::Open {
        place: file.display().to_string(),
        why: why.to_string(),
    };
    let write = sqlite_writer().connect(&format!("{url}?mode=rwc")).await.map_err(failed)?;
    SQLITE_MIGRATIONS.run(&write).await?;
    let read =
        sqlite_pool(SQLITE_READERS).connect(&format!("{url}?mode=rw")).await.map_err(failed)?;
    Ok(Connections { read, write })
}

/// The one connection that writes, and so the only one that a failed commit can
/// leave in a transaction: it is looked at before each use, in place of the ping
/// that readers get. That is one more step for each batch, of which there are some
/// ten a second. A reader never is in a transaction and needs no such look.
fn sqlite_writer() -> AnyPoolOptions {
    sqlite_pool(1)
        .test_before_acquire(false)
        .before_acquire(|connection, _| Box::pin(async { Ok(is_clean(connection).await) }))
}

/// WAL lets readers go on while the writer commits. `synchronous=FULL` syncs the
/// log at every commit: a record that was acknowledged survives a power cut, and
/// because calls are written in batches that costs about ten syncs a second.
/// NORMAL would be safe against a killed process only. The log is moved into the
/// file every 16 MB: a page that many calls share is moved once and not each time;
/// if it has grown because the database did not keep up, it shrinks again.
/// The pages that the next batch touches again (the ends of the indexes) stay in
/// memory, 16 MB at most, and so does what undoes half a statement.
/// Room in the file can be given back (`auto_vacuum`) if the file was made so; an
/// older one keeps its free pages for itself until an operator runs `VACUUM` on it.
fn sqlite_pool(connections: u32) -> AnyPoolOptions {
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(|connection, _| {
            Box::pin(async move {
                // Before anything else is, and only once: in a file that has it, the
                // statement would write, which a full disk refuses.
                let vacuum: i64 =
                    sqlx::query_scalar("PRAGMA auto_vacuum").fetch_one(&mut *connection).await?;
                if vacuum == 0 {
                    connection.execute("PRAGMA auto_vacuum = INCREMENTAL").await?;
                }
                connection
                    .execute(
                        "PRAGMA journal_mode = WAL;
                         PRAGMA synchronous = FULL;
                         PRAGMA wal_autocheckpoint = 4000;
                         PRAGMA journal_size_limit = 67108864;
                         PRAGMA cache_size = -16384;
                         PRAGMA temp_store = MEMORY;
                         PRAGMA foreign_keys = ON;
                         PRAGMA busy_timeout = 5000;",
                    )
                    .await?;
                Ok(())
            })
        })
}

/// Whether a connection is outside of every transaction. One whose commit failed,
/// on a full disk, may still be inside: what is then "committed" on it is a
/// savepoint of a transaction that nobody ends, and would be lost. The pool closes
/// such a connection and opens another.
async fn is_clean(connection: &mut AnyConnection) -> bool {
    !connection.is_in_transaction() && connection.execute("BEGIN; ROLLBACK").await.is_ok()
}

/// Free pages that are left in the file: the next calls need them. 32 MiB.
const FREE_PAGES: i64 = 8_192;
/// Pages given back in one transaction: a megabyte, some milliseconds.
const PAGES_AT_ONCE: i64 = 256;

/// Gives room that is free in the file back to the disk, see [`FREE_PAGES`];
/// returns how many bytes.
pub(crate) async fn give_back(db: &Connections) -> Result<u64> {
    let mut connection = db.write.acquire().await?;
    let number = |pragma| sqlx::query_scalar::<_, i64>(pragma);
    let free = number("PRAGMA freelist_count").fetch_one(&mut *connection).await?;
    if free < FREE_PAGES + PAGES_AT_ONCE {
        return Ok(0);
    }
    let before = number("PRAGMA page_count").fetch_one(&mut *connection).await?;
    let vacuum = format!("PRAGMA incremental_vacuum({PAGES_AT_ONCE})");
    sqlx::query(sqlx::AssertSqlSafe(vacuum)).fetch_all(&mut *connection).await?;
    let after = number("PRAGMA page_count").fetch_one(&mut *connection).await?;
    let size = number("PRAGMA page_size").fetch_one(&mut *connection).await?;
    Ok(u64::try_from((before - after).saturating_mul(size)).unwrap_or(0))
}

fn sqlite_url(file: &Path) -> Result<String> {
    let text = file
        .to_str()
        .ok_or_else(|| StoreError::invalid("the path of the database must be valid UTF-8"))?;
    let mut url = String::from("sqlite://");
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' => {
                url.push(char::from(byte));
            }
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    Ok(url)
}
