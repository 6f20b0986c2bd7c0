//! libFuzzer over one of the targets of `tests/fuzz`, for a bounded time.
//!
//! Runs on the stable toolchain, which is told to allow what fuzzing needs. What
//! libFuzzer finds interesting is kept below the build cache; what fails is
//! written to `tests/fuzz/libfuzzer/artifacts`, and belongs into the corpus once
//! it is mended.

use crate::cargo::{self, cargo, is_there, root, target_dir};
use crate::plain;
use crate::setup;
use std::path::Path;
use std::process::Command;

const USAGE: &str = "cargo xtask fuzz TARGET [--seconds N]";
const DEFAULT_SECONDS: u32 = 600;
/// An input that takes longer is a finding: no packet may cost that much.
const INPUT_S: u32 = 20;
/// The same for memory; the largest prompt takes half of it.
const MEMORY_MIB: u32 = 2_048;
/// Longest input: any datagram.
const INPUT_BYTES: u32 = 65_536;

/// Builds and runs one target.
pub fn run(args: &[String]) -> Result<(), String> {
    let targets = targets()?;
    let (target, seconds) = match args {
        [target] => (target, DEFAULT_SECONDS),
        [target, flag, seconds] if flag == "--seconds" => {
            (target, seconds.parse().map_err(|_| USAGE.to_owned())?)
        }
        _ => return Err(format!("{USAGE}, with TARGET one of {}", targets.join(", "))),
    };
    if !targets.contains(target) {
        return Err(format!("{USAGE}, with TARGET one of {}", targets.join(", ")));
    }
    setup::to_run()?;
    if !is_there("cargo-fuzz") {
        let mut install = cargo();
        cargo::run("install cargo-fuzz", install.args(["install", "--locked", "cargo-fuzz"]))?;
    }
    let build = target_dir().join("fuzz");
    let grown = build.join("corpus").join(target);
    std::fs::create_dir_all(&grown)
        .map_err(|error| format!("{} cannot be made: {error}", grown.display()))?;
    // The versions that are shipped; libFuzzer's own is added.
    let lock = root().join("tests/fuzz/libfuzzer/Cargo.lock");
    std::fs::copy(root().join("Cargo.lock"), &lock)
        .map_err(|error| format!("{} cannot be written: {error}", lock.display()))?;
    let mut fuzz = cargo();
    fuzz.args(["fuzz", "run", "--fuzz-dir", "tests/fuzz/libfuzzer"])
        .args(["--sanitizer", sanitizer()])
        .env("CARGO_TARGET_DIR", &build)
        .env("RUSTC_BOOTSTRAP", "1");
    fuzz.args(["--features", feature(target)]);
    plain::wrap(&mut fuzz)?;
    fuzz.arg(target)
        .arg(&grown)
        .arg(root().join("tests/fuzz/corpus").join(target))
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={INPUT_S}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB}"))
        .arg(format!("-max_len={INPUT_BYTES}"));
    cargo::run(&format!("fuzz {target} for {seconds} s"), &mut fuzz)
}

/// The part of the house that a target needs; each takes minutes to build.
fn feature(target: &str) -> &'static str {
    match target {
        "upload" => "guest",
        "journal" => "default",
        _ => "network",
    }
}

/// The corpora there are.
fn targets() -> Result<Vec<String>, String> {
    let folder = root().join("tests/fuzz/corpus");
    let entries = std::fs::read_dir(&folder)
        .map_err(|error| format!("{} cannot be read: {error}", folder.display()))?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}

/// Addresses are checked where the toolchain brings the library for it.
fn sanitizer() -> &'static str {
    let libraries = Command::new("rustc")
        .args(["--print", "target-libdir"])
        .current_dir(root())
        .output()
        .map(|out| String::from_utf8_lossy(&out.stdout).trim().to_owned())
        .unwrap_or_default();
    let has_it = std::fs::read_dir(Path::new(&libraries)).is_ok_and(|mut entries| {
        entries.any(|entry| {
            entry.is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with("_rt.asan.a"))
        })
    });
    if has_it { "address" } else { "none" }
}
