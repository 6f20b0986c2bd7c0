//! `wasi:io`: the standard streams. What is written becomes lines of log; there
//! is nothing to read.

use crate::host::GuestState;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, LinkerInstance, Lower, Resource};

pub(super) const STDIN: u32 = 0;
pub(super) const STDOUT: u32 = 1;
pub(super) const STDERR: u32 = 2;

/// Bytes taken in one write.
const WRITE_BYTES: u64 = 4096;

/// `wasi:io/streams.stream-error`.
#[derive(ComponentType, Lower)]
#[component(variant)]
enum StreamError {
    #[component(name = "last-operation-failed")]
    #[expect(dead_code, reason = "nothing can fail, but the type has this case")]
    LastOperationFailed(Resource<()>),
    #[component(name = "closed")]
    Closed,
}

type Written = wasmtime::Result<(Result<(), StreamError>,)>;

pub(super) fn streams(to: &mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()> {
    to.func_wrap(
        "[method]output-stream.check-write",
        |mut store: StoreContextMut<'_, GuestState>, (_,): (Resource<()>,)| {
            store.data_mut().count(0)?;
            Ok((Ok::<u64, StreamError>(WRITE_BYTES),))
        },
    )?;
    for function in ["write", "blocking-write-and-flush"] {
        to.func_wrap(
            &format!("[method]output-stream.{function}"),
            |store: StoreContextMut<'_, GuestState>, (_, bytes): (Resource<()>, Vec<u8>)| {
                write(store, &bytes)
            },
        )?;
    }
    for function in ["flush", "blocking-flush"] {
        to.func_wrap(
            &format!("[method]output-stream.{function}"),
            |mut store: StoreContextMut<'_, GuestState>, (_,): (Resource<()>,)| -> Written {
                store.data_mut().count(0)?;
                Ok((Ok(()),))
            },
        )?;
    }
    for function in ["read", "blocking-read"] {
        to.func_wrap(
            &format!("[method]input-stream.{function}"),
            |mut store: StoreContextMut<'_, GuestState>, (_, _): (Resource<()>, u64)| {
                store.data_mut().count(0)?;
                Ok((Err::<Vec<u8>, StreamError>(StreamError::Closed),))
            },
        )?;
    }
    Ok(())
}

fn write(mut store: StoreContextMut<'_, GuestState>, bytes: &[u8]) -> Written {
    let state = store.data_mut();
    state.count(bytes.len())?;
    state.wasi.print(bytes, &mut state.log);
    Ok((Ok(()),))
}
