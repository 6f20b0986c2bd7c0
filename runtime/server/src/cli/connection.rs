//! Which server, with which key, for which tenant: flags, environment, profile.

use super::CliError;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

const USUAL_URL: &str = "http://127.0.0.1:8080";

/// Flags that every subcommand takes. Their ids are their own: a global flag
/// would otherwise take the value of a subcommand's argument of the same name,
/// the KEY of `kv get` for example.
#[derive(Args, Clone, Debug, Default)]
pub struct Connection {
    /// Address of the API, for example http://127.0.0.1:8080.
    #[arg(id = "api-url", long = "url", env = "STROWGER_URL", global = true)]
    pub url: Option<String>,
    /// API key; better given in the environment or a profile, where no process list shows it.
    #[arg(
        id = "api-key",
        long = "key",
        env = "STROWGER_API_KEY",
        global = true,
        hide_env_values = true
    )]
    pub key: Option<String>,
    /// Tenant to act for, by name or id; needed with an operator's key only.
    #[arg(id = "api-tenant", long = "tenant", env = "STROWGER_TENANT", global = true)]
    pub tenant: Option<String>,
    /// Profile file; usually ~/.config/strowger/profile.toml.
    #[arg(id = "api-profile", long = "profile", env = "STROWGER_PROFILE", global = true)]
    pub profile: Option<PathBuf>,
    /// Print the API's answer as JSON instead of a table.
    #[arg(id = "api-json", long = "json", global = true)]
    pub json: bool,
}

/// What a profile file holds.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Profile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// Where to send requests, and as whom.
#[derive(Clone)]
pub(super) struct Target {
    pub url: String,
    pub key: String,
    pub tenant: Option<String>,
}

impl Connection {
    /// Flags and environment first, then the profile, then what is usual.
    pub(super) fn resolve(&self) -> Result<Target, CliError> {
        let profile = match self.profile_path() {
            Some(path) => Profile::read(&path, self.profile.is_some())?,
            None => Profile::default(),
        };
        let key = self.key.clone().or(profile.key).ok_or_else(|| {
            CliError::Usage(
                "no API key: set STROWGER_API_KEY, or keep one with `strowger profile save`; the \
                 server writes the operator's first key into its data folder"
                    .to_owned(),
            )
        })?;
        let url = self.url.clone().or(profile.url).unwrap_or_else(|| USUAL_URL.to_owned());
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(CliError::Usage(format!(
                "{url:?} is no address of an API; write for example {USUAL_URL}"
            )));
        }
        Ok(Target {
            url: url.trim_end_matches('/').to_owned(),
            key,
            tenant: self.tenant.clone().or(profile.tenant),
        })
    }

    /// The profile's file; none if there is neither a flag nor a home folder.
    pub(super) fn profile_path(&self) -> Option<PathBuf> {
        self.profile.clone().or_else(|| {
            let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| {
                std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config"))
            })?;
            Some(config.join("strowger/profile.toml"))
        })
    }
}

impl Profile {
    /// Reads a profile. A missing one is empty, unless it `must_exist`. One that
    /// others can read is refused: it holds a key.
    pub(super) fn read(path: &Path, must_exist: bool) -> Result<Self, CliError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !must_exist => {
                return Ok(Self::default());
            }
            Err(error) => return Err(CliError::file(path, error)),
        };
        let mode = std::fs::metadata(path).map_err(|error| CliError::file(path, error))?;
        if mode.permissions().mode() & 0o077 != 0 {
            return Err(CliError::Usage(format!(
                "{path} holds a key and others may read it; run: chmod 600 {path}",
                path = path.display()
            )));
        }
        toml::from_str(&text)
            .map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))
    }

    /// Writes a profile that only its owner may read.
    pub(super) fn write(&self, path: &Path) -> Result<(), CliError> {
        let failed = |error| CliError::file(path, error);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let text = toml::to_string(self)
            .map_err(|error| CliError::Usage(format!("the profile cannot be written: {error}")))?;
        // A new file beside the old one: no moment at which the key can be read
        // by others, and none at which half a profile is there.
        let draft = path.with_extension("toml.new");
        match std::fs::remove_file(&draft) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(error));
            }
            _ => {}
        }
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        std::fs::rename(&draft, path).map_err(failed)
    }
}
