//! A compiled program, linked and ready to be started in microseconds.

use crate::engine::GuestEngine;
use crate::fault;
use crate::host::bindings::{flow::CallFlowPre, pacer::PacerPre, router::RouterPre};
use crate::host::{GuestState, wasi};
use crate::limits::Budget;
use crate::memory::MemoryAccount;
use crate::turn::Sandbox;
use crate::upload::{UploadError, artefact::Checked};
use std::fmt;
use std::sync::{Arc, Weak};
use wasmtime::component::{Component, InstancePre};

/// A world a program can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum World {
    /// One instance per call.
    CallFlow,
    /// One instance per tenant.
    Router,
    /// One instance per campaign.
    Pacer,
}

impl World {
    /// Every world there is.
    pub const ALL: [World; 3] = [World::CallFlow, World::Router, World::Pacer];

    /// Name in WIT, SQL and JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::CallFlow => "call-flow",
            Self::Router => "router",
            Self::Pacer => "pacer",
        }
    }

    /// The function that makes a program serve it.
    pub fn export(self) -> &'static str {
        match self {
            Self::CallFlow => "handle",
            Self::Router => "decide",
            Self::Pacer => "pace",
        }
    }
}

/// A compiled program. Cheap to clone; shared by all its instances.
#[derive(Clone)]
pub struct Program {
    inner: Arc<ProgramInner>,
}

pub(crate) struct ProgramInner {
    engine: GuestEngine,
    digest: String,
    compiled_bytes: usize,
    worlds: Vec<World>,
    flow: Option<CallFlowPre<GuestState>>,
    router: Option<RouterPre<GuestState>>,
    pacer: Option<PacerPre<GuestState>>,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("digest", &self.inner.digest)
            .field("worlds", &self.inner.worlds)
            .finish()
    }
}

impl Program {
    /// SHA-256 of what was uploaded, in hexadecimal.
    pub fn digest(&self) -> &str {
        &self.inner.digest
    }

    /// Size of its machine code and data.
    pub fn compiled_bytes(&self) -> usize {
        self.inner.compiled_bytes
    }

    /// What it can be used as; at least one.
    pub fn worlds(&self) -> &[World] {
        &self.inner.worlds
    }

    /// Whether it can be used as `world`.
    pub fn serves(&self, world: World) -> bool {
        self.inner.worlds.contains(&world)
    }

    /// Links a compiled component and starts it once, so that what cannot start
    /// is refused at upload and not found out by a caller.
    pub(crate) fn link(
        engine: &GuestEngine,
        checked: &Checked<'_>,
        component: Component,
        compiled_bytes: usize,
        budget: &Budget,
    ) -> Result<Self, UploadError> {
        // So that the first call does not pay for mapping the memory image.
        component
            .initialize_copy_on_write_image()
            .map_err(|error| UploadError::NotCompiled(format!("{error:#}")))?;
        let pre = linked(engine, &component, checked.uses_wasi)
            .map_err(|error| UploadError::WrongImport(format!("{error:#}")))?;
        let serves = |world| checked.worlds.contains(&world);
        let program = Self {
            inner: Arc::new(ProgramInner {
                engine: engine.clone(),
                digest: checked.digest.clone(),
                compiled_bytes,
                worlds: checked.worlds.clone(),
                flow: typed(serves(World::CallFlow), World::CallFlow, &pre, CallFlowPre::new)?,
                router: typed(serves(World::Router), World::Router, &pre, RouterPre::new)?,
                pacer: typed(serves(World::Pacer), World::Pacer, &pre, PacerPre::new)?,
            }),
        };
        program.try_start(budget)?;
        Ok(program)
    }

    fn try_start(&self, budget: &Budget) -> Result<(), UploadError> {
        for &world in self.worlds() {
            let mut sandbox = Sandbox::new(&self.inner.engine, budget, &MemoryAccount::default());
            sandbox.begin_start();
            let store = sandbox.store();
            let started = match world {
                World::CallFlow => {
                    self.inner.flow.as_ref().map(|pre| pre.instantiate(store).map(drop))
                }
                World::Router => {
                    self.inner.router.as_ref().map(|pre| pre.instantiate(store).map(drop))
                }
                World::Pacer => {
                    self.inner.pacer.as_ref().map(|pre| pre.instantiate(store).map(drop))
                }
            };
            if let Some(Err(error)) = started {
                let refused = sandbox.store().data().memory.refused();
                let fault = fault::of_start(&error, budget, refused);
                return Err(match fault.kind {
                    // With a full pool nothing is known about the program, and
                    // what is left is a type that does not fit.
                    strowger_call::FaultKind::Instantiation
                        if fault.blame == strowger_model::Blame::Operator =>
                    {
                        UploadError::Busy
                    }
                    strowger_call::FaultKind::Instantiation => {
                        UploadError::WrongType { world, reason: fault.message }
                    }
                    _ => UploadError::DoesNotStart(fault.message),
                });
            }
        }
        Ok(())
    }

    pub(crate) fn engine(&self) -> &GuestEngine {
        &self.inner.engine
    }

    pub(crate) fn flow(&self) -> Option<&CallFlowPre<GuestState>> {
        self.inner.flow.as_ref()
    }

    pub(crate) fn router(&self) -> Option<&RouterPre<GuestState>> {
        self.inner.router.as_ref()
    }

    pub(crate) fn pacer(&self) -> Option<&PacerPre<GuestState>> {
        self.inner.pacer.as_ref()
    }

    pub(crate) fn from_inner(inner: Arc<ProgramInner>) -> Self {
        Self { inner }
    }

    pub(crate) fn downgrade(&self) -> Weak<ProgramInner> {
        Arc::downgrade(&self.inner)
    }
}

fn linked(
    engine: &GuestEngine,
    component: &Component,
    uses_wasi: bool,
) -> wasmtime::Result<InstancePre<GuestState>> {
    if !uses_wasi {
        return engine.linker().instantiate_pre(component);
    }
    let mut linker = engine.linker().clone();
    wasi::add_to_linker(&mut linker, component)?;
    linker.instantiate_pre(component)
}

fn typed<T>(
    wanted: bool,
    world: World,
    pre: &InstancePre<GuestState>,
    new: impl FnOnce(InstancePre<GuestState>) -> wasmtime::Result<T>,
) -> Result<Option<T>, UploadError> {
    if !wanted {
        return Ok(None);
    }
    new(pre.clone())
        .map(Some)
        .map_err(|error| UploadError::WrongType { world, reason: format!("{error:#}") })
}
