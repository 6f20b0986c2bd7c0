//! Flows and routers: names under which immutable versions are uploaded.
//!
//! The bytes of a version are kept once per content, whoever uploaded them, but
//! are reached only through a version of the tenant's own.

use crate::rollout::{self, Order, Rollout};
use crate::router_choice::{self, RouterChoice};
use crate::{Result, StoreError, TenantStore, row};
use sqlx::any::AnyRow;
use std::fmt;
use strowger_model::{FlowId, TenantId, Timestamp, VersionId, VersionSignature, VersionStatement};
use uuid::Uuid;

/// What a program is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProgramKind {
    /// World `call-flow`.
    Flow,
    /// World `router`.
    Router,
}

impl ProgramKind {
    /// Name as it stands in SQL and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flow => "flow",
            Self::Router => "router",
        }
    }

    /// The WIT world a version of it must export.
    pub fn world(self) -> &'static str {
        match self {
            Self::Flow => "call-flow",
            Self::Router => "router",
        }
    }
}

/// A flow or router.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Its id; a router's has the same shape.
    pub id: FlowId,
    /// Unique within tenant and kind.
    pub name: String,
    /// The stable version: new calls get it, but for those that try the canary.
    pub current: Option<Version>,
    /// How it came to that.
    pub rollout: Rollout,
    /// When the first version was uploaded.
    pub created_at: Timestamp,
}

/// One uploaded version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its id; calls are pinned to it.
    pub id: VersionId,
    /// Counts from 1 within the program.
    pub number: u32,
    /// SHA-256 of the bytes, in hexadecimal.
    pub digest: String,
    /// Worlds it exports.
    pub worlds: Vec<String>,
    /// Size of the bytes.
    pub size_bytes: u64,
    /// What the uploader said about it.
    pub note: String,
    /// The operator's signature; none: uploaded before there was a key.
    pub signature: Option<VersionSignature>,
    /// When it was uploaded.
    pub created_at: Timestamp,
}

/// A version to be stored; checked and named by its digest before it comes here.
#[derive(Clone, Debug)]
pub struct NewVersion<'a> {
    /// The component.
    pub bytes: &'a [u8],
    /// SHA-256 of `bytes`, in hexadecimal.
    pub digest: &'a str,
    /// Worlds it exports.
    pub worlds: &'a [String],
    /// What the uploader says about it.
    pub note: &'a str,
    /// Whether new calls get it at once.
    pub promote: bool,
    /// Who uploads.
    pub order: Order<'a>,
    /// Signs it; none: it stays unsigned.
    pub sign: Option<Sign<'a>>,
}

/// Makes the operator's signature of a version, whose number is known only when
/// it is stored.
#[derive(Clone, Copy)]
pub struct Sign<'a>(pub &'a (dyn Fn(&VersionStatement<'_>) -> VersionSignature + Sync));

impl fmt::Debug for Sign<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sign")
    }
}

/// A tenant's flows, or its routers.
#[derive(Clone, Debug)]
pub struct Programs {
    pub(crate) scope: TenantStore,
    pub(crate) kind: ProgramKind,
}

const SELECT: &str = "SELECT p.id AS program_id, p.name, p.created_at AS program_created_at, \
     p.revision, p.canary_version, p.canary_share, p.rollback_rules, c.number AS canary_number, \
     h.body AS last_change, v.* FROM programs p \
     LEFT JOIN versions v ON v.id = p.current_version \
     LEFT JOIN versions c ON c.id = p.canary_version \
     LEFT JOIN rollout_changes h ON h.program_id = p.id AND h.revision = p.revision \
     WHERE p.tenant_id = $1 AND p.kind = $2";

impl Programs {
    /// Which of the two these are.
    pub fn kind(&self) -> ProgramKind {
        self.kind
    }

    /// Id of the tenant whose programs these are.
    pub fn tenant(&self) -> TenantId {
        self.scope.id()
    }

    /// The tenant whose programs these are.
    pub async fn owner(&self) -> Result<crate::Tenant> {
        self.scope.settings().await
    }

    /// Every program, by name.
    pub async fn list(&self) -> Result<Vec<Program>> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} ORDER BY p.name"));
        let rows = sqlx::query(sql)
            .bind(self.scope.key())
            .bind(self.kind.name())
            .fetch_all(self.scope.read())
            .await?;
        rows.iter().map(program_from_row).collect()
    }

    /// One program by name.
    pub async fn get(&self, name: &str) -> Result<Program> {
        let sql = sqlx::AssertSqlSafe(format!("{SELECT} AND p.name = $3"));
        let found = sqlx::query(sql)
            .bind(self.scope.key())
            .bind(self.kind.name())
            .bind(name)
            .fetch_optional(self.scope.read())
            .await?;
        program_from_row(&found.ok_or_else(|| StoreError::not_found(self.kind.name(), name))?)
    }

    /// Stores a version under a name, which is made if new. The first version is
    /// always promoted. Bytes that are the same as the newest version's give that
    /// version back.
    pub async fn upload(&self, name: &str, new: &NewVersion<'_>) -> Result<Version> {
        row::check_name(self.kind.name(), name)?;
        row::check_text("a note", new.note, 200)?;
        let limit = self.scope.settings().await?.settings.limits.max_stored_bytes;
        let now = row::ms(row::now());
        let mut tx = self.scope.write().begin().await?;
        let used: i64 = sqlx::query_scalar(
            "SELECT COALESCE((SELECT SUM(size_bytes) FROM versions WHERE tenant_id = $1), 0)",
        )
        .bind(self.scope.key())
        .fetch_one(&mut *tx)
        .await?;
        if used.unsigned_abs().saturating_add(new.bytes.len() as u64) > limit {
            return Err(StoreError::conflict(format!(
                "the tenant's programs would take more than {limit} bytes; delete programs that \
                 are no longer needed or have the limit raised"
            )));
        }
        sqlx::query(
            "INSERT INTO programs (id, tenant_id, kind, name, created_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (tenant_id, kind, name) DO NOTHING",
        )
        .bind(Uuid::now_v7().to_string())
        .bind(self.scope.key())
        .bind(self.kind.name())
        .bind(name)
        .bind(now)
        .execute(&mut *tx)
        .await?;
        let held = rollout::hold(&mut tx, self, name).await?;
        let newest = sqlx::query(
            "SELECT * FROM versions WHERE program_id = $1 ORDER BY number DESC LIMIT 1",
        )
        .bind(held.program.to_string())
        .fetch_optional(&mut *tx)
        .await?
        .as_ref()
        .map(version_from_row)
        .transpose()?;
        let version = match newest {
            Some(newest) if newest.digest == new.digest => newest,
            _ => {
                let number = held.last_number.saturating_add(1);
                let statement = VersionStatement {
                    tenant: self.scope.id(),
                    kind: self.kind.name(),
                    program: held.program,
                    name,
                    number,
                    digest: new.digest,
                };
                let version = Version {
                    id: VersionId(Uuid::now_v7()),
                    number,
                    digest: new.digest.to_owned(),
                    worlds: new.worlds.to_vec(),
                    size_bytes: new.bytes.len() as u64,
                    note: new.note.to_owned(),
                    signature: new.sign.map(|Sign(sign)| sign(&statement)),
                    created_at: Timestamp(now.unsigned_abs()),
                };
                self.insert(&mut tx, &held.program.to_string(), &version, new.bytes).await?;
                version
            }
        };
        if new.promote || held.stable.is_none() {
            rollout::promote(&mut tx, self, &held, version.number, None, new.order).await?;
        }
        tx.commit().await?;
        Ok(version)
    }

    /// Every version of a program, newest first.
    pub async fn versions(&self, name: &str) -> Result<Vec<Version>> {
        let program = self.get(name).await?;
        let rows = sqlx::query(
            "SELECT * FROM versions WHERE tenant_id = $1 AND program_id = $2 ORDER BY number DESC",
        )
        .bind(self.scope.key())
        .bind(program.id.to_string())
        .fetch_all(self.scope.read())
        .await?;
        rows.iter().map(version_from_row).collect()
    }

    /// One version of a program.
    pub async fn version(&self, name: &str, number: u32) -> Result<Version> {
        let program = self.get(name).await?;
        let found = sqlx::query(
            "SELECT * FROM versions WHERE tenant_id = $1 AND program_id = $2 AND number = $3",
        )
        .bind(self.scope.key())
        .bind(program.id.to_string())
        .bind(i64::from(number))
        .fetch_optional(self.scope.read())
        .await?;
        version_from_row(
            &found.ok_or_else(|| StoreError::not_found("version", format!("{name}/{number}")))?,
        )
    }

    /// The version with an id, and the name of its program.
    pub async fn find(&self, version: VersionId) -> Result<(String, Version)> {
        let found = sqlx::query(
            "SELECT p.name AS program_name, v.* FROM versions v JOIN programs p \
             ON p.id = v.program_id WHERE v.tenant_id = $1 AND v.id = $2 AND p.kind = $3",
        )
        .bind(self.scope.key())
        .bind(version.to_string())
        .bind(self.kind.name())
        .fetch_optional(self.scope.read())
        .await?
        .ok_or_else(|| StoreError::not_found("version", version))?;
        Ok((row::text(&found, "program_name")?, version_from_row(&found)?))
    }

    /// The bytes of a version of this tenant.
    pub async fn bytes(&self, version: VersionId) -> Result<Vec<u8>> {
        let found: Option<Vec<u8>> = sqlx::query_scalar(
            "SELECT b.bytes FROM versions v JOIN blobs b ON b.digest = v.digest \
             JOIN programs p ON p.id = v.program_id \
             WHERE v.tenant_id = $1 AND v.id = $2 AND p.kind = $3",
        )
        .bind(self.scope.key())
        .bind(version.to_string())
        .bind(self.kind.name())
        .fetch_optional(self.scope.read())
        .await?;
        found.ok_or_else(|| StoreError::not_found("version", version))
    }

    /// Deletes a program with all its versions, unless numbers lead to it or the
    /// tenant or a queue distributes with it.
    pub async fn delete(&self, name: &str) -> Result<()> {
        let program = self.get(name).await?;
        let versions = self.versions(name).await?;
        let mut tx = self.scope.write().begin().await?;
        let uses = |choice: &RouterChoice| {
            choice.router() == Some(program.id)
                || versions.iter().any(|version| choice.names_version(version.id))
        };
        if self.kind == ProgramKind::Router
            && let Some(who) = router_choice::who(&mut tx, self.scope.key(), uses).await?
        {
            return Err(StoreError::conflict(format!(
                "{who} distributes contacts with {name}; choose another router there first"
            )));
        }
        let numbers: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM numbers WHERE flow_id = $1")
            .bind(program.id.to_string())
            .fetch_one(&mut *tx)
            .await?;
        if numbers > 0 {
            return Err(StoreError::conflict(format!(
                "{numbers} numbers lead to {name}; point them at another flow first"
            )));
        }
        sqlx::query("DELETE FROM programs WHERE tenant_id = $1 AND id = $2")
            .bind(self.scope.key())
            .bind(program.id.to_string())
            .execute(&mut *tx)
            .await?;
        sqlx::query("DELETE FROM blobs WHERE digest NOT IN (SELECT digest FROM versions)")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn insert(
        &self,
        tx: &mut sqlx::Transaction<'_, sqlx::Any>,
        program: &str,
        version: &Version,
        bytes: &[u8],
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO blobs (digest, bytes) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING",
        )
        .bind(&version.digest)
        .bind(bytes)
        .execute(&mut **tx)
        .await?;
        sqlx::query(
            "INSERT INTO versions (id, tenant_id, program_id, number, digest, worlds, size_bytes, \
             note, created_at, signed_by, signature) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        )
        .bind(version.id.to_string())
        .bind(self.scope.key())
        .bind(program)
        .bind(i64::from(version.number))
        .bind(&version.digest)
        .bind(row::to_json(&version.worlds)?)
        .bind(row::big(version.size_bytes))
        .bind(&version.note)
        .bind(row::ms(version.created_at))
        .bind(version.signature.as_ref().map(|signed| signed.key.clone()))
        .bind(version.signature.as_ref().map(|signed| signed.signature.clone()))
        .execute(&mut **tx)
        .await?;
        sqlx::query("UPDATE programs SET last_number = $2 WHERE id = $1")
            .bind(program)
            .bind(i64::from(version.number))
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}

fn program_from_row(found: &AnyRow) -> Result<Program> {
    let has_version = row::maybe_parsed::<VersionId>(found, "id")?.is_some();
    Ok(Program {
        id: row::parsed(found, "program_id")?,
        name: row::text(found, "name")?,
        current: has_version.then(|| version_from_row(found)).transpose()?,
        rollout: rollout::from_row(found)?,
        created_at: row::time(found, "program_created_at")?,
    })
}

pub(crate) fn version_from_row(found: &AnyRow) -> Result<Version> {
    Ok(Version {
        id: row::parsed(found, "id")?,
        number: u32::try_from(row::number(found, "number")?).unwrap_or(u32::MAX),
        digest: row::text(found, "digest")?,
        worlds: row::json(found, "worlds")?,
        size_bytes: row::number(found, "size_bytes")?,
        note: row::text(found, "note")?,
        signature: signature_from_row(found)?,
        created_at: row::time(found, "created_at")?,
    })
}

fn signature_from_row(found: &AnyRow) -> Result<Option<VersionSignature>> {
    let key: Option<String> = row::maybe_parsed(found, "signed_by")?;
    let signature: Option<String> = row::maybe_parsed(found, "signature")?;
    Ok(key.zip(signature).map(|(key, signature)| VersionSignature { key, signature }))
}
