//! The compile cache: used after a restart; a file that is damaged, of another
//! folder's key, or that cannot be read is compiled again.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use strowger_guest::{EngineConfig, GuestEngine, Program, UploadLimits};

fn compile(folder: &Path) -> Program {
    let config = EngineConfig { cache_dir: Some(folder.to_owned()), ..common::config() };
    let engine = GuestEngine::new(config).expect("the engine starts");
    engine.compile(&common::flow_module("", ""), &UploadLimits::default()).expect("it compiles")
}

fn runs(program: &Program) {
    let mut flow = strowger_guest::FlowInstance::new(program, &strowger_guest::Budget::default())
        .expect("it starts");
    assert_eq!(common::start(&mut flow).result.outcome, Ok(Vec::new()));
}

fn only_artefact(folder: &Path) -> PathBuf {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "code"))
        .collect();
    assert_eq!(files.len(), 1);
    files.remove(0)
}

/// The file's identity: a file that was compiled again is another one.
fn inode(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).expect("the file is there").ino()
}

#[test]
fn a_whole_file_is_used_again() {
    let folder = tempfile::tempdir().expect("a folder");
    runs(&compile(folder.path()));
    let before = inode(&only_artefact(folder.path()));
    runs(&compile(folder.path()));
    assert_eq!(inode(&only_artefact(folder.path())), before);
}

#[test]
fn a_damaged_file_is_compiled_again() {
    let folder = tempfile::tempdir().expect("a folder");
    runs(&compile(folder.path()));
    let path = only_artefact(folder.path());
    let whole = fs::read(&path).expect("readable");
    for position in [0, 20, 60, whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[position] ^= 1;
        fs::write(&path, &bytes).expect("writable");
        let before = inode(&path);
        runs(&compile(folder.path()));
        assert_ne!(inode(&path), before, "byte {position}");
        assert_eq!(fs::read(&path).expect("readable").len(), whole.len());
    }
    fs::write(&path, &whole[..whole.len() / 2]).expect("writable");
    runs(&compile(folder.path()));
    assert_eq!(fs::read(&path).expect("readable").len(), whole.len());
}

#[test]
fn a_file_from_elsewhere_is_compiled_again() {
    let (ours, theirs) =
        (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    runs(&compile(ours.path()));
    runs(&compile(theirs.path()));
    let path = only_artefact(ours.path());
    fs::copy(only_artefact(theirs.path()), &path).expect("copied");
    let before = inode(&path);
    runs(&compile(ours.path()));
    assert_ne!(inode(&path), before);
}

#[test]
fn the_folder_is_for_this_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let cache = folder.path().join("cache");
    runs(&compile(&cache));
    let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
    assert_eq!(mode(&cache), 0o700);
    assert_eq!(mode(&cache.join("key")), 0o600);
    assert_eq!(mode(&only_artefact(&cache)), 0o600);
}
