//! The cargo run that compiles guests, and what it hands back.
//!
//! Owns the guest profile and the shared target folder. The profile is given on
//! cargo's command line, so that every guest gets it and no author has to know it.

use crate::component::{World, componentize, worlds_of};
use crate::{BuildError, Toolchain};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Stack of a guest: deep enough for formatting and a nested `async` flow (both
/// stay below 8 KiB), and one page of linear memory, of which a call touches a few KiB.
const STACK_BYTES: u32 = 64 * 1024;

/// Name of the profile, so that it never mixes with an author's own `release`.
const PROFILE: &str = "guest";

/// What to build and where.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// Packages of a workspace; empty: the package, or all of the workspace.
    pub packages: Vec<String>,
    /// Where cargo keeps what it compiled; `None`: [`BuildOptions::target_dir`].
    pub target_dir: Option<PathBuf>,
    /// Whether the names of functions stay in the module, for readable traps.
    pub keep_names: bool,
    /// Whether cargo must do without the network.
    pub offline: bool,
    /// Whether `Cargo.lock` must be up to date.
    pub locked: bool,
    /// Take components of foreign worlds as well; for tests of what refuses them.
    pub any_world: bool,
    /// Install a missing standard library through rustup or apt.
    pub install_toolchain: bool,
}

impl BuildOptions {
    /// The folder that guests of all projects share, so that the standard
    /// library is compiled once: `STROWGER_GUEST_TARGET_DIR`, else
    /// `$CARGO_TARGET_DIR/guests`, else `target/guests` beside the outermost
    /// `Cargo.lock` above (or in) `manifest_dir`.
    pub fn target_dir(&self, manifest_dir: &Path) -> PathBuf {
        if let Some(dir) = &self.target_dir {
            return dir.clone();
        }
        if let Some(dir) = std::env::var_os("STROWGER_GUEST_TARGET_DIR") {
            return dir.into();
        }
        if let Some(dir) = std::env::var_os("CARGO_TARGET_DIR") {
            return PathBuf::from(dir).join("guests");
        }
        let root = manifest_dir
            .ancestors()
            .filter(|dir| dir.join("Cargo.lock").exists())
            .last()
            .unwrap_or(manifest_dir);
        root.join("target/guests")
    }
}

/// A guest, ready to be uploaded.
#[derive(Clone, Debug)]
pub struct BuiltGuest {
    /// Name of its package.
    pub name: String,
    /// The component.
    pub component: Vec<u8>,
    /// Where it was written to.
    pub path: PathBuf,
    /// The worlds it serves; at least one unless any world was asked for.
    pub worlds: Vec<World>,
}

/// Builds the guests at `manifest_dir` (a package, or a workspace of packages)
/// and writes each as `NAME.wasm` to `components/` in the target folder. `say`
/// gets lines for people; cargo's own messages go to standard error.
pub fn build_guest(
    manifest_dir: &Path,
    options: &BuildOptions,
    mut say: impl FnMut(&str),
) -> Result<Vec<BuiltGuest>, BuildError> {
    let manifest_dir =
        manifest_dir.canonicalize().map_err(|error| BuildError::file(manifest_dir, error))?;
    let toolchain = if options.install_toolchain {
        Toolchain::find_or_install(&manifest_dir)?
    } else {
        Toolchain::find(&manifest_dir)?
    };
    say(&format!("guests are built with {}", toolchain.describe()));
    if !has_modules(&toolchain, &manifest_dir, options)? {
        return Err(BuildError::NothingBuilt(manifest_dir));
    }
    let target_dir = options.target_dir(&manifest_dir);
    let modules = compile(&toolchain, &manifest_dir, &target_dir, options)?;
    let folder = target_dir.join("components");
    std::fs::create_dir_all(&folder).map_err(|error| BuildError::file(&folder, error))?;
    modules.into_iter().map(|module| finish(module, &folder, options.any_world)).collect()
}

struct Module {
    name: String,
    path: PathBuf,
}

/// Whether anything there makes a module; asked first, because compiling takes long.
fn has_modules(
    toolchain: &Toolchain,
    dir: &Path,
    options: &BuildOptions,
) -> Result<bool, BuildError> {
    #[derive(serde::Deserialize)]
    struct Metadata {
        packages: Vec<Package>,
    }
    #[derive(serde::Deserialize)]
    struct Package {
        name: String,
        targets: Vec<Target>,
    }
    #[derive(serde::Deserialize)]
    struct Target {
        crate_types: Vec<String>,
    }
    let mut command = toolchain.cargo(dir);
    command.args(["metadata", "--no-deps", "--format-version", "1"]);
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|source| start(&command, source))?;
    let metadata: Option<Metadata> = serde_json::from_slice(&output.stdout).ok();
    let Some(metadata) = metadata.filter(|_| output.status.success()) else {
        return Err(BuildError::Cargo(dir.to_owned()));
    };
    let wanted = |package: &&Package| {
        options.packages.is_empty() || options.packages.contains(&package.name)
    };
    let is_module = |target: &Target| target.crate_types.iter().any(|kind| kind == "cdylib");
    Ok(metadata.packages.iter().filter(wanted).any(|package| package.targets.iter().any(is_module)))
}

fn start(command: &Command, source: std::io::Error) -> BuildError {
    BuildError::Start { program: command.get_program().to_string_lossy().into_owned(), source }
}

fn compile(
    toolchain: &Toolchain,
    dir: &Path,
    target_dir: &Path,
    options: &BuildOptions,
) -> Result<Vec<Module>, BuildError> {
    let mut command = toolchain.cargo_build(dir);
    command.args(["--profile", PROFILE, "--lib", "--message-format=json-render-diagnostics"]);
    command.arg("--target-dir").arg(target_dir);
    for setting in profile(options.keep_names) {
        command.args(["--config", &setting]);
    }
    for package in &options.packages {
        command.args(["--package", package]);
    }
    if options.packages.is_empty() {
        command.arg("--workspace");
    }
    if options.offline {
        command.arg("--offline");
    }
    if options.locked {
        command.arg("--locked");
    }
    let spawned = command.stdout(Stdio::piped()).spawn();
    let mut child = spawned.map_err(|source| start(&command, source))?;
    let mut modules = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            modules.extend(module_in(&line));
        }
    }
    let status = child.wait().map_err(|error| BuildError::file(dir, error))?;
    if status.success() { Ok(modules) } else { Err(BuildError::Cargo(dir.to_owned())) }
}

fn profile(keep_names: bool) -> Vec<String> {
    let strip = if keep_names { "debuginfo" } else { "symbols" };
    vec![
        format!("profile.{PROFILE}.inherits = \"release\""),
        format!("profile.{PROFILE}.opt-level = 3"),
        format!("profile.{PROFILE}.lto = true"),
        format!("profile.{PROFILE}.codegen-units = 1"),
        format!("profile.{PROFILE}.panic = \"abort\""),
        format!("profile.{PROFILE}.debug = false"),
        format!("profile.{PROFILE}.strip = \"{strip}\""),
        format!("target.{}.rustflags = [\"-Clink-arg=-zstack-size={STACK_BYTES}\"]", crate::TARGET),
    ]
}

/// The module that a line of cargo's JSON announces, if any.
fn module_in(line: &str) -> Option<Module> {
    #[derive(serde::Deserialize)]
    struct Message {
        reason: String,
        #[serde(default)]
        package_id: String,
        #[serde(default)]
        filenames: Vec<PathBuf>,
    }
    let message: Message = serde_json::from_str(line).ok()?;
    if message.reason != "compiler-artifact" {
        return None;
    }
    let path =
        message.filenames.into_iter().find(|path| path.extension().is_some_and(|e| e == "wasm"))?;
    Some(Module { name: package_name(&message.package_id), path })
}

/// `path+file:///x/ivr-menu#0.1.0` or `path+file:///x/menu#ivr-menu@0.1.0` → `ivr-menu`.
fn package_name(id: &str) -> String {
    let (url, fragment) = id.rsplit_once('#').unwrap_or(("", id));
    match fragment.split_once('@') {
        Some((name, _)) => name.to_owned(),
        None => url.rsplit('/').next().unwrap_or(fragment).to_owned(),
    }
}

fn finish(module: Module, folder: &Path, any_world: bool) -> Result<BuiltGuest, BuildError> {
    let Module { name, path } = module;
    let bytes = std::fs::read(&path).map_err(|error| BuildError::file(&path, error))?;
    let blame = |message| BuildError::Component { name: name.clone(), message };
    let component = componentize(&bytes).map_err(blame)?;
    let worlds = worlds_of(&component).map_err(blame)?;
    if worlds.is_empty() && !any_world {
        let wanted = "it exports none of `handle`, `decide` and `pace`: \
                      say what it is with `strowger_sdk::export! { … }`";
        return Err(blame(wanted.to_owned()));
    }
    let path = folder.join(format!("{name}.wasm"));
    // An unchanged file keeps its time, so that what watches it does not rebuild.
    if std::fs::read(&path).ok().as_deref() != Some(&component) {
        std::fs::write(&path, &component).map_err(|error| BuildError::file(&path, error))?;
    }
    Ok(BuiltGuest { name, component, path, worlds })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_names_packages_in_two_ways() {
        assert_eq!(package_name("path+file:///x/ivr-menu#0.1.0"), "ivr-menu");
        assert_eq!(package_name("path+file:///x/menu#ivr-menu@0.1.0"), "ivr-menu");
    }

    #[test]
    fn only_wasm_modules_are_taken_from_cargos_messages() {
        let line = r#"{"reason":"compiler-artifact","package_id":"path+file:///x/demo#0.1.0",
            "filenames":["/t/libdemo.rlib","/t/demo.wasm"]}"#;
        let module = module_in(line).unwrap();
        assert_eq!((module.name.as_str(), module.path.to_str()), ("demo", Some("/t/demo.wasm")));
        assert!(module_in(r#"{"reason":"build-finished","success":true}"#).is_none());
        assert!(module_in("Compiling demo").is_none());
    }

    #[test]
    fn a_named_target_folder_wins() {
        let options = BuildOptions { target_dir: Some("/x".into()), ..BuildOptions::default() };
        assert_eq!(options.target_dir(Path::new("/y")), Path::new("/x"));
    }
}
