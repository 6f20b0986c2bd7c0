//! How the versions of a router fare, from their decisions and the contacts that
//! were theirs to decide about.

use crate::compare::{MAX_COMPARED_CALLS, Spread};
use crate::{Programs, Result, Version, row};
use std::collections::BTreeMap;
use strowger_model::{ContactOutcome, Timestamp};

/// How one version of a router fared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouterReport {
    /// Number of the version.
    pub number: u32,
    /// Decisions it made, those included that a fault has undone.
    pub decisions: u64,
    /// Of these, faulty ones by kind of fault.
    pub faults: BTreeMap<String, u64>,
    /// Fuel that a decision used.
    pub fuel: Spread,
    /// Microseconds that a decision took.
    pub decision_us: Spread,
    /// Contacts that it was to decide about and whose wait is over.
    pub contacts: u64,
    /// Of these, given to an agent who answered.
    pub served: u64,
    /// Of these, whose caller hung up waiting.
    pub abandons: u64,
    /// Whether there were more decisions or contacts than are looked at: the
    /// oldest are left out.
    pub cut: bool,
}

impl Programs {
    /// Compares versions of a router by what they decided within a period; which
    /// ones, as [`Programs::compare`] does.
    pub async fn compare_routers(
        &self,
        name: &str,
        numbers: &[u32],
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<Vec<RouterReport>> {
        let period = (since.unwrap_or(Timestamp(0)), until.unwrap_or(Timestamp(u64::MAX)));
        let mut reports = Vec::new();
        for version in self.compared(name, numbers).await? {
            let mut report = RouterReport { number: version.number, ..RouterReport::default() };
            self.count_decisions(&version, period, &mut report).await?;
            self.count_contacts(&version, period, &mut report).await?;
            reports.push(report);
        }
        Ok(reports)
    }

    async fn count_decisions(
        &self,
        version: &Version,
        (since, until): (Timestamp, Timestamp),
        report: &mut RouterReport,
    ) -> Result<()> {
        let rows = sqlx::query(
            "SELECT fault_kind, fuel, busy_us FROM decisions \
             WHERE tenant_id = $1 AND version_id = $2 AND at >= $3 AND at < $4 \
             ORDER BY at DESC, ask DESC LIMIT $5",
        )
        .bind(self.scope.key())
        .bind(version.id.to_string())
        .bind(row::ms(since))
        .bind(row::ms(until))
        .bind(i64::from(MAX_COMPARED_CALLS) + 1)
        .fetch_all(self.scope.read())
        .await?;
        report.cut |= rows.len() > MAX_COMPARED_CALLS as usize;
        let (mut fuel, mut busy_us) = (Vec::new(), Vec::new());
        for found in rows.iter().take(MAX_COMPARED_CALLS as usize) {
            report.decisions += 1;
            let fault: Option<String> = row::maybe_parsed(found, "fault_kind")?;
            if let Some(kind) = fault {
                *report.faults.entry(kind).or_default() += 1;
            }
            fuel.push(row::number(found, "fuel")?);
            busy_us.push(row::number(found, "busy_us")?);
        }
        report.fuel = Spread::of(fuel);
        report.decision_us = Spread::of(busy_us);
        Ok(())
    }

    async fn count_contacts(
        &self,
        version: &Version,
        (since, until): (Timestamp, Timestamp),
        report: &mut RouterReport,
    ) -> Result<()> {
        let rows = sqlx::query(
            "SELECT outcome FROM routed_contacts \
             WHERE tenant_id = $1 AND version_id = $2 AND at >= $3 AND at < $4 \
             ORDER BY at DESC, call_id DESC LIMIT $5",
        )
        .bind(self.scope.key())
        .bind(version.id.to_string())
        .bind(row::ms(since))
        .bind(row::ms(until))
        .bind(i64::from(MAX_COMPARED_CALLS) + 1)
        .fetch_all(self.scope.read())
        .await?;
        report.cut |= rows.len() > MAX_COMPARED_CALLS as usize;
        for found in rows.iter().take(MAX_COMPARED_CALLS as usize) {
            let outcome = row::text(found, "outcome")?;
            report.contacts += 1;
            report.served += u64::from(outcome == ContactOutcome::Served.name());
            report.abandons += u64::from(outcome == ContactOutcome::Abandoned.name());
        }
        Ok(())
    }
}
