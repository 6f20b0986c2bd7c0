//! One file for each kind of thing.

pub(super) mod agent;
pub(super) mod ban;
pub(super) mod call;
mod deploy;
pub(super) mod drain;
pub(super) mod events;
pub(super) mod key;
pub(super) mod kv;
pub(super) mod number;
pub(super) mod profile;
pub(super) mod program;
pub(super) mod project;
pub(super) mod prompt;
pub(super) mod queue;
pub(super) mod recording;
pub(super) mod replay;
mod rollout;
mod rules;
pub(super) mod simulate;
pub(super) mod tenant;
mod trace;
pub(super) mod trunk;
pub(super) mod usage;

use super::CliError;
use serde_json::{Map, Value};
use std::io::Read as _;
use std::path::Path;

/// A password from a file, or from standard input if the file is `-`: never
/// from the command line, which every user of the machine can read.
fn password(file: Option<&Path>) -> Result<Option<String>, CliError> {
    let Some(file) = file else { return Ok(None) };
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map_err(|error| CliError::file(file, error))?;
    } else {
        text = std::fs::read_to_string(file).map_err(|error| CliError::file(file, error))?;
    }
    let password = text.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        return Err(CliError::Usage(format!("{} holds no password", file.display())));
    }
    Ok(Some(password))
}

/// Sets a field if there is a value for it.
fn set<T: Into<Value>>(body: &mut Value, field: &str, value: Option<T>) {
    if let (Value::Object(fields), Some(value)) = (body, value) {
        fields.insert(field.to_owned(), value.into());
    }
}

/// What of an answer can be sent back in a change: the fields named.
fn keep(answer: &Value, fields: &[&str]) -> Value {
    let kept: Map<String, Value> = fields
        .iter()
        .filter_map(|field| Some(((*field).to_owned(), answer.get(*field)?.clone())))
        .filter(|(_, value)| !value.is_null())
        .collect();
    Value::Object(kept)
}

/// `NAME:NUMBER` of skills.
fn named_number(text: &str, what: &str) -> Result<(String, u64), CliError> {
    let parsed = text
        .rsplit_once(':')
        .and_then(|(name, number)| Some((name.to_owned(), number.parse().ok()?)));
    parsed.ok_or_else(|| CliError::Usage(format!("{text:?}: write {what}, for example sales:5")))
}
