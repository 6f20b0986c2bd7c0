//! Crates that a fuzzing build compiles as they are shipped, not instrumented.
//!
//! cargo-fuzz instruments everything, in one codegen unit a crate. The Wasm
//! compiler's generated functions then take longer than anybody waits, and its
//! own people fuzz it around the clock; what reads an upload before it is compiled
//! is what we look for mistakes in. This program stands between cargo and rustc
//! and leaves the flags out where they are not wanted.

use std::env;
use std::process::{Command, ExitCode};

/// Set for cargo, so that we know what we are started as.
const WRAPPER: &str = "STROWGER_FUZZ_RUSTC";
/// How the names of these crates begin.
const PLAIN: [&str; 4] = ["cranelift", "pulley", "regalloc2", "wasmtime"];
/// How the flags begin that are left out.
const FLAGS: [&str; 5] = [
    "-Cpasses=sancov",
    "-Cllvm-args=-sanitizer-coverage",
    "-Ccodegen-units=",
    "-Csanitizer=",
    "-Zsanitizer=",
];

/// Lets cargo compile through this program.
pub fn wrap(cargo: &mut Command) -> Result<(), String> {
    let this = env::current_exe().map_err(|error| format!("this program is not found: {error}"))?;
    cargo.env("RUSTC_WRAPPER", this).env(WRAPPER, "1");
    Ok(())
}

/// Whether cargo has started this program in place of rustc.
pub fn is_wrapper() -> bool {
    env::var_os(WRAPPER).is_some()
}

/// Compiles; `args` are rustc's path and arguments.
pub fn compile(args: &[String]) -> ExitCode {
    let Some((rustc, args)) = args.split_first() else { return ExitCode::FAILURE };
    let args: Vec<&String> =
        args.iter().filter(|arg| !is_plain(args) || !is_left_out(arg)).collect();
    match Command::new(rustc).args(args).status() {
        Ok(status) => status
            .code()
            .map_or(ExitCode::FAILURE, |code| ExitCode::from(u8::try_from(code).unwrap_or(1))),
        Err(error) => {
            eprintln!("{rustc} does not start: {error}");
            ExitCode::FAILURE
        }
    }
}

fn is_plain(args: &[String]) -> bool {
    let mut pairs = args.windows(2);
    pairs
        .any(|pair| pair[0] == "--crate-name" && PLAIN.iter().any(|name| pair[1].starts_with(name)))
}

fn is_left_out(arg: &str) -> bool {
    FLAGS.iter().any(|flag| arg.starts_with(flag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_compiler_is_left_alone() {
        let of = |name: &str| ["--crate-name", name].map(str::to_owned);
        assert!(is_plain(&of("cranelift_codegen")) && is_plain(&of("wasmtime_environ")));
        assert!(!is_plain(&of("wasmparser")) && !is_plain(&of("strowger_guest")));
        assert!(is_left_out("-Zsanitizer=address") && !is_left_out("-Copt-level=2"));
    }
}
