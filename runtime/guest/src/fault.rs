//! Turns what wasmtime reports into a [`Fault`] that a flow author can act on,
//! with whose fault it is. Nothing a guest does may come out as a panic.

use crate::host::MemoryRefusal;
use crate::limits::{Budget, MAX_MESSAGE_BYTES, cut};
use std::fmt;
use strowger_call::{Fault, FaultKind};
use strowger_model::Blame;
use wasmtime::{Trap, WasmBacktrace};

/// How the host stops a guest from within an imported function.
#[derive(Debug)]
pub(crate) struct Stopped {
    pub kind: FaultKind,
    pub message: String,
}

impl Stopped {
    pub(crate) fn error(kind: FaultKind, message: impl Into<String>) -> wasmtime::Error {
        wasmtime::Error::new(Self { kind, message: message.into() })
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Stopped {}

/// Why a call into a guest failed. `refusal` says that the guest was denied memory in
/// this event: what most programs do then is trap.
pub(crate) fn of_call(
    error: &wasmtime::Error,
    budget: &Budget,
    refusal: Option<MemoryRefusal>,
) -> Fault {
    if let Some(stopped) = error.downcast_ref::<Stopped>() {
        return Fault::new(stopped.kind, stopped.message.clone());
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::OutOfFuel) => Fault::new(
            FaultKind::Fuel,
            format!(
                "one event used up its {} units of fuel; is there a loop that does not end?{}",
                budget.fuel,
                place(error)
            ),
        ),
        Some(Trap::Interrupt) => Fault::new(
            FaultKind::Deadline,
            format!("one event took longer than {} ms{}", budget.deadline_ms, place(error)),
        ),
        _ => match refusal {
            Some(MemoryRefusal::Instance) => Fault::new(
                FaultKind::Memory,
                format!(
                    "asked for more than its {} KiB of memory and then failed: {}",
                    budget.memory_bytes >> 10,
                    reason(error)
                ),
            ),
            Some(MemoryRefusal::Tenant(limit)) => {
                let failed = reason(error);
                tenant_is_full(limit, &format!("asked for more and then failed: {failed}"))
            }
            None => Fault::new(FaultKind::Trap, reason(error)),
        },
    }
}

/// Why no instance could be made.
pub(crate) fn of_start(
    error: &wasmtime::Error,
    budget: &Budget,
    refusal: Option<MemoryRefusal>,
) -> Fault {
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        return Fault::new(
            FaultKind::Instantiation,
            "as many guests are alive as the operator allows; raise the number of live guests",
        )
        .blamed(Blame::Operator);
    }
    if is_out_of_mappings(error) {
        return Fault::new(
            FaultKind::Instantiation,
            "the system gives this process no more memory mappings; raise `vm.max_map_count` \
             (three for each live guest) or give the machine more memory",
        )
        .blamed(Blame::Operator);
    }
    match refusal {
        Some(MemoryRefusal::Instance) => {
            return Fault::new(
                FaultKind::Memory,
                format!("needs more than its {} KiB of memory to start", budget.memory_bytes >> 10),
            );
        }
        Some(MemoryRefusal::Tenant(limit)) => return tenant_is_full(limit, "cannot start"),
        None => {}
    }
    let guest_ran = error.is::<Stopped>() || error.is::<Trap>();
    if guest_ran {
        let fault = of_call(error, budget, refusal);
        return Fault { message: format!("while starting: {}", fault.message), ..fault };
    }
    Fault::new(FaultKind::Instantiation, cut(format!("{error:#}"), MAX_MESSAGE_BYTES))
}

/// All the tenant's guests together hold what they may. Which of them holds too
/// much is not known: the version that meets the limit is not blamed for it.
fn tenant_is_full(limit: u64, what: &str) -> Fault {
    Fault::new(
        FaultKind::TenantMemory,
        format!(
            "{what}; the tenant's guests together hold the {} MiB that they may: raise \
             limits.guest.memory_bytes, or let flows use less",
            limit >> 20
        ),
    )
}

/// Whether the kernel refused a mapping (ENOMEM).
fn is_out_of_mappings(error: &wasmtime::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::OutOfMemory)
}

/// The handler said no.
pub(crate) fn returned(message: String) -> Fault {
    let message = cut(message, MAX_MESSAGE_BYTES);
    let message = if message.is_empty() { "an error without words".to_owned() } else { message };
    Fault::new(FaultKind::Returned, message)
}

/// The instance failed before and is not used again.
pub(crate) fn poisoned() -> Fault {
    Fault::new(FaultKind::Host, "this instance failed before; start a new one")
}

/// There is no instance that knows what came before this event.
pub(crate) fn instance_gone() -> Fault {
    Fault::new(FaultKind::Host, "the call's instance is gone; rebuild it from the journal")
}

fn reason(error: &wasmtime::Error) -> String {
    cut(format!("{}{}", error.root_cause(), place(error)), MAX_MESSAGE_BYTES)
}

/// Where in the guest it happened, innermost function first.
fn place(error: &wasmtime::Error) -> String {
    let Some(trace) = error.downcast_ref::<WasmBacktrace>() else { return String::new() };
    let names: Vec<String> = trace
        .frames()
        .iter()
        .map(|frame| match frame.func_name() {
            Some(name) => name.to_owned(),
            None => format!("function {}", frame.func_index()),
        })
        .collect();
    if names.is_empty() { String::new() } else { format!(" (in {})", names.join(", from ")) }
}
