//! `wasi:random`: a sequence from the event's seed. Repeatable, hence no source
//! of secrets, whatever the interface is called.

use crate::fault::Stopped;
use crate::host::GuestState;
use strowger_call::FaultKind;
use wasmtime::StoreContextMut;
use wasmtime::component::LinkerInstance;

/// Bytes handed out at once.
const MAX_BYTES: u64 = 65_536;

pub(super) fn secure(to: &mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()> {
    to.func_wrap("get-random-bytes", bytes)?;
    to.func_wrap("get-random-u64", number)
}

pub(super) fn insecure(to: &mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()> {
    to.func_wrap("get-insecure-random-bytes", bytes)?;
    to.func_wrap("get-insecure-random-u64", number)
}

pub(super) fn insecure_seed(to: &mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()> {
    to.func_wrap("insecure-seed", |mut store: StoreContextMut<'_, GuestState>, ()| {
        let state = store.data_mut();
        state.count(0)?;
        Ok(((state.wasi.random(), state.wasi.random()),))
    })
}

fn bytes(
    mut store: StoreContextMut<'_, GuestState>,
    (length,): (u64,),
) -> wasmtime::Result<(Vec<u8>,)> {
    let state = store.data_mut();
    if length > MAX_BYTES {
        return Err(Stopped::error(
            FaultKind::Trap,
            format!("asked for {length} random bytes at once, {MAX_BYTES} is the most"),
        ));
    }
    state.count(length as usize)?;
    let mut bytes = Vec::with_capacity(length as usize);
    while (bytes.len() as u64) < length {
        let chunk = state.wasi.random().to_le_bytes();
        let left = length as usize - bytes.len();
        bytes.extend_from_slice(&chunk[..left.min(chunk.len())]);
    }
    Ok((bytes,))
}

fn number(mut store: StoreContextMut<'_, GuestState>, (): ()) -> wasmtime::Result<(u64,)> {
    let state = store.data_mut();
    state.count(0)?;
    Ok((state.wasi.random(),))
}
