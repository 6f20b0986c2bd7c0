//! Agents: people with an extension, skills and a last known state.

use crate::credential::{Ha1, check_password};
use crate::{Result, StoreError, TenantStore, row};
use sqlx::any::AnyRow;
use std::fmt;
use strowger_model::{Address, AgentId, AgentState, Skill, Timestamp};
use uuid::Uuid;

/// Skills of one agent; the distribution keeps an index entry for each.
const MAX_SKILLS: usize = 64;

/// An agent as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// Its id; also names the extension.
    pub id: AgentId,
    /// What can be set.
    pub settings: AgentSettings,
    /// What the phone's requests are checked against: the extension as user, the
    /// tenant's SIP domain as realm.
    pub ha1: Ha1,
    /// When the agent was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What can be set on an agent besides the phone's password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSettings {
    /// Name for people.
    pub name: String,
    /// What is dialled to reach the agent and the user name of the phone.
    pub extension: Address,
    /// What the agent can do.
    pub skills: Vec<Skill>,
}

/// The password of an agent's phone on its way into the store.
#[derive(Clone)]
pub struct PhonePassword(pub String);

impl fmt::Debug for PhonePassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhonePassword(hidden)")
    }
}

/// A tenant's agents.
#[derive(Clone, Debug)]
pub struct Agents(pub(crate) TenantStore);

impl Agents {
    /// Creates an agent; the extension must be free within the tenant.
    pub async fn create(
        &self,
        settings: &AgentSettings,
        password: &PhonePassword,
    ) -> Result<Agent> {
        check(settings)?;
        check_password(&password.0)?;
        let tenant = self.0.settings().await?.settings;
        let ha1 = Ha1::new(settings.extension.as_str(), &tenant.sip_domain, &password.0);
        let id = AgentId(Uuid::now_v7());
        // Counting and inserting in one statement: two requests cannot both take the last place.
        let made = sqlx::query(
            "INSERT INTO agents (id, tenant_id, name, extension, skills, ha1_md5, ha1_sha256, \
             created_at, updated_at) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $8 \
             WHERE (SELECT COUNT(*) FROM agents WHERE tenant_id = $2) < $9",
        )
        .bind(id.to_string())
        .bind(self.0.key())
        .bind(&settings.name)
        .bind(settings.extension.as_str())
        .bind(row::to_json(&settings.skills)?)
        .bind(ha1.md5)
        .bind(ha1.sha256)
        .bind(row::ms(row::now()))
        .bind(i64::from(tenant.limits.max_agents))
        .execute(self.0.write())
        .await
        .map_err(|error| taken(error, settings))?;
        if made.rows_affected() == 0 {
            return Err(StoreError::conflict(format!(
                "the tenant has its {} agents already; delete one or have the limit raised",
                tenant.limits.max_agents
            )));
        }
        self.get(id).await
    }

    /// Every agent, by extension.
    pub async fn list(&self) -> Result<Vec<Agent>> {
        let rows = sqlx::query("SELECT * FROM agents WHERE tenant_id = $1 ORDER BY extension")
            .bind(self.0.key())
            .fetch_all(self.0.read())
            .await?;
        rows.iter().map(from_row).collect()
    }

    /// One agent.
    pub async fn get(&self, id: AgentId) -> Result<Agent> {
        self.find(&id.to_string()).await
    }

    /// One agent by id or extension.
    pub async fn find(&self, id_or_extension: &str) -> Result<Agent> {
        let found = sqlx::query(
            "SELECT * FROM agents WHERE tenant_id = $1 AND (id = $2 OR extension = $2)",
        )
        .bind(self.0.key())
        .bind(id_or_extension)
        .fetch_optional(self.0.read())
        .await?;
        from_row(&found.ok_or_else(|| StoreError::not_found("agent", id_or_extension))?)
    }

    /// Replaces an agent's settings. A new extension needs the password again,
    /// because the stored hash binds both.
    pub async fn update(
        &self,
        id: AgentId,
        settings: &AgentSettings,
        password: Option<&PhonePassword>,
    ) -> Result<Agent> {
        check(settings)?;
        let old = self.get(id).await?;
        let ha1 = match password {
            Some(password) => {
                check_password(&password.0)?;
                let domain = self.0.settings().await?.settings.sip_domain;
                Ha1::new(settings.extension.as_str(), &domain, &password.0)
            }
            None if settings.extension == old.settings.extension => old.ha1,
            None => {
                return Err(StoreError::invalid(
                    "a new extension needs the phone's password again: it is stored only as a \
                     hash over extension, domain and password",
                ));
            }
        };
        sqlx::query(
            "UPDATE agents SET name = $3, extension = $4, skills = $5, ha1_md5 = $6, \
             ha1_sha256 = $7, updated_at = $8 WHERE tenant_id = $1 AND id = $2",
        )
        .bind(self.0.key())
        .bind(id.to_string())
        .bind(&settings.name)
        .bind(settings.extension.as_str())
        .bind(row::to_json(&settings.skills)?)
        .bind(ha1.md5)
        .bind(ha1.sha256)
        .bind(row::ms(row::now()))
        .execute(self.0.write())
        .await
        .map_err(|error| taken(error, settings))?;
        self.get(id).await
    }

    /// Deletes an agent, also from every queue.
    pub async fn delete(&self, id: AgentId) -> Result<()> {
        let gone = sqlx::query("DELETE FROM agents WHERE tenant_id = $1 AND id = $2")
            .bind(self.0.key())
            .bind(id.to_string())
            .execute(self.0.write())
            .await?;
        if gone.rows_affected() == 0 {
            return Err(StoreError::not_found("agent", id));
        }
        Ok(())
    }

    /// What each agent was doing when last heard of. Agents never heard of are not listed.
    pub async fn last_states(&self) -> Result<Vec<(AgentId, AgentState, Timestamp)>> {
        let rows = sqlx::query("SELECT * FROM agent_states WHERE tenant_id = $1")
            .bind(self.0.key())
            .fetch_all(self.0.read())
            .await?;
        rows.iter()
            .map(|found| {
                Ok((
                    row::parsed(found, "agent_id")?,
                    row::json(found, "state")?,
                    row::time(found, "since")?,
                ))
            })
            .collect()
    }
}

fn check(settings: &AgentSettings) -> Result<()> {
    row::check_text("an agent's name", &settings.name, 100)?;
    if settings.name.is_empty() {
        return Err(StoreError::invalid("an agent needs a name"));
    }
    if settings.extension.is_e164() {
        return Err(StoreError::invalid(
            "an extension is a short number or a name, not a public number",
        ));
    }
    if settings.skills.len() > MAX_SKILLS {
        return Err(StoreError::invalid(format!("an agent has at most {MAX_SKILLS} skills")));
    }
    for (index, skill) in settings.skills.iter().enumerate() {
        row::check_name("skill", &skill.name)?;
        if !(1..=10).contains(&skill.level) {
            return Err(StoreError::invalid(format!(
                "the level of {} is 1 to 10, not {}",
                skill.name, skill.level
            )));
        }
        if settings.skills[..index].iter().any(|before| before.name == skill.name) {
            return Err(StoreError::invalid(format!("the skill {} is given twice", skill.name)));
        }
    }
    Ok(())
}

fn taken(error: sqlx::Error, settings: &AgentSettings) -> StoreError {
    StoreError::or_taken(error, || {
        format!("the extension {} is in use; choose another one", settings.extension)
    })
}

fn from_row(found: &AnyRow) -> Result<Agent> {
    Ok(Agent {
        id: row::parsed(found, "id")?,
        settings: AgentSettings {
            name: row::text(found, "name")?,
            extension: row::parsed(found, "extension")?,
            skills: row::json(found, "skills")?,
        },
        ha1: Ha1 { md5: row::text(found, "ha1_md5")?, sha256: row::text(found, "ha1_sha256")? },
        created_at: row::time(found, "created_at")?,
        updated_at: row::time(found, "updated_at")?,
    })
}
