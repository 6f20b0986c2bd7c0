//! What a newcomer does first: a new project, its test, its component.

use std::path::Path;
use std::process::Command;
use strowger_build::{
    BuildError, BuildOptions, SdkSource, Template, World, build_guest, new_project,
};

/// Every template builds to a component of its world, and its own test passes.
#[test]
fn every_template_builds_and_passes_its_own_test() {
    let folder = tempfile::tempdir().unwrap();
    for (template, world) in [
        (Template::Ivr, World::CallFlow),
        (Template::Router, World::Router),
        (Template::Pacer, World::Pacer),
    ] {
        let name = format!("my-{}", template.name());
        let dir = folder.path().join(&name);
        new_project(&dir, template, &SdkSource::detect()).unwrap();
        use_tested_versions(&dir);

        let guests = build_guest(&dir, &shared_cache(), |_| {}).unwrap();
        assert_eq!(guests.len(), 1);
        assert_eq!(guests[0].name, name);
        assert_eq!(guests[0].worlds, [world]);
        assert_eq!(std::fs::read(&guests[0].path).unwrap(), guests[0].component);

        let output = Command::new(env!("CARGO"))
            .args(["test", "--quiet", "--test", template.name()])
            .current_dir(&dir)
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {said}\n{complained}");
        assert!(said.contains("test result: ok") && !said.contains(" 0 passed"), "{said}");
    }
}

#[test]
fn a_library_that_exports_nothing_is_no_guest() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("silent");
    new_project(&dir, Template::Ivr, &SdkSource::detect()).unwrap();
    use_tested_versions(&dir);
    std::fs::write(dir.join("src/lib.rs"), "pub fn nothing() {}\n").unwrap();
    let error = build_guest(&dir, &shared_cache(), |_| {}).unwrap_err();
    assert!(matches!(error, BuildError::Component { .. }), "{error}");
    assert!(error.to_string().contains("strowger_sdk::export!"), "{error}");
}

#[test]
fn a_library_without_a_module_is_told_what_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("plain");
    new_project(&dir, Template::Ivr, &SdkSource::detect()).unwrap();
    use_tested_versions(&dir);
    let manifest = dir.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replace("\"cdylib\", ", "")).unwrap();
    let error = build_guest(&dir, &shared_cache(), |_| {}).unwrap_err();
    assert!(matches!(error, BuildError::NothingBuilt(_)), "{error}");
    assert!(error.to_string().contains("crate-type"), "{error}");
}

/// Where the stock guests are built too, so that the standard library is there.
fn shared_cache() -> BuildOptions {
    let options = BuildOptions::default();
    let target_dir = options.target_dir(Path::new(env!("CARGO_MANIFEST_DIR")));
    BuildOptions { target_dir: Some(target_dir), ..options }
}

/// The versions that the examples are tested with, so that a test does not
/// depend on what was released this morning.
fn use_tested_versions(project: &Path) {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-examples/Cargo.lock");
    std::fs::copy(lock, project.join("Cargo.lock")).unwrap();
}
