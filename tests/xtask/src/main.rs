//! `cargo xtask`: the commands a newcomer and CI type.
//!
//! Has no dependencies, so that it is there in a second. What the commands need
//! beyond rustup's toolchain and a C compiler is installed by [`setup`], or it
//! says exactly how.

mod bench;
mod cargo;
mod demo;
mod fuzz;
mod plain;
mod setup;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  demo [--once]    build everything, start a server, place a call; --once ends by itself
  test [FILTER]    run every test, real peers included
  bench NAME       decisions | calls | acd | media | neighbours | soak | steady: print a table, write target/bench/NAME.json
  fuzz TARGET [--seconds N]
                   run libFuzzer over one of the kept corpora, 600 seconds by default
  setup            install what the other commands need
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if plain::is_wrapper() {
        return plain::compile(&args);
    }
    let rest = args.get(1..).unwrap_or_default();
    let outcome = match args.first().map(String::as_str) {
        Some("demo") => demo::run(rest),
        Some("test") => test::run(rest),
        Some("bench") => bench::run(rest),
        Some("fuzz") => fuzz::run(rest),
        Some("setup") => setup::everything(),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
