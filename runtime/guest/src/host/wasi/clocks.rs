//! `wasi:clocks`: the event's moment; it stands still while the event is handled.

use crate::host::GuestState;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, LinkerInstance, Lower};

const NS_PER_MS: u64 = 1_000_000;

/// `wasi:clocks/wall-clock.datetime`.
#[derive(Clone, Copy, ComponentType, Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

pub(super) fn monotonic(to: &mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()> {
    to.func_wrap("now", |mut store: StoreContextMut<'_, GuestState>, ()| {
        store.data_mut().count(0)?;
        Ok((store.data().moment.now.0.saturating_mul(NS_PER_MS),))
    })?;
    to.func_wrap("resolution", |_: StoreContextMut<'_, GuestState>, ()| Ok((NS_PER_MS,)))
}

pub(super) fn wall(to: &mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()> {
    to.func_wrap("now", |mut store: StoreContextMut<'_, GuestState>, ()| {
        store.data_mut().count(0)?;
        Ok((datetime(store.data().moment.now.0),))
    })?;
    to.func_wrap("resolution", |_: StoreContextMut<'_, GuestState>, ()| Ok((datetime(1),)))
}

fn datetime(ms: u64) -> Datetime {
    Datetime { seconds: ms / 1000, nanoseconds: (ms % 1000) as u32 * 1_000_000 }
}
