//! Everything that one server is made of, to be reached from its tasks.

use crate::calls::pressure::Pressure;
use crate::calls::registry::Registry;
use crate::config::Config;
use crate::drain::Drain;
use crate::events::Events;
use crate::ledger::Ledger;
use crate::metering::Metering;
use crate::metrics::Metrics;
use crate::programs::Programs;
use crate::rollout::watch::Watch;
use crate::services::http::HttpService;
use crate::signing::Signing;
use crate::speech::sounds::Sounds;
use crate::tenants::Tenants;
use crate::tenants::crowd::Crowd;
use crate::traces::Traces;
use anyhow::{Context as _, Result};
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use strowger_api::Alarm;
use strowger_engine::media::MediaHandle;
use strowger_engine::signalling::SipHandle;
use strowger_guest::{BackgroundThreads, GuestEngine, GuestThreads, Program, UploadLimits};
use strowger_model::{AgentId, TrunkId};
use strowger_store::{Store, Writer};
use tokio::runtime::Handle;

/// One server.
#[derive(Debug)]
pub struct Node {
    /// What the operator has set.
    pub config: Config,
    /// The database.
    pub store: Store,
    /// Call records and journals.
    pub writer: Writer,
    /// Other facts.
    pub ledger: Ledger,
    /// Signalling.
    pub sip: SipHandle,
    /// Media.
    pub media: MediaHandle,
    /// Compiles guests.
    pub engine: GuestEngine,
    /// Where calls and distributions live, with their guests.
    pub guests: GuestThreads,
    /// Where guests of tenants run that take more than their share.
    pub background: BackgroundThreads,
    /// Whether several tenants' guests are at work.
    pub crowd: Crowd,
    /// Whether there are more new calls than can be begun with.
    pub pressure: Arc<Pressure>,
    /// What guests use, for bills.
    pub metering: Metering,
    /// Where everything else runs that a call waits for.
    pub services: Handle,
    /// Compiled versions.
    pub programs: Programs,
    /// Signatures of versions.
    pub signing: Signing,
    /// How versions that are tried fare.
    pub watch: Watch,
    /// Makes clips.
    pub sounds: Sounds,
    /// Requests of flows.
    pub http: HttpService,
    /// Live calls.
    pub calls: Registry,
    /// Tenants.
    pub tenants: Tenants,
    /// Whether the server runs empty.
    pub drain: Drain,
    /// Calls of before the start are being taken up.
    pub recovering: AtomicBool,
    /// The event stream.
    pub events: Events,
    /// What was said about the last calls.
    pub traces: Arc<Traces>,
    /// Counters.
    pub metrics: Arc<Metrics>,
    pub(crate) stock: StockPrograms,
    pub(crate) phones: RwLock<HashSet<AgentId>>,
    pub(crate) trunks: Mutex<HashMap<TrunkId, TrunkState>>,
    pub(crate) alarms: Mutex<VecDeque<Alarm>>,
}

/// Alarms remembered; older ones make room.
const MAX_ALARMS: usize = 64;

/// Whether a trunk's registration holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrunkState {
    /// Whether it is registered.
    pub registered: bool,
    /// The last final response, if one came.
    pub status: Option<u16>,
}

/// Routers from `guest-examples/routers` that tenants can choose by name.
const STOCK_ROUTERS: [&str; 4] = ["longest-idle", "skills", "priority-aging", "last-agent"];

/// The flow of what a phone dials and no flow is bound to.
pub const DIRECT_DIAL: &str = "direct-dial";

/// The guests that come with the server and run unasked, compiled at start.
#[derive(Debug)]
pub struct StockPrograms {
    routers: HashMap<&'static str, Program>,
    default_router: Program,
    direct_dial: Program,
}

impl StockPrograms {
    /// Compiles them.
    pub async fn load(engine: &GuestEngine) -> Result<Self> {
        let mut routers = HashMap::new();
        for name in STOCK_ROUTERS {
            routers.insert(name, built_in(engine, name).await?);
        }
        let default_router = routers
            .get(strowger_stock::DEFAULT_ROUTER)
            .cloned()
            .context("the default router is not built in")?;
        Ok(Self { routers, default_router, direct_dial: built_in(engine, DIRECT_DIAL).await? })
    }
}

async fn built_in(engine: &GuestEngine, name: &str) -> Result<Program> {
    let bytes =
        strowger_stock::guest(name).with_context(|| format!("the guest {name} is not built in"))?;
    compile(engine, bytes.to_vec()).await
}

impl Node {
    /// The router that decides when a tenant's own cannot.
    pub fn stock_router(&self) -> &Program {
        &self.stock.default_router
    }

    /// Connects a phone with what it dialled.
    pub fn direct_dial(&self) -> &Program {
        &self.stock.direct_dial
    }

    /// A router that comes with the server.
    pub fn stock_router_named(&self, name: &str) -> Option<&Program> {
        self.stock.routers.get(name)
    }

    /// Names of the routers that come with the server, the default one first.
    pub fn stock_router_names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.stock.routers.keys().map(|&name| name.to_owned()).collect();
        // The default one first.
        names.sort_by_key(|name| (name != strowger_stock::DEFAULT_ROUTER, name.clone()));
        names
    }

    /// A call met something that the operator should look at.
    pub fn raise_alarm(&self, data: &serde_json::Value) {
        let text = |field: &str| {
            let value = data.get(field).and_then(serde_json::Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let name = Some(text("name")).filter(|name| !name.is_empty());
        let name = name.unwrap_or_else(|| "call".to_owned());
        let message = data.to_string();
        tracing::error!(name, message, "alarm");
        let mut alarms = self.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        alarms.retain(|alarm| alarm.name != name);
        if alarms.len() >= MAX_ALARMS {
            alarms.pop_front();
        }
        alarms.push_back(Alarm { name, message, since: crate::clock::now() });
    }

    /// What an alarm was raised for is over.
    pub fn clear_alarm(&self, name: &str) {
        let mut alarms = self.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        alarms.retain(|alarm| alarm.name != name);
    }

    /// What was raised lately.
    pub fn standing_alarms(&self) -> Vec<Alarm> {
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Compiles a guest on the compile threads.
    pub async fn compile(&self, bytes: Vec<u8>) -> Result<Program> {
        compile(&self.engine, bytes).await
    }

    /// Whether an agent's phone is registered.
    pub fn is_registered(&self, agent: AgentId) -> bool {
        self.phones.read().unwrap_or_else(PoisonError::into_inner).contains(&agent)
    }

    /// An agent's phone has registered or is gone.
    pub fn phone_is_there(&self, agent: AgentId, there: bool) {
        let mut phones = self.phones.write().unwrap_or_else(PoisonError::into_inner);
        if there {
            phones.insert(agent);
        } else {
            phones.remove(&agent);
        }
    }

    /// A trunk's registration was accepted or refused.
    pub fn trunk_registered(&self, trunk: TrunkId, registered: bool, status: Option<u16>) {
        let mut trunks = self.trunks.lock().unwrap_or_else(PoisonError::into_inner);
        trunks.insert(trunk, TrunkState { registered, status });
    }

    /// How a trunk's registration stands, if it registers.
    pub fn trunk_state(&self, trunk: TrunkId) -> Option<TrunkState> {
        self.trunks.lock().unwrap_or_else(PoisonError::into_inner).get(&trunk).copied()
    }
}

async fn compile(engine: &GuestEngine, bytes: Vec<u8>) -> Result<Program> {
    // What was taken once is taken again, whatever its tenant may upload now.
    let limits =
        UploadLimits { bytes: usize::MAX, compiled_bytes: usize::MAX, ..UploadLimits::default() };
    let patience = limits.compile_time;
    let answer = engine.compile_async(bytes, limits)?;
    let program = tokio::time::timeout(patience, answer)
        .await
        .context("compiling took too long")?
        .context("the compile threads have stopped")??;
    Ok(program)
}
