//! What can go wrong in the store, in words that say what to do.

/// Why the store did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such thing in this tenant.
    #[error("there is no {what} {name:?}")]
    NotFound {
        /// Kind of thing: `queue`, `flow` ...
        what: &'static str,
        /// What was asked for.
        name: String,
    },
    /// Something else stands in the way.
    #[error("{0}")]
    Conflict(String),
    /// The value itself is not acceptable.
    #[error("{0}")]
    Invalid(String),
    /// A stored value cannot be read: written by a newer version, or damaged.
    #[error(
        "the stored {what} cannot be read ({why}); was the database written by a newer version?"
    )]
    Corrupt {
        /// Which column or value.
        what: String,
        /// What the reader said.
        why: String,
    },
    /// The schema could not be brought up to date.
    #[error("the database schema could not be migrated: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The database could not be opened.
    #[error(
        "the database {place} could not be opened: {why}; check that the folder exists and is writable"
    )]
    Open {
        /// Where.
        place: String,
        /// What the database said.
        why: String,
    },
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

impl StoreError {
    /// What happened and, where the operator can do something, what.
    pub(crate) fn with_advice(&self) -> String {
        // SQLITE_FULL, SQLITE_IOERR (limits and broken disks come as this).
        match self.sqlite_code() {
            Some(13 | 10) => format!(
                "{self}; is the disk full? Free some room on the disk of the database: until then \
                 calls go on, and what they write waits in memory"
            ),
            _ => self.to_string(),
        }
    }

    /// Whether the database itself is damaged (SQLITE_CORRUPT, SQLITE_NOTADB).
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self.sqlite_code(), Some(11 | 26))
    }

    /// The primary result code.
    fn sqlite_code(&self) -> Option<u32> {
        let Self::Database(error) = self else { return None };
        let code = error.as_database_error()?.code()?.parse::<u32>().ok()?;
        Some(code & 0xff)
    }

    pub(crate) fn not_found(what: &'static str, name: impl ToString) -> Self {
        Self::NotFound { what, name: name.to_string() }
    }

    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict(message.into())
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(message.into())
    }

    /// Turns a violated unique constraint into `message`.
    pub(crate) fn or_taken(error: sqlx::Error, message: impl FnOnce() -> String) -> Self {
        match error.as_database_error() {
            Some(database) if database.is_unique_violation() => Self::Conflict(message()),
            _ => Self::Database(error),
        }
    }
}

/// Result of the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
