//! A trace as people draw it: a column per party, an arrow per message.

use super::record::{Heading, TraceEntry};
use std::fmt::Write;
use std::net::SocketAddr;

/// Columns beside ours; more parties share the last one.
const MAX_PARTIES: usize = 6;
/// Messages drawn; a longer ladder nobody reads.
const MAX_LINES: usize = 512;
/// Width of a column: an arrow with its words.
const COLUMN: usize = 34;
const TIME: usize = 10;

/// Draws messages in the order given. Times are in seconds since the first.
pub fn ladder(entries: &[TraceEntry]) -> String {
    let mut parties: Vec<SocketAddr> = Vec::new();
    for entry in entries {
        if !parties.contains(&entry.remote) && parties.len() < MAX_PARTIES {
            parties.push(entry.remote);
        }
    }
    let mut out = String::new();
    let _ = write!(out, "{:TIME$}{:<COLUMN$}", "", "us");
    for party in &parties {
        let _ = write!(out, "{:<COLUMN$}", party.to_string());
    }
    let mut out = end_line(out);
    let start = entries.first().map(|entry| entry.at);
    for entry in entries.iter().take(MAX_LINES) {
        let place = parties.iter().position(|party| *party == entry.remote);
        let column = place.unwrap_or(parties.len().saturating_sub(1)) + 1;
        let since = start.map_or(0, |start| entry.at.ms_since(start));
        let time = format!("{}.{:03}", since / 1_000, since % 1_000);
        let mut line = format!("{time:<TIME$}|");
        line.push_str(&arrow(entry, column * COLUMN - 1));
        line.push('|');
        let _ = write!(line, "  {}", entry.transport.via_name());
        out.push_str(&end_line(line));
    }
    if entries.len() > MAX_LINES {
        let _ = writeln!(out, "… {} more", entries.len() - MAX_LINES);
    }
    out
}

fn arrow(entry: &TraceEntry, width: usize) -> String {
    let words: String = label(entry).chars().take(width.saturating_sub(4)).collect();
    let dashes = width - 4 - words.chars().count();
    let (left, right) = (dashes / 2, dashes - dashes / 2);
    match entry.heading {
        Heading::Out => format!("-{} {words} {}>", "-".repeat(left), "-".repeat(right)),
        Heading::In => format!("<{} {words} {}-", "-".repeat(left), "-".repeat(right)),
    }
}

/// `INVITE`, `200 OK`: whose number it is stays out of a drawing.
fn label(entry: &TraceEntry) -> String {
    let line: String = entry.first_line().chars().filter(|c| !c.is_control()).collect();
    match line.strip_prefix("SIP/2.0 ") {
        Some(status) => status.to_owned(),
        None => line.split(' ').next().unwrap_or_default().to_owned(),
    }
}

fn end_line(line: String) -> String {
    let mut line = line.trim_end().to_owned();
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hop::Transport;
    use bytes::Bytes;
    use strowger_model::Timestamp;

    fn entry(at: u64, heading: Heading, remote: &str, text: &'static str) -> TraceEntry {
        TraceEntry {
            at: Timestamp(at),
            heading,
            transport: Transport::Udp,
            local: "10.0.0.1:5060".parse().unwrap(),
            remote: remote.parse().unwrap(),
            bytes: Bytes::from_static(text.as_bytes()),
            call_id: Bytes::new(),
        }
    }

    #[test]
    fn two_parties_two_columns() {
        let drawn = ladder(&[
            entry(1_000, Heading::In, "10.0.0.2:5060", "INVITE sip:1@a SIP/2.0\r\nX: y"),
            entry(1_020, Heading::Out, "10.0.0.3:5060", "INVITE sip:2@b SIP/2.0"),
            entry(3_500, Heading::In, "10.0.0.3:5060", "SIP/2.0 200 OK"),
        ]);
        let expected = [
            "          us                                10.0.0.2:5060                     10.0.0.3:5060",
            "0.000     |<----------- INVITE -------------|  UDP",
            "0.020     |----------------------------- INVITE ----------------------------->|  UDP",
            "2.500     |<---------------------------- 200 OK ------------------------------|  UDP",
            "",
        ];
        let expected = expected.join("\n");
        assert_eq!(drawn, expected, "\n{drawn}");
    }

    #[test]
    fn anything_can_be_drawn() {
        assert_eq!(ladder(&[]), "          us\n");
        let remotes = (0..40).map(|n| format!("10.0.1.{n}:5060"));
        let wild: Vec<_> = remotes
            .map(|remote| {
                entry(
                    9,
                    Heading::Out,
                    &remote,
                    "\u{1b}[2J\u{7}very long words without an end in sight at all",
                )
            })
            .collect();
        let drawn = ladder(&wild);
        assert_eq!(drawn.lines().count(), 41);
        assert!(!drawn.contains('\u{1b}'));
    }
}
