//! How the versions of a flow fare, from the records of their calls.

use crate::{Programs, Result, Version, row};
use std::collections::BTreeMap;
use strowger_model::{
    CallId, CallRecord, ContactOutcome, Direction, Timestamp, VersionId, VersionUse,
};

/// Calls, decisions or contacts of one version that are looked at, the newest
/// ones: some 30 MB of records, a page of which is held at a time.
pub const MAX_COMPARED_CALLS: u32 = 10_000;
/// Versions that are compared at once.
pub const MAX_COMPARED_VERSIONS: usize = 10;
/// Records read at a time.
const PAGE: u32 = 500;

/// How one version fared. Calls count for the version they began with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionReport {
    /// Number of the version.
    pub number: u32,
    /// Calls that are over.
    pub calls: u64,
    /// Of these, answered.
    pub answered: u64,
    /// Calls by the kind of fault that ended the version's part in them.
    pub faults: BTreeMap<String, u64>,
    /// Fuel that the version used in a call.
    pub fuel: Spread,
    /// Microseconds that the version took for a turn, as the mean of a call.
    pub decision_us: Spread,
    /// Answered calls that ended without a fault, an agent, a transfer or an
    /// abandoned wait.
    pub contained: u64,
    /// Calls that an agent talked to.
    pub agents: u64,
    /// Calls that were handed to somebody who is no agent, by the flow or by a
    /// phone.
    pub transfers: u64,
    /// Calls that waited in a queue.
    pub queued: u64,
    /// Of these, whose caller hung up waiting.
    pub abandons: u64,
    /// Whether there were more calls than are looked at: the oldest are left out.
    pub cut: bool,
}

/// Where values lie; none: there were none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Half of them are no larger.
    pub p50: Option<u64>,
    /// All but one in a hundred are no larger.
    pub p99: Option<u64>,
}

impl Spread {
    /// By the nearest rank.
    pub(crate) fn of(mut values: Vec<u64>) -> Self {
        values.sort_unstable();
        let rank = |percent: usize| {
            let place = (values.len() * percent).div_ceil(100).max(1) - 1;
            values.get(place).copied()
        };
        Self { p50: rank(50), p99: rank(99) }
    }
}

impl Programs {
    /// Compares versions by the calls that began within a period. Without
    /// numbers: the stable one, the canary and the newest, as many as are
    /// compared at once.
    pub async fn compare(
        &self,
        name: &str,
        numbers: &[u32],
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<Vec<VersionReport>> {
        let mut reports = Vec::new();
        for version in self.compared(name, numbers).await? {
            reports.push(self.report(&version, since, until).await?);
        }
        Ok(reports)
    }

    /// The versions with these numbers; without numbers the usual ones.
    pub(crate) async fn compared(&self, name: &str, numbers: &[u32]) -> Result<Vec<Version>> {
        if numbers.is_empty() {
            return self.usual(name).await;
        }
        let mut versions = Vec::new();
        for number in numbers {
            versions.push(self.version(name, *number).await?);
        }
        Ok(versions)
    }

    async fn usual(&self, name: &str) -> Result<Vec<Version>> {
        let program = self.get(name).await?;
        let now: Vec<VersionId> = [
            program.current.map(|version| version.id),
            program.rollout.canary.map(|canary| canary.version),
        ]
        .into_iter()
        .flatten()
        .collect();
        let mut versions = self.versions(name).await?;
        // Stable: the newest stay in front within the two groups.
        versions.sort_by_key(|version| !now.contains(&version.id));
        versions.truncate(MAX_COMPARED_VERSIONS);
        versions.sort_by_key(|version| std::cmp::Reverse(version.number));
        Ok(versions)
    }

    async fn report(
        &self,
        version: &Version,
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<VersionReport> {
        let mut tally = Tally::default();
        let mut before: Option<(Timestamp, CallId)> = None;
        let mut looked_at = 0;
        while looked_at <= MAX_COMPARED_CALLS {
            let (at, id) = before.unwrap_or((Timestamp(u64::MAX), CallId(uuid::Uuid::max())));
            let rows = sqlx::query(
                "SELECT record FROM calls WHERE tenant_id = $1 AND began_with = $2 \
                 AND ended_at IS NOT NULL AND started_at >= $3 AND started_at < $4 \
                 AND (started_at < $5 OR (started_at = $5 AND id < $6)) \
                 ORDER BY started_at DESC, id DESC LIMIT $7",
            )
            .bind(self.scope.key())
            .bind(version.id.to_string())
            .bind(row::ms(since.unwrap_or(Timestamp(0))))
            .bind(row::ms(until.unwrap_or(Timestamp(u64::MAX))))
            .bind(row::ms(at))
            .bind(id.to_string())
            .bind(i64::from(PAGE))
            .fetch_all(self.scope.read())
            .await?;
            for found in &rows {
                let record: CallRecord = row::json(found, "record")?;
                before = Some((record.started_at, record.call));
                looked_at += 1;
                if looked_at > MAX_COMPARED_CALLS {
                    tally.report.cut = true;
                    break;
                }
                tally.add(&record, version.id);
            }
            if rows.len() < PAGE as usize {
                break;
            }
        }
        Ok(tally.done(version.number))
    }
}

#[derive(Default)]
struct Tally {
    report: VersionReport,
    fuel: Vec<u64>,
    decision_us: Vec<u64>,
}

impl Tally {
    fn add(&mut self, record: &CallRecord, version: VersionId) {
        let report = &mut self.report;
        let fate = Fate::of(record);
        report.calls += 1;
        report.answered += u64::from(record.answered_at.is_some());
        report.agents += u64::from(fate.agent);
        report.transfers += u64::from(fate.transferred);
        report.queued += u64::from(fate.queued);
        report.abandons += u64::from(fate.abandoned);
        let used = record.guest.versions.iter().find(|used| used.version == version);
        let fault = used.and_then(|used| used.fault.clone());
        let alone = !fate.agent && !fate.transferred && !fate.abandoned && fault.is_none();
        report.contained += u64::from(record.answered_at.is_some() && alone);
        if let Some(kind) = fault {
            *report.faults.entry(kind).or_default() += 1;
        }
        if let Some(VersionUse { turns: turns @ 1.., fuel, busy_us, .. }) = used {
            self.fuel.push(*fuel);
            self.decision_us.push(busy_us / u64::from(*turns));
        }
    }

    fn done(self, number: u32) -> VersionReport {
        VersionReport {
            number,
            fuel: Spread::of(self.fuel),
            decision_us: Spread::of(self.decision_us),
            ..self.report
        }
    }
}

/// What became of a caller.
struct Fate {
    agent: bool,
    transferred: bool,
    queued: bool,
    abandoned: bool,
}

impl Fate {
    fn of(record: &CallRecord) -> Self {
        let mut answered_out = record
            .legs
            .iter()
            .filter(|leg| leg.direction == Direction::Outbound && leg.answered_at.is_some());
        let agent = answered_out.clone().any(|leg| leg.agent.is_some());
        let handed_on = answered_out.any(|leg| leg.agent.is_none());
        let by_phone = record.transfers.iter().any(|transfer| transfer.sip_status == Some(200));
        let left = |wanted| record.queue_visits.iter().any(|visit| visit.outcome == Some(wanted));
        Self {
            agent: agent || record.queue_visits.iter().any(|visit| visit.agent.is_some()),
            transferred: handed_on || by_phone,
            queued: !record.queue_visits.is_empty(),
            abandoned: left(ContactOutcome::Abandoned),
        }
    }
}
