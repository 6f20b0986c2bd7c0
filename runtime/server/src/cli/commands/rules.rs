//! Rules of a trunk or a tenant: documents that are shown, changed field by
//! field, or replaced by a file.

use super::super::CliError;
use super::super::client::Client;
use super::super::output::Output;
use clap::Args;
use serde_json::{Map, Value};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// What to do with rules; nothing given: show them.
#[derive(Args, Debug)]
pub struct RuleChanges {
    /// Replace them with this JSON document; `-`: standard input.
    #[arg(long, conflicts_with = "set")]
    file: Option<PathBuf>,
    /// Change one field, for example srtp=require, limits.calls_out=20 or
    /// codecs='["opus","pcma"]'; may be repeated.
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,
}

/// Shows or changes the rules at this path.
pub(super) async fn run(
    client: &Client,
    path: &str,
    rules: RuleChanges,
    out: &mut Output,
) -> Result<(), CliError> {
    if let Some(file) = &rules.file {
        let text = read(file)?;
        let document: Value = serde_json::from_str(&text)
            .map_err(|error| CliError::Usage(format!("{}: {error}", file.display())))?;
        return out.json(&client.put(path, &document).await?);
    }
    let mut document = client.get(path).await?;
    if !rules.set.is_empty() {
        for change in &rules.set {
            set(&mut document, change)?;
        }
        document = client.put(path, &document).await?;
    }
    out.json(&document)
}

pub(super) fn read(file: &Path) -> Result<String, CliError> {
    let mut text = String::new();
    let done = match file == Path::new("-") {
        true => std::io::stdin().read_to_string(&mut text),
        false => std::fs::File::open(file).and_then(|mut file| file.read_to_string(&mut text)),
    };
    done.map_err(|error| CliError::file(file, error))?;
    Ok(text)
}

/// `limits.calls_out=20`; a value that is no JSON is a text.
pub(super) fn set(document: &mut Value, change: &str) -> Result<(), CliError> {
    let (field, value) =
        change.split_once('=').filter(|(field, _)| !field.is_empty()).ok_or_else(|| {
            CliError::Usage(format!("{change:?}: write FIELD=VALUE, for example srtp=require"))
        })?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    let mut place = document;
    for name in field.split('.') {
        if place.is_null() {
            *place = Value::Object(Map::new());
        }
        let Value::Object(fields) = place else {
            let advice = format!("{field}: there are no fields in it; set the whole of it");
            return Err(CliError::Usage(advice));
        };
        place = fields.entry(name).or_insert(Value::Null);
    }
    *place = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_set_by_their_path() {
        let mut document = json!({"srtp": "off", "limits": {"calls_out": 1}, "plan": null});
        for change in
            ["srtp=require", "limits.calls_out=20", "plan.country_code=\"44\"", "caller={\"a\":1}"]
        {
            set(&mut document, change).unwrap();
        }
        let expected = json!({"srtp": "require", "limits": {"calls_out": 20},
                              "plan": {"country_code": "44"}, "caller": {"a": 1}});
        assert_eq!(document, expected);
        assert!(set(&mut document, "srtp").is_err());
        assert!(set(&mut document, "=x").is_err());
        assert!(set(&mut document, "srtp.kind=x").is_err());
    }
}
