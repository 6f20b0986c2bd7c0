//! The threads guests run on. Each owns a shard of the instances: a call's guest
//! lives and dies on one thread, so it needs no lock and its memory stays in
//! that core's cache.
//!
//! Queues are bounded: a full one answers at once, so that overload is a named
//! error at the caller and never a growing backlog. Async callers wait on a
//! oneshot; a dropped answer is no fault here.

use crate::fault;
use crate::limits::Budget;
use crate::program::Program;
use crate::replay::{ReplayError, Replayed, replay};
use crate::turn::{FlowInstance, FlowTurn, RouterInstance, RouterTurn};
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use strowger_acd::{Distribution, RouterTrigger};
use strowger_call::{Fault, FaultKind, GuestEvent, Moment, TurnView};
use strowger_model::{CallId, JournalEntry, TenantId};
use tokio::sync::oneshot;

/// Native stack of a guest thread: the guest's own limit and room for the host.
const STACK_BYTES: usize = 4 * crate::limits::MAX_WASM_STACK_BYTES;

/// How many threads, and how long their queues are.
#[derive(Clone, Debug)]
pub struct PoolConfig {
    /// Threads. Guests compute and never wait, so more than cores gain nothing.
    pub threads: usize,
    /// Jobs waiting for one thread. At some microseconds each, a full queue is
    /// some ten milliseconds of delay: beyond that callers notice.
    pub queue: usize,
}

impl Default for PoolConfig {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { threads: cores.div_ceil(2), queue: 4_096 }
    }
}

/// The pool did not take a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PoolBusy {
    /// The queue of the thread that owns the instance is full.
    #[error(
        "too many guest turns are waiting; the machine is overloaded or needs more guest threads"
    )]
    Full,
    /// The pool is shutting down.
    #[error("the guest threads have stopped")]
    Stopped,
}

impl From<PoolBusy> for Fault {
    fn from(busy: PoolBusy) -> Self {
        Fault::new(FaultKind::Host, busy.to_string()).blamed(strowger_model::Blame::Operator)
    }
}

/// Why the pool did not start.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// Zero threads or no queue.
    #[error("a guest pool needs at least one thread and room for one job")]
    Settings,
    /// The operating system refused a thread.
    #[error("could not start a guest thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// One event for a call's flow.
#[derive(Debug)]
pub struct FlowJob {
    /// Whose instance.
    pub call: CallId,
    /// What to run.
    pub program: Program,
    /// What the event may use.
    pub budget: Budget,
    /// When, and randomness.
    pub moment: Moment,
    /// The event.
    pub event: GuestEvent,
    /// What the guest sees of its call.
    pub view: TurnView,
}

/// One decision for a tenant's router.
pub struct RouterJob {
    /// Whose instance.
    pub tenant: TenantId,
    /// What to run.
    pub program: Program,
    /// What the decision may use.
    pub budget: Budget,
    /// When, and randomness.
    pub moment: Moment,
    /// Why it is asked.
    pub trigger: RouterTrigger,
    /// What it decides about.
    pub host: Box<dyn Distribution>,
}

impl fmt::Debug for RouterJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouterJob")
            .field("tenant", &self.tenant)
            .field("program", &self.program)
            .field("trigger", &self.trigger)
            .finish_non_exhaustive()
    }
}

/// A decision, with what it was about.
pub struct RouterAnswer {
    /// What came of it.
    pub turn: RouterTurn,
    /// The distribution, with the choices in it.
    pub host: Box<dyn Distribution>,
}

impl fmt::Debug for RouterAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouterAnswer").field("turn", &self.turn).finish_non_exhaustive()
    }
}

/// A decision that the pool did not take.
#[derive(Debug)]
pub struct RouterRefused {
    /// Why.
    pub busy: PoolBusy,
    /// What was to be decided, unchanged.
    pub job: RouterJob,
}

/// The threads. Cheap to clone; they end when the last clone is dropped.
#[derive(Clone)]
pub struct GuestPool {
    workers: Arc<[Worker]>,
    hasher: RandomState,
}

struct Worker {
    jobs: SyncSender<Job>,
    /// Calls that are over. Apart from the queue, so that a full one cannot
    /// keep dead instances alive; at most one entry per live instance.
    over: Arc<Mutex<Vec<CallId>>>,
}

type Job = Box<dyn FnOnce(&mut Shard) + Send>;

/// The instances of one thread.
#[derive(Debug, Default)]
pub struct Shard {
    flows: HashMap<CallId, FlowInstance>,
    routers: HashMap<TenantId, RouterInstance>,
}

impl fmt::Debug for GuestPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestPool").field("threads", &self.workers.len()).finish_non_exhaustive()
    }
}

impl GuestPool {
    /// Starts the threads.
    pub fn start(config: &PoolConfig) -> Result<Self, PoolError> {
        if config.threads == 0 || config.queue == 0 {
            return Err(PoolError::Settings);
        }
        let workers = (0..config.threads)
            .map(|index| Worker::start(index, config.queue))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { workers: workers.into(), hasher: RandomState::new() })
    }

    /// Runs one event of a call's flow. `Started` makes the instance; for any other
    /// event it must be there (see [`Self::flow_replay`]). The answer always comes, as a turn or a
    /// fault; the receiver fails only if the pool stops meanwhile.
    pub fn flow_turn(&self, job: FlowJob) -> Result<oneshot::Receiver<FlowTurn>, PoolBusy> {
        self.run(job.call, move |shard| shard.flow_turn(job))
    }

    /// Rebuilds a call's instance from its journal and keeps it. Answers what
    /// is left to do, without the instance.
    pub fn flow_replay(
        &self,
        call: CallId,
        program: Program,
        budget: Budget,
        journal: Vec<JournalEntry>,
    ) -> Result<oneshot::Receiver<Result<ReplayedCall, ReplayError>>, PoolBusy> {
        self.run(call, move |shard| {
            let Replayed { instance, attributes, pending, turns } =
                replay(&program, &budget, &journal)?;
            shard.flows.insert(call, instance);
            Ok(ReplayedCall { attributes, pending, turns })
        })
    }

    /// Runs one decision of a tenant's router. The distribution comes back with
    /// the answer, or with the error at once if the pool is busy.
    pub fn router_turn(
        &self,
        job: RouterJob,
    ) -> Result<oneshot::Receiver<RouterAnswer>, Box<RouterRefused>> {
        let worker = self.worker(&job.tenant);
        let (tell, told) = oneshot::channel();
        // The job must come back if it is refused, so it does not go into the
        // closure before there is room for it.
        let parcel = Arc::new(Mutex::new(Some(job)));
        let inside = parcel.clone();
        let sent = worker.send(Box::new(move |shard| {
            let job = inside.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(answer) = job.and_then(|job| shard.router_turn(job)) {
                let _ = tell.send(answer);
            }
        }));
        match sent {
            Ok(()) => Ok(told),
            Err(busy) => match parcel.lock().unwrap_or_else(PoisonError::into_inner).take() {
                Some(job) => Err(Box::new(RouterRefused { busy, job })),
                // A refused closure was dropped unrun.
                None => unreachable!("a job that was not sent cannot have run"),
            },
        }
    }

    /// Frees a call's instance, now or as soon as its thread has time.
    pub fn drop_call(&self, call: CallId) {
        let worker = self.worker(&call);
        worker.over.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        // Only wakes the thread; with a full queue it is awake anyway.
        let _ = worker.send(Box::new(|_| {}));
    }

    /// Frees a tenant's router instance; the next decision starts a new one.
    pub fn drop_router(&self, tenant: TenantId) -> Result<(), PoolBusy> {
        self.worker(&tenant).send(Box::new(move |shard| {
            shard.routers.remove(&tenant);
        }))
    }

    /// Runs anything on the thread that `key` belongs to. The receiver fails if
    /// the job panics or the pool stops.
    pub fn run<T: Send + 'static>(
        &self,
        key: impl Hash,
        job: impl FnOnce(&mut Shard) -> T + Send + 'static,
    ) -> Result<oneshot::Receiver<T>, PoolBusy> {
        let (tell, told) = oneshot::channel();
        self.worker(&key).send(Box::new(move |shard| {
            // Whoever asked may have gone.
            let _ = tell.send(job(shard));
        }))?;
        Ok(told)
    }

    fn worker(&self, key: &impl Hash) -> &Worker {
        let index = self.hasher.hash_one(key) % self.workers.len() as u64;
        &self.workers[index as usize]
    }
}

/// What is left to do for a rebuilt call.
#[derive(Clone, Debug)]
pub struct ReplayedCall {
    /// The call's attributes.
    pub attributes: Vec<(String, String)>,
    /// The last event if its turn was not recorded: it is to be handled again.
    pub pending: Option<strowger_call::EventBody>,
    /// Events fed.
    pub turns: u32,
}

impl Worker {
    fn start(index: usize, queue: usize) -> std::io::Result<Self> {
        let (jobs, waiting) = sync_channel(queue);
        let over = Arc::new(Mutex::new(Vec::new()));
        let graves = over.clone();
        std::thread::Builder::new()
            .name(format!("guest-{index}"))
            .stack_size(STACK_BYTES)
            .spawn(move || work(&waiting, &graves))?;
        Ok(Self { jobs, over })
    }

    fn send(&self, job: Job) -> Result<(), PoolBusy> {
        self.jobs.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => PoolBusy::Full,
            TrySendError::Disconnected(_) => PoolBusy::Stopped,
        })
    }
}

fn work(waiting: &Receiver<Job>, over: &Mutex<Vec<CallId>>) {
    // Signal stacks and thread-locals now rather than inside somebody's call.
    wasmtime::Engine::tls_eager_initialize();
    let mut shard = Shard::default();
    while let Ok(job) = waiting.recv() {
        // A bug of ours costs the job it was met in, not the thread: its answer
        // is dropped unsent, and the instance it ran in counts as failed.
        if catch_unwind(AssertUnwindSafe(|| job(&mut shard))).is_err() {
            tracing::error!("a guest job panicked; this is a bug");
        }
        let ended = std::mem::take(&mut *over.lock().unwrap_or_else(PoisonError::into_inner));
        for call in ended {
            shard.flows.remove(&call);
        }
    }
}

impl Shard {
    /// How many flows live here.
    pub fn flows(&self) -> usize {
        self.flows.len()
    }

    fn flow_turn(&mut self, job: FlowJob) -> FlowTurn {
        let FlowJob { call, program, budget, moment, event, view } = job;
        let known = self.flows.get(&call);
        let fits = known
            .is_some_and(|known| known.is_sound() && known.program().digest() == program.digest());
        if !fits {
            if event != GuestEvent::Started {
                // A new instance in the middle of a call would know nothing of
                // what came before.
                return crate::turn::failed(view, fault::instance_gone());
            }
            match FlowInstance::new(&program, &budget) {
                Ok(fresh) => drop(self.flows.insert(call, fresh)),
                Err(fault) => return crate::turn::failed(view, fault),
            }
        }
        let Some(instance) = self.flows.get_mut(&call) else {
            return crate::turn::failed(view, fault::instance_gone());
        };
        let turn = view.turn();
        let ran = catch_unwind(AssertUnwindSafe(|| instance.handle(moment, &event, view)));
        let answer = ran.unwrap_or_else(|_| {
            tracing::error!(%call, "the host of a flow panicked; this is a bug");
            crate::turn::panicked(turn)
        });
        if !instance.is_sound() {
            self.flows.remove(&call);
        }
        answer
    }

    fn router_turn(&mut self, job: RouterJob) -> Option<RouterAnswer> {
        let RouterJob { tenant, program, budget, moment, trigger, host } = job;
        let known = self.routers.get(&tenant);
        let fits = known
            .is_some_and(|known| known.is_sound() && known.program().digest() == program.digest());
        if !fits {
            match RouterInstance::new(&program, &budget) {
                Ok(fresh) => drop(self.routers.insert(tenant, fresh)),
                Err(fault) => return Some(RouterAnswer { turn: RouterTurn::failed(fault), host }),
            }
        }
        let instance = match self.routers.get_mut(&tenant) {
            Some(instance) => instance,
            None => {
                return Some(RouterAnswer { turn: RouterTurn::failed(fault::poisoned()), host });
            }
        };
        let ran = catch_unwind(AssertUnwindSafe(|| instance.decide(moment, &trigger, host)));
        let answer = match ran {
            Ok((turn, host)) => Some(RouterAnswer { turn, host }),
            Err(_) => {
                tracing::error!(%tenant, "the host of a router panicked; this is a bug");
                instance.reclaim().map(|host| {
                    let fault = Fault::new(FaultKind::Host, "the host of the router panicked");
                    RouterAnswer { turn: RouterTurn::failed(fault), host }
                })
            }
        };
        if !instance.is_sound() {
            self.routers.remove(&tenant);
        }
        answer
    }
}
