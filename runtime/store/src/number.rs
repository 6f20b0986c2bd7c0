//! Public numbers and the flows they lead to.

use crate::rollout::check_share;
use crate::{Result, StoreError, TenantStore, row};
use sqlx::any::AnyRow;
use strowger_model::{Address, FlowId, NumberId, Timestamp, VersionId};
use uuid::Uuid;

/// A public number of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    /// Its id.
    pub id: NumberId,
    /// The number in E.164 form.
    pub number: Address,
    /// The flow that takes its calls; none: the tenant's fallback does.
    pub flow: Option<FlowId>,
    /// Name of that flow.
    pub flow_name: Option<String>,
    /// The version of it that takes them; none: the stable one.
    pub version: Option<(VersionId, u32)>,
    /// A canary of this number's own; none: with a version of its own none, else
    /// the flow's.
    pub canary: Option<(VersionId, BoundCanary)>,
    /// What it is for.
    pub note: String,
    /// When it was bound.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A version that some calls of a number, or some contacts of a queue, try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundCanary {
    /// Number of the version.
    pub version: u32,
    /// Percent of them.
    pub share_percent: u32,
}

/// Where a number is to lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NumberRoute<'a> {
    /// To this flow; none: to the tenant's fallback.
    pub flow: Option<&'a str>,
    /// To this version of it, whatever is promoted; none: to the stable one.
    pub version: Option<u32>,
    /// Some calls to this version.
    pub canary: Option<BoundCanary>,
}

impl<'a> From<Option<&'a str>> for NumberRoute<'a> {
    fn from(flow: Option<&'a str>) -> Self {
        Self { flow, ..Self::default() }
    }
}

/// A route with the names looked up.
struct Found {
    flow: Option<String>,
    version: Option<String>,
    canary: Option<String>,
    share: Option<i64>,
}

/// A tenant's numbers.
#[derive(Clone, Debug)]
pub struct Numbers(pub(crate) TenantStore);

const SELECT: &str = "SELECT n.*, p.name AS flow_name, v.number AS pinned_number, \
     c.number AS canary_number FROM numbers n \
     LEFT JOIN programs p ON p.id = n.flow_id \
     LEFT JOIN versions v ON v.id = n.pinned_version \
     LEFT JOIN versions c ON c.id = n.canary_version WHERE n.tenant_id = $1";

impl Numbers {
    /// Binds a number to this tenant. A number is bound once in the whole installation.
    pub async fn create(
        &self,
        number: &Address,
        route: impl Into<NumberRoute<'_>>,
        note: &str,
    ) -> Result<Number> {
        if !number.is_e164() {
            return Err(StoreError::invalid(format!(
                "{number} is no public number; write it in E.164 form, for example +441632960000"
            )));
        }
        row::check_text("a note", note, 200)?;
        let found = self.find(&route.into()).await?;
        sqlx::query(
            "INSERT INTO numbers (id, tenant_id, number, flow_id, note, created_at, updated_at, \
             pinned_version, canary_version, canary_share) \
             VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9)",
        )
        .bind(NumberId(Uuid::now_v7()).to_string())
        .bind(self.0.key())
        .bind(number.as_str())
        .bind(found.flow)
        .bind(note)
        .bind(row::ms(row::now()))
        .bind(found.version)
        .bind(found.canary)
        .bind(found.share)
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

    /// Points a number at another flow or version, or at none.
    pub async fn update(
        &self,
        number: &str,
        route: impl Into<NumberRoute<'_>>,
        note: &str,
    ) -> Result<Number> {
        row::check_text("a note", note, 200)?;
        let found = self.find(&route.into()).await?;
        let changed = sqlx::query(
            "UPDATE numbers SET flow_id = $3, note = $4, updated_at = $5, pinned_version = $6, \
             canary_version = $7, canary_share = $8 WHERE tenant_id = $1 AND number = $2",
        )
        .bind(self.0.key())
        .bind(number)
        .bind(found.flow)
        .bind(note)
        .bind(row::ms(row::now()))
        .bind(found.version)
        .bind(found.canary)
        .bind(found.share)
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

    async fn find(&self, route: &NumberRoute<'_>) -> Result<Found> {
        let flows = self.0.flows();
        let Some(name) = route.flow else {
            if route.version.is_some() || route.canary.is_some() {
                let what = "a version is a version of a flow: name the flow, too";
                return Err(StoreError::invalid(what));
            }
            return Ok(Found { flow: None, version: None, canary: None, share: None });
        };
        let version = match route.version {
            Some(number) => Some(flows.version(name, number).await?.id.to_string()),
            None => None,
        };
        let (canary, share) = match route.canary {
            Some(canary) => {
                check_share(canary.share_percent)?;
                let version = flows.version(name, canary.version).await?.id.to_string();
                (Some(version), Some(i64::from(canary.share_percent)))
            }
            None => (None, None),
        };
        Ok(Found { flow: Some(flows.get(name).await?.id.to_string()), version, canary, share })
    }
}

fn from_row(found: &AnyRow) -> Result<Number> {
    let pinned: Option<VersionId> = row::maybe_parsed(found, "pinned_version")?;
    let canary: Option<VersionId> = row::maybe_parsed(found, "canary_version")?;
    let number = row::maybe_number(found, "canary_number")?;
    let share_percent = row::maybe_number(found, "canary_share")?.unwrap_or(0);
    Ok(Number {
        id: row::parsed(found, "id")?,
        number: row::parsed(found, "number")?,
        flow: row::maybe_parsed(found, "flow_id")?,
        flow_name: row::maybe_parsed(found, "flow_name")?,
        version: pinned.zip(row::maybe_number(found, "pinned_number")?),
        canary: canary
            .zip(number)
            .map(|(id, version)| (id, BoundCanary { version, share_percent })),
        note: row::text(found, "note")?,
        created_at: row::time(found, "created_at")?,
        updated_at: row::time(found, "updated_at")?,
    })
}
