//! Every test there is, real peers included. CI calls this and nothing else.

use crate::cargo::{self, cargo, root};
use crate::setup;

/// Format, lints, tests of the host, tests of the guests, and the demo's story.
/// With a filter, only the host's tests whose names contain it.
pub fn run(filter: &[String]) -> Result<(), String> {
    setup::everything()?;
    if !filter.is_empty() {
        return cargo::run(
            "tests",
            cargo().args(["test", "--workspace", "--no-fail-fast", "--"]).args(filter),
        );
    }
    cargo::run("format", cargo().args(["fmt", "--all", "--check"]))?;
    cargo::run(
        "lints",
        cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ]),
    )?;
    // The tests from outside start the server that was built beside them.
    cargo::run("build", cargo().args(["build", "--workspace", "--bins", "--locked"]))?;
    cargo::run(
        "tests of the host",
        cargo().args(["test", "--workspace", "--locked", "--no-fail-fast"]),
    )?;
    cargo::run(
        "tests of the guests",
        cargo()
            .args(["test", "--workspace", "--locked", "--no-fail-fast"])
            .current_dir(root().join("guest-examples")),
    )?;
    crate::demo::run(&["--once".to_owned()])
}
