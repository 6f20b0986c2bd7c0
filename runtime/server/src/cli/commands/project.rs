//! `strowger flow new` and `strowger flow build`: these need no server.

use super::super::CliError;
use super::super::output::Output;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use strowger_build::{
    BuildOptions, BuiltGuest, SdkSource, Template, World, build_guest, new_project,
};

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
    let building = tokio::task::spawn_blocking(move || build_into(&build.dir, &options));
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
        let path = guest.path.display();
        out.line(&format!("{path} ({} bytes)", guest.component.len()))?;
        let kind = match guest.worlds.first() {
            Some(World::CallFlow) => "flow",
            Some(World::Router) => "router",
            Some(World::Pacer) | None => continue,
        };
        out.line(&format!("next: strowger {kind} upload {} {path} --promote", guest.name))?;
    }
    Ok(())
}

/// Builds, and puts the components where their author looks for them.
fn build_into(dir: &Path, options: &BuildOptions) -> Result<Vec<BuiltGuest>, CliError> {
    let mut built = build_guest(dir, options, |line| eprintln!("{line}"))?;
    for guest in &mut built {
        let path = dir.join(format!("{}.wasm", guest.name));
        std::fs::write(&path, &guest.component)
            .map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?;
        guest.path = path.strip_prefix(".").map(Path::to_owned).unwrap_or(path);
    }
    Ok(built)
}
