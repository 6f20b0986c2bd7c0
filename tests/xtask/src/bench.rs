//! Benches: built for release, each prints a table and writes its figures.

use crate::cargo::{self, cargo, root};
use crate::setup;

const NAMES: [&str; 7] = ["decisions", "calls", "acd", "media", "neighbours", "soak", "steady"];

/// Runs one bench; its output says which bars hold.
pub fn run(args: &[String]) -> Result<(), String> {
    let Some(name) = args.first().filter(|name| NAMES.contains(&name.as_str())) else {
        return Err(format!("cargo xtask bench NAME, with NAME one of {}", NAMES.join(", ")));
    };
    setup::everything()?;
    cargo::run(
        "build for release",
        cargo().args([
            "build",
            "--release",
            "--package",
            "strowger-server",
            "--package",
            "strowger-bench",
        ]),
    )?;
    let bench = cargo::target_dir().join("release/strowger-bench");
    let mut command = cargo::command(&bench.to_string_lossy());
    command.args(args).env("STROWGER_BENCH_DIR", root().join("target/bench"));
    cargo::run(&format!("bench {name}"), &mut command)
}
