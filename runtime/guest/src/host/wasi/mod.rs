//! What toolchains that target WASI (0.2) import whether they use it or not.
//! Time and randomness come from the event, what is printed goes to the log,
//! the environment is empty and there are no files; whatever else is called
//! traps with its name. Nothing here is ambient, so replay holds for such
//! programs as for any.

mod cli;
mod clocks;
mod filesystem;
mod io;
mod random;

use super::{GuestState, LogBuffer};
use crate::limits::MAX_LOG_LINE_BYTES;
use strowger_call::Moment;
use wasmtime::component::{Component, Linker, LinkerInstance};

/// Packages that are linked, functions that trap included. Sockets and HTTP are
/// not: a program that needs them would fail in its first call, so it is better
/// refused when uploaded.
const PACKAGES: [&str; 5] =
    ["wasi:cli/", "wasi:clocks/", "wasi:filesystem/", "wasi:io/", "wasi:random/"];

/// Whether an interface of this name is linked.
pub(crate) fn offers(name: &str) -> bool {
    PACKAGES.iter().any(|package| name.starts_with(package))
        && name.split_once('@').is_some_and(|(_, version)| version.starts_with("0.2."))
}

/// Links what a component imports of WASI, under the very versions it names.
pub(crate) fn add_to_linker(
    linker: &mut Linker<GuestState>,
    component: &Component,
) -> wasmtime::Result<()> {
    let engine = linker.engine().clone();
    let imports = component.component_type();
    for (name, _) in imports.imports(&engine).filter(|(name, _)| offers(name)) {
        let mut instance = linker.instance(name)?;
        let interface = name.split('@').next().unwrap_or(name);
        define(interface, &mut instance)?;
    }
    linker.define_unknown_imports_as_traps(component)
}

fn define(interface: &str, to: &mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()> {
    match interface {
        "wasi:cli/environment" => cli::environment(to),
        "wasi:cli/exit" => cli::exit(to),
        "wasi:cli/stdin" => cli::stream(to, "get-stdin", io::STDIN),
        "wasi:cli/stdout" => cli::stream(to, "get-stdout", io::STDOUT),
        "wasi:cli/stderr" => cli::stream(to, "get-stderr", io::STDERR),
        "wasi:cli/terminal-stdin" => cli::no_terminal(to, "get-terminal-stdin"),
        "wasi:cli/terminal-stdout" => cli::no_terminal(to, "get-terminal-stdout"),
        "wasi:cli/terminal-stderr" => cli::no_terminal(to, "get-terminal-stderr"),
        "wasi:clocks/monotonic-clock" => clocks::monotonic(to),
        "wasi:clocks/wall-clock" => clocks::wall(to),
        "wasi:filesystem/preopens" => filesystem::preopens(to),
        "wasi:io/streams" => io::streams(to),
        "wasi:random/random" => random::secure(to),
        "wasi:random/insecure" => random::insecure(to),
        "wasi:random/insecure-seed" => random::insecure_seed(to),
        _ => Ok(()),
    }
}

/// What the stubs remember.
#[derive(Default)]
pub(crate) struct WasiState {
    /// State of the generator, from the event's seed.
    random: u64,
    /// Printed, but not yet a whole line.
    line: Vec<u8>,
}

impl WasiState {
    /// A new event: its seed begins a new sequence.
    pub(crate) fn begin(&mut self, moment: Moment) {
        self.random = moment.seed;
    }

    /// The event is over: what was printed last is a line.
    pub(crate) fn end(&mut self, log: &mut LogBuffer) {
        if !self.line.is_empty() {
            self.flush(log);
        }
    }

    fn print(&mut self, bytes: &[u8], log: &mut LogBuffer) {
        for &byte in bytes {
            if byte == b'\n' || self.line.len() >= MAX_LOG_LINE_BYTES {
                self.flush(log);
            }
            if byte != b'\n' {
                self.line.push(byte);
            }
        }
    }

    fn flush(&mut self, log: &mut LogBuffer) {
        log.push("info", String::from_utf8_lossy(&std::mem::take(&mut self.line)).into_owned());
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): any seed will do, zero included.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}
