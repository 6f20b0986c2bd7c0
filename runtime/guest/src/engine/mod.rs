//! The engine all guests of this process share: its settings, what it links
//! programs against, and the threads that compile and that tick.

mod config;
mod features;
mod ticker;

pub use config::{EngineConfig, EngineError};
pub(crate) use features::ALLOWED as ALLOWED_FEATURES;

use crate::host::{self, GuestState};
use crate::program::{Program, ProgramInner};
use crate::upload::{Cache, CompileWorker, UploadError, UploadLimits, UploadStage, artefact};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::oneshot;
use wasmtime::Engine;
use wasmtime::component::Linker;

/// Compiles programs and is what their instances live in. Cheap to clone.
#[derive(Clone)]
pub struct GuestEngine {
    inner: Arc<Shared>,
}

pub(crate) struct Shared {
    engine: Engine,
    linker: Linker<GuestState>,
    cache: Option<Cache>,
    /// Programs in use, so that one uploaded twice is compiled and mapped once.
    known: Mutex<HashMap<String, Weak<ProgramInner>>>,
    worker: CompileWorker,
    max_memory_bytes: usize,
}

impl fmt::Debug for GuestEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuestEngine").finish_non_exhaustive()
    }
}

impl GuestEngine {
    /// Reserves the pool and starts the ticking and compiling threads.
    pub fn new(config: EngineConfig) -> Result<Self, EngineError> {
        let engine = Engine::new(&config.wasmtime()?).map_err(|error| EngineError::Pool {
            max_live: config.max_live,
            reason: format!("{error:#}"),
        })?;
        ticker::start(&engine)?;
        let linker =
            host::linker(&engine).map_err(|error| EngineError::Linker(error.to_string()))?;
        let cache = match &config.cache_dir {
            Some(folder) => Some(
                Cache::open(folder, &engine)
                    .map_err(|error| EngineError::Cache { folder: folder.clone(), error })?,
            ),
            None => None,
        };
        let worker = CompileWorker::start(config.compile_threads)?;
        Ok(Self {
            inner: Arc::new(Shared {
                engine,
                linker,
                cache,
                known: Mutex::default(),
                worker,
                max_memory_bytes: config.max_memory_bytes,
            }),
        })
    }

    /// Checks and compiles an upload; blocks until that is done or its time is up.
    pub fn compile(&self, bytes: &[u8], limits: &UploadLimits) -> Result<Program, UploadError> {
        let answer = self.compile_later(bytes.to_vec(), limits.clone())?;
        match answer.recv_timeout(limits.compile_time) {
            Ok(result) => result,
            Err(_) => {
                Err(UploadError::TooSlow { limit_ms: limits.compile_time.as_millis() as u64 })
            }
        }
    }

    /// The same for async callers: resolves when done. The caller brings its own
    /// time-out; a dropped receiver lets the work end unseen.
    pub fn compile_async(
        &self,
        bytes: Vec<u8>,
        limits: UploadLimits,
    ) -> Result<oneshot::Receiver<Result<Program, UploadError>>, UploadError> {
        self.compile_watched(bytes, limits, |_| {})
    }

    /// The same; `begun` hears on the compile thread each stage as it begins, and
    /// must not block.
    pub fn compile_watched(
        &self,
        bytes: Vec<u8>,
        limits: UploadLimits,
        begun: impl Fn(UploadStage) + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<Program, UploadError>>, UploadError> {
        let (tell, told) = oneshot::channel();
        let engine = self.clone();
        self.inner.worker.submit(move || {
            // Nobody waiting any more is no fault.
            let _ = tell.send(engine.compile_here(&bytes, &limits, &begun));
        })?;
        Ok(told)
    }

    fn compile_later(
        &self,
        bytes: Vec<u8>,
        limits: UploadLimits,
    ) -> Result<std::sync::mpsc::Receiver<Result<Program, UploadError>>, UploadError> {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let engine = self.clone();
        self.inner.worker.submit(move || {
            let _ = tell.send(engine.compile_here(&bytes, &limits, &|_| {}));
        })?;
        Ok(told)
    }

    /// On the calling thread: only for the compile worker.
    fn compile_here(
        &self,
        bytes: &[u8],
        limits: &UploadLimits,
        begun: &dyn Fn(UploadStage),
    ) -> Result<Program, UploadError> {
        let checked = artefact::check(bytes, limits, begun)?;
        begun(UploadStage::Compile);
        if let Some(program) = self.known(&checked.digest) {
            small_enough(program.compiled_bytes(), limits)?;
            return Ok(program);
        }
        let component =
            artefact::component(&self.inner.engine, self.inner.cache.as_ref(), &checked)?;
        let image = component.image_range();
        let compiled_bytes = (image.end as usize).saturating_sub(image.start as usize);
        small_enough(compiled_bytes, limits)?;
        begun(UploadStage::Start);
        let program = Program::link(self, &checked, component, compiled_bytes, &limits.budget)?;
        self.remember(&program);
        Ok(program)
    }

    fn known(&self, digest: &str) -> Option<Program> {
        let known = self.inner.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(digest).and_then(Weak::upgrade).map(Program::from_inner)
    }

    fn remember(&self, program: &Program) {
        let mut known = self.inner.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, program| program.strong_count() > 0);
        known.insert(program.digest().to_owned(), program.downgrade());
    }

    pub(crate) fn wasmtime(&self) -> &Engine {
        &self.inner.engine
    }

    pub(crate) fn linker(&self) -> &Linker<GuestState> {
        &self.inner.linker
    }

    pub(crate) fn max_memory_bytes(&self) -> usize {
        self.inner.max_memory_bytes
    }

    /// How many linear memories are in use: one per live instance.
    pub fn live_memories(&self) -> usize {
        self.inner.engine.pooling_allocator_metrics().map_or(0, |metrics| metrics.memories())
    }
}

fn small_enough(bytes: usize, limits: &UploadLimits) -> Result<(), UploadError> {
    let limit = limits.compiled_bytes;
    if bytes > limit { Err(UploadError::CompiledTooBig { bytes, limit }) } else { Ok(()) }
}
