//! Which compiler builds guests on this machine.
//!
//! Owns the search and its order: the active toolchain if it has the target's
//! standard library; else any compiler here that has the library's source
//! (Debian's `rustc-web` with `rust-web-src`, rustup's `rust-src`), from which
//! cargo builds it once. Never installs anything unasked.

use crate::BuildError;
use crate::environment::clean_command;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target of guests.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Where Debian puts the compiler that can be installed beside rustup's.
const SYSTEM_RUSTC: &str = "/usr/bin/rustc";

/// Where the standard library comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolchainKind {
    /// It is installed, compiled.
    Installed,
    /// It is built from its source, once per target folder.
    FromSource,
}

/// A compiler that can build guests.
#[derive(Clone, Debug)]
pub struct Toolchain {
    kind: ToolchainKind,
    cargo: PathBuf,
    rustc: PathBuf,
    /// Set where the compiler does not come with its own.
    linker: Option<PathBuf>,
    version: String,
}

impl Toolchain {
    /// Looks for a compiler, as seen from `dir` (a `rust-toolchain.toml` there counts).
    pub fn find(dir: &Path) -> Result<Self, BuildError> {
        let active = active_sysroot(dir);
        if let Some(sysroot) = &active
            && has_std(sysroot)
        {
            let rustc = in_sysroot(sysroot, "rustc");
            return Ok(Self {
                kind: ToolchainKind::Installed,
                cargo: in_sysroot(sysroot, "cargo"),
                version: version_of(&rustc, dir),
                linker: None,
                rustc,
            });
        }
        let cargo = active
            .as_deref()
            .map_or_else(|| PathBuf::from("cargo"), |sysroot| in_sysroot(sysroot, "cargo"));
        let system = sysroot_of(Path::new(SYSTEM_RUSTC), dir);
        for sysroot in active.iter().chain(&system) {
            if !has_source(sysroot) {
                continue;
            }
            let Some(linker) = linker_in(sysroot)
                .or_else(|| active.as_deref().and_then(linker_in))
                .or_else(linker_on_path)
            else {
                continue;
            };
            let rustc = in_sysroot(sysroot, "rustc");
            return Ok(Self {
                kind: ToolchainKind::FromSource,
                cargo,
                version: version_of(&rustc, dir),
                rustc,
                linker: Some(linker),
            });
        }
        Err(BuildError::NoToolchain(advice()))
    }

    /// Like [`Toolchain::find`], and if there is none, installs what is missing:
    /// through rustup, or through apt where this process may.
    pub fn find_or_install(dir: &Path) -> Result<Self, BuildError> {
        match Self::find(dir) {
            Err(BuildError::NoToolchain(_)) => {
                Self::install(dir)?;
                Self::find(dir)
            }
            found => found,
        }
    }

    /// Installs the target's standard library.
    pub fn install(dir: &Path) -> Result<(), BuildError> {
        let rustup = run(clean_command("rustup", dir).args(["target", "add", TARGET]));
        match rustup {
            Ok(()) => return Ok(()),
            Err(error) if !Path::new("/usr/bin/apt-get").exists() => return Err(error),
            Err(_) => {}
        }
        run(clean_command("apt-get", dir).args([
            "install",
            "--yes",
            "--no-install-recommends",
            "rustc-web",
            "rust-web-src",
        ]))
        .map_err(|error| BuildError::NoToolchain(format!("{}\n({error})", advice())))
    }

    /// Whether the standard library is there or is built from source.
    pub fn kind(&self) -> ToolchainKind {
        self.kind
    }

    /// One line for people: what is used and why.
    pub fn describe(&self) -> String {
        let Self { version, rustc, .. } = self;
        match self.kind {
            ToolchainKind::Installed => {
                format!("{version} ({}) with its {TARGET} library", rustc.display())
            }
            ToolchainKind::FromSource => format!(
                "{version} ({}); it has no {TARGET} library, so cargo builds that from source, \
                 once, which takes about a minute",
                rustc.display()
            ),
        }
    }

    /// cargo, knowing nothing of an outer build.
    pub(crate) fn cargo(&self, dir: &Path) -> Command {
        clean_command(&self.cargo, dir)
    }

    /// `cargo build` for the target, with the environment and flags this compiler needs.
    pub(crate) fn cargo_build(&self, dir: &Path) -> Command {
        let mut command = self.cargo(dir);
        command.arg("build").args(["--target", TARGET]).env("RUSTC", &self.rustc);
        if self.kind == ToolchainKind::FromSource {
            // The guest's code is compiled as by a stable compiler; only cargo's
            // -Z flags need the permission.
            command.env("RUSTC_BOOTSTRAP", "1");
            command.args(["-Zbuild-std=std,panic_abort", "-Zbuild-std-features="]);
        }
        if let Some(linker) = &self.linker {
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        command
    }
}

fn advice() -> String {
    format!(
        "no compiler here can build guests: the standard library for {TARGET} is missing.\n\
         With rustup and a network:\n    rustup target add {TARGET}\n\
         On Debian, also without rustup's servers:\n    \
         apt-get install --no-install-recommends rustc-web rust-web-src"
    )
}

/// The sysroot of the compiler that is active in `dir`.
fn active_sysroot(dir: &Path) -> Option<PathBuf> {
    // A build script and `cargo run` are told which compiler they are built with.
    let from_build = std::env::var_os("RUSTC").map(PathBuf::from);
    from_build
        .and_then(|rustc| sysroot_of(&rustc, dir))
        .or_else(|| sysroot_of(Path::new("rustc"), dir))
}

fn sysroot_of(rustc: &Path, dir: &Path) -> Option<PathBuf> {
    let mut command = clean_command(rustc, dir);
    // rustup's proxy would otherwise forget which toolchain the outer build uses.
    if let Some(toolchain) = std::env::var_os("RUSTUP_TOOLCHAIN") {
        command.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    let output = command.args(["--print", "sysroot"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let path = PathBuf::from(text.trim());
    (output.status.success() && path.is_dir()).then_some(path)
}

fn in_sysroot(sysroot: &Path, program: &str) -> PathBuf {
    let path = sysroot.join("bin").join(program);
    if path.exists() { path } else { PathBuf::from(program) }
}

fn has_std(sysroot: &Path) -> bool {
    let folder = sysroot.join("lib/rustlib").join(TARGET).join("lib");
    std::fs::read_dir(folder).is_ok_and(|files| {
        files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
    })
}

fn has_source(sysroot: &Path) -> bool {
    sysroot.join("lib/rustlib/src/rust/library/std/Cargo.toml").exists()
}

/// rustc's own copy of lld; every rustup toolchain for a common host has one.
fn linker_in(sysroot: &Path) -> Option<PathBuf> {
    let folders = std::fs::read_dir(sysroot.join("lib/rustlib")).ok()?;
    folders.flatten().map(|host| host.path().join("bin/rust-lld")).find(|path| path.exists())
}

fn linker_on_path() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|dir| [dir.join("rust-lld"), dir.join("wasm-ld")])
        .find(|path| path.exists())
}

fn version_of(rustc: &Path, dir: &Path) -> String {
    clean_command(rustc, dir)
        .arg("--version")
        .output()
        .ok()
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map_or_else(|| "rustc".to_owned(), |text| text.trim().to_owned())
}

fn run(command: &mut Command) -> Result<(), BuildError> {
    let shown = format!("{command:?}").replace('"', "");
    let output = command.output().map_err(|source| BuildError::Start {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    })?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let message = said.trim().lines().last().unwrap_or("no message").to_owned();
    Err(BuildError::Install { command: shown, message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sysroot_counts_only_with_the_library_of_the_target() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_std(folder.path()));
        let lib = folder.path().join("lib/rustlib").join(TARGET).join("lib");
        std::fs::create_dir_all(&lib).unwrap();
        assert!(!has_std(folder.path()), "an empty folder is no library");
        std::fs::write(lib.join("libstd-0123.rlib"), "").unwrap();
        assert!(has_std(folder.path()));
    }

    #[test]
    fn advice_can_be_typed_as_it_stands() {
        let text = advice();
        assert!(text.contains("\n    rustup target add wasm32-unknown-unknown\n"));
        assert!(
            text.contains("\n    apt-get install --no-install-recommends rustc-web rust-web-src")
        );
    }
}
