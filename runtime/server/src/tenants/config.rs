//! What is configured for one tenant, as calls need it: in memory, immutable,
//! replaced as a whole when something changes. Nothing a caller waits for waits
//! on the database.

use super::routing::Routing;
use std::collections::HashMap;
use strowger_guest::{Budget, Program};
use strowger_model::rules::TenantRules;
use strowger_model::{
    AgentId, CallId, RollbackRules, TenantId, Timestamp, TrunkId, VersionId, tries_canary,
};
use strowger_store::{Agent, CallFallback, ProgramKind, Queue, TenantLimits, Trunk};

/// The versions of a flow that new calls get, or of a router that new contacts get.
#[derive(Clone, Debug)]
pub struct LoadedProgram {
    /// Its name.
    pub name: String,
    /// Stable version; none before the first upload.
    pub version: Option<VersionId>,
    /// That version compiled; none if there is none or it could not be loaded.
    pub program: Option<Program>,
    /// The version that some try. One that could not be loaded gets none.
    pub canary: Option<LoadedCanary>,
    /// What is watched by the rules, if anything is.
    pub trial: Option<Trial>,
}

/// A version that some calls or contacts try.
#[derive(Clone, Debug)]
pub struct LoadedCanary {
    /// Which.
    pub version: VersionId,
    /// How many try it.
    pub share_percent: u32,
    /// It, compiled.
    pub program: Program,
}

/// A version that is taken out when it breaks the rules.
#[derive(Clone, Debug)]
pub struct Trial {
    /// Which.
    pub tried: VersionId,
    /// Whether it is a canary beside the stable version, rather than one that
    /// has just become the stable one.
    pub is_canary: bool,
    /// Revision of the rollout.
    pub revision: u64,
    /// The rules.
    pub rules: RollbackRules,
    /// Until when it is watched; none: as long as it is tried.
    pub until: Option<Timestamp>,
}

/// Where a number leads.
#[derive(Clone, Debug, Default)]
pub struct LoadedNumber {
    /// Name of the flow; none: the fallback takes the call.
    pub flow: Option<String>,
    /// The version that the number is bound to, compiled if it could be loaded;
    /// none: the flow's stable one.
    pub version: Option<(VersionId, Option<Program>)>,
    /// A canary of its own.
    pub canary: Option<LoadedCanary>,
}

/// One tenant's configuration.
#[derive(Debug)]
pub struct TenantConfig {
    /// Which tenant.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// Domain of its phones.
    pub sip_domain: String,
    /// IANA name.
    pub timezone: String,
    /// Language where a flow does not say.
    pub language: String,
    /// What takes a call whose flow failed.
    pub fallback: CallFallback,
    /// Hosts that flows may ask.
    pub http_allow_list: Vec<String>,
    /// Quotas.
    pub limits: TenantLimits,
    /// What goes for all calls over trunks.
    pub rules: TenantRules,
    /// What one event of a guest may use.
    pub budget: Budget,
    /// Where each number leads.
    pub numbers: HashMap<String, LoadedNumber>,
    /// By name.
    pub flows: HashMap<String, LoadedProgram>,
    /// Who distributes contacts.
    pub routing: Routing,
    /// Agents with their extensions and skills.
    pub agents: Vec<Agent>,
    /// Queues.
    pub queues: Vec<Queue>,
    /// Trunks, most preferred first.
    pub trunks: Vec<Trunk>,
    /// Name of a prompt to the digest of its audio.
    pub prompts: HashMap<String, String>,
    extensions: HashMap<String, AgentId>,
}

/// Where a dialled number leads.
#[derive(Clone, Debug)]
pub enum Destination<'a> {
    /// To a flow.
    Flow(FlowEntry<'a>),
    /// The number is the tenant's, but no flow is bound to it.
    Unbound,
    /// To another phone of the tenant.
    Extension,
    /// Out, over a trunk.
    Outside,
    /// Out, which the tenant's phones may not.
    Forbidden,
}

/// A flow, entered by one of its numbers.
#[derive(Clone, Copy, Debug)]
pub struct FlowEntry<'a> {
    /// The flow.
    pub flow: &'a LoadedProgram,
    number: &'a LoadedNumber,
}

impl FlowEntry<'_> {
    /// The version that a call gets, and its program if it could be loaded. The
    /// same call always gets the same one, as long as nothing is changed.
    pub fn version_for(&self, call: CallId) -> (Option<VersionId>, Option<Program>) {
        let canary = match (&self.number.canary, &self.number.version) {
            (Some(own), _) => Some(own),
            // A number that is bound to a version takes no part in the flow's trials.
            (None, Some(_)) => None,
            (None, None) => self.flow.canary.as_ref(),
        };
        if let Some(canary) = canary.filter(|canary| tries_canary(call, canary.share_percent)) {
            return (Some(canary.version), Some(canary.program.clone()));
        }
        match &self.number.version {
            Some((version, program)) => (Some(*version), program.clone()),
            None => (self.flow.version, self.flow.program.clone()),
        }
    }
}

impl Destination<'_> {
    /// The fact `to-kind`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Flow(_) | Self::Unbound => "bound",
            Self::Extension => "extension",
            Self::Outside | Self::Forbidden => "number",
        }
    }
}

/// The parts of a configuration that are indexed here.
#[derive(Debug)]
pub struct Parts {
    /// Agents.
    pub agents: Vec<Agent>,
    /// Queues.
    pub queues: Vec<Queue>,
    /// Trunks.
    pub trunks: Vec<Trunk>,
    /// Where each number leads.
    pub numbers: HashMap<String, LoadedNumber>,
    /// By name.
    pub flows: HashMap<String, LoadedProgram>,
    /// Who distributes contacts.
    pub routing: Routing,
    /// Name to digest.
    pub prompts: HashMap<String, String>,
}

impl TenantConfig {
    /// Indexes what was read.
    pub fn new(tenant: strowger_store::Tenant, mut parts: Parts) -> Self {
        let settings = tenant.settings;
        let default = Budget::default();
        let budget = Budget {
            fuel: settings.limits.guest_fuel.unwrap_or(default.fuel),
            memory_bytes: settings
                .limits
                .guest_memory_kib
                .map_or(default.memory_bytes, |kib| kib as usize * 1024),
            deadline_ms: settings.limits.guest.event_ms.into(),
            log_bytes: settings.limits.guest.log_bytes_per_event as usize,
            ..default
        };
        let extensions = parts
            .agents
            .iter()
            .map(|agent| (agent.settings.extension.to_string(), agent.id))
            .collect();
        parts.trunks.sort_by_key(|trunk| trunk.settings.preference);
        Self {
            id: tenant.id,
            name: settings.name,
            sip_domain: settings.sip_domain,
            timezone: settings.timezone,
            language: settings.language,
            fallback: settings.fallback,
            http_allow_list: settings.http_allow,
            limits: settings.limits,
            rules: tenant.rules,
            budget,
            numbers: parts.numbers,
            flows: parts.flows,
            routing: parts.routing,
            agents: parts.agents,
            queues: parts.queues,
            trunks: parts.trunks,
            prompts: parts.prompts,
            extensions,
        }
    }

    /// Memory that all its guests together may hold.
    pub fn guest_memory_bytes(&self) -> u64 {
        self.limits.guest.memory_for(self.limits.max_live_calls)
    }

    /// The agent behind an extension.
    pub fn agent_with_extension(&self, extension: &str) -> Option<AgentId> {
        self.extensions.get(extension).copied()
    }

    /// An agent's extension.
    pub fn extension_of(&self, agent: AgentId) -> Option<&str> {
        let agent = self.agents.iter().find(|have| have.id == agent)?;
        Some(agent.settings.extension.as_str())
    }

    /// The trunk that outgoing calls take.
    pub fn outbound_trunk(&self) -> Option<TrunkId> {
        self.trunks.iter().find(|trunk| trunk.settings.proxy.is_some()).map(|trunk| trunk.id)
    }

    /// Where a number leads, with or without the `+` that carriers leave out.
    pub fn destination(&self, dialled: &str) -> Option<Destination<'_>> {
        let bound = self.numbers.get(dialled).or_else(|| {
            self.numbers.get(format!("+{}", dialled.trim_start_matches('+')).as_str())
        })?;
        match bound.flow.as_ref().and_then(|name| self.flows.get(name)) {
            Some(flow) => Some(Destination::Flow(FlowEntry { flow, number: bound })),
            None => Some(Destination::Unbound),
        }
    }

    /// Where something leads that a phone of the tenant has dialled and that no
    /// flow is bound to; none: nowhere.
    pub fn beyond(&self, dialled: &str) -> Option<Destination<'_>> {
        if self.agent_with_extension(dialled).is_some() {
            return Some(Destination::Extension);
        }
        let digits = dialled.strip_prefix('+').unwrap_or(dialled);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then_some(match self.limits.phones_dial_out {
            true => Destination::Outside,
            false => Destination::Forbidden,
        })
    }

    /// Programs of a kind that are in force, by name.
    pub fn programs(&self, kind: ProgramKind) -> &HashMap<String, LoadedProgram> {
        match kind {
            ProgramKind::Flow => &self.flows,
            ProgramKind::Router => &self.routing.routers,
        }
    }

    /// The program of which this version is tried, or stands beside one that is.
    pub fn trial_of(
        &self,
        kind: ProgramKind,
        version: VersionId,
        now: Timestamp,
    ) -> Option<(&str, &Trial)> {
        self.programs(kind).values().find_map(|program| {
            let trial = program.trial.as_ref()?;
            let on = trial.until.is_none_or(|until| now < until);
            let concerns = trial.tried == version || program.version == Some(version);
            (on && concerns).then_some((program.name.as_str(), trial))
        })
    }

    /// The flow that takes over when another one failed.
    pub fn fallback_flow(&self) -> Option<&LoadedProgram> {
        match &self.fallback {
            CallFallback::Flow(name) => self.flows.get(name).filter(|flow| flow.program.is_some()),
            _ => None,
        }
    }
}
