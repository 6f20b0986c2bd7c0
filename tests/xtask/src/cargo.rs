//! Running cargo and other programs, with one build cache for all commands.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

/// The checkout's root.
///
/// Asked of cargo when it runs us: the checkout we were built in may be another
/// one that shares the build folder.
pub fn root() -> PathBuf {
    let here = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.ancestors().nth(2).unwrap_or(&here).to_owned()
}

/// Where builds go: `CARGO_TARGET_DIR`, else a cache under the home folder where
/// one exists, else `target` in the checkout.
pub fn target_dir() -> PathBuf {
    if let Some(dir) = env::var_os("CARGO_TARGET_DIR") {
        return PathBuf::from(dir);
    }
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    match cache.map(|cache| cache.join("strowger/target")) {
        Some(dir) if dir.is_dir() => dir,
        _ => root().join("target"),
    }
}

/// A command that runs in the checkout's root with the shared build cache.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).env("CARGO_TARGET_DIR", target_dir()).stdin(Stdio::null());
    command
}

/// Cargo, the one that runs this program.
pub fn cargo() -> Command {
    command(&env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
}

/// Runs to the end and says what was run and for how long.
pub fn run(what: &str, command: &mut Command) -> Result<(), String> {
    println!("\n=== {what}");
    let begun = Instant::now();
    let status = command
        .status()
        .map_err(|error| format!("{what}: {:?} does not start: {error}", command.get_program()))?;
    println!("=== {what}: {} after {:.1} s", status, begun.elapsed().as_secs_f64());
    if status.success() { Ok(()) } else { Err(format!("{what} failed: {status}")) }
}

/// Whether a program is there.
pub fn is_there(program: &str) -> bool {
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|dir| dir.join(program).is_file()))
}
