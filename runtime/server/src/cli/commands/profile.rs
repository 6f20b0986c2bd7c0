//! `strowger profile`

use super::super::CliError;
use super::super::connection::{Connection, Profile as Stored};
use super::super::output::Output;
use clap::Subcommand;
use serde_json::json;

/// Keeps address and key in a profile, so that they need not be given again.
#[derive(Debug, Subcommand)]
pub enum Profile {
    /// Save what --url, --key and --tenant (or their environment variables) say.
    Save,
    /// Show the profile, without its key.
    Show,
}

pub(crate) fn run(
    connection: &Connection,
    command: &Profile,
    out: &mut Output,
) -> Result<(), CliError> {
    let path = connection.profile_path().ok_or_else(|| {
        CliError::Usage("there is no home folder; name a file with --profile".to_owned())
    })?;
    let mut profile = Stored::read(&path, false)?;
    match command {
        Profile::Save => {
            profile.url = connection.url.clone().or(profile.url);
            profile.key = connection.key.clone().or(profile.key);
            profile.tenant = connection.tenant.clone().or(profile.tenant);
            profile.write(&path)?;
            out.say(&format!("saved {}", path.display()))
        }
        Profile::Show => out.thing(
            &json!({"file": path, "url": profile.url, "tenant": profile.tenant,
                    "key": profile.key.as_deref().and_then(|key| key.get(..19))}),
            &[("file", "file"), ("url", "url"), ("tenant", "tenant"), ("key begins", "key")],
        ),
    }
}
