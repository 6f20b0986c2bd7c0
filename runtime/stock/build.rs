//! Builds `guest-examples/` and writes `guests.rs`, which embeds the components.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};
use strowger_build::{BuildOptions, BuiltGuest, build_guest};

/// Folders of `guest-examples/`; packages are named after their folder.
const STOCK: [&str; 3] = ["flows", "routers", "pacers"];
const MISBEHAVING: &str = "misbehaving";

fn main() {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("../..");
    if let Err(message) = build(&root) {
        eprintln!("{message}");
        std::process::exit(1);
    }
}

fn build(root: &Path) -> Result<(), String> {
    let examples = root.join("guest-examples");
    for path in ["Cargo.toml", "Cargo.lock", MISBEHAVING].iter().chain(&STOCK) {
        println!("cargo::rerun-if-changed={}", examples.join(path).display());
    }
    for path in ["sdk/rust", "wit"] {
        println!("cargo::rerun-if-changed={}", root.join(path).display());
    }
    for name in ["STROWGER_GUEST_TARGET_DIR", "CARGO_TARGET_DIR"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let with_misbehaving = env::var_os("CARGO_FEATURE_TEST_GUESTS").is_some();
    let mut folders = STOCK.to_vec();
    folders.extend(with_misbehaving.then_some(MISBEHAVING));
    let mut packages = Vec::new();
    for folder in folders {
        packages.extend(packages_in(&examples.join(folder))?);
    }
    let options = BuildOptions { packages, any_world: with_misbehaving, ..BuildOptions::default() };
    let mut guests = build_guest(&examples, &options, |line| eprintln!("{line}"))
        .map_err(|error| format!("the stock guests could not be built: {error}"))?;
    guests.sort_by(|a, b| a.name.cmp(&b.name));
    embed(&guests, Path::new(&variable("OUT_DIR")))
}

fn packages_in(folder: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let packages = entries.flatten().filter(|entry| entry.path().join("Cargo.toml").exists());
    Ok(packages.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

fn embed(guests: &[BuiltGuest], out: &Path) -> Result<(), String> {
    let write = |name: &str, bytes: &[u8]| {
        // Copied: the shared folder may be overwritten by another checkout.
        let path = out.join(name);
        fs::write(&path, bytes).map_err(|error| format!("{}: {error}", path.display()))
    };
    let mut code = String::new();
    let mut all = String::new();
    for BuiltGuest { name, component, .. } in guests {
        let file = format!("{name}.wasm");
        write(&file, component)?;
        let constant = name.to_uppercase().replace('-', "_");
        let _ = writeln!(
            code,
            "/// `guest-examples/**/{name}`.\n\
             pub const {constant}: &[u8] = include_bytes!({:?});",
            out.join(&file)
        );
        let _ = writeln!(all, "    ({name:?}, {constant}),");
    }
    let _ = write!(
        code,
        "/// Every embedded guest by name, sorted.\npub const ALL: &[(&str, &[u8])] = &[\n{all}];\n"
    );
    write("guests.rs", code.as_bytes())
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("cargo sets {name} for build scripts"))
}
