//! What toolchains that target WASI import whether they use it or not. Fed from
//! the event being handled; nothing here is ambient.

use super::GuestState;
use strowger_call::Moment;
use wasmtime::component::Linker;

#[derive(Default)]
pub(crate) struct WasiState {}

impl WasiState {
    pub(crate) fn begin(&mut self, _moment: Moment) {}
}

/// Whether an interface of this name is linked.
pub(crate) fn offers(_name: &str) -> bool {
    false
}

pub(crate) fn add_to_linker(_linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    Ok(())
}
