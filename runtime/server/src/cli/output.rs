//! Answers as aligned tables for people or as JSON for programs.

use super::CliError;
use serde_json::Value;
use std::io::Write;

/// A column: its heading and where its value is (`current.number`).
pub(super) type Column = (&'static str, &'static str);

pub(super) struct Output {
    json: bool,
    writer: Box<dyn Write + Send>,
}

impl Output {
    pub(super) fn stdout(json: bool) -> Self {
        Self { json, writer: Box::new(std::io::stdout()) }
    }

    #[cfg(test)]
    pub(super) fn to(json: bool, writer: impl Write + Send + 'static) -> Self {
        Self { json, writer: Box::new(writer) }
    }

    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// A line for people; left out where programs read.
    pub(super) fn say(&mut self, line: &str) -> Result<(), CliError> {
        if self.json {
            return Ok(());
        }
        self.line(line)
    }

    /// A line, whoever reads.
    pub(super) fn line(&mut self, line: &str) -> Result<(), CliError> {
        writeln!(self.writer, "{}", printable(line)).map_err(CliError::Output)
    }

    /// Bytes as they are.
    pub(super) fn raw(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        self.writer.write_all(bytes).and_then(|()| self.writer.flush()).map_err(CliError::Output)
    }

    /// A list: one line for each item.
    pub(super) fn list(&mut self, answer: &Value, columns: &[Column]) -> Result<(), CliError> {
        if self.json {
            return self.json(answer);
        }
        let items = answer["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut rows = vec![columns.iter().map(|(heading, _)| (*heading).to_owned()).collect()];
        rows.extend(items.iter().map(|item| cells(item, columns)));
        self.table(&rows)?;
        if items.is_empty() {
            self.line("(none)")?;
        }
        if let Some(next) = answer["next"].as_str() {
            self.line(&format!("there is more: --after {next}"))?;
        }
        Ok(())
    }

    /// One thing: one line for each of its values.
    pub(super) fn thing(&mut self, answer: &Value, columns: &[Column]) -> Result<(), CliError> {
        if self.json {
            return self.json(answer);
        }
        let values = cells(answer, columns);
        let rows: Vec<Vec<String>> = columns
            .iter()
            .zip(values)
            .map(|((heading, _), value)| vec![(*heading).to_owned(), value])
            .collect();
        self.table(&rows)
    }

    /// JSON, indented.
    pub(super) fn json(&mut self, answer: &Value) -> Result<(), CliError> {
        let text = serde_json::to_string_pretty(answer).unwrap_or_default();
        writeln!(self.writer, "{text}").map_err(CliError::Output)
    }

    fn table(&mut self, rows: &[Vec<String>]) -> Result<(), CliError> {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                rows.iter()
                    .filter_map(|row| row.get(column))
                    .map(|cell| width(cell))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        for row in rows {
            let mut line = String::new();
            for (cell, column_width) in row.iter().zip(&widths) {
                line.push_str(cell);
                line.push_str(&" ".repeat(column_width.saturating_sub(width(cell)) + 2));
            }
            writeln!(self.writer, "{}", line.trim_end()).map_err(CliError::Output)?;
        }
        Ok(())
    }
}

fn cells(item: &Value, columns: &[Column]) -> Vec<String> {
    columns.iter().map(|(_, path)| printable(&cell(at(item, path), path))).collect()
}

fn at<'a>(item: &'a Value, path: &str) -> &'a Value {
    if path.is_empty() {
        return item;
    }
    path.split('.').fold(item, |value, part| &value[part])
}

fn cell(value: &Value, path: &str) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Number(number)
            if path.ends_with("_at") || ["at", "since", "until"].contains(&path) =>
        {
            number.as_u64().map_or_else(|| number.to_string(), utc)
        }
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(short).collect::<Vec<_>>().join(", "),
        Value::Object(_) => short(value),
    }
}

/// A value within a cell: skills as `name:level`, other things as JSON.
fn short(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => match (fields.get("name"), fields.get("level")) {
            (Some(Value::String(name)), Some(level)) => format!("{name}:{level}"),
            (Some(Value::String(name)), None) if fields.contains_key("min_level") => {
                format!("{name}>={}", fields["min_level"])
            }
            _ => value.to_string(),
        },
        other => other.to_string(),
    }
}

/// What comes from the server must not steer the terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Columns on a terminal: East Asian letters take two.
pub(super) fn width(text: &str) -> usize {
    let wide = |c: char| {
        matches!(u32::from(c),
            0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff
            | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x20000..=0x3fffd)
    };
    text.chars().map(|c| if wide(c) { 2 } else { 1 }).sum()
}

/// `2026-11-21 09:30:00` in UTC; days to a date after H. Hinnant's
/// "chrono-Compatible Low-Level Date Algorithms".
pub(super) fn utc(ms: u64) -> String {
    let (seconds, days) = (ms / 1_000 % 86_400, ms / 86_400_000);
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}
