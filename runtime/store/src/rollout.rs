//! Which version new calls get: promote, canary, rollback, and their history.
//!
//! Every change is one transaction that counts the revision up and writes down
//! what was done. Whoever names the revision they have seen loses against one
//! who was faster, instead of undoing what they do not know of.

use crate::program::{Programs, version_from_row};
use crate::router_choice::{self, RouterChoice};
use crate::{ProgramKind, Result, StoreError, Version, row};
use sqlx::any::AnyRow;
use strowger_model::{
    FlowId, RollbackFigures, RollbackRules, RolloutChange, RolloutStep, Timestamp, VersionId,
    WHOLE_PERCENT,
};

/// Changes kept of one program: years of daily deploys would be read at once.
const HISTORY_KEPT: u64 = 500;
/// Who is named for what happens by itself.
const BY_RULES: &str = "rules";

type Tx<'a> = sqlx::Transaction<'a, sqlx::Any>;

/// How a program's versions stand, besides the stable one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rollout {
    /// Changes so far.
    pub revision: u64,
    /// The version that some calls try.
    pub canary: Option<Canary>,
    /// When the version that is tried is taken out by itself.
    pub rules: RollbackRules,
    /// The last change; none: nothing was changed since history is kept.
    pub last: Option<RolloutChange>,
}

/// A version that some calls try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canary {
    /// Which.
    pub version: VersionId,
    /// Its number.
    pub number: u32,
    /// How many calls try it.
    pub share_percent: u32,
}

/// Who asks for a change, and what they have seen.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// Name of the key.
    pub by: &'a str,
    /// The revision they have seen; none: whatever it is.
    pub seen: Option<u64>,
}

/// A version by id and number.
type Named = (VersionId, u32);

/// A program within a transaction.
#[derive(Debug)]
pub(crate) struct Held {
    pub program: FlowId,
    pub last_number: u32,
    pub stable: Option<Named>,
    name: String,
    revision: u64,
    canary: Option<(Named, u32)>,
    rules: RollbackRules,
}

/// What a change leads to.
struct Next {
    step: RolloutStep,
    stable: Named,
    canary: Option<(Named, u32)>,
    rules: Option<RollbackRules>,
    left: Option<u32>,
    reason: Option<(String, RollbackFigures)>,
}

impl Programs {
    /// Makes a version the stable one, which ends a canary; calls under way keep
    /// theirs.
    pub async fn promote(
        &self,
        name: &str,
        number: u32,
        rules: Option<&RollbackRules>,
        order: Order<'_>,
    ) -> Result<()> {
        let mut tx = self.scope.write().begin().await?;
        let held = hold(&mut tx, self, name).await?;
        promote(&mut tx, self, &held, number, rules, order).await?;
        Ok(tx.commit().await?)
    }

    /// Lets a share of new calls try a version; without rules the ones in force stay.
    pub async fn try_canary(
        &self,
        name: &str,
        number: u32,
        share_percent: u32,
        rules: Option<&RollbackRules>,
        order: Order<'_>,
    ) -> Result<()> {
        check_share(share_percent)?;
        let mut tx = self.scope.write().begin().await?;
        let held = hold(&mut tx, self, name).await?;
        let stable = held.stable.ok_or_else(|| StoreError::not_found("version", name))?;
        let canary = named(&mut tx, &held, number).await?;
        if canary == stable {
            return Err(StoreError::conflict(format!(
                "version {number} is the stable one of {name} already; try another one"
            )));
        }
        let left = held.canary.map(|(canary, _)| canary.1).filter(|before| *before != number);
        let next = Next {
            step: RolloutStep::Canary,
            stable,
            canary: Some((canary, share_percent)),
            rules: rules.cloned(),
            left,
            reason: None,
        };
        write(&mut tx, self, &held, next, order).await?;
        Ok(tx.commit().await?)
    }

    /// Takes the canary out; without one nothing happens.
    pub async fn end_canary(&self, name: &str, order: Order<'_>) -> Result<()> {
        let mut tx = self.scope.write().begin().await?;
        let held = hold(&mut tx, self, name).await?;
        let (Some(stable), Some((canary, _))) = (held.stable, held.canary) else { return Ok(()) };
        let next = Next::without_canary(RolloutStep::CanaryOff, stable, canary.1);
        write(&mut tx, self, &held, next, order).await?;
        Ok(tx.commit().await?)
    }

    /// Back to where it was before: a canary is taken out; without one, or with a
    /// number, an earlier version becomes the stable one.
    pub async fn roll_back(&self, name: &str, to: Option<u32>, order: Order<'_>) -> Result<()> {
        let mut tx = self.scope.write().begin().await?;
        let held = hold(&mut tx, self, name).await?;
        let next = self.back(&mut tx, &held, to, RolloutStep::Rollback).await?;
        write(&mut tx, self, &held, next, order).await?;
        Ok(tx.commit().await?)
    }

    /// The same by the rules, if the rollout is still the one that was judged.
    pub async fn roll_back_by_rules(
        &self,
        name: &str,
        seen: u64,
        reason: &str,
        figures: &RollbackFigures,
    ) -> Result<RolloutChange> {
        let mut tx = self.scope.write().begin().await?;
        let held = hold(&mut tx, self, name).await?;
        let mut next = self.back(&mut tx, &held, None, RolloutStep::AutomaticRollback).await?;
        next.reason = Some((reason.to_owned(), figures.clone()));
        let order = Order { by: BY_RULES, seen: Some(seen) };
        let change = write(&mut tx, self, &held, next, order).await?;
        tx.commit().await?;
        Ok(change)
    }

    /// What was done to the rollout, newest first, as far as it is kept.
    pub async fn history(&self, name: &str) -> Result<Vec<RolloutChange>> {
        let program = self.get(name).await?;
        let rows = sqlx::query(
            "SELECT body FROM rollout_changes WHERE tenant_id = $1 AND program_id = $2 \
             ORDER BY revision DESC",
        )
        .bind(self.scope.key())
        .bind(program.id.to_string())
        .fetch_all(self.scope.read())
        .await?;
        rows.iter().map(|found| row::json(found, "body")).collect()
    }

    /// Deletes a version that new calls cannot get. Calls under way keep it.
    pub async fn delete_version(&self, name: &str, number: u32) -> Result<Version> {
        let mut tx = self.scope.write().begin().await?;
        let held = hold(&mut tx, self, name).await?;
        let (version, _) = named(&mut tx, &held, number).await?;
        let found = sqlx::query("SELECT * FROM versions WHERE id = $1")
            .bind(version.to_string())
            .fetch_one(&mut *tx)
            .await?;
        let found = version_from_row(&found)?;
        let in_the_way = |what: String| {
            Err(StoreError::conflict(format!("version {number} of {name} is {what}")))
        };
        if held.stable.is_some_and(|(stable, _)| stable == version) {
            return in_the_way("the stable one; promote another version first".to_owned());
        }
        if held.canary.is_some_and(|((canary, _), _)| canary == version) {
            return in_the_way("being tried; take the canary out first".to_owned());
        }
        let uses = |choice: &RouterChoice| choice.names_version(version);
        if self.kind == ProgramKind::Router
            && let Some(who) = router_choice::who(&mut tx, self.scope.key(), uses).await?
        {
            return in_the_way(format!(
                "chosen by {who} to distribute contacts; choose another there first"
            ));
        }
        let bound: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM numbers WHERE pinned_version = $1 OR canary_version = $1",
        )
        .bind(version.to_string())
        .fetch_one(&mut *tx)
        .await?;
        if bound > 0 {
            return in_the_way(format!("bound to {bound} numbers; point them elsewhere first"));
        }
        sqlx::query("DELETE FROM versions WHERE tenant_id = $1 AND id = $2")
            .bind(self.scope.key())
            .bind(version.to_string())
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM blobs WHERE digest NOT IN (SELECT digest FROM versions)")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(found)
    }

    async fn back(
        &self,
        tx: &mut Tx<'_>,
        held: &Held,
        to: Option<u32>,
        step: RolloutStep,
    ) -> Result<Next> {
        let name = &held.name;
        let stable = held.stable.ok_or_else(|| StoreError::not_found("version", name))?;
        if let (Some((canary, _)), None) = (held.canary, to) {
            return Ok(Next::without_canary(step, stable, canary.1));
        }
        let target = match to {
            Some(number) => Some(named(tx, held, number).await?),
            None => self.before(tx, held).await?,
        };
        let target = target.ok_or_else(|| {
            StoreError::conflict(format!(
                "{name} has no earlier version to go back to; promote the one you want, or upload it"
            ))
        })?;
        if target == stable {
            let (_, number) = stable;
            let what = format!("version {number} is the stable one of {name} already");
            return Err(StoreError::conflict(what));
        }
        let left = Some(stable.1);
        Ok(Next { step, stable: target, canary: None, rules: None, left, reason: None })
    }

    /// The stable version before the present one that is still there.
    async fn before(&self, tx: &mut Tx<'_>, held: &Held) -> Result<Option<Named>> {
        let rows =
            sqlx::query("SELECT body FROM rollout_changes WHERE program_id = $1 ORDER BY revision")
                .bind(held.program.to_string())
                .fetch_all(&mut **tx)
                .await?;
        let changes: Vec<RolloutChange> =
            rows.iter().map(|found| row::json(found, "body")).collect::<Result<_>>()?;
        for number in earlier(&changes) {
            match named(tx, held, number).await {
                Ok(found) => return Ok(Some(found)),
                Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

impl Next {
    fn without_canary(step: RolloutStep, stable: Named, canary: u32) -> Self {
        Self { step, stable, canary: None, rules: None, left: Some(canary), reason: None }
    }
}

/// Refuses a share that is no percentage.
pub(crate) fn check_share(share_percent: u32) -> Result<()> {
    if share_percent > WHOLE_PERCENT {
        return Err(StoreError::invalid(format!(
            "a canary's share is 0 to 100 percent of the calls; {share_percent} is not"
        )));
    }
    Ok(())
}

/// Stable versions that one can go back to, nearest first. Who goes back and
/// back again does not end where they began.
fn earlier(changes: &[RolloutChange]) -> Vec<u32> {
    let mut stack: Vec<u32> = Vec::new();
    for change in changes {
        let Some(stable) = change.stable else { continue };
        match change.step {
            RolloutStep::Promote => {
                // The history may begin later than the program.
                if let (true, Some(left)) = (stack.is_empty(), change.left) {
                    stack.push(left);
                }
                if stack.last() != Some(&stable) {
                    stack.push(stable);
                }
            }
            RolloutStep::Rollback | RolloutStep::AutomaticRollback => {
                match stack.iter().rposition(|number| *number == stable) {
                    Some(place) => stack.truncate(place + 1),
                    None => stack = vec![stable],
                }
            }
            RolloutStep::Canary | RolloutStep::CanaryOff if stack.is_empty() => stack.push(stable),
            RolloutStep::Canary | RolloutStep::CanaryOff => {}
        }
    }
    stack.pop();
    stack.reverse();
    stack
}

/// Reads a program for a change.
pub(crate) async fn hold(tx: &mut Tx<'_>, programs: &Programs, name: &str) -> Result<Held> {
    let found = sqlx::query(
        "SELECT p.*, s.number AS stable_number, c.number AS canary_number FROM programs p \
         LEFT JOIN versions s ON s.id = p.current_version \
         LEFT JOIN versions c ON c.id = p.canary_version \
         WHERE p.tenant_id = $1 AND p.kind = $2 AND p.name = $3",
    )
    .bind(programs.scope.key())
    .bind(programs.kind.name())
    .bind(name)
    .fetch_optional(&mut **tx)
    .await?;
    let found = found.ok_or_else(|| StoreError::not_found(programs.kind.name(), name))?;
    let stable = row::maybe_parsed(&found, "current_version")?;
    Ok(Held {
        program: row::parsed(&found, "id")?,
        name: name.to_owned(),
        last_number: u32::try_from(row::number(&found, "last_number")?).unwrap_or(u32::MAX),
        revision: row::number(&found, "revision")?,
        stable: stable.zip(row::maybe_number(&found, "stable_number")?),
        canary: canary(&found)?
            .map(|canary| ((canary.version, canary.number), canary.share_percent)),
        rules: row::json(&found, "rollback_rules")?,
    })
}

/// Makes a version the stable one within a transaction.
pub(crate) async fn promote(
    tx: &mut Tx<'_>,
    programs: &Programs,
    held: &Held,
    number: u32,
    rules: Option<&RollbackRules>,
    order: Order<'_>,
) -> Result<()> {
    let stable = named(tx, held, number).await?;
    let same_rules = rules.is_none_or(|rules| *rules == held.rules);
    if held.stable == Some(stable) && held.canary.is_none() && same_rules {
        return check_seen(held, order);
    }
    let left = held.stable.filter(|before| *before != stable).map(|(_, number)| number);
    let next = Next {
        step: RolloutStep::Promote,
        stable,
        canary: None,
        rules: rules.cloned(),
        left,
        reason: None,
    };
    write(tx, programs, held, next, order).await.map(drop)
}

async fn named(tx: &mut Tx<'_>, held: &Held, number: u32) -> Result<Named> {
    let id: Option<String> =
        sqlx::query_scalar("SELECT id FROM versions WHERE program_id = $1 AND number = $2")
            .bind(held.program.to_string())
            .bind(i64::from(number))
            .fetch_optional(&mut **tx)
            .await?;
    let missing = || StoreError::not_found("version", format!("{}/{number}", held.name));
    let id = id.and_then(|id| id.parse().ok()).ok_or_else(missing)?;
    Ok((id, number))
}

fn check_seen(held: &Held, order: Order<'_>) -> Result<()> {
    match order.seen {
        Some(seen) if seen != held.revision => Err(overtaken(held, seen)),
        _ => Ok(()),
    }
}

fn overtaken(held: &Held, seen: u64) -> StoreError {
    let (name, now) = (&held.name, held.revision);
    StoreError::conflict(format!(
        "somebody else has changed the rollout of {name}: it is at revision {now} and you have \
         seen {seen}; look at it again, then repeat the change if it is still right"
    ))
}

async fn write(
    tx: &mut Tx<'_>,
    programs: &Programs,
    held: &Held,
    next: Next,
    order: Order<'_>,
) -> Result<RolloutChange> {
    check_seen(held, order)?;
    if let Some(rules) = &next.rules {
        rules.check().map_err(StoreError::Invalid)?;
    }
    let (reason, figures) = next.reason.unzip();
    let change = RolloutChange {
        revision: held.revision + 1,
        at: row::now(),
        step: next.step,
        by: order.by.to_owned(),
        stable: Some(next.stable.1),
        canary: next.canary.map(|((_, number), _)| number),
        share_percent: next.canary.map(|(_, share)| share),
        left: next.left,
        reason,
        figures,
    };
    let changed = sqlx::query(
        "UPDATE programs SET revision = $2, current_version = $3, canary_version = $4, \
         canary_share = $5, rollback_rules = $6 WHERE id = $1 AND revision = $7",
    )
    .bind(held.program.to_string())
    .bind(row::big(change.revision))
    .bind(next.stable.0.to_string())
    .bind(next.canary.map(|((version, _), _)| version.to_string()))
    .bind(change.share_percent.map(i64::from))
    .bind(row::to_json(next.rules.as_ref().unwrap_or(&held.rules))?)
    .bind(row::big(held.revision))
    .execute(&mut **tx)
    .await?;
    if changed.rows_affected() == 0 {
        return Err(overtaken(held, held.revision));
    }
    sqlx::query(
        "INSERT INTO rollout_changes (program_id, revision, tenant_id, body) VALUES ($1, $2, $3, $4)",
    )
    .bind(held.program.to_string())
    .bind(row::big(change.revision))
    .bind(programs.scope.key())
    .bind(row::to_json(&change)?)
    .execute(&mut **tx)
    .await?;
    sqlx::query("DELETE FROM rollout_changes WHERE program_id = $1 AND revision <= $2")
        .bind(held.program.to_string())
        .bind(row::big(change.revision.saturating_sub(HISTORY_KEPT)))
        .execute(&mut **tx)
        .await?;
    Ok(change)
}

/// The rollout in a program's row.
pub(crate) fn from_row(found: &AnyRow) -> Result<Rollout> {
    let last: Option<String> = row::maybe_parsed(found, "last_change")?;
    Ok(Rollout {
        revision: row::number(found, "revision")?,
        canary: canary(found)?,
        rules: row::json(found, "rollback_rules")?,
        last: last.map(|_| row::json(found, "last_change")).transpose()?,
    })
}

fn canary(found: &AnyRow) -> Result<Option<Canary>> {
    let version: Option<VersionId> = row::maybe_parsed(found, "canary_version")?;
    let number = row::maybe_number(found, "canary_number")?;
    let share_percent = row::maybe_number(found, "canary_share")?.unwrap_or(0);
    Ok(version.zip(number).map(|(version, number)| Canary { version, number, share_percent }))
}

impl Rollout {
    /// Since when it is as it is; none: since before history was kept.
    pub fn since(&self) -> Option<Timestamp> {
        self.last.as_ref().map(|change| change.at)
    }

    /// The number of the version before, and until when the stable version is
    /// watched by the rules, if it has just been promoted.
    pub fn watched_after_promotion(&self) -> Option<(u32, Timestamp)> {
        let last = self.last.as_ref().filter(|last| last.step == RolloutStep::Promote)?;
        let until = last.at.plus_ms(u64::from(self.rules.watch_promoted_s) * 1_000);
        (!self.rules.is_empty()).then_some((last.left?, until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(step: RolloutStep, stable: u32, left: Option<u32>) -> RolloutChange {
        RolloutChange {
            revision: 0,
            at: Timestamp(0),
            step,
            by: String::new(),
            stable: Some(stable),
            canary: None,
            share_percent: None,
            left,
            reason: None,
            figures: None,
        }
    }

    #[test]
    fn going_back_twice_goes_further_back() {
        use RolloutStep::{Canary, Promote, Rollback};
        let mut changes = vec![
            change(Promote, 1, None),
            change(Promote, 2, Some(1)),
            change(Canary, 2, None),
            change(Promote, 3, Some(2)),
        ];
        assert_eq!(earlier(&changes), [2, 1]);
        changes.push(change(Rollback, 2, Some(3)));
        assert_eq!(earlier(&changes), [1]);
        changes.push(change(Promote, 3, Some(2)));
        assert_eq!(earlier(&changes), [2, 1]);
        changes.push(change(Rollback, 1, Some(3)));
        assert_eq!(earlier(&changes), Vec::<u32>::new());
    }

    #[test]
    fn a_history_may_begin_late() {
        assert_eq!(earlier(&[change(RolloutStep::Promote, 5, Some(4))]), [4]);
        assert_eq!(earlier(&[]), Vec::<u32>::new());
        let canary_first =
            [change(RolloutStep::Canary, 4, None), change(RolloutStep::Promote, 5, Some(4))];
        assert_eq!(earlier(&canary_first), [4]);
    }
}
