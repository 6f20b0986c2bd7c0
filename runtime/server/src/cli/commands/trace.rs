//! `strowger call trace`: the ladder of a call and how its media fared.

use super::super::CliError;
use super::super::client::Client;
use super::super::output::{Column, Output, utc};
use serde_json::{Value, json};

const MEDIA: &[Column] = &[
    ("LEG", "leg"),
    ("WAY", "direction"),
    ("ADDRESS", "address"),
    ("CODEC", "codec"),
    ("SRTP", "media.srtp"),
    ("TRANSCODED", "media.transcoded"),
    ("HEARD", "media.packets_received"),
    ("LOST", "media.packets_lost"),
    ("SENT", "media.packets_sent"),
    ("JITTER MS", "media.jitter_ms"),
    ("TRIP MS", "media.round_trip_ms"),
    ("MOS X100", "media.mos_percent"),
];

/// Prints the trace at this path; with `messages` every message as it was kept.
pub(super) async fn run(
    client: &Client,
    path: &str,
    messages: bool,
    out: &mut Output,
) -> Result<(), CliError> {
    let trace = client.get(path).await?;
    if out.is_json() {
        return out.json(&trace);
    }
    for line in trace["ladder"].as_str().unwrap_or_default().lines() {
        out.line(line)?;
    }
    if let Some(dropped) = trace["dropped"].as_u64().filter(|dropped| *dropped > 0) {
        out.line(&format!("({dropped} messages were too many to keep)"))?;
    }
    out.line("")?;
    out.list(&json!({"items": trace["legs"]}), MEDIA)?;
    if messages {
        for message in trace["messages"].as_array().map(Vec::as_slice).unwrap_or_default() {
            print(message, out)?;
        }
    }
    Ok(())
}

fn print(message: &Value, out: &mut Output) -> Result<(), CliError> {
    let at = message["at"].as_u64().unwrap_or_default();
    let text = |field: &str| message[field].as_str().unwrap_or_default();
    let arrow = if text("heading") == "in" { "<-" } else { "->" };
    out.line("")?;
    out.line(&format!(
        "{}.{:03} {} {arrow} {} {}",
        utc(at),
        at % 1_000,
        text("local"),
        text("remote"),
        text("transport")
    ))?;
    text("text").lines().try_for_each(|line| out.line(line))
}
