//! The routing journal: what a tenant's router saw and chose.

use crate::{Result, TenantStore, row};
use strowger_model::CallId;

/// Decisions that concerned one call: an offer each, and nobody is offered more often.
const MAX_OF_A_CALL: i64 = 256;

/// A tenant's routing decisions.
#[derive(Clone, Debug)]
pub struct Decisions(pub(crate) TenantStore);

impl Decisions {
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
