//! Keeps journals small: packs those of calls that are over, takes away the old
//! ones, and gives room back to the disk.
//!
//! Each step is bounded and its transaction short, because the writer waits for
//! it; reading and packing happen before it, beside the writer. Not to be called
//! while the writer is failing: what it has not heard the end of must not be
//! rewritten under it.

use super::chunk::Entries;
use super::pack::{Pack, Packer};
use super::{rows, text_of, unreadable};
use crate::dialect::{self, Connections};
use crate::tenant::TenantLimits;
use crate::{Result, StoreError, row};
use futures_util::TryStreamExt as _;
use sqlx::any::AnyRow;
use strowger_model::{CallId, TenantId, Timestamp};

/// Calls of one packing transaction: a hundred statements, some milliseconds.
const PACKED_AT_ONCE: i64 = 32;
/// Packs held in memory and written at once; a call that has more comes alone.
const PACKED_BYTES: usize = 4 << 20;
/// Calls of one removing transaction.
const REMOVED_AT_ONCE: i64 = 64;
/// Routers' decisions, and contacts they were to decide about, of one removing
/// transaction.
const FORGOTTEN_AT_ONCE: i64 = 512;
const DAY_MS: u64 = 24 * 3_600 * 1_000;

/// The operator's upkeep of all journals.
#[derive(Clone, Debug)]
pub struct Upkeep {
    pub(crate) db: Connections,
}

/// What one step of packing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// Calls whose journals were packed.
    pub calls: u32,
    /// Calls whose journals are damaged and stay as they are.
    pub unreadable: u32,
    /// Bytes of their entries before.
    pub bytes_before: u64,
    /// Bytes of their entries now.
    pub bytes_after: u64,
    /// Whether there is more to do.
    pub more: bool,
}

/// What one step of removing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Calls whose journals are gone.
    pub calls: u32,
    /// Whether there is more to do.
    pub more: bool,
}

/// What becomes of one call's journal.
struct Repacked {
    call: CallId,
    /// The last entry that is in the packs.
    last_seq: u32,
    /// None: it is damaged, or its tenant is gone.
    packs: Option<Vec<Pack>>,
    orphan: bool,
    bytes_before: u64,
}

impl Upkeep {
    /// Packs journals of calls that ended before `ended_before`, the earliest
    /// first. What belongs to no tenant any more is taken away instead.
    pub async fn pack(&self, ended_before: Timestamp) -> Result<Packed> {
        let found = sqlx::query(
            "SELECT c.id, c.tenant_id, t.id AS known FROM calls c \
             LEFT JOIN tenants t ON t.id = c.tenant_id \
             WHERE c.journal_form = 0 AND c.ended_at IS NOT NULL AND c.ended_at < $1 \
             ORDER BY c.ended_at LIMIT $2",
        )
        .bind(row::ms(ended_before))
        .bind(PACKED_AT_ONCE)
        .fetch_all(&self.db.read)
        .await?;
        let mut more = found.len() as i64 == PACKED_AT_ONCE;
        let (mut repacked, mut bytes) = (Vec::new(), 0);
        for (done, call) in found.iter().enumerate() {
            let (id, tenant) = (row::parsed(call, "id")?, row::parsed(call, "tenant_id")?);
            let known: Option<String> = sqlx::Row::try_get(call, "known")?;
            let one = self.repack(tenant, id, known.is_none()).await?;
            bytes += one.size();
            repacked.push(one);
            if bytes >= PACKED_BYTES {
                more |= done + 1 < found.len();
                break;
            }
        }
        let mut packed = self.replace(&repacked).await?;
        packed.more = more;
        Ok(packed)
    }

    async fn repack(&self, tenant: TenantId, call: CallId, orphan: bool) -> Result<Repacked> {
        let mut one =
            Repacked { call, last_seq: 0, packs: Some(Vec::new()), orphan, bytes_before: 0 };
        if orphan {
            return Ok(one);
        }
        let mut packer = Packer::default();
        let mut next_seq = 0;
        let mut rows = rows(&self.db.read, tenant, call, 0);
        loop {
            let chunk = match rows.try_next().await {
                Ok(None) => break,
                Ok(Some(found)) => text_of(call, &found),
                Err(why) => Err(unreadable(call, why)),
            };
            let add = |chunk: String| {
                one.bytes_before += chunk.len() as u64;
                for entry in (Entries { tenant, call, rest: &chunk }) {
                    let entry = entry?;
                    if entry.seq >= next_seq {
                        next_seq = entry.seq.saturating_add(1);
                        one.last_seq = entry.seq;
                        packer
                            .add(&entry)
                            .map_err(|why| super::chunk::corrupt(call, why.to_string()))?;
                    }
                }
                Ok(())
            };
            match chunk.and_then(add) {
                Ok(()) => {}
                Err(error @ StoreError::Corrupt { .. }) => {
                    tracing::error!(%call, %error, "a damaged journal stays as it is");
                    return Ok(Repacked { packs: None, ..one });
                }
                Err(other) => return Err(other),
            }
            // Packing is work without waiting: others on this thread come first.
            tokio::task::yield_now().await;
        }
        let packs = packer.finish().map_err(|why| super::chunk::corrupt(call, why.to_string()))?;
        Ok(Repacked { packs: Some(packs), ..one })
    }

    /// Puts packs in the place of what they were made from.
    async fn replace(&self, repacked: &[Repacked]) -> Result<Packed> {
        let mut packed = Packed::default();
        if repacked.is_empty() {
            return Ok(packed);
        }
        let mut tx = self.db.write.begin().await?;
        for one in repacked {
            let id = one.call.to_string();
            let form = if one.orphan { 2 } else { 1 };
            let marked = sqlx::query(
                "UPDATE calls SET journal_form = $2 WHERE id = $1 AND journal_form = 0",
            )
            .bind(&id)
            .bind(form)
            .execute(&mut *tx)
            .await?;
            // Its tenant was deleted meanwhile, and the journal with it.
            if marked.rows_affected() == 0 {
                continue;
            }
            let Some(packs) = &one.packs else {
                packed.unreadable += 1;
                continue;
            };
            // What came after reading stays as it is, behind the packs.
            let upto = if one.orphan { i64::MAX } else { i64::from(one.last_seq) };
            sqlx::query("DELETE FROM journal WHERE call_id = $1 AND seq <= $2")
                .bind(&id)
                .bind(upto)
                .execute(&mut *tx)
                .await?;
            for pack in packs {
                sqlx::query(
                    "INSERT INTO journal (call_id, seq, tenant_id, last_at, entries, packed) \
                     SELECT id, $2, tenant_id, $3, '', $4 FROM calls WHERE id = $1",
                )
                .bind(&id)
                .bind(i64::from(pack.seq))
                .bind(row::ms(pack.last_at))
                .bind(pack.bytes.as_slice())
                .execute(&mut *tx)
                .await?;
            }
            packed.calls += 1;
            packed.bytes_before += one.bytes_before;
            packed.bytes_after += one.size() as u64;
        }
        tx.commit().await?;
        Ok(packed)
    }

    /// Takes away journals of calls that ended more than `days` days before `now`,
    /// or than their tenant allows if that is less, and what routers decided so
    /// long ago; 0 days: for ever, unless the tenant allows less. The records of
    /// the calls stay.
    pub async fn remove(&self, now: Timestamp, days: u32) -> Result<Removed> {
        let tenants =
            sqlx::query("SELECT id, limits FROM tenants").fetch_all(&self.db.read).await?;
        let (mut calls, mut room) = (Vec::new(), REMOVED_AT_ONCE);
        let mut more = self.forget_decisions(&tenants, now, days).await?;
        for tenant in &tenants {
            let Some(before) = kept_since(tenant, now, days)? else { continue };
            let found: Vec<String> = sqlx::query_scalar(
                "SELECT id FROM calls WHERE tenant_id = $1 AND journal_form < 2 \
                 AND ended_at IS NOT NULL AND ended_at < $2 ORDER BY ended_at LIMIT $3",
            )
            .bind(row::text(tenant, "id")?)
            .bind(row::ms(before))
            .bind(room)
            .fetch_all(&self.db.read)
            .await?;
            room -= found.len() as i64;
            calls.extend(found);
            if room == 0 {
                break;
            }
        }
        if calls.is_empty() {
            return Ok(Removed { calls: 0, more });
        }
        more |= room == 0;
        let mut tx = self.db.write.begin().await?;
        for call in &calls {
            for statement in [
                "DELETE FROM journal WHERE call_id = $1",
                "DELETE FROM decision_calls WHERE call_id = $1",
                "UPDATE calls SET journal_form = 2 WHERE id = $1",
            ] {
                sqlx::query(statement).bind(call).execute(&mut *tx).await?;
            }
        }
        tx.commit().await?;
        Ok(Removed { calls: u32::try_from(calls.len()).unwrap_or(u32::MAX), more })
    }

    /// Takes away what routers decided too long ago; whether there is more of it.
    async fn forget_decisions(
        &self,
        tenants: &[AnyRow],
        now: Timestamp,
        days: u32,
    ) -> Result<bool> {
        let mut more = false;
        for tenant in tenants {
            let Some(before) = kept_since(tenant, now, days)? else { continue };
            let id = row::text(tenant, "id")?;
            for (oldest, forget) in [
                (
                    "SELECT MIN(at) FROM decisions WHERE tenant_id = $1",
                    "DELETE FROM decisions WHERE tenant_id = $1 AND (at, ask) IN \
                     (SELECT at, ask FROM decisions WHERE tenant_id = $1 AND at < $2 LIMIT $3)",
                ),
                (
                    "SELECT MIN(at) FROM routed_contacts WHERE tenant_id = $1",
                    "DELETE FROM routed_contacts WHERE tenant_id = $1 \
                     AND (version_id, at, call_id) IN \
                     (SELECT version_id, at, call_id FROM routed_contacts \
                     WHERE tenant_id = $1 AND at < $2 LIMIT $3)",
                ),
            ] {
                // The writer is not asked to wait where there is nothing to do.
                let oldest: Option<i64> =
                    sqlx::query_scalar(oldest).bind(&id).fetch_one(&self.db.read).await?;
                if oldest.is_none_or(|oldest| oldest >= row::ms(before)) {
                    continue;
                }
                let gone = sqlx::query(forget)
                    .bind(&id)
                    .bind(row::ms(before))
                    .bind(FORGOTTEN_AT_ONCE)
                    .execute(&self.db.write)
                    .await?;
                more |= gone.rows_affected() == FORGOTTEN_AT_ONCE as u64;
            }
        }
        Ok(more)
    }

    /// Gives some of the room that is free in the database back to the disk, if
    /// much is; returns how many bytes. To be called again while it does.
    pub async fn give_back(&self) -> Result<u64> {
        dialect::give_back(&self.db).await
    }
}

/// From when on a tenant's journals and decisions are kept; none: all of them.
fn kept_since(tenant: &AnyRow, now: Timestamp, days: u32) -> Result<Option<Timestamp>> {
    let limits: TenantLimits = row::json(tenant, "limits")?;
    let own = limits.max_journal_days.map(u64::from);
    let general = (days > 0).then_some(u64::from(days));
    let days = own.into_iter().chain(general).min();
    Ok(days.map(|days| Timestamp(now.0.saturating_sub(days.saturating_mul(DAY_MS)))))
}

impl Repacked {
    fn size(&self) -> usize {
        self.packs.iter().flatten().map(|pack| pack.bytes.len()).sum()
    }
}
