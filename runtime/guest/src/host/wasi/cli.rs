//! `wasi:cli`: no arguments, no environment, no terminal; leaving is a trap.

use crate::fault::Stopped;
use crate::host::GuestState;
use strowger_call::FaultKind;
use wasmtime::StoreContextMut;
use wasmtime::component::{LinkerInstance, Resource};

type Linked = wasmtime::Result<()>;

pub(super) fn environment(to: &mut LinkerInstance<'_, GuestState>) -> Linked {
    to.func_wrap("get-environment", |_: StoreContextMut<'_, GuestState>, ()| {
        Ok((Vec::<(String, String)>::new(),))
    })?;
    to.func_wrap("get-arguments", |_: StoreContextMut<'_, GuestState>, ()| {
        Ok((Vec::<String>::new(),))
    })?;
    let cwd = |_: StoreContextMut<'_, GuestState>, ()| Ok((None::<String>,));
    to.func_wrap("initial-cwd", cwd)
}

pub(super) fn exit(to: &mut LinkerInstance<'_, GuestState>) -> Linked {
    to.func_wrap("exit", |_: StoreContextMut<'_, GuestState>, (_,): (Result<(), ()>,)| -> Linked {
        Err(Stopped::error(FaultKind::Trap, "the program left with `exit`"))
    })
}

pub(super) fn stream(
    to: &mut LinkerInstance<'_, GuestState>,
    function: &str,
    number: u32,
) -> Linked {
    to.func_wrap(function, move |_: StoreContextMut<'_, GuestState>, ()| {
        Ok((Resource::<()>::new_own(number),))
    })
}

pub(super) fn no_terminal(to: &mut LinkerInstance<'_, GuestState>, function: &str) -> Linked {
    to.func_wrap(function, |_: StoreContextMut<'_, GuestState>, ()| Ok((None::<Resource<()>>,)))
}
