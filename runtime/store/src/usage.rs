//! What a tenant's guests have used, by day, module and version: for bills, and for
//! seeing which version costs what.

use crate::{Result, StoreError, TenantStore, row};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use strowger_model::{TenantId, Timestamp, VersionId};
use uuid::Uuid;

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;
/// Days in one answer: a leap year and a day.
pub const MAX_USAGE_DAYS: u64 = 367;

/// Sums of one day, module and version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageSums {
    /// Calls that it served and that are over.
    pub calls: u64,
    /// Events it handled.
    pub turns: u64,
    /// Fuel.
    pub fuel: u64,
    /// Time inside the guest.
    pub busy_us: u64,
    /// Faults by kind.
    pub faults: BTreeMap<String, u64>,
}

impl UsageSums {
    /// Adds other sums.
    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.turns += other.turns;
        self.fuel = self.fuel.saturating_add(other.fuel);
        self.busy_us = self.busy_us.saturating_add(other.busy_us);
        for (kind, count) in &other.faults {
            *self.faults.entry(kind.clone()).or_default() += count;
        }
    }
}

/// What one version of a module used on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The day's beginning, in UTC.
    pub day: Timestamp,
    /// What it was used for, as metrics name it: `flow/ivr`, `router/chosen`.
    pub module: String,
    /// Which version; none: it comes with the server, or is a router.
    pub version: Option<VersionId>,
    /// How much.
    pub sums: UsageSums,
}

/// Sums of one run of a server; replaces what the same run said before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageOfRun {
    /// Whose.
    pub tenant: TenantId,
    /// The run.
    pub run: Uuid,
    /// What.
    pub usage: Usage,
}

/// The beginning of the day, in UTC, that `at` is in.
pub fn day_of(at: Timestamp) -> Timestamp {
    Timestamp(at.0 / DAY_MS * DAY_MS)
}

/// A tenant's usage.
#[derive(Clone, Debug)]
pub struct Usages {
    pub(crate) scope: TenantStore,
}

impl Usages {
    /// What was used from the day of `since` to the last one that begins before
    /// `until`; by day, module and version.
    pub async fn read(&self, since: Timestamp, until: Timestamp) -> Result<Vec<Usage>> {
        let since = day_of(since);
        if until.ms_since(since) > MAX_USAGE_DAYS * DAY_MS {
            return Err(StoreError::invalid(format!(
                "usage is read {MAX_USAGE_DAYS} days at a time; move since and until closer together"
            )));
        }
        let rows = sqlx::query(
            "SELECT day, module, version, calls, turns, fuel, busy_us, faults FROM guest_usage \
             WHERE tenant_id = $1 AND day >= $2 AND day < $3 ORDER BY day, module, version",
        )
        .bind(self.scope.key())
        .bind(row::ms(since))
        .bind(row::ms(until))
        .fetch_all(self.scope.read())
        .await?;
        let mut all: Vec<Usage> = Vec::new();
        for found in &rows {
            let usage = Usage {
                day: row::time(found, "day")?,
                module: row::text(found, "module")?,
                version: version(&row::text(found, "version")?)?,
                sums: UsageSums {
                    calls: row::number(found, "calls")?,
                    turns: row::number(found, "turns")?,
                    fuel: row::number(found, "fuel")?,
                    busy_us: row::number(found, "busy_us")?,
                    faults: row::json(found, "faults")?,
                },
            };
            match all.last_mut() {
                Some(last)
                    if (last.day, &last.module, last.version)
                        == (usage.day, &usage.module, usage.version) =>
                {
                    last.sums.add(&usage.sums);
                }
                _ => all.push(usage),
            }
        }
        Ok(all)
    }
}

fn version(text: &str) -> Result<Option<VersionId>> {
    match text {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| StoreError::invalid(format!("the usage of version {text:?}"))),
    }
}

/// Replaces what this run has said of the day, module and version.
pub(crate) async fn write(
    tx: &mut sqlx::Transaction<'_, sqlx::Any>,
    of_run: &UsageOfRun,
) -> Result<()> {
    let UsageOfRun { tenant, run, usage } = of_run;
    sqlx::query(
        "INSERT INTO guest_usage (tenant_id, day, module, version, run, calls, turns, fuel, busy_us, \
         faults) SELECT id, $2, $3, $4, $5, $6, $7, $8, $9, $10 FROM tenants WHERE id = $1 \
         ON CONFLICT (tenant_id, day, module, version, run) DO UPDATE SET calls = excluded.calls, \
         turns = excluded.turns, fuel = excluded.fuel, busy_us = excluded.busy_us, \
         faults = excluded.faults",
    )
    .bind(tenant.to_string())
    .bind(row::ms(usage.day))
    .bind(&usage.module)
    .bind(usage.version.map(|version| version.to_string()).unwrap_or_default())
    .bind(run.to_string())
    .bind(row::big(usage.sums.calls))
    .bind(row::big(usage.sums.turns))
    .bind(row::big(usage.sums.fuel))
    .bind(row::big(usage.sums.busy_us))
    .bind(row::to_json(&usage.sums.faults)?)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
