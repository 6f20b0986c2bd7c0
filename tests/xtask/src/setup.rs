//! What is needed beyond rustup's toolchain and a C compiler: a Wasm standard
//! library, CMake for Opus, SIPp and two softphones as peers, espeak-ng for Chinese
//! prompts.

use crate::cargo::{is_there, run};
use std::path::Path;
use std::process::Command;

/// One thing the commands need.
struct Need {
    what: &'static str,
    why: &'static str,
    there: fn() -> bool,
    debian: &'static [&'static str],
    otherwise: &'static str,
}

const WASM: Need = Need {
    what: "a standard library for wasm32-unknown-unknown",
    why: "to build flows and routers",
    there: wasm_target_is_there,
    debian: &["rustc-web", "rust-web-src"],
    otherwise: "rustup target add wasm32-unknown-unknown",
};

const CMAKE: Need = Need {
    what: "cmake",
    why: "to build the Opus codec",
    there: || is_there("cmake"),
    debian: &["cmake", "make"],
    otherwise: "install CMake 3.16 or later",
};

const SIPP: Need = Need {
    what: "sipp",
    why: "as a real SIP peer in tests and benches",
    there: || is_there("sipp"),
    debian: &["sip-tester"],
    otherwise: "install SIPp 3.6 or later",
};

const ESPEAK: Need = Need {
    what: "espeak-ng",
    why: "to speak Chinese prompts",
    there: || is_there("espeak-ng"),
    debian: &["espeak-ng"],
    otherwise: "install espeak-ng 1.51 or later",
};

const BARESIP: Need = Need {
    what: "baresip",
    why: "as a real softphone in tests",
    there: || is_there("baresip"),
    debian: &["baresip-core"],
    otherwise: "install baresip 1.0 or later with its modules",
};

const LINPHONE: Need = Need {
    what: "linphonec",
    why: "as another real softphone in tests",
    there: || is_there("linphonec"),
    debian: &["linphone-cli"],
    otherwise: "install Linphone's console 5.0 or later",
};

/// What building the guests and running the server needs.
pub fn to_run() -> Result<(), String> {
    ensure(&[WASM, CMAKE, ESPEAK])
}

/// What the tests and benches need besides.
pub fn everything() -> Result<(), String> {
    ensure(&[WASM, CMAKE, ESPEAK, SIPP, BARESIP, LINPHONE])
}

fn ensure(needs: &[Need]) -> Result<(), String> {
    let missing: Vec<&Need> = needs.iter().filter(|need| !(need.there)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for need in &missing {
        println!("missing: {} ({})", need.what, need.why);
    }
    // rustup's own way first: it is what most people have.
    if missing.iter().any(|need| need.what == WASM.what) && is_there("rustup") {
        let _ = Command::new("rustup")
            .args(["target", "add", "wasm32-unknown-unknown"])
            .current_dir(crate::cargo::root())
            .status();
    }
    let packages: Vec<&str> = missing
        .iter()
        .filter(|need| !(need.there)())
        .flat_map(|need| need.debian)
        .copied()
        .collect();
    if packages.is_empty() {
        return Ok(());
    }
    if is_there("apt-get") && is_root() {
        run("apt-get update", Command::new("apt-get").arg("update").arg("-qq"))?;
        run(
            &format!("apt-get install {}", packages.join(" ")),
            Command::new("apt-get")
                .args(["install", "-y", "-qq", "--no-install-recommends"])
                .args(&packages)
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )?;
    }
    let still: Vec<String> = needs
        .iter()
        .filter(|need| !(need.there)())
        .map(|need| {
            format!(
                "{} is needed {}.\n  On Debian: sudo apt-get install --no-install-recommends {}\n  Elsewhere: {}",
                need.what,
                need.why,
                need.debian.join(" "),
                need.otherwise
            )
        })
        .collect();
    if still.is_empty() { Ok(()) } else { Err(still.join("\n")) }
}

/// Either rustup's toolchain has the target, or Debian's compiler and library
/// source are there, with which the library is built once.
fn wasm_target_is_there() -> bool {
    let in_sysroot = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", "wasm32-unknown-unknown"])
        .current_dir(crate::cargo::root())
        .output()
        .is_ok_and(|out| {
            out.status.success() && Path::new(String::from_utf8_lossy(&out.stdout).trim()).is_dir()
        });
    in_sysroot
        || (Path::new("/usr/bin/rustc").is_file()
            && Command::new("dpkg-query")
                .args(["-W", "rust-web-src"])
                .output()
                .is_ok_and(|out| out.status.success()))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout.trim_ascii() == b"0")
}
