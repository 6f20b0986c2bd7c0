//! Which router distributes: the choice of a tenant, and those of its queues.

use crate::number::BoundCanary;
use crate::program::Programs;
use crate::queue::QueueSettings;
use crate::rollout::check_share;
use crate::{Result, StoreError, row};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use strowger_model::{FlowId, VersionId};

type Tx<'a> = sqlx::Transaction<'a, sqlx::Any>;

/// Which router distributes contacts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum RouterChoice {
    /// A router that comes with the server, by name.
    Stock(String),
    /// A version the tenant uploaded, as was chosen before routers had canaries.
    Version(VersionId),
    /// A router of the tenant's own.
    Own(OwnRouter),
}

/// A router of the tenant's own, and which of its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRouter {
    /// Which router.
    pub router: FlowId,
    /// The version of it that decides; none: the stable one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<VersionId>,
    /// A canary of this choice's own; none: with a version of its own none, else
    /// the router's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<OwnCanary>,
}

/// A version that some contacts try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnCanary {
    /// Which.
    pub version: VersionId,
    /// Percent of the contacts.
    pub share_percent: u32,
}

/// A choice of a router by name and numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterRoute<N = String> {
    /// Name of the router.
    pub router: N,
    /// The version of it, whatever is promoted; none: the stable one.
    pub version: Option<u32>,
    /// Some contacts try this version.
    pub canary: Option<BoundCanary>,
}

/// Names and numbers of a tenant's programs and their versions.
#[derive(Clone, Debug, Default)]
pub struct ProgramNames {
    programs: HashMap<FlowId, String>,
    versions: HashMap<VersionId, (String, u32)>,
}

impl RouterChoice {
    /// Whether it goes by this very version, whatever is promoted.
    pub fn names_version(&self, version: VersionId) -> bool {
        self.versions().any(|named| named == version)
    }

    /// The versions that it names.
    pub fn versions(&self) -> impl Iterator<Item = VersionId> {
        let named = match self {
            Self::Stock(_) => [None, None],
            Self::Version(version) => [Some(*version), None],
            Self::Own(own) => [own.version, own.canary.map(|canary| canary.version)],
        };
        named.into_iter().flatten()
    }

    /// The router whose rollout it follows, wholly or for its stable version.
    pub fn router(&self) -> Option<FlowId> {
        match self {
            Self::Own(own) => Some(own.router),
            Self::Stock(_) | Self::Version(_) => None,
        }
    }
}

impl Programs {
    /// The choice that names and numbers stand for.
    pub async fn choice(&self, route: &RouterRoute<&str>) -> Result<RouterChoice> {
        let router = self.get(route.router).await?.id;
        let version = match route.version {
            Some(number) => Some(self.version(route.router, number).await?.id),
            None => None,
        };
        let canary = match route.canary {
            Some(BoundCanary { version, share_percent }) => {
                check_share(share_percent)?;
                let version = self.version(route.router, version).await?.id;
                Some(OwnCanary { version, share_percent })
            }
            None => None,
        };
        Ok(RouterChoice::Own(OwnRouter { router, version, canary }))
    }

    /// Names and numbers of all of these.
    pub async fn names(&self) -> Result<ProgramNames> {
        let rows = sqlx::query(
            "SELECT p.id AS program_id, p.name, v.id AS version_id, v.number FROM programs p \
             LEFT JOIN versions v ON v.program_id = p.id WHERE p.tenant_id = $1 AND p.kind = $2",
        )
        .bind(self.scope.key())
        .bind(self.kind.name())
        .fetch_all(self.scope.read())
        .await?;
        let mut names = ProgramNames::default();
        for found in &rows {
            let name = row::text(found, "name")?;
            if let Some(version) = row::maybe_parsed(found, "version_id")? {
                let number = row::maybe_number(found, "number")?.unwrap_or(0);
                names.versions.insert(version, (name.clone(), number));
            }
            names.programs.insert(row::parsed(found, "program_id")?, name);
        }
        Ok(names)
    }
}

impl ProgramNames {
    /// A choice of a router of the tenant's own by name and numbers; none: it is a
    /// stock router, or what was chosen is gone.
    pub fn route(&self, choice: &RouterChoice) -> Option<RouterRoute> {
        let number = |version: VersionId| Some(self.versions.get(&version)?.1);
        match choice {
            RouterChoice::Stock(_) => None,
            RouterChoice::Version(version) => {
                let (router, number) = self.versions.get(version)?.clone();
                Some(RouterRoute { router, version: Some(number), canary: None })
            }
            RouterChoice::Own(own) => Some(RouterRoute {
                router: self.programs.get(&own.router)?.clone(),
                version: own.version.and_then(number),
                canary: own.canary.and_then(|canary| {
                    let version = number(canary.version)?;
                    Some(BoundCanary { version, share_percent: canary.share_percent })
                }),
            }),
        }
    }

    /// Name of a version's program, and its number.
    pub fn version(&self, version: VersionId) -> Option<(&str, u32)> {
        self.versions.get(&version).map(|(name, number)| (name.as_str(), *number))
    }
}

/// Refuses a choice of what the tenant has not, within the transaction that
/// stores it.
pub(crate) async fn check(tx: &mut Tx<'_>, tenant: &str, choice: &RouterChoice) -> Result<()> {
    if let RouterChoice::Own(OwnRouter { canary: Some(canary), .. }) = choice {
        check_share(canary.share_percent)?;
    }
    if let Some(router) = choice.router() {
        let known: i64 = sqlx::query_scalar(
            "SELECT COUNT(*) FROM programs WHERE tenant_id = $1 AND id = $2 AND kind = 'router'",
        )
        .bind(tenant)
        .bind(router.to_string())
        .fetch_one(&mut **tx)
        .await?;
        if known == 0 {
            return Err(StoreError::not_found("router", router));
        }
    }
    for version in choice.versions() {
        let of: Option<String> = sqlx::query_scalar(
            "SELECT p.id FROM versions v JOIN programs p ON p.id = v.program_id \
             WHERE v.tenant_id = $1 AND v.id = $2 AND p.kind = 'router'",
        )
        .bind(tenant)
        .bind(version.to_string())
        .fetch_optional(&mut **tx)
        .await?;
        let of = of.ok_or_else(|| StoreError::not_found("version", version))?;
        if choice.router().is_some_and(|router| router.to_string() != of) {
            return Err(StoreError::not_found("version", version));
        }
    }
    Ok(())
}

/// Who has made a choice like this, in words: the tenant, or some of its queues.
pub(crate) async fn who(
    tx: &mut Tx<'_>,
    tenant: &str,
    like: impl Fn(&RouterChoice) -> bool,
) -> Result<Option<String>> {
    let chosen = sqlx::query("SELECT router FROM tenants WHERE id = $1")
        .bind(tenant)
        .fetch_optional(&mut **tx)
        .await?;
    if let Some(found) = chosen
        && like(&row::json(&found, "router")?)
    {
        return Ok(Some("the tenant".to_owned()));
    }
    let rows = sqlx::query("SELECT settings FROM queues WHERE tenant_id = $1 ORDER BY name")
        .bind(tenant)
        .fetch_all(&mut **tx)
        .await?;
    let mut queues = Vec::new();
    for found in &rows {
        let settings: QueueSettings = row::json(found, "settings")?;
        if settings.router.as_ref().is_some_and(&like) {
            queues.push(format!("{:?}", settings.name));
        }
    }
    Ok(match queues.as_slice() {
        [] => None,
        [queue] => Some(format!("the queue {queue}")),
        [first, others @ ..] => Some(format!("the queue {first} and {} others", others.len())),
    })
}
