//! `strowger flow new`, `build` and `test`: these need no server.

use super::super::CliError;
use super::super::output::Output;
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use strowger_build::{
    BuildOptions, BuiltGuest, SdkSource, Template, World, build_guest, new_project,
};

/// A new project.
#[derive(Args, Debug)]
pub struct New {
    /// Folder to make; its last part is the project's name.
    dir: PathBuf,
    /// ivr, router or pacer.
    #[arg(long, default_value = "ivr")]
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

/// A project to test.
#[derive(Args, Debug)]
pub struct Test {
    /// Folder of the project.
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Only tests whose name contains this.
    #[arg(long)]
    only: Option<String>,
    /// Do without the network.
    #[arg(long)]
    offline: bool,
}

/// A flow given as the folder of its project, which is built, or as a component.
#[derive(Args, Clone, Debug)]
pub struct Source {
    /// Folder of the project, or a component.
    #[arg(default_value = ".")]
    pub path: PathBuf,
    /// This package of a workspace.
    #[arg(short, long)]
    pub package: Option<String>,
    /// Build without the network.
    #[arg(long)]
    pub offline: bool,
}

/// A component and the name of what it was made of.
pub(crate) struct Component {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Source {
    /// Builds it if it is a project, and reads it.
    pub(crate) async fn component(&self) -> Result<Component, CliError> {
        if !self.path.is_dir() {
            let bytes =
                std::fs::read(&self.path).map_err(|error| CliError::file(&self.path, error))?;
            let stem = self.path.file_stem().unwrap_or_default();
            return Ok(Component { name: stem.to_string_lossy().into_owned(), bytes });
        }
        let options = BuildOptions {
            packages: self.package.iter().cloned().collect(),
            offline: self.offline,
            ..BuildOptions::default()
        };
        let mut built = build_apart(self.path.clone(), options).await?;
        match (built.pop(), built.is_empty()) {
            (Some(one), true) => Ok(Component { name: one.name, bytes: one.component }),
            _ => Err(CliError::Usage(format!(
                "{} has several packages; say which with --package",
                self.path.display()
            ))),
        }
    }

    /// When it was last changed.
    pub(crate) fn changed_at(&self) -> Option<SystemTime> {
        if !self.path.is_dir() {
            return modified(&self.path);
        }
        [self.path.join("Cargo.toml"), self.path.join("src")].iter().filter_map(newest).max()
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

fn newest(path: impl AsRef<Path>) -> Option<SystemTime> {
    let path = path.as_ref();
    let within = std::fs::read_dir(path).into_iter().flatten().flatten();
    within.filter_map(|entry| newest(entry.path())).chain(modified(path)).max()
}

/// Runs the tests, with cargo's own output.
pub(crate) async fn test(test: &Test, out: &mut Output) -> Result<(), CliError> {
    if !test.dir.join("Cargo.toml").is_file() {
        return Err(CliError::Usage(format!(
            "{} is no project: it has no Cargo.toml; make one with `strowger flow new`",
            test.dir.display()
        )));
    }
    // Tests of documentation would only be noise here.
    let mut cargo = tokio::process::Command::new("cargo");
    cargo.args(["test", "--tests"]).current_dir(&test.dir);
    if test.offline {
        cargo.arg("--offline");
    }
    cargo.args(&test.only);
    let status = cargo.status().await.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => CliError::Usage(
            "cargo is not installed, or not on PATH; install Rust from https://rustup.rs and \
             open a new terminal"
                .to_owned(),
        ),
        _ => CliError::Failed(format!("cargo cannot be started: {error}")),
    })?;
    if !status.success() {
        return Err(CliError::Failed("the tests do not pass; see above".to_owned()));
    }
    out.say(&format!("next: strowger flow simulate {}", test.dir.display()))
}

pub(crate) fn new(new: &New, out: &mut Output) -> Result<(), CliError> {
    let files = new_project(&new.dir, new.template, &SdkSource::detect())?;
    if out.is_json() {
        return out.json(&json!({"files": files}));
    }
    for file in &files {
        out.line(&file.display().to_string())?;
    }
    out.line(&format!("next: strowger flow test {}", new.dir.display()))
}

pub(crate) async fn build(build: Build, out: &mut Output) -> Result<(), CliError> {
    let options = BuildOptions {
        packages: build.package,
        offline: build.offline,
        install_toolchain: build.install_toolchain,
        ..BuildOptions::default()
    };
    let built = build_apart(build.dir, options).await?;
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

/// Builds on a thread of its own.
async fn build_apart(dir: PathBuf, options: BuildOptions) -> Result<Vec<BuiltGuest>, CliError> {
    let building = tokio::task::spawn_blocking(move || build_into(&dir, &options));
    building
        .await
        .map_err(|error| CliError::Failed(format!("the build was interrupted: {error}")))?
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
