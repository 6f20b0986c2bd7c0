//! Public numbers and the flows they lead to.

use crate::{Result, StoreError, TenantStore, row};
use sqlx::any::AnyRow;
use strowger_model::{Address, FlowId, NumberId, Timestamp};
use uuid::Uuid;

/// A public number of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// Its id.
    pub id: NumberId,
    /// The number in E.164 form.
    pub number: Address,
    /// The flow whose current version takes its calls; none: the tenant's fallback does.
    pub flow: Option<FlowId>,
    /// Name of that flow.
    pub flow_name: Option<String>,
    /// What it is for.
    pub note: String,
    /// When it was bound.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A tenant's numbers.
#[derive(Clone, Debug)]
pub struct Numbers(pub(crate) TenantStore);

const SELECT: &str = "SELECT n.*, p.name AS flow_name FROM numbers n \
     LEFT JOIN programs p ON p.id = n.flow_id WHERE n.tenant_id = $1";

impl Numbers {
    /// Binds a number to this tenant. A number is bound once in the whole installation.
    pub async fn create(&self, number: &Address, flow: Option<&str>, note: &str) -> Result<Number> {
        if !number.is_e164() {
            return Err(StoreError::invalid(format!(
                "{number} is no public number; write it in E.164 form, for example +441632960000"
            )));
        }
        row::check_text("a note", note, 200)?;
        let flow = self.flow_id(flow).await?;
        sqlx::query(
            "INSERT INTO numbers (id, tenant_id, number, flow_id, note, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $6)",
        )
        .bind(NumberId(Uuid::now_v7()).to_string())
        .bind(self.0.key())
        .bind(number.as_str())
        .bind(flow)
        .bind(note)
        .bind(row::ms(row::now()))
        .execute(self.0.write())
        .await
        .map_err(|error| {
            StoreError::or_taken(error, || {
                format!("{number} is bound already; a number belongs to one tenant and one flow")
            })
        })?;
        self.get(number.as_str()).await
    }

    /// Every number, in order.
    pub async fn list(&self) -> Result<Vec<Number>> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} ORDER BY n.number"));
        let rows = sqlx::query(sql).bind(self.0.key()).fetch_all(self.0.read()).await?;
        rows.iter().map(from_row).collect()
    }

    /// One number.
    pub async fn get(&self, number: &str) -> Result<Number> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} AND n.number = $2"));
        let found =
            sqlx::query(sql).bind(self.0.key()).bind(number).fetch_optional(self.0.read()).await?;
        from_row(&found.ok_or_else(|| StoreError::not_found("number", number))?)
    }

    /// Points a number at another flow, or at none.
    pub async fn update(&self, number: &str, flow: Option<&str>, note: &str) -> Result<Number> {
        row::check_text("a note", note, 200)?;
        let flow = self.flow_id(flow).await?;
        let changed = sqlx::query(
            "UPDATE numbers SET flow_id = $3, note = $4, updated_at = $5 \
             WHERE tenant_id = $1 AND number = $2",
        )
        .bind(self.0.key())
        .bind(number)
        .bind(flow)
        .bind(note)
        .bind(row::ms(row::now()))
        .execute(self.0.write())
        .await?;
        if changed.rows_affected() == 0 {
            return Err(StoreError::not_found("number", number));
        }
        self.get(number).await
    }

    /// Gives a number back.
    pub async fn delete(&self, number: &str) -> Result<()> {
        let gone = sqlx::query("DELETE FROM numbers WHERE tenant_id = $1 AND number = $2")
            .bind(self.0.key())
            .bind(number)
            .execute(self.0.write())
            .await?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::not_found("number", number));
        }
        Ok(())
    }

    async fn flow_id(&self, name: Option<&str>) -> Result<Option<String>> {
        match name {
            Some(name) => Ok(Some(self.0.flows().get(name).await?.id.to_string())),
            None => Ok(None),
        }
    }
}

fn from_row(found: &AnyRow) -> Result<Number> {
    Ok(Number {
        id: row::parsed(found, "id")?,
        number: row::parsed(found, "number")?,
        flow: row::maybe_parsed(found, "flow_id")?,
        flow_name: row::maybe_parsed(found, "flow_name")?,
        note: row::text(found, "note")?,
        created_at: row::time(found, "created_at")?,
        updated_at: row::time(found, "updated_at")?,
    })
}
