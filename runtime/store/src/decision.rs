//! The routing journal: what a tenant's router saw and chose.

use crate::{Result, TenantStore, row};
use strowger_model::{CallId, Timestamp};

/// Decisions that concerned one call: an offer each, and nobody is offered more often.
const MAX_OF_A_CALL: i64 = 256;

/// A tenant's routing decisions.
#[derive(Clone, Debug)]
pub struct Decisions(pub(crate) TenantStore);

impl Decisions {
    /// Keeps a decision, as JSON, and the calls it gave to agents.
    pub async fn put(&self, ask: u64, at: Timestamp, calls: &[CallId], body: &str) -> Result<()> {
        // A counter of ours; it does not reach the sign bit.
        let ask = i64::try_from(ask).unwrap_or(i64::MAX);
        let mut tx = self.0.write().begin().await?;
        sqlx::query(
            "INSERT INTO decisions (tenant_id, at, ask, body) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (tenant_id, at, ask) DO NOTHING",
        )
        .bind(self.0.key())
        .bind(row::ms(at))
        .bind(ask)
        .bind(body)
        .execute(&mut *tx)
        .await?;
        for call in calls {
            sqlx::query(
                "INSERT INTO decision_calls (call_id, tenant_id, at, ask) \
                 VALUES ($1, $2, $3, $4) ON CONFLICT (call_id, at, ask) DO NOTHING",
            )
            .bind(call.to_string())
            .bind(self.0.key())
            .bind(row::ms(at))
            .bind(ask)
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// The decisions that gave a call to an agent, in order, as JSON.
    pub async fn of_call(&self, call: CallId) -> Result<Vec<String>> {
        let rows = sqlx::query(
            "SELECT d.body FROM decision_calls c JOIN decisions d \
             ON d.tenant_id = c.tenant_id AND d.at = c.at AND d.ask = c.ask \
             WHERE c.call_id = $1 AND c.tenant_id = $2 ORDER BY c.at, c.ask LIMIT $3",
        )
        .bind(call.to_string())
        .bind(self.0.key())
        .bind(MAX_OF_A_CALL)
        .fetch_all(self.0.read())
        .await?;
        rows.iter().map(|found| row::text(found, "body")).collect()
    }
}
