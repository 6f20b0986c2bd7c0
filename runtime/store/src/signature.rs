//! What the operator's signature of a version is made of, and where it is kept.
//! Nothing here makes or checks one.

use crate::{ProgramKind, Programs, Result, Store, StoreError, row};
use sqlx::any::AnyRow;
use strowger_model::{FlowId, TenantId, VersionId, VersionSignature, VersionStatement};

/// A version as it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredVersion {
    /// Its id.
    pub id: VersionId,
    /// Whose.
    pub tenant: TenantId,
    /// What kind of program it is a version of.
    pub kind: ProgramKind,
    /// Which program.
    pub program: FlowId,
    /// That program's name.
    pub name: String,
    /// Its number.
    pub number: u32,
    /// SHA-256 that its bytes should have, in hexadecimal.
    pub digest: String,
    /// The signature, if it has one.
    pub signature: Option<VersionSignature>,
}

impl StoredVersion {
    /// What its signature says.
    pub fn statement(&self) -> VersionStatement<'_> {
        VersionStatement {
            tenant: self.tenant,
            kind: self.kind.name(),
            program: self.program,
            name: &self.name,
            number: self.number,
            digest: &self.digest,
        }
    }
}

const SELECT: &str = "SELECT v.id, v.tenant_id, v.program_id, v.number, v.digest, v.signed_by, \
     v.signature, p.kind, p.name FROM versions v JOIN programs p ON p.id = v.program_id";

impl Programs {
    /// A version as it is signed, and its bytes.
    pub async fn signed(&self, version: VersionId) -> Result<(StoredVersion, Vec<u8>)> {
        let sql = format!("{SELECT} WHERE v.tenant_id = $1 AND v.id = $2 AND p.kind = $3");
        let found = sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(self.scope.key())
            .bind(version.to_string())
            .bind(self.kind.name())
            .fetch_optional(self.scope.read())
            .await?;
        let found = found.ok_or_else(|| StoreError::not_found("version", version))?;
        Ok((from_row(&found)?, self.bytes(version).await?))
    }
}

impl Store {
    /// Every version of every tenant, for the operator.
    pub async fn stored_versions(&self) -> Result<Vec<StoredVersion>> {
        let sql = format!("{SELECT} ORDER BY v.created_at, v.id");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch_all(&self.db.read).await?;
        rows.iter().map(from_row).collect()
    }

    /// Signs a version anew.
    pub async fn set_signature(&self, version: VersionId, signed: &VersionSignature) -> Result<()> {
        sqlx::query("UPDATE versions SET signed_by = $2, signature = $3 WHERE id = $1")
            .bind(version.to_string())
            .bind(&signed.key)
            .bind(&signed.signature)
            .execute(&self.db.write)
            .await?;
        Ok(())
    }
}

fn from_row(found: &AnyRow) -> Result<StoredVersion> {
    let kind = match row::text(found, "kind")?.as_str() {
        "router" => ProgramKind::Router,
        _ => ProgramKind::Flow,
    };
    let key: Option<String> = row::maybe_parsed(found, "signed_by")?;
    let signature: Option<String> = row::maybe_parsed(found, "signature")?;
    Ok(StoredVersion {
        id: row::parsed(found, "id")?,
        tenant: row::parsed(found, "tenant_id")?,
        kind,
        program: row::parsed(found, "program_id")?,
        name: row::text(found, "name")?,
        number: row::maybe_number(found, "number")?.unwrap_or(0),
        digest: row::text(found, "digest")?,
        signature: key.zip(signature).map(|(key, signature)| VersionSignature { key, signature }),
    })
}
