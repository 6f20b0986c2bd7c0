//! Call records: reading them. Writing is the [`crate::Writer`]'s.

use crate::{Result, StoreError, TenantStore, row};
use sqlx::any::AnyRow;
use std::fmt;
use std::str::FromStr;
use strowger_model::{AgentId, CallId, CallRecord, Cause, Direction, Timestamp};

/// Records in one page; a page is held in memory.
pub const MAX_PAGE: u32 = 500;

/// Which calls are wanted. Everything given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Started at or after.
    pub since: Option<Timestamp>,
    /// Started before.
    pub until: Option<Timestamp>,
    /// Calling address, exactly.
    pub from: Option<String>,
    /// Called address, exactly.
    pub to: Option<String>,
    /// Way of the first leg.
    pub direction: Option<Direction>,
    /// Why it ended.
    pub cause: Option<Cause>,
    /// Name of the last queue the caller waited in.
    pub queue: Option<String>,
    /// The agent who talked to the caller last.
    pub agent: Option<AgentId>,
    /// Answered or not.
    pub answered: Option<bool>,
    /// Still open or over.
    pub open: Option<bool>,
}

/// Where a page begins: after this call, in order of start, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Start of the last call seen.
    pub started_at: Timestamp,
    /// The last thing seen.
    pub id: uuid::Uuid,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.started_at.0, self.id.simple())
    }
}

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.split_once('-').and_then(|(at, id)| {
            Some(Self { started_at: Timestamp(at.parse().ok()?), id: id.parse().ok()? })
        });
        parsed.ok_or_else(|| "use the `next` of the page before as it is".to_owned())
    }
}

/// A page of something, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next one begins; none: this was the last.
    pub next: Option<Cursor>,
}

/// A tenant's call records.
#[derive(Clone, Debug)]
pub struct Calls(pub(crate) TenantStore);

impl Calls {
    /// One page of the calls that pass the filter, newest first; at most
    /// [`MAX_PAGE`] records.
    pub async fn list(
        &self,
        filter: &CallFilter,
        after: Option<Cursor>,
        limit: u32,
    ) -> Result<Page<CallRecord>> {
        let limit = limit.clamp(1, MAX_PAGE);
        let mut conditions = Conditions::new(self.0.key());
        conditions.time("started_at >=", filter.since);
        conditions.time("started_at <", filter.until);
        conditions.text("from_addr =", filter.from.clone());
        conditions.text("to_addr =", filter.to.clone());
        conditions.text("direction =", filter.direction.map(|way| direction_name(way).to_owned()));
        conditions.text("cause =", filter.cause.map(|cause| cause.name().to_owned()));
        conditions.text("queue =", filter.queue.clone());
        conditions.text("agent_id =", filter.agent.map(|agent| agent.to_string()));
        conditions.presence("answered_at", filter.answered);
        conditions.presence("ended_at", filter.open.map(|open| !open));
        conditions.after(after);
        let rows = conditions
            .fetch(&self.0, "SELECT id, started_at, record FROM calls", limit.saturating_add(1))
            .await?;
        page(rows, limit, |found| row::json(found, "record"))
    }

    /// One call.
    pub async fn get(&self, id: CallId) -> Result<CallRecord> {
        let found = sqlx::query("SELECT record FROM calls WHERE tenant_id = $1 AND id = $2")
            .bind(self.0.key())
            .bind(id.to_string())
            .fetch_optional(self.0.read())
            .await?;
        row::json(&found.ok_or_else(|| StoreError::not_found("call", id))?, "record")
    }
}

/// Name of a direction as it stands in SQL and JSON.
pub(crate) fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Inbound => "inbound",
        Direction::Outbound => "outbound",
    }
}

/// Cuts `limit` items out of one more row than that and says where to go on.
pub(crate) fn page<T>(
    mut rows: Vec<AnyRow>,
    limit: u32,
    read: impl Fn(&AnyRow) -> Result<T>,
) -> Result<Page<T>> {
    let limit = limit as usize;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = match rows.last() {
        Some(last) if more => Some(Cursor {
            started_at: row::time(last, "started_at")?,
            id: row::parsed(last, "id")?,
        }),
        _ => None,
    };
    Ok(Page { items: rows.iter().map(read).collect::<Result<_>>()?, next })
}

/// A `WHERE` clause put together from fixed texts and bound values.
pub(crate) struct Conditions {
    sql: String,
    values: Vec<Value>,
}

enum Value {
    Text(String),
    Number(i64),
}

impl Conditions {
    pub(crate) fn new(tenant: &str) -> Self {
        Self {
            sql: " WHERE tenant_id = $1".to_owned(),
            values: vec![Value::Text(tenant.to_owned())],
        }
    }

    pub(crate) fn text(&mut self, condition: &'static str, value: Option<String>) {
        if let Some(value) = value {
            self.push(condition, Value::Text(value));
        }
    }

    pub(crate) fn time(&mut self, condition: &'static str, value: Option<Timestamp>) {
        if let Some(value) = value {
            self.push(condition, Value::Number(row::ms(value)));
        }
    }

    pub(crate) fn presence(&mut self, column: &'static str, wanted: Option<bool>) {
        if let Some(wanted) = wanted {
            let not = if wanted { "NOT " } else { "" };
            self.sql.push_str(&format!(" AND {column} IS {not}NULL"));
        }
    }

    /// Only what comes after the cursor, newest first.
    pub(crate) fn after(&mut self, cursor: Option<Cursor>) {
        if let Some(cursor) = cursor {
            self.values.push(Value::Number(row::ms(cursor.started_at)));
            self.values.push(Value::Text(cursor.id.to_string()));
            let (at, id) = (self.values.len() - 1, self.values.len());
            self.sql.push_str(&format!(
                " AND (started_at < ${at} OR (started_at = ${at} AND id < ${id}))"
            ));
        }
    }

    pub(crate) async fn fetch(
        self,
        scope: &TenantStore,
        select: &'static str,
        limit: u32,
    ) -> Result<Vec<AnyRow>> {
        let sql = format!("{select}{} ORDER BY started_at DESC, id DESC LIMIT {limit}", self.sql);
        let mut query = sqlx::query(sqlx::AssertSqlSafe(sql));
        for value in self.values {
            query = match value {
                Value::Text(text) => query.bind(text),
                Value::Number(number) => query.bind(number),
            };
        }
        Ok(query.fetch_all(scope.read()).await?)
    }

    fn push(&mut self, condition: &'static str, value: Value) {
        self.values.push(value);
        self.sql.push_str(&format!(" AND {condition} ${}", self.values.len()));
    }
}
