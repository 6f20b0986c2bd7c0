//! The environment of nested programs.
//!
//! A build script, `cargo run` and rustup's proxies all leave variables behind
//! that would make a nested cargo build for the wrong target, with the wrong
//! compiler or with flags of the host. Only what configures the network, the
//! registry cache and the job server is kept.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

/// `CARGO_…` variables that say how to reach registries or share cores, not
/// what is being built.
const KEPT: [&str; 3] = ["CARGO_HOME", "CARGO_MAKEFLAGS", "CARGO_TERM_COLOR"];
const KEPT_PREFIXES: [&str; 5] =
    ["CARGO_NET_", "CARGO_HTTP_", "CARGO_REGISTRY_", "CARGO_REGISTRIES_", "CARGO_SOURCE_"];

/// Variables that cargo sets for build scripts without a prefix of its own.
const OF_BUILD_SCRIPTS: [&str; 7] =
    ["TARGET", "HOST", "OUT_DIR", "PROFILE", "DEBUG", "OPT_LEVEL", "NUM_JOBS"];

/// A command that runs in `dir` and inherits nothing of an outer build.
pub(crate) fn clean_command(program: impl AsRef<OsStr>, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(dir);
    for (name, _) in std::env::vars_os() {
        if is_of_outer_build(&name) {
            command.env_remove(&name);
        }
    }
    command
}

fn is_of_outer_build(name: &OsString) -> bool {
    let Some(name) = name.to_str() else { return false };
    if KEPT.contains(&name) || KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
        return false;
    }
    name == "CARGO"
        || name.starts_with("CARGO_")
        || name.starts_with("DEP_")
        || name.starts_with("RUSTC")
        || name.starts_with("RUSTDOC")
        || name == "RUSTFLAGS"
        || name == "RUSTUP_TOOLCHAIN"
        || name == "RUST_RECURSION_COUNT"
        || OF_BUILD_SCRIPTS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_the_build_goes_and_what_names_the_network_stays() {
        for gone in [
            "CARGO",
            "CARGO_TARGET_DIR",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_BUILD_TARGET",
            "RUSTC",
            "RUSTC_WRAPPER",
            "RUSTFLAGS",
            "RUSTUP_TOOLCHAIN",
            "TARGET",
            "OUT_DIR",
            "DEP_Z_INCLUDE",
        ] {
            assert!(is_of_outer_build(&gone.into()), "{gone}");
        }
        for kept in ["PATH", "HOME", "CARGO_HOME", "CARGO_NET_OFFLINE", "RUSTUP_HOME"] {
            assert!(!is_of_outer_build(&kept.into()), "{kept}");
        }
    }
}
