//! A whole day of calls, a few at a time: a line for each that differs, a summary.

use super::super::super::CliError;
use super::super::super::client::Client;
use super::super::super::output::Output;
use super::result::CallResult;
use super::source::Source;
use super::{Replay, day, show};
use futures_util::StreamExt as _;
use serde::Serialize;
use serde_json::{Value, json};

/// Calls fetched and replayed at once: enough to keep two cores busy, few enough
/// that a server does not notice.
const AT_ONCE: usize = 4;
/// Records asked for at once.
const PAGE: u32 = 500;

/// What came of all calls.
#[derive(Debug, Default, Serialize)]
struct Summary {
    calls: u32,
    same: u32,
    differs: u32,
    not_deterministic: u32,
    secrets_missing: u32,
    /// No program was told of the call, or not the one asked for.
    nothing_to_replay: u32,
    /// The journal is damaged, the version is gone, or the like.
    failed: u32,
}

pub(super) async fn run(
    client: &Client,
    replay: &Replay,
    out: &mut Output,
) -> Result<(), CliError> {
    let source = Source::open(client, replay).await?;
    let calls = calls(client, replay).await?;
    let mut summary = Summary::default();
    let mut counted_as_different = 0_u32;
    let mut results = futures_util::stream::iter(calls)
        .map(|call| {
            let source = &source;
            async move {
                let result = source.replay(&call).await;
                (call, result)
            }
        })
        // In order: the same calls give the same output.
        .buffered(AT_ONCE);
    while let Some((call, result)) = results.next().await {
        summary.calls += 1;
        match result {
            Ok(result) => {
                counted_as_different += u32::from(result.differs());
                summary.count(result.verdict());
                show_one(&result, out)?;
            }
            // Every further call would fail in the same way.
            Err(error @ (CliError::Unreachable { .. } | CliError::Usage(_))) => return Err(error),
            Err(error) => {
                summary.failed += 1;
                match out.is_json() {
                    true => out.line(
                        &json!({"call": call, "verdict": "failed", "error": error.to_string()})
                            .to_string(),
                    )?,
                    false => out.line(&format!("? {call}  {error}"))?,
                }
            }
        }
    }
    if out.is_json() {
        out.line(&json!({"summary": summary}).to_string())?;
    } else {
        out.line(&summary.in_words())?;
    }
    match (counted_as_different, summary.failed) {
        (0, 0) => Ok(()),
        (0, failed) => {
            Err(CliError::Replay(format!("{failed} of {} calls cannot be replayed", summary.calls)))
        }
        (differ, _) => {
            Err(CliError::Differs(format!("{differ} of {} calls differ", summary.calls)))
        }
    }
}

/// Ids of the calls that are over and were asked for, newest first.
async fn calls(client: &Client, replay: &Replay) -> Result<Vec<String>, CliError> {
    let (since, until) = match &replay.day {
        Some(text) => {
            let (since, until) = day::bounds(text)?;
            (Some(since), Some(until))
        }
        None => (replay.since, replay.until),
    };
    let mut query = vec![("open", "false".to_owned())];
    query.extend(since.map(|since| ("since", since.to_string())));
    query.extend(until.map(|until| ("until", until.to_string())));
    query.extend(replay.number.clone().map(|number| ("to", number)));
    let wanted = replay.limit as usize;
    let mut found = Vec::new();
    let mut after: Option<String> = None;
    while found.len() < wanted {
        let mut query = query.clone();
        query.push(("limit", PAGE.min(replay.limit).to_string()));
        query.extend(after.take().map(|after| ("after", after)));
        let page = client.query("/v1/calls", &query).await?;
        let items = page["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        let ids = items.iter().filter_map(|record| record["call"].as_str().map(str::to_owned));
        found.extend(ids.take(wanted - found.len()));
        match page["next"].as_str() {
            Some(next) => after = Some(next.to_owned()),
            None => break,
        }
    }
    Ok(found)
}

fn show_one(result: &CallResult, out: &mut Output) -> Result<(), CliError> {
    if out.is_json() {
        let line: Value = result.to_short_json();
        return out.line(&line.to_string());
    }
    let Some((seat, found)) = result.first_difference() else { return Ok(()) };
    if let Some(divergence) = seat.divergence() {
        return out.line(&format!("! {}  {divergence}", result.call));
    }
    let may_be_secrets = match result.verdict() {
        "secrets_missing" => " (secret digits before it are not in the journal)",
        _ => "",
    };
    out.line(&format!(
        "! {}  turn {} at {}: did: {}; does now: {}{may_be_secrets}",
        result.call,
        found.turn,
        show::offset(found.at_ms),
        found.difference.recorded,
        found.difference.replayed
    ))
}

impl Summary {
    fn count(&mut self, verdict: &str) {
        let counter = match verdict {
            "same" => &mut self.same,
            "differs" => &mut self.differs,
            "not_deterministic" => &mut self.not_deterministic,
            "secrets_missing" => &mut self.secrets_missing,
            _ => &mut self.nothing_to_replay,
        };
        *counter += 1;
    }

    fn in_words(&self) -> String {
        let mut text = format!("{} calls: {} the same", self.calls, self.same);
        for (count, words) in [
            (self.differs, "differ"),
            (self.not_deterministic, "not deterministic"),
            (self.secrets_missing, "differ after secret digits that no journal holds"),
            (self.nothing_to_replay, "with nothing to replay"),
            (self.failed, "cannot be replayed"),
        ] {
            if count > 0 {
                text.push_str(&format!(", {count} {words}"));
            }
        }
        text
    }
}
