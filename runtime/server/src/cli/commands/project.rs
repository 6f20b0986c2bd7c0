//! `strowger flow new` and `strowger flow build`: these need no server.

use super::super::CliError;
use super::super::output::Output;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use strowger_build::{BuildOptions, SdkSource, Template, build_guest, new_project};

/// A new project.
#[derive(Args, Debug)]
pub struct New {
    /// Folder to make; its last part is the project's name.
    dir: PathBuf,
    /// flow, router or pacer.
    #[arg(long, default_value = "flow")]
    template: Template,
}

/// A project to build.
#[derive(Args, Debug)]
pub struct Build {
    /// Folder of the project.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Only this package of a workspace; may be repeated.
    #[arg(short, long)]
    package: Vec<String>,
    /// Do without the network.
    #[arg(long)]
    offline: bool,
    /// Install a missing standard library for WebAssembly through rustup or apt.
    #[arg(long)]
    install_toolchain: bool,
}

pub(crate) fn new(new: &New, out: &mut Output) -> Result<(), CliError> {
    let files = new_project(&new.dir, new.template, &SdkSource::detect())?;
    if out.is_json() {
        return out.json(&json!({"files": files}));
    }
    for file in &files {
        out.line(&file.display().to_string())?;
    }
    out.line(&format!("next: strowger flow build {}", new.dir.display()))
}

pub(crate) async fn build(build: Build, out: &mut Output) -> Result<(), CliError> {
    let options = BuildOptions {
        packages: build.package,
        offline: build.offline,
        install_toolchain: build.install_toolchain,
        ..BuildOptions::default()
    };
    let building = tokio::task::spawn_blocking(move || {
        build_guest(&build.dir, &options, |line| eprintln!("{line}"))
    });
    let built = building
        .await
        .map_err(|error| CliError::Usage(format!("the build was interrupted: {error}")))??;
    if out.is_json() {
        let guests: Vec<_> = built
            .iter()
            .map(|guest| {
                let worlds: Vec<_> = guest.worlds.iter().map(|world| world.name()).collect();
                json!({"name": guest.name, "path": guest.path, "worlds": worlds})
            })
            .collect();
        return out.json(&json!({"items": guests}));
    }
    for guest in &built {
        out.line(&format!("{} ({} bytes)", guest.path.display(), guest.component.len()))?;
    }
    Ok(())
}
