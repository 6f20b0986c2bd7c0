//! The key that versions are signed with.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Signatures of versions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SigningConfig {
    /// File of the Ed25519 key that uploads are signed with: PKCS#8 in PEM, or
    /// the seed as 64 hexadecimal digits. Absent: `signing-key` in the data
    /// folder, made when the server first starts.
    pub key: Option<PathBuf>,
    /// Further public keys whose signatures are trusted, as 64 hexadecimal
    /// digits each: keys of before, keys of other servers on the same database.
    pub trusted: Vec<String>,
}
