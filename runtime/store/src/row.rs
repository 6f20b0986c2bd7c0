//! Reading typed values out of rows, and the small checks that every name passes.

use crate::{Result, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use std::fmt::Display;
use std::str::FromStr;
use strowger_model::Timestamp;

/// Longest name of a queue, flow, prompt and the like; it stands in URLs.
const MAX_NAME: usize = 64;

pub(crate) fn text(row: &AnyRow, column: &str) -> Result<String> {
    Ok(row.try_get(column)?)
}

pub(crate) fn number(row: &AnyRow, column: &str) -> Result<u64> {
    let value: i64 = row.try_get(column)?;
    u64::try_from(value)
        .map_err(|why| StoreError::Corrupt { what: column.into(), why: why.to_string() })
}

pub(crate) fn time(row: &AnyRow, column: &str) -> Result<Timestamp> {
    Ok(Timestamp(number(row, column)?))
}

pub(crate) fn maybe_time(row: &AnyRow, column: &str) -> Result<Option<Timestamp>> {
    let value: Option<i64> = row.try_get(column)?;
    Ok(value.map(|ms| Timestamp(u64::try_from(ms).unwrap_or(0))))
}

pub(crate) fn parsed<T>(row: &AnyRow, column: &str) -> Result<T>
where
    T: FromStr,
    T::Err: Display,
{
    parse(column, &text(row, column)?)
}

pub(crate) fn maybe_parsed<T>(row: &AnyRow, column: &str) -> Result<Option<T>>
where
    T: FromStr,
    T::Err: Display,
{
    let value: Option<String> = row.try_get(column)?;
    value.map(|value| parse(column, &value)).transpose()
}

fn parse<T>(column: &str, value: &str) -> Result<T>
where
    T: FromStr,
    T::Err: Display,
{
    value
        .parse()
        .map_err(|why: T::Err| StoreError::Corrupt { what: column.into(), why: why.to_string() })
}

pub(crate) fn json<T: DeserializeOwned>(row: &AnyRow, column: &str) -> Result<T> {
    serde_json::from_str(&text(row, column)?)
        .map_err(|why| StoreError::Corrupt { what: column.into(), why: why.to_string() })
}

/// JSON text of a value of ours, which always has one.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|why| StoreError::Invalid(format!("the value cannot be written as JSON: {why}")))
}

/// Milliseconds as the database keeps them.
pub(crate) fn ms(at: Timestamp) -> i64 {
    i64::try_from(at.0).unwrap_or(i64::MAX)
}

/// A count or a size as the database keeps it.
pub(crate) fn big(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Checks a name that stands in URLs and in flows' code.
pub(crate) fn check_name(what: &str, name: &str) -> Result<()> {
    let good = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    let starts_well = name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if good && starts_well && name.len() <= MAX_NAME {
        return Ok(());
    }
    Err(StoreError::Invalid(format!(
        "the name of a {what} is 1 to {MAX_NAME} letters, digits, dots, dashes and underscores, \
         beginning with a letter or digit; {name:?} is not"
    )))
}

/// Checks a text for people: not empty unless allowed, no control characters, bounded.
pub(crate) fn check_text(what: &str, value: &str, longest: usize) -> Result<()> {
    if value.chars().count() > longest {
        return Err(StoreError::Invalid(format!("{what} has at most {longest} characters")));
    }
    if value.chars().any(char::is_control) {
        return Err(StoreError::Invalid(format!("{what} must not contain control characters")));
    }
    Ok(())
}

/// Milliseconds since 1970 on this machine's clock, for `created_at` and the like.
pub(crate) fn now() -> Timestamp {
    let since =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

pub(crate) fn maybe_number(row: &AnyRow, column: &str) -> Result<Option<u32>> {
    let value: Option<i64> = row.try_get(column)?;
    Ok(value.map(|value| u32::try_from(value).unwrap_or(u32::MAX)))
}
