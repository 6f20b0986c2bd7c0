//! Compiled programs on disk, so that a restart does not compile them again.
//!
//! A compiled program is machine code that runs in our process: loading one
//! that somebody else wrote would be running their code. So each file carries
//! an HMAC-SHA256 under a key that lies in the same folder, readable by this
//! user only, over what it is (program and engine) and its code. It keeps out
//! bit rot, half-written files, files of another program or engine, and files
//! copied in from elsewhere; it cannot keep out somebody who can already write
//! as this user, who could as well change the server itself. A file that does
//! not verify is compiled again and replaced.

use super::artefact::hex;
use hmac::{Hmac, Mac};
use rand::RngCore;
use sha2::{Digest, Sha256};
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Begins every file; changes when the layout does.
const MAGIC: &[u8; 8] = b"strwgr01";
const KEY_BYTES: usize = 32;
const TAG_BYTES: usize = 32;
/// Files kept; the ones longest unused go first. A compiled flow has about
/// 1 MiB, so this is some hundred megabytes.
const MAX_FILES: usize = 512;
/// No compiled program of an allowed upload comes near this.
const MAX_FILE_BYTES: u64 = 512 << 20;

pub(crate) struct Cache {
    folder: PathBuf,
    key: [u8; KEY_BYTES],
    /// Hash of everything compiled code depends on besides the program.
    engine: String,
}

impl Cache {
    /// Opens or makes the folder and its key.
    pub(crate) fn open(folder: &Path, engine: &Engine) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        let mut hasher = Sha256Hasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self {
            folder: folder.to_owned(),
            key: load_key(&folder.join("key"))?,
            engine: hex(&hasher.0.finalize()),
        })
    }

    /// What was compiled before, if it is there and whole.
    pub(crate) fn load(&self, engine: &Engine, digest: &str) -> Option<Component> {
        let path = self.path(digest);
        if fs::metadata(&path).ok()?.len() > MAX_FILE_BYTES {
            return None;
        }
        let file = fs::read(&path).ok()?;
        let code = self.verified(digest, &file).or_else(|| {
            tracing::warn!(file = %path.display(), "compile cache: file does not verify, compiling again");
            None
        })?;
        // SAFETY: `code` was serialized by a wasmtime of this process's engine
        // hash: its HMAC under the key that only this user can read covers the
        // engine hash, the program and every byte, and was checked on the very
        // bytes in memory that are loaded here.
        match unsafe { Component::deserialize(engine, code) } {
            Ok(component) => Some(component),
            Err(error) => {
                tracing::warn!(file = %path.display(), %error, "compile cache: file cannot be used, compiling again");
                None
            }
        }
    }

    /// Keeps a compiled program. Not being able to is a pity, not a failure.
    pub(crate) fn store(&self, digest: &str, component: &Component) {
        let stored = component
            .serialize()
            .map_err(io::Error::other)
            .and_then(|code| self.write(digest, &code));
        if let Err(error) = stored {
            tracing::warn!(folder = %self.folder.display(), %error, "compile cache: could not store");
        }
        self.prune();
    }

    fn write(&self, digest: &str, code: &[u8]) -> io::Result<()> {
        let path = self.path(digest);
        let fresh = path.with_extension(format!("new-{:016x}", rand::rng().next_u64()));
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
        let written = file
            .write_all(MAGIC)
            .and_then(|()| file.write_all(&self.tag(digest, code)?))
            .and_then(|()| file.write_all(code))
            .and_then(|()| fs::rename(&fresh, &path));
        if written.is_err() {
            // What is left over is removed by the next pruning if not now.
            let _ = fs::remove_file(&fresh);
        }
        written
    }

    fn verified<'a>(&self, digest: &str, file: &'a [u8]) -> Option<&'a [u8]> {
        let rest = file.strip_prefix(MAGIC)?;
        let (tag, code) = rest.split_at_checked(TAG_BYTES)?;
        self.mac(digest, code)?.verify_slice(tag).ok().map(|()| code)
    }

    fn tag(&self, digest: &str, code: &[u8]) -> io::Result<[u8; TAG_BYTES]> {
        let mac = self.mac(digest, code).ok_or_else(|| io::Error::other("bad key"))?;
        Ok(mac.finalize().into_bytes().into())
    }

    fn mac(&self, digest: &str, code: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        // Both are hexadecimal of fixed length: no two pairs run together alike.
        mac.update(self.engine.as_bytes());
        mac.update(digest.as_bytes());
        mac.update(code);
        Some(mac)
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.folder.join(format!("{digest}-{}.code", &self.engine[..16]))
    }

    fn prune(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let mut files: Vec<_> = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name() != "key")
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        if files.len() <= MAX_FILES {
            return;
        }
        files.sort();
        for (_, path) in &files[..files.len() - MAX_FILES] {
            // Another process may have been faster.
            let _ = fs::remove_file(path);
        }
    }
}

/// The folder's key; a new one if there is none or it is not whole, which makes
/// everything in the folder unverifiable and so compiled again.
fn load_key(path: &Path) -> io::Result<[u8; KEY_BYTES]> {
    if let Ok(bytes) = fs::read(path)
        && let Ok(key) = <[u8; KEY_BYTES]>::try_from(bytes)
    {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        return Ok(key);
    }
    let mut key = [0; KEY_BYTES];
    rand::rng().fill_bytes(&mut key);
    let fresh = path.with_extension(format!("new-{:016x}", rand::rng().next_u64()));
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)?
        .write_all(&key)?;
    fs::rename(&fresh, path)?;
    // Of two processes that start at once the later rename holds.
    fs::read(path)?.try_into().map_err(|_| io::Error::other("the key file is not whole"))
}

struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Only the whole digest is used.
    fn finish(&self) -> u64 {
        0
    }
}
