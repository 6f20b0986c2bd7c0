//! The demo: a server, a tenant, one call from the welcome to the recording.

use crate::cargo::{self, cargo, target_dir};
use crate::setup;
use std::process::Stdio;

/// Builds host and guests and hands over to the story in `tests/e2e`.
pub fn run(args: &[String]) -> Result<(), String> {
    setup::to_run()?;
    cargo::run(
        "build host and guests",
        cargo().args([
            "build",
            "--package",
            "strowger-server",
            "--package",
            "strowger-e2e",
            "--bins",
        ]),
    )?;
    let bin = target_dir().join("debug");
    let mut story = cargo::command(&bin.join("demo").to_string_lossy());
    story.arg("--server").arg(bin.join("strowger")).args(args).stdin(Stdio::inherit());
    cargo::run("demo", &mut story)
}
