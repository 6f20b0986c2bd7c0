//! Signatures of versions (Ed25519, RFC 8032): made at upload, checked before a
//! version runs.
//!
//! The private key never leaves this module and is never logged. Versions that
//! were there before there was a key are signed once, when it is first used; that
//! this was done is kept beside the database and not in it, so that whoever can
//! write to the database cannot have a version signed by taking its signature off.

use crate::config::SigningConfig;
use anyhow::{Context as _, Result, bail};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use std::fmt;
use std::path::Path;
use strowger_api::SigningKey;
use strowger_model::{VersionSignature, VersionStatement};
use strowger_store::{ProgramKind, Store, StoredVersion};

/// Bytes of a seed and of a public key.
const KEY_BYTES: usize = 32;
/// Hexadecimal digits of a key's id.
const ID_DIGITS: usize = 16;
/// Name of the key's file in the data folder.
const KEY_FILE: &str = "signing-key";
/// Name of the file that says that versions of before were signed.
const SIGNED_FILE: &str = "versions-signed";

/// The operator's key, and the keys that are trusted.
pub struct Signing {
    key: Ed25519KeyPair,
    /// The own one first.
    trusted: Vec<PublicKey>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct PublicKey {
    id: String,
    bytes: Vec<u8>,
}

impl fmt::Debug for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signing").field("trusted", &self.trusted).finish_non_exhaustive()
    }
}

/// Why a version does not run.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTrusted {
    /// It was never signed.
    #[error(
        "it is not signed; upload it anew (versions are signed when they are uploaded, and those \
         of before when the server first had a key)"
    )]
    Unsigned,
    /// The key is not known here.
    #[error(
        "it is signed with key {0}, which is not trusted here; add that public key to \
         signing.trusted if it is yours"
    )]
    UnknownKey(String),
    /// The bytes are not those that were signed.
    #[error(
        "its bytes are not those that were uploaded: the database was tampered with or damaged"
    )]
    Bytes,
    /// The signature is of something else.
    #[error("its signature does not match: the database was tampered with or damaged")]
    Signature,
}

impl Signing {
    /// Reads the key; makes one if none is named and none was made before.
    pub fn open(config: &SigningConfig, data_dir: &Path) -> Result<Self> {
        let path = config.key.clone().unwrap_or_else(|| data_dir.join(KEY_FILE));
        if config.key.is_none() && !path.exists() {
            make(&path, &data_dir.join(SIGNED_FILE))?;
        }
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("the signing key {} cannot be read", path.display()))?;
        let key = parse(&text).with_context(|| {
            format!(
                "the signing key {} is neither an Ed25519 key in PEM (PKCS#8) nor a seed of 64 \
                 hexadecimal digits",
                path.display()
            )
        })?;
        let mut trusted = vec![PublicKey::new(key.public_key().as_ref())];
        for text in &config.trusted {
            let bytes = unhex(text).filter(|bytes| bytes.len() == KEY_BYTES).with_context(|| {
                format!("signing.trusted: {text:?} is no public key; write its 64 hexadecimal digits")
            })?;
            trusted.push(PublicKey::new(&bytes));
        }
        Ok(Self { key, trusted })
    }

    /// Signs what is said of a version.
    pub fn sign(&self, statement: &VersionStatement<'_>) -> VersionSignature {
        let signature = self.key.sign(statement.to_string().as_bytes());
        let key = self.trusted.first().map(|own| own.id.clone()).unwrap_or_default();
        VersionSignature { key, signature: hex(signature.as_ref()) }
    }

    /// The keys that are trusted, the one that signs first.
    pub fn keys(&self) -> Vec<SigningKey> {
        let keys = self.trusted.iter().enumerate();
        keys.map(|(place, key)| SigningKey {
            id: key.id.clone(),
            public_key: hex(&key.bytes),
            signs: place == 0,
        })
        .collect()
    }

    /// Whether a version may run: signed with a trusted key, and nothing of what
    /// was signed has changed.
    pub fn check(&self, version: &StoredVersion, bytes: &[u8]) -> Result<(), NotTrusted> {
        let signed = version.signature.as_ref().ok_or(NotTrusted::Unsigned)?;
        let key = self.trusted.iter().find(|key| key.id == signed.key);
        let key = key.ok_or_else(|| NotTrusted::UnknownKey(signed.key.clone()))?;
        if sha256(bytes) != version.digest {
            return Err(NotTrusted::Bytes);
        }
        match is_signed(&key.bytes, &version.statement(), &signed.signature) {
            true => Ok(()),
            false => Err(NotTrusted::Signature),
        }
    }

    /// Signs the versions of before, once in the life of a data folder.
    pub async fn sign_those_of_before(&self, store: &Store, data_dir: &Path) -> Result<()> {
        let done = data_dir.join(SIGNED_FILE);
        if done.exists() {
            return Ok(());
        }
        for version in store.stored_versions().await? {
            let known = version.signature.as_ref().map(|signed| &signed.key);
            if known.is_some_and(|known| self.trusted.iter().any(|key| key.id == *known)) {
                continue;
            }
            let scope = store.tenant(version.tenant);
            let programs = match version.kind {
                ProgramKind::Flow => scope.flows(),
                ProgramKind::Router => scope.routers(),
            };
            if sha256(&programs.bytes(version.id).await?) != version.digest {
                tracing::error!(version = %version.id, "not signed: its bytes are damaged");
                continue;
            }
            store.set_signature(version.id, &self.sign(&version.statement())).await?;
        }
        let text = "Versions that were there before the signing key was first used have been \
                    signed.\nWhile this file is here, no other version is ever signed unasked.\n";
        std::fs::write(&done, text).with_context(|| format!("{} cannot be written", done.display()))
    }
}

impl PublicKey {
    fn new(bytes: &[u8]) -> Self {
        Self { id: key_id(bytes), bytes: bytes.to_vec() }
    }
}

/// Id of a public key: the first digits of its SHA-256.
pub fn key_id(public_key: &[u8]) -> String {
    let mut id = sha256(public_key);
    id.truncate(ID_DIGITS);
    id
}

/// Whether the statement was signed with the key that belongs to this public one.
pub fn is_signed(public_key: &[u8], statement: &VersionStatement<'_>, signature: &str) -> bool {
    let Some(signature) = unhex(signature) else { return false };
    UnparsedPublicKey::new(&ED25519, public_key)
        .verify(statement.to_string().as_bytes(), &signature)
        .is_ok()
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// Bytes from hexadecimal digits.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim().as_bytes();
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn parse(text: &str) -> Option<Ed25519KeyPair> {
    if let Some(seed) = unhex(text).filter(|seed| seed.len() == KEY_BYTES) {
        return Ed25519KeyPair::from_seed_unchecked(&seed).ok();
    }
    let pem = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).ok()?;
    Ed25519KeyPair::from_pkcs8(pem.secret_pkcs8_der()).ok()
}

/// Makes a key in a file that only its owner reads. A folder that had a key
/// before gets no other: every version would have to be uploaded anew.
fn make(path: &Path, signed: &Path) -> Result<()> {
    if signed.exists() {
        bail!(
            "the signing key {} is gone: put it back, or name another with signing.key (its \
             versions run if the old public key is in signing.trusted). If the old key is lost \
             for good, delete {} to have all versions signed anew",
            path.display(),
            signed.display()
        );
    }
    let mut seed = [0_u8; KEY_BYTES];
    SystemRandom::new().fill(&mut seed).ok().context("the system gives no random numbers")?;
    crate::serve::write_secret(path, &format!("{}\n", hex(&seed)))
        .with_context(|| format!("the signing key cannot be written to {}", path.display()))?;
    tracing::info!(path = %path.display(), "made the key that versions are signed with");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use strowger_model::{FlowId, TenantId, VersionId};
    use uuid::Uuid;

    /// RFC 8032 §7.1, test 1.
    const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const PUBLIC: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    fn signing(folder: &Path, seed: &str, trusted: &[&str]) -> Signing {
        let key = folder.join(&seed[..8]);
        std::fs::write(&key, seed).unwrap();
        let trusted = trusted.iter().map(|key| (*key).to_owned()).collect();
        Signing::open(&SigningConfig { key: Some(key), trusted }, folder).unwrap()
    }

    fn version(signing: &Signing, bytes: &[u8]) -> StoredVersion {
        let mut version = StoredVersion {
            id: VersionId(Uuid::from_u128(1)),
            tenant: TenantId(Uuid::from_u128(2)),
            kind: ProgramKind::Flow,
            program: FlowId(Uuid::from_u128(3)),
            name: "ivr".to_owned(),
            number: 4,
            digest: sha256(bytes),
            signature: None,
        };
        version.signature = Some(signing.sign(&version.statement()));
        version
    }

    #[test]
    fn a_seed_is_the_key_of_the_standard() {
        let folder = tempfile::tempdir().unwrap();
        let signing = signing(folder.path(), SEED, &[]);
        assert_eq!(signing.keys()[0].public_key, PUBLIC);
        assert!(!format!("{signing:?}").contains(&SEED[..8]));
    }

    #[test]
    fn whatever_is_changed_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let signing = signing(folder.path(), SEED, &[]);
        let good = version(&signing, b"wasm");
        assert_eq!(signing.check(&good, b"wasm"), Ok(()));
        assert_eq!(signing.check(&good, b"w4sm"), Err(NotTrusted::Bytes));
        let tenant = TenantId(Uuid::from_u128(9));
        let program = FlowId(Uuid::from_u128(9));
        let forged = [
            StoredVersion { tenant, ..good.clone() },
            StoredVersion { kind: ProgramKind::Router, ..good.clone() },
            StoredVersion { program, ..good.clone() },
            StoredVersion { name: "ivs".to_owned(), ..good.clone() },
            StoredVersion { number: 5, ..good.clone() },
        ];
        for forged in forged {
            assert_eq!(signing.check(&forged, b"wasm"), Err(NotTrusted::Signature), "{forged:?}");
        }
        let bytes = StoredVersion { digest: sha256(b"evil"), ..good.clone() };
        assert_eq!(signing.check(&bytes, b"evil"), Err(NotTrusted::Signature));
        let mut garbage = good.clone();
        garbage.signature.as_mut().unwrap().signature = "zz".to_owned();
        assert_eq!(signing.check(&garbage, b"wasm"), Err(NotTrusted::Signature));
        let unsigned = StoredVersion { signature: None, ..good };
        assert_eq!(signing.check(&unsigned, b"wasm"), Err(NotTrusted::Unsigned));
    }

    #[test]
    fn keys_of_before_are_trusted_when_they_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let old = signing(folder.path(), SEED, &[]);
        let version = version(&old, b"wasm");
        let seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
        let alone = signing(folder.path(), seed, &[]);
        let id = old.keys()[0].id.clone();
        assert_eq!(alone.check(&version, b"wasm"), Err(NotTrusted::UnknownKey(id)));
        let both = signing(folder.path(), seed, &[PUBLIC]);
        assert_eq!(both.check(&version, b"wasm"), Ok(()));
        assert!(!both.keys()[1].signs);
    }

    #[test]
    fn a_key_is_made_once_and_is_nobody_elses_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let config = SigningConfig::default();
        let first = Signing::open(&config, folder.path()).unwrap();
        let again = Signing::open(&config, folder.path()).unwrap();
        assert_eq!(first.keys(), again.keys());
        let path = folder.path().join(KEY_FILE);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
        std::fs::write(folder.path().join(SIGNED_FILE), "").unwrap();
        std::fs::remove_file(&path).unwrap();
        let error = Signing::open(&config, folder.path()).unwrap_err().to_string();
        assert!(error.contains("put it back"), "{error}");
    }

    #[test]
    fn a_key_of_openssl_is_read() {
        let folder = tempfile::tempdir().unwrap();
        // The seed of RFC 8032 §7.1, test 1, in PKCS#8.
        let pem = "-----BEGIN PRIVATE KEY-----\n\
                   MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
                   -----END PRIVATE KEY-----\n";
        let path = folder.path().join("key.pem");
        std::fs::write(&path, pem).unwrap();
        let config = SigningConfig { key: Some(path.clone()), trusted: Vec::new() };
        assert_eq!(Signing::open(&config, folder.path()).unwrap().keys()[0].public_key, PUBLIC);
        std::fs::write(&path, "a letter").unwrap();
        let error = Signing::open(&config, folder.path()).unwrap_err().to_string();
        assert!(error.contains("neither"), "{error}");
    }
}
